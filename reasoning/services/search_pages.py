"""One page of a search: what matches, the newest first.

Facets alone are read by the indexes of times. Words are looked for by their own index, one stretch
of time after the other from the newest back, until the page is full. That index knows the day and
the facets of each row beside its words: however many rows have a word, few are read. What it does
not know (the order of words, long beginnings, the question's status, what is hidden from the
reader) is looked at row by row, of at most ``LOOKED_AT`` rows for one page. Where a page ends so it
says how far back it looked, and the next goes on from there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from reasoning.core.search_words import WITHOUT_STEMS
from reasoning.models import RecordKind
from reasoning.services.facets import Condition
from reasoning.services.search_queries import Queries

STRETCHES = (2, 32)
"""Days of each stretch of time; the last one is all that is older."""

LOOKED_AT = 3_000
"""Rows with the words that are looked at for one page."""


@dataclass(frozen=True)
class Found:
    """One row that matches, without its texts."""

    subject_id: UUID
    question_id: UUID
    trace_id: UUID | None
    kind: RecordKind
    recorded_at: datetime


@dataclass(frozen=True)
class Asked:
    """What is looked for: conditions that indexes know, and those that are looked at row by row;
    ``alone`` say which index of words serves stems."""

    known: list[Condition]
    others: list[Condition]
    most: int
    alone: list[Condition] = field(default_factory=list)


_COLUMNS = "row.subject_id, row.question_id, row.trace_id, row.kind, row.recorded_at"
_ORDER = "ORDER BY row.recorded_at DESC, row.subject_id DESC LIMIT %s"
_STATE = "JOIN reasoning_questionstate AS state USING (question_id)"


def by_facets(asked: Asked) -> list[Found]:
    """At most so many of the newest rows."""
    where, values = _where([*asked.known, *asked.others])
    statement = f"SELECT {_COLUMNS} FROM reasoning_searchrow AS row {where} {_ORDER}"  # noqa: S608
    return [_found(row) for row in _run(statement, [*values, asked.most])]


def by_words(
    asked: Asked, queries: Queries, *, newest: datetime, oldest: datetime | None
) -> tuple[list[Found], Found | None]:
    """At most so many of the newest rows with the words, and the last row that was looked at where
    looking ended before everything had been."""
    found: list[Found] = []
    left = LOOKED_AT
    with _planning(enable_seqscan="off", work_mem="64MB"):
        stretches = list(_stretches(newest.astimezone(UTC).date(), oldest))
        for number, stretch in enumerate(stretches, 1):
            rows, last, looked_at = _in_stretch(
                asked, queries, stretch, left, asked.most - len(found)
            )
            found, left = [*found, *rows], left - looked_at
            if len(found) == asked.most:
                break
            # To gather the many rows of the next stretch for a few more looks is not worth it.
            if left <= (LOOKED_AT // 2 if number < len(stretches) else 0):
                return found, last
    return found, None


def _stretches(newest: date, oldest: datetime | None) -> Iterator[Condition]:
    for days in STRETCHES:
        each = [newest - timedelta(number) for number in range(days)]
        yield "ARRAY[(row.recorded_at AT TIME ZONE 'UTC')::date] && %s::date[]", [each]
        newest -= timedelta(days)
        if oldest and newest < oldest.astimezone(UTC).date():
            return
    midnight = datetime.combine(newest + timedelta(1), time(), UTC)
    yield "row.recorded_at + interval '0' < %s", [midnight]


_ALIKE = """
SELECT row.subject_id, row.question_id, row.trace_id, row.kind,
       row.recorded_at + interval '0' AS recorded_at
  FROM reasoning_searchrow AS row {} AND {} @@ %s::tsquery"""
_STRETCH = f"""
WITH looked_at AS MATERIALIZED (SELECT {_COLUMNS} FROM ({{0}}) AS row {_ORDER})
(SELECT {_COLUMNS}, 0 FROM looked_at AS row {{1}} {_ORDER})
UNION ALL
(SELECT {_COLUMNS}, (SELECT count(*) FROM looked_at) FROM looked_at AS row
  ORDER BY row.recorded_at, row.subject_id LIMIT 1)"""  # noqa: S608


def _in_stretch(
    asked: Asked, queries: Queries, stretch: Condition, left: int, most: int
) -> tuple[list[Found], Found | None, int]:
    """What matches in a stretch, the last row that was looked at, and how many of them."""
    alike, values = _alike([*asked.known, stretch], asked.alone, queries)
    where, more = _where([*asked.others, *_whole(queries)])
    rows = _run(_STRETCH.format(alike, where), [*values, left, *more, most])
    last = next((row for row in rows if row[-1]), None)
    found = sorted((row for row in rows if not row[-1]), key=_place, reverse=True)
    return [_found(row) for row in found], _found(last) if last else None, last[-1] if last else 0


def _alike(conditions: list[Condition], alone: list[Condition], queries: Queries) -> Condition:
    """Rows with the words in any order. Each query is asked for by itself: for both joined by OR
    the vectors of all rows would be read."""
    where, values = _where([*conditions, *alone])
    alike, values = _ALIKE.format(where, "row.words"), [*values, queries.stems_indexed]
    if not queries.beginnings:
        return alike, values
    where, more = _where([*conditions, ("row.language = ANY(%s)", [list(WITHOUT_STEMS)])])
    bent = _ALIKE.format(where, "reasoning_beginnings(row.words)")
    return f"{alike} UNION {bent}", [*values, *more, queries.beginnings_indexed]


def _whole(queries: Queries) -> list[Condition]:
    """The words in their order, and as long as they were typed."""
    if queries.exact:
        return []
    check = """(SELECT whole.words @@ %s::tsquery
                    OR (whole.words @@ %s::tsquery AND whole.language = ANY(%s))
                  FROM reasoning_searchrow AS whole WHERE whole.subject_id = row.subject_id)"""
    return [(check, [queries.stems, queries.beginnings or queries.stems, list(WITHOUT_STEMS)])]


def _where(conditions: list[Condition]) -> Condition:
    joined = any("state." in sql for sql, _values in conditions)
    where = f"WHERE {' AND '.join(['true', *(sql for sql, _values in conditions)])}"
    return f"{_STATE if joined else ''} {where}", [one for _sql, each in conditions for one in each]


def _run(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _place(row: tuple[Any, ...]) -> tuple[datetime, UUID]:
    return row[4], row[0]


def _found(row: tuple[Any, ...]) -> Found:
    subject, question, trace, kind, moment = row[:5]
    return Found(subject, question, trace, RecordKind(kind), moment)


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
