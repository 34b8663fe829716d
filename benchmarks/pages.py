"""The pages that are measured at a million traces: who opens which address."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from benchmarks import records

ANALYST, REVIEWER, AUDITOR, ADMIN, OPERATOR = "analyst", "reviewer", "auditor", "admin", ""


@dataclass(frozen=True)
class Page:
    """``person`` is who has signed in; the operators' page needs a token instead."""

    name: str
    person: str
    address: str


def listed() -> Iterator[Page]:
    """Every page, with what the database that is connected has for it."""
    for person in (ANALYST, REVIEWER, AUDITOR, ADMIN):
        yield Page(f"home of the {person}", person, "/")
        yield Page(f"notices of the {person}", person, "/notices/")
    yield from queue()
    yield from questions()
    yield from search()
    yield from one_record()
    yield from oversight()


def queue() -> Iterator[Page]:
    asked = {
        "unclaimed": {},
        "mine": {"scope": "mine"},
        "all": {"scope": "all"},
        "workspace": {"workspace": "legal"},
        "language": {"language": "ar"},
        "findings, blocking": {"finding": "blocking"},
        "findings, none": {"finding": "none"},
        "findings, one code": {"finding": a_code()},
        "today": {"age": "today"},
        "over a week old": {"age": "week"},
        "case": {"case_reference": a_case_that_waits()},
        "case that is not there": {"case_reference": "AML-none"},
        "all filters": {
            "scope": "all",
            "workspace": "finance",
            "language": "de",
            "finding": "warning",
            "age": "day",
        },
        "far down": {"scope": "all", "after": far_down_the_queue()},
    }
    for name, wanted in asked.items():
        yield Page(f"queue: {name}", REVIEWER, f"/review/?{urlencode(wanted)}")


def questions() -> Iterator[Page]:
    far = far_down_the_questions()
    asked = {
        "newest": {},
        "workspace": {"workspace": "legal"},
        "status": {"status": "rejected"},
        "status, cancelled": {"status": "cancelled"},
        "language": {"language": "ko"},
        "all filters": {"workspace": "finance", "status": "approved", "language": "pt"},
        "search, frequent": {"search": "patient"},
        "search, name": {"search": a_name()},
        "search, nothing": {"search": "xylograph"},
        "search, CJK": {"search": "患者"},
        "search, case": {"search": records.NOTED},
        "search and status": {"search": a_name(), "status": "rejected"},
        "far down": {"after": far},
    }
    for name, wanted in asked.items():
        yield Page(f"questions: {name}", ANALYST, f"/questions/?{urlencode(wanted)}")
    since, until = some_days()
    over_http = {
        "newest": {},
        "language and status": {"language": "fr", "status": "approved"},
        "case": {"case_reference": records.NOTED},
        "created": {"created_after": since.isoformat(), "created_before": until.isoformat()},
        "far down": {"cursor": far},
    }
    for name, wanted in over_http.items():
        yield Page(f"API questions: {name}", ANALYST, f"/api/v1/questions/?{urlencode(wanted)}")


def search() -> Iterator[Page]:
    since, until = some_days()
    days = {"since": since.date(), "until": until.date()}
    reviewer = person("reviewer3")
    asked = {
        "rare word": {"q": "quitclaim"},
        "name": {"q": a_name()},
        "medium word": {"q": "escrow"},
        "common word": {"q": "customer"},
        "two common words": {"q": "customer file"},
        "common and rare word": {"q": "customer quitclaim"},
        "word that is nowhere": {"q": "xylograph"},
        "Chinese": {"q": "患者"},
        "Japanese": {"q": "患者"},
        "Arabic": {"q": "العقد"},
        "beginning of a word": {"q": "pacjent"},
        "phrase": {"q": '"file was read again"'},
        "phrase that is nowhere": {"q": '"again read was file"'},
        "identifier": {"q": str(trace_of(records.NOTED))},
        "beginning of an identifier": {"q": str(trace_of(records.NOTED))[:13]},
        "case": {"q": records.NOTED},
        "person": {"person": reviewer},
        "person and word": {"person": reviewer, "q": "customer"},
        "status": {"status": "rejected"},
        "status of few": {"status": "in_review"},
        "status and word": {"status": "in_review", "q": "customer"},
        "finding": {"finding": a_code()},
        "finding and word": {"finding": a_code(), "q": "customer"},
        "kind and language": {"kind": "note", "language": "vi"},
        "days": days,
        "days and word": {**days, "q": "customer"},
        "days and name": {**days, "q": a_name()},
        "last page": {"kind": "trace", "after": near_the_end()},
        "common word, last page": {"q": "customer", "after": near_the_end()},
    }
    for name, wanted in asked.items():
        yield Page(f"search: {name}", AUDITOR, f"/search/?{urlencode(wanted)}")
    for name in ("rare word", "common word", "name"):
        yield Page(f"search of a reviewer: {name}", REVIEWER, f"/search/?{urlencode(asked[name])}")
    yield Page("API search: common word", AUDITOR, "/api/v1/search/?q=customer")


def one_record() -> Iterator[Page]:
    decided, waiting = trace_of(records.NOTED), trace_of(records.WAITING)
    question = question_of(records.NOTED)
    yield Page("question", ANALYST, f"/questions/{question}/")
    yield Page("trace", ANALYST, f"/traces/{decided}/")
    yield Page("trace of an auditor", AUDITOR, f"/traces/{decided}/")
    yield Page("desk", REVIEWER, f"/review/{waiting}/")
    yield Page("signing", "reviewer2", f"/review/{waiting}/sign/")
    yield Page("receipt", AUDITOR, f"/decisions/{decision_of(records.NOTED)}/")
    yield Page("record", AUDITOR, f"/questions/{question}/record/")
    yield Page("readers", AUDITOR, f"/questions/{question}/readers/")


def oversight() -> Iterator[Page]:
    reviewer, days = person("reviewer3"), (7, 30, 90, 365)
    for number in days:
        yield Page(f"dashboard: {number} days", AUDITOR, f"/oversight/?days={number}")
    yield Page("dashboard: a workspace, a year", ADMIN, "/oversight/?days=365&workspace=legal")
    yield Page("people", AUDITOR, "/oversight/people/")
    yield Page("decisions of a person", AUDITOR, f"/oversight/people/{reviewer}/")
    far = far_down_the_decisions(reviewer)
    yield Page(
        "decisions of a person: far down", AUDITOR, f"/oversight/people/{reviewer}/?after={far}"
    )
    yield Page("looks of a person", AUDITOR, f"/oversight/people/{reviewer}/looks/")
    yield Page("samples", AUDITOR, "/oversight/samples/")
    yield Page("log", AUDITOR, "/oversight/log/")
    yield Page("exports", ANALYST, "/exports/")
    yield Page("registry", ADMIN, "/registry/prompts/")
    yield Page("incidents: model", ADMIN, "/registry/incidents/?model=another")
    yield Page(
        "incidents: prompt", ADMIN, f"/registry/incidents/?prompts={a_version('promptversion')}"
    )
    yield Page("workspaces", ADMIN, "/workspaces/")
    yield Page("metrics", OPERATOR, "/metrics")


# What addresses name ------------------------------------------------------------------------------


def one(statement: str, *values: Any) -> Any:
    """The first row of a query."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def person(name: str) -> Any:
    return one("SELECT id FROM reasoning_user WHERE username = %s", name)[0]


def question_of(case: str) -> Any:
    return one("SELECT id FROM reasoning_question WHERE case_reference = %s", case)[0]


def trace_of(case: str) -> Any:
    question = question_of(case)
    return one("SELECT trace_id FROM reasoning_questionstate WHERE question_id = %s", question)[0]


def decision_of(case: str) -> Any:
    return one("SELECT id FROM reasoning_decision WHERE question_id = %s", question_of(case))[0]


def a_version(kind: str) -> Any:
    return one(f"SELECT id FROM reasoning_{kind} ORDER BY recorded_at LIMIT 1")[0]


def a_code() -> str:
    """A finding that is not on every trace."""
    code: str = one(
        "SELECT code FROM reasoning_findingtally WHERE code <> '' GROUP BY 1 ORDER BY sum(traces)"
    )[0]
    return code


def a_case_that_waits() -> str:
    """Of a copy, in the midst of the queue."""
    case: str = one(
        "SELECT case_reference FROM reasoning_question WHERE id = (SELECT question_id"
        " FROM reasoning_questionstate WHERE status = 'in_review' ORDER BY asked_at DESC"
        " OFFSET 25 LIMIT 1)"
    )[0]
    return case


def a_name() -> str:
    """Somebody whom the text of an older question names at its end, before a comma."""
    text: str = one("SELECT text FROM reasoning_question ORDER BY recorded_at LIMIT 1 OFFSET 20")[0]
    return text.rpartition(",")[0].split()[-1]


def some_days() -> tuple[Any, Any]:
    """A month a year ago."""
    newest = one("SELECT max(recorded_at) FROM reasoning_question")[0]
    return newest - timedelta(days=395), newest - timedelta(days=365)


def after(statement: str, *values: Any) -> str:
    """The cursor after the time and id that a query gives."""
    from reasoning.services import keyset

    return keyset.cursor_of(*one(statement, *values))


def far_down_the_queue() -> str:
    """The last page but for a row or two."""
    return after(
        "SELECT asked_at, question_id FROM reasoning_questionstate WHERE status = 'in_review'"
        " ORDER BY asked_at DESC, question_id DESC LIMIT 1 OFFSET 52"
    )


def far_down_the_questions() -> str:
    return after(
        "SELECT recorded_at, id FROM reasoning_question ORDER BY recorded_at, id LIMIT 1 OFFSET 60"
    )


def far_down_the_decisions(reviewer: Any) -> str:
    return after(
        "SELECT recorded_at, id FROM reasoning_decision WHERE actor_id = %s"
        " ORDER BY recorded_at, id LIMIT 1 OFFSET 55",
        reviewer,
    )


def near_the_end() -> str:
    return after(
        "SELECT recorded_at, subject_id FROM reasoning_searchrow"
        " ORDER BY recorded_at, subject_id LIMIT 1 OFFSET 100"
    )
