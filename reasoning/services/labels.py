"""The labels that notes may bear."""

from reasoning.core.errors import gettext_noop as _
from reasoning.models import Workspace
from reasoning.services.policies import policy_of

USUAL = (
    _("unsupported"),
    _("wrong"),
    _("incomplete"),
    _("contradiction"),
    _("needs a source"),
    _("question"),
    _("well reasoned"),
)


def labels_of(workspace: Workspace) -> tuple[str, ...]:
    """The labels of the workspace's policy; the usual ones where it has chosen none."""
    return policy_of(workspace).labels or USUAL
