"""Sealing of personal columns at rest (PIPL art. 51): PyNaCl SecretBox under the installation's field key.

A keyed hash (BLAKE2b) gives equality look-ups without storing the value: an unkeyed hash of an 18-digit number could be
searched in minutes.
"""

from __future__ import annotations

from pathlib import Path

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.secret import SecretBox

from api.infra.settings import read_secret


class FieldKey:
    """The key of sealed columns and of their look-up hashes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != SecretBox.KEY_SIZE:
            raise ValueError("the field key has 32 bytes")
        self._box = SecretBox(blake2b(b"concord field seal", key=key, encoder=RawEncoder))
        self._lookup = blake2b(b"concord field look-up", key=key, encoder=RawEncoder)

    @classmethod
    def from_file(cls, path: Path | None) -> FieldKey:
        """Read 32 bytes as hex; raises FileNotFoundError or ValueError."""
        return cls(bytes.fromhex(read_secret(path, "field_key_file")))

    def seal(self, plain: bytes) -> bytes:
        """Encrypt and authenticate; 40 bytes longer than `plain`."""
        return bytes(self._box.encrypt(plain))

    def open(self, sealed: bytes) -> bytes:
        """Decrypt; raises ValueError when the bytes or the key are not the ones that were sealed."""
        try:
            return self._box.decrypt(sealed)
        except CryptoError as exc:
            raise ValueError("a sealed column does not open with this installation's field key") from exc

    def lookup(self, kind: str, value: str) -> str:
        """Keyed hash of `value` for equality search within `kind`, 64 hex characters."""
        data = kind.encode("ascii") + b"\0" + value.encode("utf-8")
        return blake2b(data, key=self._lookup, encoder=RawEncoder).hex()
