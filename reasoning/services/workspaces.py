"""Opening a workspace: what an operator does before anybody can be invited to it."""

import re

from django.db import transaction
from django.db.models import Model

from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text, text_problem
from reasoning.models import Membership, Role, User, Workspace
from reasoning.services import audit
from reasoning.services.seeding import DEPLOYMENT, PROFILE, PROMPT

NAME_LIMIT, REASON_LIMIT = 100, 2_000
SHORT_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


@transaction.atomic
def open_workspace(
    *, slug: str, name: str, reason: str, administrator: User | None = None
) -> Workspace:
    """A new workspace in which nothing is allowed yet, and its administrator, if one is named.

    Raises InvalidInput naming every wrong field; ``slug`` is for addresses, and for good.
    """
    require_text("reason", reason, limit=REASON_LIMIT)
    problems = [_slug_problem(slug), text_problem("name", name, limit=NAME_LIMIT)]
    if found := [problem for problem in problems if problem]:
        raise InvalidInput(fields=found)
    room = Workspace.objects.create(
        slug=slug,
        name=name.strip(),
        default_prompt=PROMPT,
        default_profile=PROFILE,
        default_deployment=DEPLOYMENT,
    )
    _remember(room, subject=room, field="name", new=room.name, reason=reason)
    if administrator:
        role = Role.ADMINISTRATOR
        Membership.objects.create(user=administrator, workspace=room, role=role)
        _remember(room, subject=administrator, field="role", new=role, reason=reason)
    return room


def _remember(room: Workspace, *, subject: Model, field: str, new: str, reason: str) -> None:
    audit.remember_change(
        user=None, subject=subject, field=field, old="", new=new, reason=reason, workspace=room
    )


def _slug_problem(slug: str) -> FieldError | None:
    if not SHORT_NAME.fullmatch(slug) or len(slug) > 50:
        sentence = _("Small letters, digits and single hyphens between them, 50 at most.")
        return FieldError("slug", "malformed", sentence)
    if Workspace.objects.filter(slug=slug).exists():
        return FieldError("slug", "taken", _("There is a workspace of this name."))
    return None
