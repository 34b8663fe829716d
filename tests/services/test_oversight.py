"""Figures, a person's decisions and looks, samples, and checks of the log on demand."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from reasoning.core.errors import Conflict, InvalidInput, NotFound, Refused
from reasoning.core.reports import Report, Verdict
from reasoning.models import (
    Action,
    AuditEvent,
    FindingTally,
    Membership,
    Place,
    ReviewTally,
    User,
    Workspace,
)
from reasoning.services import (
    audit,
    claims,
    clock,
    export_requests,
    figures,
    log_checks,
    looks,
    review,
    reviewing,
    samples,
    tallies,
)
from reasoning.services.export_requests import Scope as Wish
from reasoning.services.samples import Scope
from tests.conftest import PASSWORD


@pytest.fixture
def rooms(people):
    return list(Workspace.objects.all())


@pytest.fixture
def since(db):
    return clock.now() - timedelta(days=6)


@pytest.fixture
def decide(people, trace):
    """Signs on the one trace, having taken the review, or not."""

    def sign(meaning="rejected", *, taken=True):
        user = people["reviewer"]
        if taken:
            claims.claim(user=user, trace=trace)
        return review.sign(
            user=user,
            trace=trace,
            meaning=meaning,
            rationale="See the file.",
            password=PASSWORD,
            document_sha256_shown=review.document_sha256(trace),
            asked_anew="And why?" if meaning == "sent_back" else "",
        )

    return sign


# Figures ----------------------------------------------------------------------------------------


def test_a_decision_is_counted_as_it_is_signed(people, decide, rooms, since):
    assert figures.backlog(rooms).total == 1
    decide()
    assert figures.backlog(rooms).total == 0
    [line] = figures.by_reviewer(rooms, since)
    assert (line.name, line.decided, line.overridden) == ("Claire Fontaine", 1, 1)
    assert (line.override_rate, line.mean_seconds, line.fast) == (1.0, 0.0, 1)
    [of_french] = figures.by_language(rooms, since)
    assert (of_french.key, of_french.decided) == ("fr", 1)
    days = figures.by_day(rooms, since)
    assert [day.decided for day in days] == [0, 0, 0, 0, 0, 0, 1]
    assert dict(figures.by_pace(rooms, since))["minute"] == 1
    others = [room for room in rooms if room.slug != "finance"]
    assert figures.by_reviewer(others, since) == []


def test_time_that_nobody_knows_is_not_made_up(decide, rooms, since):
    decide("approved", taken=False)
    [line] = figures.by_reviewer(rooms, since)
    assert (line.mean_seconds, line.fast, line.override_rate) == (None, 0, 0.0)
    assert dict(figures.by_pace(rooms, since))["unknown"] == 1


def test_waiting_reviews_are_told_by_age_language_and_holder(people, trace, rooms):
    claims.claim(user=people["reviewer"], trace=trace)
    found = figures.backlog(rooms)
    assert (found.ages, found.languages) == ([1, 0, 0, 0, 0], [("fr", 1)])
    assert found.held == [("Claire Fontaine", 1)]
    assert not found.more


def test_findings_are_counted_by_language_and_prompt(answered, rooms, since):
    answered("<think>\nNever closed.")
    shares = figures.findings_by_language(rooms, since)
    assert {(one.name, one.traces, one.of) for one in shares} == {("fr", 1, 1)}
    by_prompt = figures.findings_by_prompt(rooms, since)
    assert {one.name for one in by_prompt} == {"magistral-small-2506@1"}
    assert {one.code for one in by_prompt} == {one.code for one in shares}
    assert set(looks.findings_in(rooms)) == {one.code for one in shares}


def test_a_year_is_read_as_days_of_the_first_month_and_whole_months(people, rooms):
    """Rows of a day and of a month that say different things: each counts only in its place."""

    def tally(span, day, decisions):
        key = {"workspace": rooms[0], "reviewer": people["reviewer"].pk, "language": "fr"}
        rest = {"meaning": "approved", "pace": "five", "fast": False, "seconds": 60}
        ReviewTally.objects.create(span=span, day=day, decisions=decisions, **key, **rest)

    tally("day", date(2025, 3, 10), 1)
    tally("day", date(2025, 3, 20), 2)
    tally("month", date(2025, 3, 1), 4)
    tally("day", date(2025, 4, 1), 8)
    tally("month", date(2025, 4, 1), 16)
    for day, expected in ((15, 2 + 16), (1, 4 + 16)):
        since = datetime(2025, 3, day, tzinfo=UTC)
        assert [line.decided for line in figures.by_reviewer(rooms, since)] == [expected]
        assert [line.decided for line in figures.by_language(rooms, since)] == [expected]
        assert dict(figures.by_pace(rooms, since))["five"] == expected


def test_the_counts_can_be_made_again(decide):
    decide()

    def counted():
        reviews = ReviewTally.objects.values_list("span", "day", "reviewer", "decisions")
        findings = FindingTally.objects.values_list("span", "day", "code", "traces")
        return sorted(reviews), sorted(findings)

    before = counted()
    ReviewTally.objects.update(decisions=7)
    tallies.rebuild()
    assert counted() == before
    assert before[0]


# People -----------------------------------------------------------------------------------------


def test_all_decisions_of_a_person(people, decide, rooms):
    decision = decide("sent_back")
    [found] = reviewing.of_person(person=people["reviewer"].pk, rooms=rooms).reviews
    assert (found.decision_id, found.overrides, found.seconds) == (decision.pk, True, 0.0)
    assert found.too_fast
    others = [room for room in rooms if room.slug != "finance"]
    assert reviewing.of_person(person=people["reviewer"].pk, rooms=others).reviews == []
    assert reviewing.of_person(person=people["reviewer2"].pk, rooms=rooms).reviews == []


def test_pages_of_looks_follow_each_other(people, trace, rooms):
    question = trace.run.question
    for place in (Place.PAGE, Place.API, Place.PAGE):
        audit.remember(
            action=Action.VIEWED, place=place, user=people["analyst2"], question=question
        )
    seen, cursor = [], ""
    while True:
        page = looks.of_person(person=people["analyst2"].pk, rooms=rooms, cursor=cursor, size=2)
        seen += [event.pk for event in page.events]
        if not (cursor := page.cursor):
            break
    looked = AuditEvent.objects.filter(action=Action.VIEWED)
    assert seen == [event.pk for event in looked.order_by("-recorded_at", "-id")]


def test_a_record_tells_who_looked_and_in_which_bundle(people, trace, tmp_path, monkeypatch):
    question = trace.run.question
    audit.remember(action=Action.VIEWED, place=Place.API, user=people["analyst"], question=question)
    wanted = [Wish(), Wish(questions=(question.pk,)), Wish(workspace="finance")]
    jobs = [export_requests.ask(user=people["auditor"], scope=wish) for wish in wanted]
    for job in jobs:
        audit.remember(
            action=Action.DOWNLOADED, place=Place.PAGE, user=people["auditor"], subject_id=job.pk
        )
    audit.remember(
        action=Action.DOWNLOADED, place=Place.PAGE, user=people["admin"], subject_id=trace.pk
    )
    found = looks.of_question(question)
    assert [(one.actor_name, one.place) for one in found if not one.bundle] == [
        ("Amira Haddad", "api")
    ]
    assert {one.bundle for one in found if one.bundle} == {job.pk for job in jobs}


# Samples ----------------------------------------------------------------------------------------


def scope(**changes):
    now = clock.now()
    return Scope(**{"since": now - timedelta(days=1), "before": now + timedelta(days=1), **changes})


def test_a_draw_is_recorded_and_can_be_drawn_again(people, decide):
    decision, auditor = decide(), people["auditor"]
    with pytest.raises(InvalidInput):
        samples.draw(user=auditor, scope=scope(), size=5)  # not before it was signed, but at it
    facts = {
        "seed": "00",
        "size": 5,
        "since": str(scope().since),
        "before": str(scope().before),
        "workspaces": [str(one.pk) for one in Workspace.objects.all()],
        "reviewer": "",
        "language": "",
    }
    assert samples.drawn_from(facts) == (1, [str(decision.pk)])
    for narrower in ({"language": "en"}, {"reviewer": str(auditor.pk)}, {"workspaces": []}):
        assert samples.drawn_from({**facts, **narrower}) == (0, [])


def test_a_sample_is_worked_through_by_looking(people, decide, monkeypatch):
    decision, auditor = decide(), people["auditor"]
    later = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr(samples.clock, "now", lambda: later)
    event = samples.draw(user=auditor, scope=scope(), size=5)
    facts = json.loads(event.detail)
    assert samples.drawn_from(facts) == (1, facts["decisions"])
    sample = samples.sample_of(user=auditor, identifier=event.pk)
    assert [one.decision.pk for one in sample.drawn] == [decision.pk]
    assert sample.done == 0
    audit.remember(
        action=Action.VIEWED, place=Place.PAGE, user=auditor, question=decision.trace.run.question
    )
    assert samples.sample_of(user=auditor, identifier=event.pk).done == 1
    with pytest.raises(NotFound):
        samples.sample_of(user=people["admin"], identifier=event.pk)
    Membership.objects.filter(user=auditor, workspace__slug="finance").delete()
    assert samples.sample_of(user=auditor, identifier=event.pk).drawn == []


@pytest.mark.parametrize(
    ("size", "changes", "field"),
    [
        (0, {}, "size"),
        (201, {}, "size"),
        (5, {"workspace": "nowhere"}, "workspace"),
        (5, {"language": "ja"}, "since"),
        (5, {"turned": True}, "since"),
    ],
    ids=["none", "many", "workspace", "empty", "turned"],
)
def test_what_cannot_be_drawn_is_refused(people, decide, size, changes, field):
    decide()
    wanted = scope(**{name: value for name, value in changes.items() if name != "turned"})
    if "turned" in changes:
        wanted = Scope(since=wanted.before, before=wanted.since)
    with pytest.raises(InvalidInput) as refused:
        samples.draw(user=people["auditor"], scope=wanted, size=size)
    assert [one.field for one in refused.value.fields] == [field]
    assert not AuditEvent.objects.filter(action=Action.DREW_SAMPLE).exists()


# Checks of the log ------------------------------------------------------------------------------


def test_a_check_is_asked_for_carried_out_once_and_kept(people, monkeypatch):
    report = Report()
    report.step(5).tampered("trace.stored x", "It is not as it was logged.")
    monkeypatch.setattr(log_checks, "verify", lambda _wanted: report)
    monkeypatch.setattr(log_checks.checkpoints, "policy", lambda: None)
    asked = log_checks.ask(user=people["auditor"], place=Place.PAGE)
    with pytest.raises(Conflict):
        log_checks.ask(user=people["admin"], place=Place.PAGE)
    assert log_checks.carry_out(asked.pk) == Verdict.TAMPERED
    assert log_checks.carry_out(asked.pk) is None
    found = log_checks.latest()
    assert found.verdict == Verdict.TAMPERED
    [step] = found.report["steps"]
    assert (step["number"], step["status"]) == (5, "failed")
    assert log_checks.ask(user=people["admin"], place=Place.PAGE)


def test_not_everybody_may_have_the_log_checked(people):
    for user in (people["reviewer"], User.objects.create_user("outsider")):
        with pytest.raises(Refused):
            log_checks.ask(user=user, place=Place.PAGE)
