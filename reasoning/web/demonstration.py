"""What only a demonstration shows: its people's logins, and that its model is one."""

import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from reasoning.models import Deployment, Membership, User


@dataclass(frozen=True)
class Person:
    """Someone to sign in as."""

    username: str
    password: str
    name: str
    role: str


def people() -> list[Person]:
    """The logins in ``.run/demo.json``; none where no demonstration runs."""
    if not settings.DEMONSTRATION:
        return []
    try:
        known = json.loads(Path(settings.BASE_DIR, ".run", "demo.json").read_text("utf-8"))
    except (OSError, ValueError):
        return []
    logins = {login["username"]: login["password"] for login in known.get("people", {}).values()}
    users = User.objects.filter(username__in=logins).order_by("id")
    return [
        Person(user.username, logins[user.username], user.get_full_name(), _roles(user))
        for user in users
    ]


def reviewer(user: User) -> str:
    """Whom to sign in as to review what this person asked; nobody outside a demonstration."""
    names = [person.username for person in people()]
    return next(
        (name for name in names if name.startswith("reviewer") and name != user.username), ""
    )


def _roles(user: User) -> str:
    memberships = Membership.objects.filter(user=user).order_by("role").distinct("role")
    return ", ".join(membership.get_role_display() for membership in memberships)


def model() -> str:
    """The newest deployment's model if it is for demonstration only, else an empty string."""
    newest = Deployment.objects.order_by("-recorded_at", "-id").first()
    return newest.model.removesuffix(".gguf") if newest and newest.demonstration else ""
