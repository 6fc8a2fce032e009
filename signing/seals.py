"""The organisation's seal: a P-256 key whose certificate names the organisation, and its tie to a wallet (DESIGN §3).

The seal binding is a statement signed by the seal key: this wallet and this certificate are the same organisation's.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from signing import jcs
from signing.eip712 import checksum_address
from signing.errors import InputRefused, SignatureRefused
from signing.events import utc_text
from signing.jcs import JSON
from signing.p256 import PublicKey, to_raw
from signing.x509 import certificate_spki

KIND: Final = "concord.seal-binding/1"


def sign(encrypted_key: bytes, passphrase: str, data: bytes) -> bytes:
    """Unlock a PKCS#8 key for one signature over SHA-256(data); returns DER.

    Raises SignatureRefused for a wrong passphrase, InputRefused for anything but an encrypted P-256 key.
    """
    try:
        key = load_pem_private_key(encrypted_key, passphrase.encode())
    except ValueError as error:
        raise SignatureRefused("wallet.passphrase_wrong") from error
    except TypeError as error:
        raise InputRefused("p256.key_refused") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputRefused("p256.key_refused")
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def verify(certificate: bytes, data: bytes, signature: bytes) -> None:
    """Raise SignatureRefused unless the DER signature is by the certificate's P-256 key over SHA-256(data)."""
    PublicKey.from_spki(certificate_spki(certificate)).verify_any_s(data, to_raw(signature))


def binding(*, log_origin: str, org_id: str, wallet: str, certificate: bytes, utc: datetime) -> bytes:
    """Return the canonical bytes of a seal binding, which the seal key signs."""
    statement: dict[str, JSON] = {
        "v": 1,
        "kind": KIND,
        "log_origin": log_origin,
        "org_id": org_id,
        "wallet": checksum_address(wallet),
        "seal_cert_sha256": hashlib.sha256(certificate).hexdigest(),
        "utc": utc_text(utc),
    }
    return jcs.canonical(statement)
