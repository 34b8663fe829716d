"""Who looked at what, and who searched for what: reading the audit events of reading."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from reasoning.models import (
    Action,
    AuditEvent,
    Decision,
    ExportRequest,
    FindingTally,
    Place,
    Question,
    Span,
    User,
    Workspace,
)
from reasoning.services import audit, keyset

PAGE_SIZE = 50
LAST_SEARCHES = 20
LOOKS = (Action.VIEWED, Action.DOWNLOADED)


@dataclass(frozen=True)
class Look:
    """One look at a record: by whom, when, where; ``bundle`` is the export it was part of."""

    actor_id: UUID | None
    actor_name: str
    action: str
    place: str
    subject_id: UUID | None
    recorded_at: datetime
    bundle: UUID | None = None


@dataclass(frozen=True)
class Page:
    """Audit events, newest first, and where the next page begins (empty at the end)."""

    events: list[AuditEvent]
    cursor: str


def remember_search(*, user: User, place: Place, query: str) -> AuditEvent:
    """Record what somebody looked for, in full, as a committed text.

    Who searched for whom is what this is for, so a hash of the words would not do; like every
    text they are not in the log's documents, and can be erased.
    """
    return audit.remember(action=Action.SEARCHED, place=place, user=user, detail=query)


def searched_for(event: AuditEvent) -> str:
    """The words and facets of a search, for people."""
    return ", ".join(f"{name}: {value}" for name, value in parse_qsl(event.detail or ""))


def of_question(question: Question) -> list[Look]:
    """Every look at a question's record that was recorded, oldest first, bundles included."""
    events = AuditEvent.objects.filter(question_id=question.pk, action__in=LOOKS)
    looks = [_look(event) for event in events] + [
        _look(event, bundle=event.subject_id)
        for event in AuditEvent.objects.filter(
            action=Action.DOWNLOADED, subject_id__in=_bundles_with(question).values("pk")
        )
    ]
    return sorted(looks, key=lambda look: look.recorded_at)


def of_person(
    *, person: UUID, rooms: Iterable[Workspace], cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """What a person looked at in these workspaces, newest first.

    Raises InvalidInput for a cursor that this did not give out.
    """
    rows = AuditEvent.objects.filter(actor_id=person, action__in=LOOKS, workspace__in=list(rooms))
    if cursor:
        moment, identifier = keyset.parsed(cursor)
        rows = rows.filter(recorded_at__lte=moment)
        rows = rows.exclude(recorded_at=moment, id__gte=identifier)
    found = list(rows.select_related("workspace").order_by("-recorded_at", "-id")[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], keyset.cursor_of(last.recorded_at, last.pk) if last else "")


def searches_of(person: UUID) -> list[AuditEvent]:
    """What a person searched for last, the newest first."""
    rows = AuditEvent.objects.filter(actor_id=person, action=Action.SEARCHED)
    return list(rows.order_by("-recorded_at", "-id")[:LAST_SEARCHES])


def people_in(rooms: Iterable[Workspace]) -> list[User]:
    """Members of these workspaces, by name; also those who are not active any more."""
    members = User.objects.filter(memberships__workspace__in=list(rooms)).distinct()
    return list(members.order_by("display_name", "username"))


def name_of(person: UUID) -> str:
    """A person's printed name; empty for nobody."""
    found = User.objects.filter(pk=person).first()
    return found.get_full_name() if found else ""


def findings_in(rooms: Iterable[Workspace]) -> list[str]:
    """Codes of findings that traces of these workspaces have, without mere information."""
    found = FindingTally.objects.filter(workspace__in=list(rooms), span=Span.MONTH)
    return list(found.exclude(code="").order_by("code").values_list("code", flat=True).distinct())


def _look(event: AuditEvent, bundle: UUID | None = None) -> Look:
    return Look(
        event.actor_id,
        event.actor_name or "",
        event.action,
        event.place,
        event.subject_id,
        event.recorded_at,
        bundle,
    )


def _bundles_with(question: Question) -> QuerySet[ExportRequest]:
    """Requests for bundles whose scope has the question (as ``export_requests.questions_of``)."""
    before = Q(asked_before=None) | Q(asked_before__gt=question.recorded_at)
    after = Q(asked_from=None) | Q(asked_from__lte=question.recorded_at)
    named = Q(question_ids=[]) | Q(question_ids__contains=[question.pk])
    decisions = Decision.objects.filter(
        question_id=question.pk, recorded_at__lte=OuterRef("recorded_at")
    )
    return ExportRequest.objects.filter(
        before & after & named & (Q(decided=False) | Exists(decisions)),
        workspace_ids__contains=[question.workspace_id],
        recorded_at__gte=question.recorded_at,
    )
