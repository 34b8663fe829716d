"""The words that searches look in: filled after the evidence, renewed when a text is erased.

Rows are written by PostgreSQL alone, from the stored texts. Those of short texts are written in the
transaction of the evidence they are about (``services.evidence.record``); those of traces a moment
later by the reaper, since taking 30 KB apart costs more than storing them does. All of a text is
indexed up to ``MOST`` characters, more than a window of 40,960 tokens holds. A text whose words are
too many for one vector (a megabyte; no text of a language is) is indexed by its beginning: indexing
never keeps evidence from being stored.
"""

import time
from collections.abc import Collection
from uuid import UUID

from django.db import OperationalError, transaction

from reasoning.core.search_words import CONFIGURATIONS, PAIRED
from reasoning.models import (
    Annotation,
    Decision,
    Evidence,
    Question,
    SearchPending,
    SearchRow,
    Trace,
)
from reasoning.services import prepared
from reasoning.services.inserting import insert

MOST = 200_000
LESS = 20_000
"""Characters of each text."""

AT_ONCE = 20
"""Traces that are indexed in one transaction."""

MOST_PAIRS = 60_000
"""Different pairs of characters of one text."""


def _configuration(language: str) -> str:
    cases = " ".join(
        f"WHEN '{code}' THEN 'pg_catalog.{name}'::regconfig"
        for code, name in CONFIGURATIONS.items()
    )
    return f"CASE {language} {cases} ELSE 'pg_catalog.simple'::regconfig END"


def _words(text: str, *configurations: str) -> str:
    """SQL for the vector of one text: its words, and pairs of characters where it has such."""
    normal = f"normalize(left(coalesce({text}, ''), %(most)s), NFKC)"
    vectors = " || ".join(
        f"to_tsvector({one}, regexp_replace(normal, '[{PAIRED}]+', ' ', 'g'))"
        for one in configurations
    )
    return f"""(SELECT {vectors} || CASE WHEN normal ~ '[{PAIRED}]' THEN array_to_tsvector(ARRAY(
        SELECT DISTINCT one || CASE WHEN next ~ '[{PAIRED}]' THEN next ELSE '' END
          FROM (SELECT one, lead(one) OVER (ORDER BY place) AS next
                  FROM string_to_table(normal, NULL) WITH ORDINALITY AS each (one, place)) AS pairs
         WHERE one ~ '[{PAIRED}]' LIMIT {MOST_PAIRS})) ELSE '' END
      FROM (SELECT {normal} AS normal OFFSET 0) AS texts)"""  # noqa: S608


_SIMPLE = "'pg_catalog.simple'::regconfig"
_OF_QUESTION = _configuration("question.language")
_OF_THINKING = _configuration(
    "CASE trace.language_of_thinking WHEN 'und' THEN question.language"
    " ELSE trace.language_of_thinking END"
)
_OF_SUMMARY = _configuration(
    "CASE trace.language_of_summary WHEN 'und' THEN question.language"
    " ELSE trace.language_of_summary END"
)
_COLUMNS = (
    "subject_id, question_id, trace_id, workspace_id, kind, language, actor_id, recorded_at,"
    " case_reference, words"
)


def _select(kind: str, trace_id: str, case: str, words: str, source: str) -> str:
    return f"""SELECT {kind}.id, question.id, {trace_id}, question.workspace_id, '{kind}',
        question.language, {kind}.actor_id, {kind}.recorded_at, {case}, {words} FROM {source}"""  # noqa: S608


_JOIN = "JOIN reasoning_question AS question ON question.id ="
_SOURCES: dict[type[Evidence], str] = {
    Question: _select(
        "question",
        "NULL::uuid",
        "upper(nullif(question.case_reference, ''))",
        _words("question.text", _OF_QUESTION),
        "reasoning_question AS question",
    ),
    Trace: _select(
        "trace",
        "trace.id",
        "NULL",
        _words("trace.thinking", _OF_THINKING) + " || " + _words("trace.summary", _OF_SUMMARY),
        f"reasoning_trace AS trace {_JOIN} trace.question_id",
    ),
    Annotation: _select(
        "note",
        "note.trace_id",
        "NULL",
        _words("note.note", _OF_QUESTION, _SIMPLE),
        f"reasoning_annotation AS note {_JOIN} note.question_id",
    ),
    Decision: _select(
        "decision",
        "decision.trace_id",
        "NULL",
        _words("decision.rationale", _OF_QUESTION, _SIMPLE),
        f"reasoning_decision AS decision {_JOIN} decision.question_id",
    ),
}
_ALIASES = {Question: "question", Trace: "trace", Annotation: "note", Decision: "decision"}


def add(model: type[Evidence], ids: Collection[UUID]) -> None:
    """Index rows that were just stored, traces later; nothing for kinds that are not searched."""
    if model is Trace:
        insert([SearchPending(subject_id=one) for one in ids])
    elif model in _SOURCES:
        _index(model, ids)


def catch_up(*, seconds: float = 0.5) -> None:
    """Index traces that wait for it, for about so long. Several processes may do it at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and _index_waiting():
        pass


@transaction.atomic
def _index_waiting() -> bool:
    """A few traces; whether there were any."""
    waiting = SearchPending.objects.select_for_update(skip_locked=True)
    ids = list(waiting.values_list("subject_id", flat=True)[:AT_ONCE])
    _index(Trace, ids)
    SearchPending.objects.filter(pk__in=ids).delete()
    return bool(ids)


def _index(model: type[Evidence], ids: Collection[UUID]) -> None:
    try:
        with transaction.atomic():
            _insert(model, ids, MOST)
    except OperationalError:  # program_limit_exceeded: more words than one vector holds
        for one in ids:
            _index_by_itself(model, one)


def _index_by_itself(model: type[Evidence], one: UUID) -> None:
    try:
        with transaction.atomic():
            _insert(model, [one], MOST)
    except OperationalError:
        _insert(model, [one], LESS)


def renew(row: Evidence) -> None:
    """Index a row as it is now: after an erasure, without the words that are gone.

    Within the caller's transaction. It waits for whoever is indexing the row just now, who may have
    read the text that is gone.
    """
    if type(row) in _SOURCES:
        SearchPending.objects.filter(pk=row.pk).delete()
        SearchRow.objects.filter(subject_id=row.pk).delete()
        _index(type(row), [row.pk])


def rebuild(batch: int = 1000) -> int:
    """Make every row anew, a batch in a transaction; how many there are."""
    SearchRow.objects.all().delete()
    count = 0
    for model in _SOURCES:
        last: UUID | None = None
        while ids := _after(model, last, batch):
            _index(model, ids)
            count, last = count + len(ids), ids[-1]
    return count


def _after(model: type[Evidence], last: UUID | None, batch: int) -> list[UUID]:
    rows = model._default_manager.order_by("pk")
    rows = rows.filter(pk__gt=last) if last else rows
    return list(rows.values_list("pk", flat=True)[:batch])


def _insert(model: type[Evidence], ids: Collection[UUID], most: int) -> None:
    statement = (
        f"INSERT INTO reasoning_searchrow ({_COLUMNS}) {_SOURCES[model]}"
        f" WHERE {_ALIASES[model]}.id = ANY(%(ids)s) ON CONFLICT DO NOTHING"
    )
    prepared.execute(statement, {"ids": list(ids), "most": most})
