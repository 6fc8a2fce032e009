"""Sealed envelopes: one fresh key a document, AEAD-bound to stream and version, sealed to each recipient (DESIGN §3).

XChaCha20-Poly1305 (PyNaCl `Aead`) encrypts the document with associated data = stream ‖ version; the key travels in a
PyNaCl SealedBox for each entitled party. This protects stolen disks. Where recipient keys are custodial, it does not
protect against the operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import Aead
from nacl.utils import random

from signing.errors import InputRefused, IntegrityError


@dataclass(frozen=True)
class Sealed:
    """An encrypted document and its key, sealed once for each recipient (name → sealed key)."""

    ciphertext: bytes
    envelopes: dict[str, bytes]


def new_recipient() -> tuple[bytes, bytes]:
    """Return a fresh (public, private) X25519 key pair, 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private.public_key), bytes(private)


def seal(plaintext: bytes, *, stream: str, version: int, recipients: Mapping[str, bytes]) -> Sealed:
    """Encrypt a document with a fresh key, sealed to each recipient's public key."""
    if not recipients:
        raise InputRefused("envelope.no_recipient")
    key = random(Aead.KEY_SIZE)
    ciphertext = bytes(Aead(key).encrypt(plaintext, _binding(stream, version)))
    envelopes = {
        name: bytes(SealedBox(PublicKey(public)).encrypt(key)) for name, public in recipients.items()
    }
    return Sealed(ciphertext, envelopes)


def open_sealed(ciphertext: bytes, envelope: bytes, private: bytes, *, stream: str, version: int) -> bytes:
    """Open a document with one recipient's private key.

    Raises IntegrityError when key, binding (stream, version) or bytes are not those it was sealed with.
    """
    try:
        key = SealedBox(PrivateKey(private)).decrypt(envelope)
        return Aead(key).decrypt(ciphertext, _binding(stream, version))
    except (CryptoError, ValueError) as error:
        raise IntegrityError("envelope.opening_failed") from error


def reseal(envelope: bytes, private: bytes, recipients: Mapping[str, bytes]) -> dict[str, bytes]:
    """Open one envelope and seal the same document key to further recipients."""
    try:
        key = SealedBox(PrivateKey(private)).decrypt(envelope)
    except (CryptoError, ValueError) as error:
        raise IntegrityError("envelope.opening_failed") from error
    return {name: bytes(SealedBox(PublicKey(public)).encrypt(key)) for name, public in recipients.items()}


def _binding(stream: str, version: int) -> bytes:
    return stream.encode() + b"\x00" + version.to_bytes(8, "big")
