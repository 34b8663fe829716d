"""Who somebody is whom an OpenID Connect provider vouches for."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models.functions import Lower

from reasoning.models import User


def person_with(addresses: Iterable[str]) -> User | None:
    """The one active person with one of these verified addresses; None if nobody, or several."""
    wanted = {address.lower() for address in addresses if address}
    if not settings.OIDC_MATCH_EMAIL or not wanted:
        return None
    people = User.objects.annotate(address=Lower("email")).filter(
        address__in=wanted, is_active=True, is_service=False
    )
    found = list(people[:2])
    return found[0] if len(found) == 1 else None
