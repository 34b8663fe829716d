"""What a search is narrowed by, and how PostgreSQL is asked for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from reasoning.models import RecordKind

Condition = tuple[str, list[Any]]
"""A piece of SQL about ``row``, a SearchRow, and its values."""


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


def of_row(facets: Facets, rooms: list[UUID]) -> list[Condition]:
    """What the row itself says, for the indexes of facets and times."""
    exact = {
        "row.kind = %s": facets.kind,
        "row.language = %s": facets.language,
        "row.actor_id = %s": facets.person,
        "row.case_reference = %s": facets.case_reference.upper(),
        "row.recorded_at >= %s": facets.after,
        "row.recorded_at < %s": facets.before,
    }
    return [("row.workspace_id = ANY(%s)", [rooms]), *_given(exact)]


TAGS = "ARRAY[row.kind, row.language, row.workspace_id::text, row.actor_id::text]"


def beside_words(facets: Facets, rooms: list[UUID]) -> list[Condition]:
    """The same for the index of words, which knows facets as tags. Times are said in a way that
    keeps PostgreSQL from reading by another index, and the vectors of all rows with it."""
    tags = [facets.kind, facets.language, str(facets.person or "")]
    exact = {
        f"{TAGS} @> %s::varchar[]": [tag for tag in tags if tag],
        "row.recorded_at + interval '0' >= %s": facets.after,
        "row.recorded_at + interval '0' < %s": facets.before,
    }
    return [(f"{TAGS} && %s::varchar[]", [[str(room) for room in rooms]]), *_given(exact)]


def alone(facets: Facets) -> list[Condition]:
    """Questions have an index of words of their own: most words are frequent in traces alone."""
    only = facets.kind == RecordKind.QUESTION
    return [("row.kind = %s", [facets.kind])] if only else []


def of_question(facets: Facets) -> list[Condition]:
    """What the question and its newest trace say."""
    exact = {
        "state.status = %s": facets.status,
        "EXISTS (SELECT FROM reasoning_finding WHERE code = %s AND trace_id = state.trace_id)": (
            facets.finding
        ),
    }
    return _given(exact)


def _given(exact: dict[str, Any]) -> list[Condition]:
    return [(sql, [value]) for sql, value in exact.items() if value]
