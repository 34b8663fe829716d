"""The stop switch: one action halts queue and work in flight; resuming needs a reason.

While a halt stands nothing within its scope is claimed, and attempts in flight end at their
worker's next beat as traces labelled ``halted``; their runs, and everything asked meanwhile, wait
in the queue. Stopping and resuming are audit events. Administrators alone do either: of the
workspace where it is about one, of any for the rest; and operators on the command line, who are no
``user``.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from reasoning.core.errors import Conflict, InvalidInput, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import (
    Action,
    AuditEvent,
    Deployment,
    Halt,
    Place,
    Role,
    User,
    Workspace,
)
from reasoning.services import access, audit, clock, registry, scheduling

REASON_LIMIT = 2_000
HISTORY = 100


@transaction.atomic
def stop(
    *,
    user: User | None,
    reason: str = "",
    place: Place,
    workspace: Workspace | None = None,
    deployment: Deployment | None = None,
) -> Halt:
    """Halt a workspace, a deployment, or (neither named) everything. A reason is welcome, and not
    asked for: in an emergency nobody should have to find words.

    Raises Refused without the role of an administrator, Conflict when it is stopped already.
    """
    require_administrator(user, workspace)
    require_text("reason", reason, limit=REASON_LIMIT, blank=True)
    scheduling.lock()  # no claim is under way that has not seen this halt
    halt = Halt(
        workspace=workspace, deployment=deployment, reason=reason, since=clock.now(), by=user
    )
    if Halt.objects.filter(workspace=workspace, deployment=deployment).exists():
        raise Conflict(_("This is stopped already."))
    halt.save()
    _remember(Action.STOPPED, halt, user, reason, place)
    return halt


@transaction.atomic
def resume(*, user: User | None, halt: Halt, reason: str, place: Place) -> None:
    """End a halt; what waited goes on, and its deadlines move by as long as it had to wait.

    Raises Refused without the role, InvalidInput without a reason, NotFound when it is over.
    """
    require_administrator(user, halt.workspace)
    require_text("reason", reason, limit=REASON_LIMIT)
    if not Halt.objects.filter(pk=halt.pk).delete()[0]:
        raise NotFound
    _move_deadlines(halt)
    _remember(Action.RESUMED, halt, user, reason, place)


def standing(identifier: UUID) -> Halt:
    """The halt with this id. Raises NotFound."""
    halt = Halt.objects.select_related("workspace", "deployment", "by").filter(pk=identifier)
    if found := halt.first():
        return found
    raise NotFound


def concerning(workspaces: Iterable[Workspace]) -> list[Halt]:
    """Halts that people of these workspaces should know of, the widest first: of everything, of the
    deployments that they may use, and of the workspaces themselves."""
    rooms = list(workspaces)
    used = Workspace.objects.filter(pk__in=[room.pk for room in rooms])
    everything = Q(workspace=None, deployment=None)
    return _listed(
        everything | Q(workspace__in=rooms) | Q(deployment__in=used.values("allowed_deployments"))
    )


def overseen(workspaces: Iterable[Workspace]) -> list[Halt]:
    """Halts that administrators and auditors of these workspaces oversee: of any deployment too."""
    return _listed(Q(workspace=None) | Q(workspace__in=list(workspaces)))


def _listed(which: Q) -> list[Halt]:
    order = (F("workspace").asc(nulls_first=True), F("deployment").asc(nulls_first=True), "since")
    rows = Halt.objects.filter(which).select_related("workspace", "deployment", "by")
    return list(rows.order_by(*order))


def history(workspaces: Iterable[Workspace]) -> list[AuditEvent]:
    """Who stopped and resumed what they oversee, and why, newest first; the last hundred acts, each
    with the ``deployment`` it was about or None."""
    rows = AuditEvent.objects.filter(action__in=(Action.STOPPED, Action.RESUMED))
    rows = rows.filter(Q(workspace=None) | Q(workspace__in=list(workspaces)))
    events = list(rows.select_related("workspace").order_by("-recorded_at", "-id")[:HISTORY])
    deployments = Deployment.objects.in_bulk([event.subject_id for event in events])
    for event in events:
        event.deployment = deployments.get(event.subject_id)  # type: ignore[attr-defined]
    return events


def named(
    *, user: User | None, workspace: str = "", deployment: str = ""
) -> tuple[Workspace | None, Deployment | None]:
    """What is to be stopped or resumed, by a workspace's slug or a deployment's id or
    ``name@number``; neither: everything. Raises InvalidInput; others' workspaces are unknown."""
    if workspace and deployment:
        sentence = _("Name a workspace or a deployment, not both.")
        raise InvalidInput.of("deployment", "not_allowed", sentence)
    if deployment:
        return None, _deployment(deployment)
    return (_workspace(user, workspace) if workspace else None), None


def _workspace(user: User | None, slug: str) -> Workspace:
    mine = {"memberships__user": user} if user else {}
    found = Workspace.objects.filter(slug=slug, **mine).first()
    if found is None:
        sentence = _("There is no such workspace for you.")
        raise InvalidInput.of("workspace", "unknown", sentence)
    return found


def _deployment(reference: str) -> Deployment:
    try:
        return registry.version(Deployment, reference)
    except NotFound as error:
        sentence = _("There is no such deployment.")
        raise InvalidInput.of("deployment", "unknown", sentence) from error


def require_administrator(user: User | None, workspace: Workspace | None) -> None:
    """Raise Refused unless this person may stop and resume there (None: what all share)."""
    if user is None:
        return
    if workspace is None:
        access.require_role_somewhere(user, Role.ADMINISTRATOR)
    else:
        access.require_role(user, workspace, Role.ADMINISTRATOR)


def _remember(action: Action, halt: Halt, user: User | None, reason: str, place: Place) -> None:
    audit.remember(
        action=action,
        place=place,
        user=user,
        workspace=halt.workspace,
        subject_id=halt.deployment_id,
        code=halt.scope,
        detail=reason,
    )


def _move_deadlines(halt: Halt) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE reasoning_runstate SET deadline = deadline + (now() - %(since)s)
             WHERE status = 'queued' AND workspace_id = coalesce(%(workspace)s, workspace_id)
               AND deployment_id = coalesce(%(deployment)s, deployment_id)
            """,
            {
                "since": halt.since,
                "workspace": halt.workspace_id,
                "deployment": halt.deployment_id,
            },
        )
