"""Decisions signed with a passkey: what is signed, and how it is checked (WebAuthn level 2, 7.2).

A passkey signs the hash of the *document to sign*: the decision's document as it will be logged,
but for the time, which the database gives when the signature is there, and for the signature
itself. Everything else in it is frozen before the person touches the key: id, signer, role,
meaning, the trace's digest, a nonce, and the commitments to name, rationale and statement. Whoever
has the decision's document can make that document again, so nothing but the entry is needed.

The key is in a document of its own, of the kind ``passkey.registered``, which the log has from the
time when the passkey was registered.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reasoning.core import canonical, strict
from reasoning.core.errors import Malformed, VerificationFailed
from reasoning.core.errors import gettext_noop as _

SCHEMA = "magistral-audit/decision-to-sign/v1"
METHOD = "passkey"
REGISTRATION_KIND = "passkey.registered"

USER_PRESENT, USER_VERIFIED = 0x01, 0x04
"""Flags of authenticator data: somebody touched it, and it knew who."""

HEADER_SIZE = 37
"""Bytes of authenticator data: hash of the relying party's id, flags, counter."""


@dataclass(frozen=True)
class Assertion:
    """What an authenticator gave: its data, the browser's JSON, and a signature over both."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def facts(self) -> dict[str, str]:
        """As a decision's document holds it, in base64."""
        return {name: strict.to_base64(value) for name, value in vars(self).items()}

    @classmethod
    def of_facts(cls, facts: Any) -> "Assertion":
        """What ``facts`` wrote; or Malformed."""
        match facts:
            case {
                "authenticator_data": str(data),
                "client_data": str(client),
                "signature": str(signature),
                **rest,
            } if not rest:
                return cls(*map(strict.from_base64, (data, client, signature)))
        raise Malformed(_("The decision's assertion is not in its form."))

    @property
    def counter(self) -> int:
        """How often the authenticator says that it has signed; 0 where it does not count."""
        return int.from_bytes(self.authenticator_data[33:HEADER_SIZE])  # after the flags


@dataclass(frozen=True)
class Credential:
    """A registered passkey: for which relying party, and its key as COSE bytes."""

    rp_id: str
    public_key: bytes


def document_to_sign(decision: Mapping[str, Any]) -> bytes:
    """The bytes whose SHA-256 is the challenge, made from a decision's document or Malformed."""
    facts = decision.get("facts")
    if not isinstance(facts, Mapping):
        raise Malformed(_("The decision has no facts."))
    return canonical.encode(
        {
            "schema": SCHEMA,
            "id": decision.get("id"),
            "actor": decision.get("actor"),
            "facts": {name: value for name, value in facts.items() if name != "assertion"},
            "commitments": decision.get("commitments"),
        }
    )


def challenge(decision: Mapping[str, Any]) -> bytes:
    """The 32 bytes that the passkey signs for this decision."""
    return hashlib.sha256(document_to_sign(decision)).digest()


def verify_decision(decision: Mapping[str, Any], registration: Mapping[str, Any]) -> int:
    """Check a decision's assertion with the documents of both; the authenticator's counter.

    1. The registration is of the signer, and the one that the decision names.
    2. The assertion is by its key, over the hash of the document to sign (``verify``).

    Raises Malformed, or VerificationFailed.
    """
    facts, registered = decision.get("facts"), registration.get("facts")
    if not isinstance(facts, Mapping) or not isinstance(registered, Mapping):
        raise Malformed(_("The document has no facts."))
    named = facts.get("passkey_id") == registration.get("id")
    if not named or registration.get("kind") != REGISTRATION_KIND:
        raise VerificationFailed(_("The decision names another passkey."))
    if decision.get("actor") != registration.get("actor"):
        raise VerificationFailed(_("The passkey is not the signer's."))
    assertion = Assertion.of_facts(facts.get("assertion"))
    verify(assertion, _credential(registered), challenge(decision))
    return assertion.counter


def claims(facts: Mapping[str, Any]) -> bool:
    """Whether a decision's facts say that a passkey signed, or hold anything of one."""
    return facts.get("authentication_method") == METHOD or "assertion" in facts


def require_registered_before(registration: int, decision: int) -> None:
    """Raise VerificationFailed unless the registration's index in the log is the lower one."""
    if registration >= decision:
        raise VerificationFailed(_("The passkey was registered after the decision."))


def require_counted(counter: int, before: int) -> None:
    """Raise VerificationFailed when a counting authenticator counted back: it was copied."""
    if (counter or before) and counter <= before:
        raise VerificationFailed(_("The passkey's counter went back: there is a copy of it."))


def _credential(registered: Mapping[str, Any]) -> Credential:
    match registered:
        case {"rp_id": str(rp_id), "public_key": str(key)}:
            return Credential(rp_id, strict.from_base64(key))
    raise Malformed(_("The registration names no key."))


def verify(assertion: Assertion, credential: Credential, expected: bytes) -> None:
    """Check an assertion: challenge, origin, relying party, presence, verification, signature.

    Raises Malformed, or VerificationFailed with what does not hold.
    """
    from reasoning.core import cose  # every command loads this module, and few check a signature

    _verify_client(assertion.client_data, credential.rp_id, expected)
    data = assertion.authenticator_data
    if len(data) < HEADER_SIZE:
        raise Malformed(_("The authenticator's data is too short."))
    if data[:32] != hashlib.sha256(strict.utf8(credential.rp_id)).digest():
        raise VerificationFailed(_("The passkey signed for another site."))
    if data[32] & USER_PRESENT == 0 or data[32] & USER_VERIFIED == 0:
        raise VerificationFailed(_("The passkey did not verify who used it."))
    signed = data + hashlib.sha256(assertion.client_data).digest()
    cose.parse(credential.public_key).verify(assertion.signature, signed)


def _verify_client(client_data: bytes, rp_id: str, expected: bytes) -> None:
    client = strict.json_object(client_data)
    if client.get("type") != "webauthn.get":
        raise VerificationFailed(_("The passkey did not sign in answer to a challenge."))
    if client.get("challenge") != base64.urlsafe_b64encode(expected).decode().rstrip("="):
        raise VerificationFailed(_("The passkey signed another document."))
    if client.get("crossOrigin", False) is not False:
        raise VerificationFailed(_("The passkey was used from within another site."))
    if not _is_of(client.get("origin"), rp_id):
        raise VerificationFailed(_("The passkey was used at another address."))


def _is_of(origin: Any, rp_id: str) -> bool:
    """Whether a page of this origin may use passkeys of the site: over TLS, or on this machine."""
    try:
        parts = urlsplit(origin if isinstance(origin, str) else "")
        host = parts.hostname or ""
    except ValueError:
        return False
    local = host == "localhost" or host.endswith(".localhost")
    secure = parts.scheme == "https" or (parts.scheme == "http" and local)
    return secure and (host == rp_id or host.endswith(f".{rp_id}"))
