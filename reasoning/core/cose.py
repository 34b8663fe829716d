"""Public keys of passkeys: COSE keys (RFC 9052, RFC 9053) in their canonical CBOR form.

A key is a CBOR map of small integers to integers and byte strings; of CBOR nothing else is read.
The three algorithms are those that WebAuthn names for every authenticator: ES256, EdDSA, RS256.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from reasoning.core.errors import Malformed, SignatureInvalid
from reasoning.core.errors import gettext_noop as _

ES256, EDDSA, RS256 = -7, -8, -257
SIZE_LIMIT = 2_000
RSA_BITS = range(2048, 8193)

Values = Mapping[int, int | bytes]
_Key = EllipticCurvePublicKey | Ed25519PublicKey | RSAPublicKey

_UNSIGNED, _NEGATIVE, _BYTES, _MAP = 0, 1, 2, 5
"""Major types of CBOR (RFC 8949, 3.1)."""


@dataclass(frozen=True)
class CoseKey:
    """A public key and the algorithm it is for."""

    algorithm: int
    key: _Key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise SignatureInvalid unless the signature over the message is this key's."""
        try:
            if isinstance(self.key, EllipticCurvePublicKey):
                self.key.verify(signature, message, ECDSA(SHA256()))
            elif isinstance(self.key, RSAPublicKey):
                self.key.verify(signature, message, PKCS1v15(), SHA256())
            else:
                self.key.verify(signature, message)
        except InvalidSignature as error:
            raise SignatureInvalid(_("The passkey's signature does not verify.")) from error


def parse(data: bytes) -> CoseKey:
    """The key of its CBOR bytes. Raises Malformed for other keys, and for any other spelling."""
    match decode(data):
        case {1: 2, 3: -7, -1: 1, -2: bytes(x), -3: bytes(y), **rest} if not rest:
            return CoseKey(ES256, _elliptic(x, y))
        case {1: 1, 3: -8, -1: 6, -2: bytes(x), **rest} if not rest and len(x) == 32:
            return CoseKey(EDDSA, Ed25519PublicKey.from_public_bytes(x))
        case {1: 3, 3: -257, -1: bytes(n), -2: bytes(e), **rest} if not rest:
            return CoseKey(RS256, _rsa(n, e))
    raise Malformed(_("This is no passkey's key of a known algorithm."))


def _elliptic(x: bytes, y: bytes) -> EllipticCurvePublicKey:
    if len(x) != 32 or len(y) != 32:
        raise Malformed(_("A coordinate has 32 bytes."))
    numbers = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1())
    try:
        return numbers.public_key()
    except ValueError as error:
        raise Malformed(_("The point is not on the curve.")) from error


def _rsa(modulus: bytes, exponent: bytes) -> RSAPublicKey:
    n, e = int.from_bytes(modulus), int.from_bytes(exponent)
    if n.bit_length() not in RSA_BITS or e.bit_length() > 64:
        raise Malformed(_("An RSA key has 2048 to 8192 bits."))
    try:
        return RSAPublicNumbers(e, n).public_key()
    except ValueError as error:
        raise Malformed(_("These numbers make no RSA key.")) from error


# The CBOR that such keys are written in -----------------------------------------------------------


def encode(values: Values) -> bytes:
    """The canonical CBOR (CTAP2) of a map of integers to integers and bytes."""
    members = sorted((_integer(key), _value(value)) for key, value in values.items())
    body = b"".join(key + value for key, value in members)
    return _head(_MAP, len(members)) + body


def decode(data: bytes) -> dict[int, int | bytes]:
    """The map whose canonical CBOR is exactly these bytes; or Malformed."""
    if len(data) > SIZE_LIMIT:
        raise Malformed(_("The key is too long."))
    reader = _Reader(data)
    kind, count = reader.head()
    if kind != _MAP or count > len(data):
        raise Malformed(_("A key is a CBOR map."))
    values = {reader.integer(): reader.value() for _number in range(count)}
    if encode(values) != data:
        raise Malformed(_("The key is not in canonical CBOR."))
    return values


def _integer(number: int) -> bytes:
    return _head(_UNSIGNED, number) if number >= 0 else _head(_NEGATIVE, -1 - number)


def _value(value: int | bytes) -> bytes:
    return _integer(value) if isinstance(value, int) else _head(_BYTES, len(value)) + value


def _head(kind: int, argument: int) -> bytes:
    """A data item's first bytes: its type and its argument, in the fewest bytes."""
    if argument < 24:
        return bytes([kind << 5 | argument])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([kind << 5 | code]) + argument.to_bytes(size)
    raise Malformed(_("A number is too large."))


class _Reader:
    """Takes data items off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def head(self) -> tuple[int, int]:
        """Type and argument of the next item."""
        first = self._take(1)[0]
        kind, code = first >> 5, first & 31
        if code < 24:
            return kind, code
        if code > 27:
            raise Malformed(_("The CBOR is of an indefinite length."))
        return kind, int.from_bytes(self._take(1 << code - 24))

    def integer(self) -> int:
        kind, argument = self.head()
        if kind not in {_UNSIGNED, _NEGATIVE}:
            raise Malformed(_("A key's labels are integers."))
        return argument if kind == _UNSIGNED else -1 - argument

    def value(self) -> int | bytes:
        kind, argument = self.head()
        if kind == _BYTES:
            return self._take(argument)
        if kind not in {_UNSIGNED, _NEGATIVE}:
            raise Malformed(_("A key's values are integers and bytes."))
        return argument if kind == _UNSIGNED else -1 - argument

    def _take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise Malformed(_("The CBOR ends too early."))
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken
