"""The stop switch: one action halts queue and work in flight; resuming needs a reason.

While a halt stands nothing within its scope is claimed, and attempts in flight end at their
worker's next beat as traces labelled ``halted``; their runs, and everything asked meanwhile, wait
in the queue. Stopping and resuming are audit events. Administrators alone do either: of the
workspace where it is about one, of any for the rest.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from reasoning.core.errors import Conflict, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import Action, Deployment, Halt, Place, Role, User, Workspace
from reasoning.services import access, audit, clock, scheduling

REASON_LIMIT = 2_000


@transaction.atomic
def stop(
    *,
    user: User,
    reason: str = "",
    place: Place,
    workspace: Workspace | None = None,
    deployment: Deployment | None = None,
) -> Halt:
    """Halt a workspace, a deployment, or (neither named) everything. A reason is welcome, and not
    asked for: in an emergency nobody should have to find words.

    Raises Refused without the role of an administrator, Conflict when it is stopped already.
    """
    _require_administrator(user, workspace)
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
def resume(*, user: User, halt: Halt, reason: str, place: Place) -> None:
    """End a halt; what waited goes on, and its deadlines move by as long as it had to wait.

    Raises Refused without the role, InvalidInput without a reason, NotFound when it is over.
    """
    _require_administrator(user, halt.workspace)
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


def concerning(workspaces: Iterable[Workspace | UUID]) -> list[Halt]:
    """Halts that people of these workspaces should know of, the widest first."""
    rows = Halt.objects.filter(Q(workspace=None) | Q(workspace__in=list(workspaces)))
    order = ("-workspace", "-deployment", "since")
    return list(rows.select_related("workspace", "deployment", "by").order_by(*order))


def _require_administrator(user: User, workspace: Workspace | None) -> None:
    if workspace is None:
        access.require_role_somewhere(user, Role.ADMINISTRATOR)
    else:
        access.require_role(user, workspace, Role.ADMINISTRATOR)


def _remember(action: Action, halt: Halt, user: User, reason: str, place: Place) -> None:
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
