"""A decision that a passkey signed: what is signed, and everything that breaks it."""

import base64
import copy
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.core import canonical, cose, passkeys
from reasoning.core.errors import AuditError, Malformed, SignatureInvalid, VerificationFailed
from reasoning.core.passkeys import Assertion
from tests.authenticator import PRESENT, VERIFIED, Authenticator

PERSON = {"kind": "person", "id": "01a20680-0000-7000-8000-000000000001"}
ALGORITHMS = [cose.ES256, cose.EDDSA, cose.RS256]


def b64(data):
    return base64.b64encode(data).decode()


def registration_of(key):
    return {
        "schema": "magistral-audit/entry/v1",
        "kind": "passkey.registered",
        "id": "01a20680-0000-7000-8000-00000000000a",
        "recorded_at": "2026-01-01T00:00:00.000000Z",
        "actor": PERSON,
        "facts": {
            "credential_id": b64(key.id),
            "public_key": b64(key.public_key),
            "rp_id": key.rp_id,
        },
        "commitments": {"actor_name": "00" * 32, "name": "00" * 32},
    }


def signed_by(key):
    """A decision's document with the key's assertion."""
    decision = {
        "schema": "magistral-audit/entry/v1",
        "kind": "decision.signed",
        "id": "01a20680-0000-7000-8000-00000000000b",
        "recorded_at": "2026-02-02T00:00:00.000000Z",
        "actor": PERSON,
        "facts": {
            "trace_id": "01a20680-0000-7000-8000-00000000000c",
            "question_id": "01a20680-0000-7000-8000-00000000000d",
            "meaning": "approved",
            "signer_role": "reviewer",
            "authentication_method": "passkey",
            "trace_document_sha256": "11" * 32,
            "passkey_id": registration_of(key)["id"],
            "nonce": "22" * 32,
        },
        "commitments": {"actor_name": "33" * 32, "rationale": "44" * 32, "statement": "55" * 32},
    }
    decision["facts"]["assertion"] = key.assertion(passkeys.challenge(decision)).facts()
    return decision


@pytest.fixture(scope="module")
def key():
    return Authenticator()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_a_passkey_signed_verifies(algorithm):
    key = Authenticator(algorithm=algorithm)
    decision = canonical.decode(canonical.encode(signed_by(key)))
    assert passkeys.verify_decision(decision, registration_of(key)) == 1


def test_the_challenge_is_the_hash_of_the_document_without_time_and_signature(key):
    decision = signed_by(key)
    client = json.loads(Assertion.of_facts(decision["facts"]["assertion"]).client_data)
    document = passkeys.document_to_sign(decision)
    assert client["challenge"] == (
        base64.urlsafe_b64encode(hashlib.sha256(document).digest()).decode().rstrip("=")
    )
    assert set(canonical.decode(document)) == {"schema", "id", "actor", "facts", "commitments"}
    later = {**decision, "recorded_at": "2027-01-01T00:00:00.000000Z"}
    assert passkeys.document_to_sign(later) == document


CHANGES = [
    ("id", "01a20680-0000-7000-8000-0000000000ff"),
    ("facts.meaning", "rejected"),
    ("facts.trace_id", "01a20680-0000-7000-8000-0000000000ff"),
    ("facts.trace_document_sha256", "12" * 32),
    ("facts.signer_role", "administrator"),
    ("facts.authentication_method", "password"),
    ("facts.nonce", "23" * 32),
    ("facts.added", "more"),
    ("facts.passkey_id", "01a20680-0000-7000-8000-0000000000ff"),
    ("actor.id", "01a20680-0000-7000-8000-0000000000ff"),
    ("commitments.rationale", "45" * 32),
    ("commitments.statement", "45" * 32),
    ("commitments.actor_name", "45" * 32),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_whatever_is_changed_in_the_decision_shows(key, path, value):
    decision = copy.deepcopy(signed_by(key))
    *parents, name = path.split(".")
    place = decision
    for parent in parents:
        place = place[parent]
    place[name] = value
    with pytest.raises(VerificationFailed):
        passkeys.verify_decision(decision, registration_of(key))


def test_another_persons_key_and_another_key_do_not_verify(key):
    decision = signed_by(key)
    foreign = registration_of(key) | {"actor": {"kind": "person", "id": "somebody"}}
    with pytest.raises(VerificationFailed, match="not the signer's"):
        passkeys.verify_decision(decision, foreign)
    with pytest.raises(SignatureInvalid):
        passkeys.verify_decision(decision, registration_of(Authenticator()))
    other = registration_of(key) | {"kind": "audit.recorded"}
    with pytest.raises(VerificationFailed, match="another passkey"):
        passkeys.verify_decision(decision, other)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"flags": PRESENT}, "did not verify who"),
        ({"flags": VERIFIED}, "did not verify who"),
        ({"origin": "https://elsewhere.example"}, "another address"),
        ({"origin": "https://testserver.evil.example"}, "another address"),
        ({"origin": "https://eviltestserver"}, "another address"),
        ({"origin": "http://testserver"}, "another address"),
        ({"origin": None}, "another address"),
        ({"rp_id": "elsewhere.example"}, "another site"),
    ],
)
def test_an_authenticator_that_misbehaves_is_refused(how, says):
    honest = Authenticator()
    bad = Authenticator(**{**vars(honest), **how})
    decision = signed_by(bad)
    with pytest.raises(VerificationFailed, match=says):
        passkeys.verify_decision(decision, registration_of(honest))


@pytest.mark.parametrize("origin", ["https://testserver:8443", "https://a.testserver"])
def test_ports_and_names_below_the_sites_are_its_own(origin):
    key = Authenticator(origin=origin)
    assert passkeys.verify_decision(signed_by(key), registration_of(key))


@pytest.mark.parametrize("part", ["authenticator_data", "client_data", "signature"])
@given(data=st.data())
def test_no_byte_of_the_assertion_can_be_changed(part, data):
    key = _KEPT
    decision = copy.deepcopy(_SIGNED)
    held = bytearray(base64.b64decode(decision["facts"]["assertion"][part]))
    place = data.draw(st.integers(0, len(held) - 1))
    held[place] ^= data.draw(st.integers(1, 255))
    decision["facts"]["assertion"][part] = b64(bytes(held))
    with pytest.raises((Malformed, VerificationFailed)):
        passkeys.verify_decision(decision, registration_of(key))


@given(st.binary(max_size=60))
def test_anything_else_is_malformed_and_nothing_worse(data):
    for read in (
        cose.parse,
        lambda held: passkeys.verify(
            Assertion(held, held, held), passkeys.Credential("testserver", held), b""
        ),
    ):
        with pytest.raises(AuditError):
            read(data)


def test_a_counter_that_goes_back_shows_a_copy():
    passkeys.require_counted(0, 0)
    passkeys.require_counted(5, 4)
    for counter, before in ((4, 4), (0, 3), (2, 7)):
        with pytest.raises(VerificationFailed, match="a copy"):
            passkeys.require_counted(counter, before)


# Keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_have_one_spelling(algorithm):
    data = Authenticator(algorithm=algorithm).public_key
    assert cose.parse(data).algorithm == algorithm
    assert cose.encode(cose.decode(data)) == data
    for other in (data + b"\0", data[:-1], b"\xb8" + data, b""):
        with pytest.raises(Malformed):
            cose.parse(other)


@given(st.dictionaries(st.integers(-(2**32), 2**32), st.integers(-(2**63), 2**63) | st.binary()))
def test_maps_come_back_as_they_were(values):
    data = cose.encode(values)
    if len(data) <= cose.SIZE_LIMIT:
        assert cose.decode(data) == values


def test_a_key_as_an_authenticator_writes_it():
    """RFC 9053's integers, as CTAP2 orders them: kty, alg, crv, x, y."""
    generator = (
        "a5010203262001215820"
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "225820"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    assert cose.parse(bytes.fromhex(generator)).algorithm == cose.ES256


@pytest.mark.parametrize(
    "values",
    [
        {1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32},
        {1: 2, 3: -7, -1: 1, -2: b"\1" * 31, -3: b"\1" * 32},
        {1: 2, 3: -8, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32},
        {1: 2, 3: -35, -1: 2, -2: b"\1" * 48, -3: b"\1" * 48},
        {1: 3, 3: -257, -1: b"\xff" * 128, -2: b"\1\0\1"},
        {1: 3, 3: -257, -1: b"\xff" * 255 + b"\xfe", -2: b"\2"},
        {1: 1, 3: -8, -1: 6, -2: b"\1" * 31},
        {},
    ],
)
def test_other_keys_are_malformed(values):
    with pytest.raises(Malformed):
        cose.parse(cose.encode(values))


_KEPT = Authenticator()
_SIGNED = signed_by(_KEPT)
