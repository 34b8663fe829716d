"""Searching everything that a person may read: words in 25 languages, identifiers, facets.

The words and facets are read from ``SearchRow``; what a page shows comes from the evidence itself.
What is found is in the order of time, the newest first, which an index has; so a page is read by
walking back in time where much matches, and by the words' own index where little does. How much
does, PostgreSQL reckons from what it has counted of the words.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from re import Pattern
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from reasoning.core import search_words
from reasoning.core.errors import InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.search_words import CONFIGURATIONS, WITHOUT_STEMS
from reasoning.core.texts import require_text
from reasoning.models import RecordKind, User
from reasoning.services import access, keyset, withholding

PAGE_SIZE = 20
WORDS_LIMIT = 300
TERMS_LIMIT = 20
MANY = 20_000
"""Rows that match, from which on reading in the order of time is quicker."""

FREQUENT = 0.01
RECENT = 3_000
"""Of words in so large a share of all rows, a page is nearly always among so many newest ones."""


@dataclass(frozen=True)
class Facets:
    """What to look for. Empty values do not narrow.

    ``person`` is who asked, noted or decided; ``status`` and ``finding`` are those of the question
    and its newest trace; times are of the record found.
    """

    words: str = ""
    workspace: str = ""
    kind: str = ""
    language: str = ""
    person: UUID | None = None
    status: str = ""
    finding: str = ""
    case_reference: str = ""
    after: datetime | None = None
    before: datetime | None = None

    @property
    def empty(self) -> bool:
        return self == Facets()


@dataclass(frozen=True)
class Found:
    """One row that matches, without its texts."""

    subject_id: UUID
    question_id: UUID
    trace_id: UUID | None
    kind: RecordKind
    recorded_at: datetime


@dataclass(frozen=True)
class Results:
    """One page, newest first; where the next begins (empty at the end); what to mark in texts.

    ``meaningless`` says that nothing of what was typed is looked for: words such as "the".
    """

    found: list[Found]
    cursor: str
    pattern: Pattern[str] | None
    meaningless: bool = False


@dataclass(frozen=True)
class Queries:
    """What was typed as PostgreSQL looks for it: in all languages, and by beginnings of words."""

    stems: str
    beginnings: str
    pattern: Pattern[str] | None


def find(*, user: User, facets: Facets, cursor: str = "", size: int = PAGE_SIZE) -> Results:
    """What matches, in the workspaces that the user may read.

    Raises InvalidInput for a workspace that is not the user's, words that are too many, and a
    cursor that this did not give out.
    """
    require_text("q", facets.words, limit=WORDS_LIMIT, blank=True)
    queries = queries_of(facets.words)
    if facets.words.strip() and not queries.stems:
        return Results([], "", None, meaningless=True)
    rooms = _rooms(user, facets.workspace)
    narrowing = [*_conditions(facets, rooms), *_hidden(user), *_rest(cursor)]
    rows = _rows(narrowing, queries, size + 1)
    last = rows[size - 1] if len(rows) > size else None
    after = keyset.cursor_of(last.recorded_at, last.subject_id) if last else ""
    return Results(rows[:size], after, queries.pattern)


def queries_of(typed: str) -> Queries:
    """The queries for what was typed; empty ones where nothing of it is ever looked for."""
    wish = search_words.parse(typed)
    if len(wish.terms) + len(wish.runs) > TERMS_LIMIT:
        sentence = _("Look for at most %(limit)s words at once.")
        raise InvalidInput.of("q", "too_many", sentence, limit=TERMS_LIMIT)
    runs = [search_words.run_query(run) for run in wish.runs]
    by_configuration = _lexed(wish.terms)
    simple = [search_words.by_beginning(one) for one in by_configuration.get("simple", [])]
    return Queries(
        " | ".join(sorted({_all(found, runs) for found in by_configuration.values()} - {""})),
        _all(simple, []) if any(":*" in one for one in simple) else "",
        search_words.pattern(
            [one for found in by_configuration.values() for one in found] + simple, wish.runs
        ),
    )


def _all(queries: Iterable[str], runs: list[str]) -> str:
    parts = [f"({one})" for one in (*queries, *runs) if one]
    return f"({' & '.join(parts)})" if parts else ""


def _lexed(terms: tuple[str, ...]) -> dict[str, list[str]]:
    """Each term's tsquery in each configuration; empty for words that it does not index."""
    names = sorted({*CONFIGURATIONS.values(), "simple"})
    statement = """
        SELECT name, array_agg(phraseto_tsquery(name::regconfig, term)::text ORDER BY place)
          FROM unnest(%s::text[]) AS name
          CROSS JOIN unnest(%s::text[]) WITH ORDINALITY AS each (term, place) GROUP BY name"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [[f"pg_catalog.{name}" for name in names], list(terms)])
        found = {name.removeprefix("pg_catalog."): queries for name, queries in cursor.fetchall()}
    return found or {"simple": []}


Condition = tuple[str, list[Any]]


def _conditions(facets: Facets, rooms: list[UUID]) -> list[Condition]:
    exact = {
        "row.kind = %s": facets.kind,
        "row.language = %s": facets.language,
        "row.actor_id = %s": facets.person,
        "row.case_reference = %s": facets.case_reference.upper(),
        "row.recorded_at >= %s": facets.after,
        "row.recorded_at < %s": facets.before,
        "state.status = %s": facets.status,
        "EXISTS (SELECT FROM reasoning_finding WHERE code = %s AND trace_id = state.trace_id)": (
            facets.finding
        ),
    }
    narrowed = [(sql, [value]) for sql, value in exact.items() if value]
    return [("row.workspace_id = ANY(%s)", [rooms]), *narrowed]


def _hidden(user: User) -> list[Condition]:
    """Nothing of questions from which the user keeps out; of those whose answer is withheld from
    them, only what was asked."""
    recused = "SELECT FROM reasoning_recusal WHERE question_id = row.question_id AND actor_id = %s"
    found: list[Condition] = [(f"NOT EXISTS ({recused})", [user.pk])]
    withheld = withholding.withheld_from(user).values("pk")
    if not withheld.query.is_empty():
        sql, values = withheld.query.sql_with_params()
        # A scalar subquery: with NOT IN all questions that wait would be gathered each time.
        of_row = f"SELECT true FROM ({sql}) AS withheld (id) WHERE id = row.question_id"  # noqa: S608
        found.append((f"(row.kind = 'question' OR ({of_row}) IS NULL)", list(values)))
    return found


def _words(queries: Queries) -> list[Condition]:
    if not queries.stems:
        return []
    if not queries.beginnings:
        return [("row.words @@ %s::tsquery", [queries.stems])]
    alike = "(row.words @@ %s::tsquery OR (row.words @@ %s::tsquery AND row.language = ANY(%s)))"
    return [(alike, [queries.stems, queries.beginnings, list(WITHOUT_STEMS)])]


def _rest(cursor: str) -> list[Condition]:
    if not cursor:
        return []
    return [("(row.recorded_at, row.subject_id) < (%s, %s)", list(keyset.parsed(cursor)))]


def _rows(facets: list[Condition], queries: Queries, most: int) -> list[Found]:
    """PostgreSQL does not reckon with what it costs to read a vector, so that it would read
    thousands rather than use their index, nor with what it costs to gather a million matches there.
    So words that are frequent are looked for among the newest rows first; then all are by their
    index; only when that has ``MANY`` rows are rows read in the order of time, in which soon enough
    match. In the index each query is asked for by itself: joined by OR, the vectors of all rows
    would be read again."""
    if not queries.stems:
        return _found(_SIMPLY, facets, [most])[0]
    everything = [*facets, *_words(queries)]
    if _share(queries.stems) >= FREQUENT:
        rows = _among_recent(everything, most)
        if len(rows) == most:
            return rows
    values = [value for _sql, each in facets for value in each]
    beginnings = [queries.beginnings or queries.stems, list(WITHOUT_STEMS)]
    with _planning(enable_seqscan="off", work_mem="64MB"):
        rows, count = _found(_BY_INDEX, facets, [queries.stems, *values, *beginnings, most])
    if count < MANY:
        return rows
    with _planning(enable_seqscan="off", enable_bitmapscan="off"):
        return _found(_SIMPLY, everything, [most])[0]


def _share(query: str) -> float:
    """In which share of all rows a query matches, as PostgreSQL reckons."""
    reckoned = []
    for where in ("", " WHERE words @@ %s::tsquery"):
        with connection.cursor() as cursor:
            statement = f"EXPLAIN (FORMAT JSON) SELECT FROM reasoning_searchrow{where}"
            cursor.execute(statement, [query] if where else [])
            [(plan,)] = cursor.fetchall()
        reckoned.append(plan[0]["Plan"]["Plan Rows"])
    whole, matching = (float(one) for one in reckoned)
    return matching / max(whole, 1.0)


def _among_recent(conditions: list[Condition], most: int) -> list[Found]:
    """What matches among the newest rows of the kind and time that are asked for."""
    first = [one for one in conditions if "row.recorded_at" in one[0] or one[0] == "row.kind = %s"]
    rest = [one for one in conditions if one not in first]
    where = " AND ".join(["true", *(sql for sql, _values in first)])
    values = [value for _sql, each in first for value in each]
    return _found(_RECENTLY.format(where, RECENT, "{}"), rest, [most], before=values)[0]


_COLUMNS = "row.subject_id, row.question_id, row.trace_id, row.kind, row.recorded_at"
_ORDER = "ORDER BY row.recorded_at DESC, row.subject_id DESC LIMIT %s"
_SIMPLY = f"SELECT {_COLUMNS}, 0 FROM reasoning_searchrow AS row {{}} {_ORDER}"  # noqa: S608
_RECENTLY = f"""
SELECT {_COLUMNS}, 0
  FROM (SELECT * FROM reasoning_searchrow AS row WHERE {{0}}
         ORDER BY recorded_at DESC, subject_id DESC LIMIT {{1}}) AS row {{2}} {_ORDER}"""  # noqa: S608
_BY_INDEX = f"""
WITH matching AS MATERIALIZED (
  (SELECT {_COLUMNS} FROM reasoning_searchrow AS row {{0}} AND row.words @@ %s::tsquery
            LIMIT {MANY})
  UNION (SELECT {_COLUMNS} FROM reasoning_searchrow AS row {{0}} AND row.words @@ %s::tsquery
            AND row.language = ANY(%s) LIMIT {MANY}))
SELECT {_COLUMNS}, (SELECT count(*) FROM matching) FROM matching AS row {_ORDER}"""  # noqa: S608


def _found(
    statement: str, conditions: list[Condition], rest: list[Any], before: Sequence[Any] = ()
) -> tuple[list[Found], int]:
    joined = any("state." in sql for sql, _values in conditions)
    join = "JOIN reasoning_questionstate AS state USING (question_id) " if joined else ""
    where = f"{join}WHERE {' AND '.join(sql for sql, _values in conditions)}"
    values = [value for _sql, each in conditions for value in each]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(where), [*before, *values, *rest])
        rows = cursor.fetchall()
    found = [
        Found(subject, question, trace, RecordKind(kind), moment)
        for subject, question, trace, kind, moment, _count in rows
    ]
    return found, rows[0][-1] if rows else 0


@contextmanager
def _planning(**settings: str) -> Iterator[None]:
    """Settings of PostgreSQL's planner for the statements inside."""
    with transaction.atomic(), connection.cursor() as cursor:
        former = {}
        for name, value in settings.items():
            cursor.execute(
                "SELECT current_setting(%s), set_config(%s, %s, true)", [name, name, value]
            )
            former[name] = cursor.fetchone()[0]
        yield
        for name, value in former.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _rooms(user: User, slug: str) -> list[UUID]:
    rooms = [room.pk for room in access.workspaces_of(user) if slug in ("", room.slug)]
    if slug and not rooms:
        sentence = _("There is no such workspace for you.")
        raise InvalidInput.of("workspace", "unknown", sentence)
    return rooms
