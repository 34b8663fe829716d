"""A passkey in software: what a browser and its authenticator do together, for tests."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reasoning.core import cose
from reasoning.core.passkeys import Assertion

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def data(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey for one site. Attributes may be changed to misbehave."""

    rp_id: str = "testserver"
    origin: str = "https://testserver"
    algorithm: int = cose.ES256
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    id: bytes = field(default_factory=lambda: os.urandom(16))
    user: bytes = b""
    key: Any = None

    def __post_init__(self) -> None:
        if self.key is None:
            self.key = {
                cose.ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
                cose.EDDSA: ed25519.Ed25519PrivateKey.generate,
                cose.RS256: lambda: rsa.generate_private_key(65537, 2048),
            }[self.algorithm]()

    @property
    def public_key(self) -> bytes:
        """The key as COSE bytes."""
        public = self.key.public_key()
        if self.algorithm == cose.EDDSA:
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            return cose.encode({1: 1, 3: -8, -1: 6, -2: raw})
        numbers = public.public_numbers()
        if self.algorithm == cose.ES256:
            x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
            return cose.encode({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        n = numbers.n.to_bytes(256)
        return cose.encode({1: 3, 3: -257, -1: n, -2: numbers.e.to_bytes(3)})

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.create`` gives, as JSON."""
        wanted = options["publicKey"]
        self.user = data(wanted["user"]["id"])
        client = self._client("webauthn.create", wanted["challenge"])
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + self.public_key
        authenticator = self._data(self.flags | ATTESTED) + attested
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59" + len(
            authenticator
        ).to_bytes(2)
        response = {
            "clientDataJSON": text(client),
            "attestationObject": text(attestation + authenticator),
        }
        return self._credential(response, {"credProps": {"rk": True}})

    def assertion(self, challenge: bytes) -> Assertion:
        """The signed answer to a challenge, as bytes."""
        response = self.get({"publicKey": {"challenge": text(challenge)}})["response"]
        names = ("authenticatorData", "clientDataJSON", "signature")
        return Assertion(*(data(response[name]) for name in names))

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """What ``navigator.credentials.get`` gives, as JSON."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        authenticator = self._data(self.flags)
        signature = self.sign(authenticator + hashlib.sha256(client).digest())
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(authenticator),
            "signature": text(signature),
            "userHandle": text(self.user),
        }
        return self._credential(response, {})

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == cose.ES256:
            return self.key.sign(message, ec.ECDSA(SHA256()))
        if self.algorithm == cose.RS256:
            return self.key.sign(message, padding.PKCS1v15(), SHA256())
        return self.key.sign(message)

    def _client(self, kind: str, challenge: str) -> bytes:
        client = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(client, separators=(",", ":")).encode()

    def _data(self, flags: int) -> bytes:
        self.counter += 1
        site = hashlib.sha256(self.rp_id.encode()).digest()
        return site + bytes([flags]) + self.counter.to_bytes(4)

    def _credential(self, response: dict[str, str], results: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": results,
        }
