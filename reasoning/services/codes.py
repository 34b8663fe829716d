"""One-time codes: from an app (RFC 6238), and recovery codes; each is good once.

The last accepted time step is kept beside the secret, under the lock that ``credentials`` holds on
the person, so that no code is taken twice, whichever process is asked.
"""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt

from reasoning.models import User

LAST_STEP = "last_step"


def has_codes(user: User) -> bool:
    """Whether the person has an app that makes codes."""
    return _find(user, Authenticator.Type.TOTP) is not None


def has_second_factor(user: User) -> bool:
    """Whether the person has codes, or a passkey."""
    return Authenticator.objects.filter(
        user=user, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()


def accept(user: User, code: str, *, recovery: bool = False) -> Authenticator | None:
    """What this code is of, when it is right now and was not used before; uses it up.

    ``recovery`` lets recovery codes in as well.
    """
    app = _find(user, Authenticator.Type.TOTP)
    if app is not None and _accepts(app, code):
        return app
    codes = _find(user, Authenticator.Type.RECOVERY_CODES) if recovery else None
    if codes is None or not RecoveryCodes(codes).validate_code(code):
        return None
    return codes


def _accepts(app: Authenticator, code: str) -> bool:
    secret, last = decrypt(app.data["secret"]), app.data.get(LAST_STEP, -1)
    for step in yield_hotp_counters_from_time():
        right = compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
        if right and step > last:
            app.data[LAST_STEP] = step
            app.save(update_fields=["data"])
            return True
    return False


def _find(user: User, kind: str) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(user=user, type=kind).first()
    return found
