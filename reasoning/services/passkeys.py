"""Passkeys, and decisions that are signed with them.

Signing has two steps. ``freeze`` draws up everything but the time and the signature, and gives the
challenge: the SHA-256 of that document (``core.passkeys``). The person's authenticator signs it.
``sign`` draws up the same decision again from what was frozen, stores it, and checks the stored
document with the code that anybody else checks it with, offline and years later: what does not
verify is not stored.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction

from reasoning.core import canonical, commitments, cose
from reasoning.core import passkeys as core
from reasoning.core.errors import (
    Conflict,
    Malformed,
    NotFound,
    VerificationFailed,
    WrongCredentials,
)
from reasoning.core.errors import gettext_noop as _
from reasoning.core.identifiers import uuid7
from reasoning.core.passkeys import Assertion
from reasoning.models import Decision, Entry, Passkey, Trace, User
from reasoning.services import clock, credentials, policies, review
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record
from reasoning.services.wishes import Wish


@dataclass(frozen=True)
class Frozen:
    """A decision as it will be stored, but for the time and the signature; fit for JSON.

    ``salts`` are those of the committed texts, in hex; ``policy`` is the version of the workspace's
    policy under which it was drawn up.
    """

    id: str
    trace: str
    passkey: str
    nonce: str
    policy: int
    salts: dict[str, str]
    wish: Wish

    def as_dict(self) -> dict[str, Any]:
        """What a session keeps until the signature is there."""
        return asdict(self)

    @classmethod
    def of_dict(cls, kept: dict[str, Any]) -> "Frozen":
        """What ``as_dict`` gave, with lists for tuples as sessions keep them."""
        wish = Wish(**{**kept["wish"], "answers": tuple(kept["wish"]["answers"])})
        return cls(**{**kept, "wish": wish})


# Registered keys --------------------------------------------------------------------------------


@transaction.atomic
def register(*, user: User, authenticator: Authenticator, rp_id: str) -> Passkey:
    """Keep a passkey that was just registered as evidence, so that its signatures can be checked.

    Raises Malformed when its key is of another algorithm than those we check.
    """
    credential = WebAuthn(authenticator).authenticator_data.credential_data
    if credential is None:
        raise Malformed
    public_key = cose.encode(dict(credential.public_key))
    cose.parse(public_key)
    passkey = Passkey(
        credential_id=bytes(credential.credential_id),
        public_key=public_key,
        rp_id=rp_id,
        name=str(authenticator),
    )
    record(actor_of(user), passkey)
    return passkey


def held_by(user: User, rp_id: str) -> list[Passkey]:
    """The person's passkeys for this site that were not removed, the newest first."""
    present = {
        bytes(data.credential_id)
        for one in Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
        if (data := WebAuthn(one).authenticator_data.credential_data)
    }
    rows = Passkey.objects.filter(actor_id=user.pk, rp_id=rp_id, credential_id__in=present)
    return list(rows.order_by("-recorded_at"))


def _held(user: User, identifier: UUID, rp_id: str) -> Passkey:
    for passkey in held_by(user, rp_id):
        if passkey.pk == identifier:
            return passkey
    raise NotFound(_("This passkey is not registered any more."))


# Signing ----------------------------------------------------------------------------------------


@transaction.atomic
def freeze(*, user: User, trace: Trace, wish: Wish, passkey_id: UUID, rp_id: str) -> Frozen:
    """Draw up a decision, or a withdrawal, to be signed with this passkey. Stores nothing.

    Raises what ``review.sign`` raises, but for wrong passwords.
    """
    credentials.require_open(user)
    review.require_signable(user, trace, wish)
    return Frozen(
        id=str(uuid7()),
        trace=str(trace.pk),
        passkey=str(_held(user, passkey_id, rp_id).pk),
        nonce=secrets.token_hex(32),
        policy=_policy_version(trace),
        salts={name: commitments.new_salt().hex() for name in Decision.committed()},
        wish=wish,
    )


def challenge(*, user: User, trace: Trace, frozen: Frozen) -> bytes:
    """What the passkey is to sign: the SHA-256 of the decision's document as far as it is fixed."""
    decision = _decision(user, trace, frozen)
    actor = actor_of(user)
    decision.recorded_at = clock.now()
    decision.actor_id, decision.actor_kind, decision.actor_name = actor.id, actor.kind, actor.name
    held = {
        name: commitments.commit(getattr(decision, f"{name}_salt"), getattr(decision, name))
        for name in decision.committed()
    }
    return core.challenge(decision.document(held))


@transaction.atomic
def sign(*, user: User, trace: Trace, frozen: Frozen, assertion: Assertion, rp_id: str) -> Decision:
    """Store the frozen decision with the passkey's assertion over it.

    Raises WrongCredentials when the assertion does not verify, Conflict when the policy changed
    meanwhile, else what ``freeze`` raises.
    """
    credentials.require_open(user)
    review.require_signable(user, trace, frozen.wish)
    if _policy_version(trace) != frozen.policy:
        raise Conflict(_("The workspace's policy changed meanwhile. Begin again."))
    passkey = _held(user, UUID(frozen.passkey), rp_id)
    last = passkey.decisions.order_by("-recorded_at").first()
    decision = _decision(user, trace, frozen)
    decision.authenticator_data = assertion.authenticator_data
    decision.client_data, decision.signature = assertion.client_data, assertion.signature
    review.conclude(user, decision)
    try:
        counter = core.verify_decision(_document(decision.pk), _document(passkey.pk))
        core.require_counted(counter, last.assertion.counter if last else 0)
    except (Malformed, VerificationFailed) as error:
        raise WrongCredentials(
            _("The passkey's signature was not accepted. Nothing was signed.")
        ) from error
    return decision


def _decision(user: User, trace: Trace, frozen: Frozen) -> Decision:
    decision = review.draft(user, trace, frozen.wish, core.METHOD)
    decision.id = UUID(frozen.id)
    decision.passkey_id, decision.nonce = UUID(frozen.passkey), frozen.nonce
    for name, salt in frozen.salts.items():
        setattr(decision, f"{name}_salt", bytes.fromhex(salt))
    return decision


def _policy_version(trace: Trace) -> int:
    return policies.policy_of(trace.run.question.workspace).version


def _document(identifier: UUID) -> dict[str, Any]:
    entry = Entry.objects.get(subject_id=identifier)
    return canonical.decode(bytes(entry.document))
