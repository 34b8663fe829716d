"""Passwords and codes: one count of failures, wherever they are asked for.

Signing in, confirming who one is, and signing share the count: five failures in a row lock the
account for all of them. Attempts of one person wait for each other (a row lock), so that nobody
tries a hundred at once. A locked account is not even looked at: trying on tells nothing.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from reasoning.core.documents import timestamp
from reasoning.core.errors import AccountLocked, SecondFactorMissing, WrongCredentials
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, Place, User
from reasoning.services import audit, clock, codes

log = logging.getLogger(__name__)

FAILURES_THAT_LOCK = 5


def sign_in(*, username: str, password: str) -> User | None:
    """Whose name and password these are; None when nobody's. Raises AccountLocked.

    Takes as long for a name that nobody has.
    """
    user = User.objects.filter(username=username, is_active=True, is_service=False).first()
    if user is None:
        make_password(password)
        return None
    return user if attempt(user=user, check=lambda one: one.check_password(password)) else None


def require(*, user: User, password: str, code: str = "", with_code: bool = False) -> None:
    """Fresh credentials for a signature: the password, and a one-time code where it is demanded.

    A failure is counted though the act itself is refused. Raises AccountLocked, WrongCredentials,
    and SecondFactorMissing when a code is demanded of a person who has no app for it.
    """
    if with_code and not codes.has_codes(user):
        raise SecondFactorMissing

    def right(current: User) -> bool:
        known = current.check_password(password)
        return known and (not with_code or codes.accept(current, code) is not None)

    if not attempt(user=user, check=right):
        both = _("The password or the code is wrong. Nothing was signed.")
        raise WrongCredentials(both) if with_code else WrongCredentials


def attempt(*, user: User, check: Callable[[User], bool]) -> bool:
    """Whether the check passes; counts it if not. Raises AccountLocked without checking."""
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        if not is_open(current):
            raise AccountLocked
        right = check(current)
        _count(current, right)
    return right


def require_open(user: User) -> None:
    """Raise AccountLocked when the person may not sign in, nor sign."""
    with transaction.atomic():
        if not is_open(User.objects.select_for_update().get(pk=user.pk)):
            raise AccountLocked


def is_open(current: User) -> bool:
    """Whether the account is active and not locked; a lock whose time is over ends here."""
    minutes = settings.LOCK_MINUTES
    if (
        current.locked_at
        and minutes
        and clock.now() > current.locked_at + timedelta(minutes=minutes)
    ):
        unlock(by=None, user=current, reason=f"{minutes:g} minutes were over.")
    return current.is_active and current.locked_at is None


def unlock(*, by: User | None, user: User, reason: str) -> None:
    """End a lock; within the caller's transaction. ``by`` nobody: its time was over."""
    old = timestamp(user.locked_at) if user.locked_at else ""
    audit.remember_change(user=by, subject=user, field="locked", old=old, new="", reason=reason)
    user.locked_at, user.failed_credentials = None, 0
    user.save(update_fields=["locked_at", "failed_credentials"])


def _count(current: User, right: bool) -> None:
    failures = 0 if right else current.failed_credentials + 1
    if failures == current.failed_credentials:
        return
    current.failed_credentials = failures
    if failures >= FAILURES_THAT_LOCK:
        current.locked_at = clock.now()
        audit.remember(
            action=Action.ACCOUNT_LOCKED, place=Place.PAGE, user=current, subject_id=current.pk
        )
        log.warning("account %s was locked after %s failures", current.pk, failures)
    current.save(update_fields=["failed_credentials", "locked_at"])
