"""The service's signing key: secp256k1, made here, used here, signs nothing but the two statements of EIP-712.

Its address is the *issuer* that the trust root, the participants' registry and the CA know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signing.eip712 import Attestation, Domain, IdentityCheck, digest
from signing.identity_service.settings import secret_file
from signing.wallets import address_of, sign_digest

Clock = Callable[[], float]
"""Unix seconds."""

KEY_FILE = "signing.key"


def issuer_key(data_dir: Path) -> bytes:
    """The signing key of a data folder, made on first use."""
    return bytes.fromhex(secret_file(data_dir / KEY_FILE))


@dataclass(frozen=True)
class Signed:
    """A statement's digest and the issuer's 65-byte signature (r ‖ s ‖ v, low s)."""

    digest: bytes
    signature: bytes


class Issuer:
    """Signs identity checks and key statements under one domain."""

    def __init__(self, key: bytes, domain: Domain) -> None:
        self._key = key
        self.domain = domain
        self.address = address_of(key)

    def sign(self, statement: IdentityCheck | Attestation) -> Signed:
        """Sign one statement; the same statement gives the same signature (RFC 6979)."""
        value = digest(self.domain, statement)
        return Signed(value, sign_digest(self._key, value))
