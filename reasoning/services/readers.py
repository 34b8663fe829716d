"""Who looked at a record, and what was decided on its case before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import Left

from reasoning.models import READING_ROLES, Action, AuditEvent, Decision, Question, User
from reasoning.services.listing import EXCERPT

MOST = 50
LOOKS = (Action.VIEWED, Action.DOWNLOADED)


@dataclass(frozen=True)
class Reader:
    """One who looked: how often, when last, and where (page or API)."""

    name: str
    place: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Precedent:
    """A decision on another question of the same case; ``excerpt`` begins that question."""

    decision: Decision
    question: Question
    excerpt: str


def readers_of(question: Question) -> list[Reader]:
    """Who looked at the question or a trace of it, the latest first."""
    looks = AuditEvent.objects.filter(question_id=question.pk, action__in=LOOKS)
    found = looks.values("actor_id", "actor_name", "place").annotate(
        times=Count("id"), last=Max("recorded_at")
    )
    return [
        Reader(row["actor_name"] or "", row["place"], row["times"], row["last"])
        for row in found.order_by("-last")[:MOST]
    ]


def last_look(*, user: User, question: Question) -> datetime | None:
    """When the user looked at the record last; None when never."""
    looks = AuditEvent.objects.filter(
        question_id=question.pk, actor_id=user.pk, action=Action.VIEWED
    )
    return looks.order_by("-recorded_at").values_list("recorded_at", flat=True).first()


def precedents(*, user: User, question: Question) -> list[Precedent]:
    """Decisions on other questions of the same case that the user may read, the latest first."""
    if not question.case_reference:
        return []
    others = (
        Question.objects.visible_to(user, READING_ROLES)
        .filter(workspace=question.workspace_id, case_reference=question.case_reference)
        .exclude(pk=question.pk)
        .only("language", "workspace_id")
        .annotate(excerpt=Left("text", EXCERPT))
        .order_by("-recorded_at")[:MOST]
    )
    by_id: dict[Any, Any] = {other.pk: other for other in others}
    standing = Decision.objects.standing().filter(question_id__in=list(by_id))
    decisions = standing.order_by("-recorded_at")
    return [
        Precedent(decision, by_id[decision.question_id], by_id[decision.question_id].excerpt or "")
        for decision in decisions[:MOST]
    ]
