"""Reading the registry: versions with their state, who judged them, where and how they are used."""

from dataclasses import dataclass

from reasoning.models import (
    Approval,
    Deployment,
    Membership,
    Probe,
    Registered,
    Role,
    Run,
    User,
    Workspace,
)
from reasoning.services.registry import Kind, kind_of

PROPOSED = "proposed"
"""The state of what nobody has judged yet."""
COUNTED = 10_000
LOOKS = 5


@dataclass(frozen=True)
class Room:
    """A workspace, and whether a version is allowed in it, and is what its default names.

    ``administered`` says that this person may change that.
    """

    workspace: Workspace
    allowed: bool
    default: bool
    administered: bool


def listed(kind: Kind) -> list[Registered]:
    """Every version with its ``state``, by name, the newest of each first."""
    rows = kind.model._default_manager.all().with_verdict()
    return [_stated(row) for row in rows.order_by("name", "-number")]


def stated(kind: Kind, identifier: object) -> Registered | None:
    """One version with its ``state``."""
    rows = kind.model._default_manager.all().with_verdict()
    row: Registered | None = rows.filter(pk=identifier).first()
    return _stated(row) if row else None


def judgements(subject: Registered) -> list[Approval]:
    """Every word of an approver on a version, newest first."""
    return list(Approval.objects.filter(subject_id=subject.pk).order_by("-recorded_at", "-id"))


def looks_at(subject: Registered) -> list[Probe]:
    """The newest looks at a deployment's engine; none for what has no engine."""
    if not isinstance(subject, Deployment):
        return []
    return list(subject.probes.order_by("-recorded_at", "-pk")[:LOOKS])


def runs_of(subject: Registered) -> int:
    """How many runs used a version; counting stops above ``COUNTED``."""
    column = kind_of(subject).pinned
    return Run.objects.filter(**{column: subject.pk})[: COUNTED + 1].count()


def rooms_of(user: User, subject: Registered) -> list[Room]:
    """The user's workspaces, and how each stands to a version."""
    kind = kind_of(subject)
    held = Membership.objects.filter(user=user).values_list("workspace_id", "role")
    administered = {room for room, role in held if role == Role.ADMINISTRATOR}
    rooms = Workspace.objects.filter(pk__in=[room for room, _role in held]).order_by("name")
    allowed = set(rooms.filter(**{kind.allowed: subject.pk}).values_list("pk", flat=True))
    return [
        Room(
            room,
            room.pk in allowed,
            room.pk in allowed
            and kind.default_in(room) in (subject.name, subject.label, str(subject.pk)),
            room.pk in administered,
        )
        for room in rooms
    ]


def _stated(row: Registered) -> Registered:
    row.state = getattr(row, "verdict", None) or PROPOSED
    return row
