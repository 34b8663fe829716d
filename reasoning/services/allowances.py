"""What may be used in a workspace: allowed and disallowed by its administrators, with a reason."""

from django.db import transaction

from reasoning.core.errors import Conflict
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import Change, Registered, Role, User, Workspace
from reasoning.services import access, registry
from reasoning.services.audit import remember_change

REASON_LIMIT = 2_000
FIELD, YES, NO = "allowed", "yes", "no"
"""How ``models.Change`` has it."""


@transaction.atomic
def set_allowed(
    *,
    user: User,
    workspace: Workspace,
    subject: Registered,
    allowed: bool,
    reason: str,
) -> Change:
    """Allow a version in a workspace, or no longer. Workers refuse waiting runs of a deployment
    that is no longer allowed.

    Raises Conflict when that is so already, and when a version to be allowed is not approved.
    """
    access.require_role(user, workspace, Role.ADMINISTRATOR)
    require_text("reason", reason, limit=REASON_LIMIT)
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    versions = registry.kind_of(subject).allowed_in(workspace)
    if allowed == versions.filter(pk=subject.pk).exists():
        already = _("It is allowed in this workspace already.")
        raise Conflict(already if allowed else _("It is not allowed in this workspace."))
    if allowed and not registry.is_approved(subject):
        raise Conflict(_("Only an approved version can be allowed."))
    if allowed:
        versions.add(subject)
    else:
        versions.remove(subject)
    return remember_change(
        user=user,
        subject=subject,
        field=FIELD,
        old=NO if allowed else YES,
        new=YES if allowed else NO,
        reason=reason,
        workspace=workspace,
    )


def history(
    *, workspace: Workspace | None = None, subject: Registered | None = None
) -> list[Change]:
    """What was allowed and disallowed in a workspace, or of a version; newest first.

    Those of a workspace say of which version, as ``label``.
    """
    rows = Change.objects.filter(field=FIELD).select_related("workspace")
    if workspace:
        rows = rows.filter(workspace=workspace)
    if subject:
        rows = rows.filter(subject_id=subject.pk)
    found = list(rows.order_by("-recorded_at", "-id"))
    if workspace:
        _label(found)
    return found


def _label(found: list[Change]) -> None:
    ids = [change.subject_id for change in found]
    versions = {
        pk: row.label
        for kind in registry.KINDS
        for pk, row in kind.model._default_manager.in_bulk(ids).items()
    }
    for change in found:
        change.label = versions.get(change.subject_id, "")  # type: ignore[attr-defined]
