"""What one person decided, with the time each review took as far as that is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from reasoning.core.reading_pace import implausible
from reasoning.models import Meaning, Workspace
from reasoning.services import keyset
from reasoning.services.tallies import REVIEWS

PAGE_SIZE = 50


@dataclass(frozen=True)
class Review:
    """One decision: when, what, on which trace, and seconds from taking the review to signing.

    ``seconds`` is None where nobody knows; ``tokens`` are those of thinking and summary.
    """

    decision_id: UUID
    trace_id: UUID
    question_id: UUID
    meaning: Meaning
    recorded_at: datetime
    language: str
    seconds: float | None
    tokens: int

    @property
    def overrides(self) -> bool:
        """The reviewer did not follow the model."""
        return self.meaning != Meaning.APPROVED

    @property
    def too_fast(self) -> bool:
        return implausible(self.seconds, self.tokens)


@dataclass(frozen=True)
class Page:
    """Reviews, newest first, and where the next page begins (empty at the end)."""

    reviews: list[Review]
    cursor: str


_OF_PERSON = f"""
WITH page AS MATERIALIZED (
  SELECT decision.id FROM reasoning_decision AS decision
    JOIN reasoning_questionstate AS state USING (question_id)
   WHERE decision.actor_id = %s AND state.workspace_id = ANY(%s)
     AND (decision.recorded_at, decision.id) < (%s, %s)
   ORDER BY decision.recorded_at DESC, decision.id DESC LIMIT %s)
{REVIEWS} WHERE decision.id IN (SELECT id FROM page)
 ORDER BY decision.recorded_at DESC, decision.id DESC
"""  # noqa: S608
_LAST = (datetime.fromisoformat("9999-01-01T00:00:00+00:00"), UUID(int=2**128 - 1))


def of_person(
    *, person: UUID, rooms: Iterable[Workspace], cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """A person's decisions in these workspaces, newest first.

    Raises InvalidInput for a cursor that this did not give out.
    """
    after = keyset.parsed(cursor) if cursor else _LAST
    with connection.cursor() as cursor_:
        cursor_.execute(_OF_PERSON, [person, [room.pk for room in rooms], *after, size + 1])
        found = [_review(row) for row in cursor_.fetchall()]
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], keyset.cursor_of(last.recorded_at, last.decision_id) if last else "")


def _review(row: tuple[Any, ...]) -> Review:
    decision, trace, question, _person, meaning, moment, _workspace, language, *spent = row
    return Review(decision, trace, question, Meaning(meaning), moment, language, *spent)
