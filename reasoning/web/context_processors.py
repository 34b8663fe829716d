"""What the frame of every page shows."""

from collections import defaultdict
from typing import Any

from django.http import HttpRequest

from reasoning.models import READING_ROLES, Preference, Role, User, Workspace
from reasoning.services import halts, notices, personal, queue
from reasoning.web import demonstration, language

THEMES = ("light", "dark")
COUNTED = 99
COUNTED_NOTICES = 9
WORKSPACE_ROLES = {Role.ADMINISTRATOR, Role.AUDITOR}
REGISTRY_ROLES = {Role.PROMPT_AUTHOR, Role.PROMPT_APPROVER, *WORKSPACE_ROLES}
"""Who is led to these pages; reading the registry is open to everybody who has signed in."""


def frame(request: HttpRequest) -> dict[str, Any]:
    """Theme and section for everybody; rooms, roles and waiting reviews for people."""
    theme = request.COOKIES.get("theme", "")
    common = {
        "theme": theme if theme in THEMES else "",
        "section": request.path.split("/")[1],
        "languages": language.offered(),
        "demonstration": demonstration.model(),
    }
    user = getattr(request, "user", None)
    return common | (_personal(user) if isinstance(user, User) else {})


def _personal(user: User) -> dict[str, Any]:
    roles: dict[Workspace, list[str]] = defaultdict(list)
    held = set()
    for membership in user.memberships.select_related("workspace").order_by("workspace__name"):
        roles[membership.workspace].append(membership.get_role_display())
        held.add(membership.role)
    preference = personal.preference_of(user)
    return {
        "rooms": [{"workspace": room, "roles": names} for room, names in roles.items()],
        "halts": halts.concerning(roles),
        "may_ask": Role.ANALYST in held,
        "may_administer": Role.ADMINISTRATOR in held,
        "may_review": Role.REVIEWER in held,
        "sees_search": not held.isdisjoint(READING_ROLES),
        "sees_oversight": not held.isdisjoint(WORKSPACE_ROLES),
        "sees_registry": not held.isdisjoint(REGISTRY_ROLES),
        "sees_workspaces": not held.isdisjoint(WORKSPACE_ROLES),
        "preference": preference,
        "new_notices": _new_notices(user, preference),
        "waiting": _waiting(user) if Role.REVIEWER in held else None,
    }


def _new_notices(user: User, preference: Preference) -> str:
    """How many notices this person has not seen; counting stops at ten. Empty: none."""
    since = preference.notices_seen_at or notices.NEVER
    count = notices.count_new(user=user, since=since, limit=COUNTED_NOTICES + 1)
    return f"{COUNTED_NOTICES}+" if count > COUNTED_NOTICES else str(count or "")


def _waiting(user: User) -> str:
    """How many reviews this person could take; counting stops at a hundred."""
    count = queue.count(user=user, wanted=queue.Wanted(), limit=COUNTED)
    return f"{count.value}+" if count.more else str(count.value)
