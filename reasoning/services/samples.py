"""Random samples of decisions for a second look, drawn so that anybody can draw them again.

The draw is an audit event: its seed comes from the operating system, and its detail names what was
drawn from and what was drawn. The decisions are those with the smallest SHA-256 of
``<seed>:<id of the decision>``. How far an auditor has come follows from what they looked at since:
nothing is written into any record.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from reasoning.core.documents import timestamp
from reasoning.core.errors import InvalidInput, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, AuditEvent, Decision, Place, QuestionState, Role, User
from reasoning.services import access, audit, clock

MOST = 200
KEPT = 50
"""Decisions in a sample, and samples in a list."""


@dataclass(frozen=True)
class Scope:
    """Which decisions to draw from: signed from ``since`` on and before ``before``. What is left
    empty does not narrow."""

    since: datetime
    before: datetime
    workspace: str = ""
    reviewer: UUID | None = None
    language: str = ""


@dataclass(frozen=True)
class Drawn:
    """One decision of a sample, its question's state, and whether it was looked at since."""

    decision: Decision
    state: QuestionState
    looked_at: bool


@dataclass(frozen=True)
class Sample:
    """A draw, what its detail says, and its decisions in the order in which they were drawn."""

    event: AuditEvent
    facts: dict[str, Any]
    drawn: list[Drawn]

    @property
    def done(self) -> int:
        return sum(one.looked_at for one in self.drawn)


@transaction.atomic
def draw(*, user: User, scope: Scope, size: int) -> AuditEvent:
    """Draw a sample from the workspaces that the user audits, and record the draw.

    Raises InvalidInput for a size or period that is not possible, a workspace that the user does
    not audit, and when there is nothing to draw from.
    """
    _require_possible(scope, size)
    rooms = access.workspaces_of(user, Role.AUDITOR)
    rooms = [room for room in rooms if scope.workspace in ("", room.slug)]
    if not rooms:
        sentence = _("There is no such workspace for you.")
        raise InvalidInput.of("workspace", "unknown", sentence)
    facts: dict[str, Any] = {
        "seed": secrets.token_hex(16),
        "size": size,
        "since": timestamp(scope.since),
        "before": timestamp(min(scope.before, clock.now())),
        "workspaces": [str(room.pk) for room in rooms],
        "reviewer": str(scope.reviewer) if scope.reviewer else "",
        "language": scope.language,
    }
    facts["population"], facts["decisions"] = drawn_from(facts)
    if not facts["decisions"]:
        raise InvalidInput.of("since", "empty", _("Nothing was decided in this scope."))
    return audit.remember(
        action=Action.DREW_SAMPLE,
        place=Place.PAGE,
        user=user,
        workspace=rooms[0] if len(rooms) == 1 else None,
        detail=json.dumps(facts, sort_keys=True),
    )


_DRAW = """
SELECT count(*) OVER (), decision.id::text
  FROM reasoning_decision AS decision JOIN reasoning_questionstate AS state USING (question_id)
 WHERE decision.recorded_at >= %(since)s AND decision.recorded_at < %(before)s
   AND state.workspace_id = ANY(%(workspaces)s::uuid[])
   AND (%(reviewer)s = '' OR decision.actor_id::text = %(reviewer)s)
   AND (%(language)s = '' OR state.language = %(language)s)
 ORDER BY sha256(convert_to(%(seed)s || ':' || decision.id::text, 'UTF8')) LIMIT %(size)s
"""


def drawn_from(facts: dict[str, Any]) -> tuple[int, list[str]]:
    """How many decisions the facts of a draw describe, and those that its seed chooses of them."""
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, {name: facts[name] for name in facts if name != "decisions"})
        rows = cursor.fetchall()
    return (rows[0][0] if rows else 0), [identifier for _count, identifier in rows]


def mine(user: User) -> list[tuple[AuditEvent, dict[str, Any]]]:
    """The user's draws, the newest first, with what their details say."""
    events = AuditEvent.objects.filter(action=Action.DREW_SAMPLE, actor_id=user.pk)
    return [(one, facts_of(one)) for one in events.order_by("-recorded_at")[:KEPT]]


def facts_of(event: AuditEvent) -> dict[str, Any]:
    """What a draw's detail says; nothing when it was erased."""
    found: dict[str, Any] = json.loads(event.detail or "{}")
    return found


def sample_of(*, user: User, identifier: UUID) -> Sample:
    """One of the user's samples, without what they do not audit any more. Raises NotFound."""
    mine = AuditEvent.objects.filter(action=Action.DREW_SAMPLE, actor_id=user.pk)
    event = mine.filter(pk=identifier).first()
    if event is None:
        raise NotFound
    facts = facts_of(event)
    rooms = access.workspaces_of(user, Role.AUDITOR)
    found = Decision.objects.in_bulk([UUID(one) for one in facts.get("decisions", ())])
    ordered = [found[UUID(one)] for one in facts.get("decisions", ()) if UUID(one) in found]
    questions = [one.question_id for one in ordered]
    states = QuestionState.objects.filter(workspace__in=rooms).in_bulk(questions)
    seen = _looked_at(user, questions, event.recorded_at)
    return Sample(
        event,
        facts,
        [
            Drawn(one, states[one.question_id], one.question_id in seen)
            for one in ordered
            if one.question_id in states
        ],
    )


def _looked_at(user: User, questions: Iterable[UUID], since: datetime) -> set[UUID | None]:
    looks = AuditEvent.objects.filter(
        question_id__in=list(questions),
        actor_id=user.pk,
        recorded_at__gte=since,
        action=Action.VIEWED,
    )
    return set(looks.values_list("question_id", flat=True))


def _require_possible(scope: Scope, size: int) -> None:
    if not 1 <= size <= MOST:
        sentence = _("Must be a whole number from %(low)s to %(high)s.")
        raise InvalidInput.of("size", "out_of_range", sentence, low=1, high=MOST)
    if scope.since >= scope.before:
        raise InvalidInput.of("since", "empty", _("The period ends before it begins."))
