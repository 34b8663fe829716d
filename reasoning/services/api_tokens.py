"""API tokens: made once, shown once, looked up by prefix and hash."""

import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from reasoning.core.errors import NotFound
from reasoning.models import Action, ApiToken, Place, User
from reasoning.services import audit, clock


@transaction.atomic
def issue(*, user: User, name: str, expires_at: datetime | None = None) -> str:
    """A new token for the user; the only time it can be read."""
    prefix = f"mag_{secrets.token_hex(5)}"
    token = f"{prefix}.{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        token_sha256=_digest(token),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    return token


@transaction.atomic
def make(*, user: User, name: str) -> str:
    """A new token that somebody makes for themselves; the only time it can be read."""
    token = issue(user=user, name=name)
    audit.remember(action=Action.TOKEN_ISSUED, place=Place.PAGE, user=user, detail=name)
    return token


@transaction.atomic
def revoke(*, user: User, identifier: UUID) -> None:
    """Take one of one's own tokens away. Raises NotFound for others'."""
    token = ApiToken.objects.filter(user=user, pk=identifier, revoked_at__isnull=True).first()
    if token is None:
        raise NotFound
    token.revoked_at = clock.now()
    token.save(update_fields=["revoked_at"])
    audit.remember(
        action=Action.TOKEN_REVOKED,
        place=Place.PAGE,
        user=user,
        subject_id=token.pk,
        detail=token.name,
    )


def held_by(user: User) -> list[ApiToken]:
    """The person's tokens that are good, the newest first."""
    now = clock.now()
    good = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return list(user.api_tokens.filter(good, revoked_at__isnull=True).order_by("-created_at"))


def user_of(token: str) -> User | None:
    """Whose token this is; None when it is unknown, revoked, expired or its owner is inactive."""
    prefix = token.partition(".")[0]
    candidate = (
        ApiToken.objects.select_related("user")
        .filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now()),
            prefix=prefix,
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .first()
    )
    if candidate is None or not hmac.compare_digest(bytes(candidate.token_sha256), _digest(token)):
        return None
    return candidate.user


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
