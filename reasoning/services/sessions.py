"""Sessions that people can see, and end."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from reasoning.core.errors import NotFound
from reasoning.models import Action, Place, User
from reasoning.services import audit


def of(user: User) -> list[UserSession]:
    """The person's sessions that are still open, the one used last first."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(found, key=lambda one: one.last_seen_at, reverse=True)


@transaction.atomic
def end(*, user: User, identifier: int) -> None:
    """End one of one's own sessions. Raises NotFound for others'."""
    session = UserSession.objects.filter(user=user, pk=identifier).first()
    if session is None:
        raise NotFound
    session.end()
    audit.remember(action=Action.SESSION_ENDED, place=Place.PAGE, user=user)


@transaction.atomic
def end_others(*, user: User, present: str) -> int:
    """End all of the person's sessions but the one with this key; how many there were."""
    others = [one for one in of(user) if one.session_key != present]
    for session in others:
        session.end()
    if others:
        number = f"{len(others)} sessions"
        audit.remember(action=Action.SESSION_ENDED, place=Place.PAGE, user=user, detail=number)
    return len(others)


def end_all(user: User) -> int:
    """End every session of the person, within the caller's transaction; how many there were."""
    found = of(user)
    for session in found:
        session.end()
    return len(found)
