"""P-256 keys and signatures in their strict forms (FIPS 186-5, SEC 1, RFC 5480).

One key has one encoding here: the 91-byte SubjectPublicKeyInfo with an uncompressed point. A signature is raw r‖s
(64 bytes, as WebCrypto and the chain use it) or strict DER (as CMS uses it). On chain only low s counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from signing.errors import InputRefused, SignatureRefused

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SPKI_PREFIX: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
SPKI_LENGTH: Final = 91


@dataclass(frozen=True)
class PublicKey:
    """A P-256 public key; `spki` is its only accepted encoding."""

    spki: bytes
    x: int
    y: int

    @classmethod
    def from_spki(cls, der: bytes) -> PublicKey:
        """Read the canonical 91 bytes; raises InputRefused for any other form or a point off the curve."""
        if len(der) != SPKI_LENGTH or not der.startswith(SPKI_PREFIX):
            raise InputRefused("p256.key_refused")
        x, y = int.from_bytes(der[27:59], "big"), int.from_bytes(der[59:91], "big")
        try:
            ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        except ValueError as error:
            raise InputRefused("p256.key_refused") from error
        return cls(spki=bytes(der), x=x, y=y)

    @classmethod
    def from_cryptography(cls, key: object) -> PublicKey:
        """Take a key of the cryptography library; raises InputRefused unless it is P-256."""
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InputRefused("p256.key_refused")
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return cls.from_spki(der)

    @property
    def key_hash(self) -> bytes:
        """SHA-256 of the SPKI: the `signerKeyHash` of a worker."""
        return hashlib.sha256(self.spki).digest()

    def verify(self, message: bytes, signature: bytes) -> None:
        """Check raw r‖s with low s over SHA-256(message); raises SignatureRefused otherwise."""
        if not is_low_s(signature):
            raise SignatureRefused("p256.signature_high_s")
        self.verify_any_s(message, signature)

    def verify_any_s(self, message: bytes, signature: bytes) -> None:
        """Check raw r‖s, either s, over SHA-256(message); raises SignatureRefused otherwise."""
        r, s = _numbers(signature)
        key = ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()
        try:
            key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise SignatureRefused("p256.signature_wrong") from error


def to_raw(der: bytes) -> bytes:
    """Return r‖s of a strict DER ECDSA signature; raises InputRefused for any other encoding or range."""
    try:
        r, s = utils.decode_dss_signature(der)
    except ValueError as error:
        raise InputRefused("p256.signature_form") from error
    if not (0 < r < ORDER and 0 < s < ORDER) or utils.encode_dss_signature(r, s) != der:
        raise InputRefused("p256.signature_form")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def to_der(raw: bytes) -> bytes:
    """Return the DER form of raw r‖s; raises InputRefused for another length or numbers out of range."""
    return utils.encode_dss_signature(*_numbers(raw))


def is_low_s(raw: bytes) -> bool:
    """Say whether s ≤ n/2; raises InputRefused for a malformed signature."""
    return _numbers(raw)[1] <= ORDER // 2


def low_s(raw: bytes) -> bytes:
    """Return the equivalent signature with low s. WebCrypto doesn't normalise; OpenZeppelin's P256 demands it."""
    r, s = _numbers(raw)
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def _numbers(raw: bytes) -> tuple[int, int]:
    if len(raw) != 64:
        raise InputRefused("p256.signature_form")
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise InputRefused("p256.signature_form")
    return r, s
