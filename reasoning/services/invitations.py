"""Invitations: one-time links with which people come for their accounts."""

import hashlib
import logging
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext

from reasoning.core.errors import FieldError, InvalidInput, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, Invitation, Place, User
from reasoning.services import audit, clock

log = logging.getLogger(__name__)


def renew(user: User) -> str:
    """A fresh token for the person's account, within the caller's transaction; older ones are
    good no more. The only time it can be read."""
    token = secrets.token_urlsafe(32)
    expires_at = clock.now() + timedelta(hours=settings.INVITATION_HOURS)
    Invitation.objects.update_or_create(
        user=user, defaults={"token_sha256": _digest(token), "expires_at": expires_at}
    )
    return token


def of_token(token: str) -> User:
    """Whom the link invites. Raises NotFound for one that is unknown, used or too old."""
    found = (
        Invitation.objects.select_related("user")
        .filter(token_sha256=_digest(token), expires_at__gt=clock.now(), user__is_active=True)
        .first()
    )
    if found is None:
        raise NotFound(_("This link was used, or is too old. Ask for a new one."))
    user: User = found.user
    return user


@transaction.atomic
def accept(*, token: str, password: str) -> User:
    """Set the first password of the account that the link is for; the link is used up."""
    user = User.objects.select_for_update().get(pk=of_token(token).pk)
    of_token(token)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(
            fields=[FieldError("password", "weak", message) for message in error.messages]
        ) from error
    user.set_password(password)
    user.save(update_fields=["password"])
    Invitation.objects.filter(user=user).delete()
    audit.remember(action=Action.JOINED, place=Place.PAGE, user=user)
    return user


def send(*, user: User, link: str) -> bool:
    """Mail the link, where mail is configured and the person has an address; whether it went."""
    if not settings.EMAIL_HOST or not user.email:
        return False
    words = gettext("You were invited to Magistral Audit. Open this link once: %(link)s")
    try:
        send_mail(gettext("Your invitation"), words % {"link": link}, None, [user.email])
    except OSError as error:
        log.warning("an invitation could not be mailed: %s", type(error).__name__)
        return False
    return True


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
