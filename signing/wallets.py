"""Employers' wallets: Web3 Secret Storage V3 keystores and 65-byte secp256k1 signatures (EIP-2 low s).

A keystore held by the platform is unlocked for one signature and the key is dropped. Checking signatures needs only
libsecp256k1 (coincurve); eth-account is loaded when a keystore is made or opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import coincurve

from signing.eip712 import checksum_address, keccak256
from signing.errors import InputRefused, SignatureRefused

SCRYPT_N: Final = 1 << 17
"""Least scrypt cost of a keystore (about 0.4 s and 128 MB an unlock)."""
PASSPHRASE_LEAST: Final = 10
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Keystore:
    """A wallet's address and its V3 document."""

    address: str
    document: dict[str, Any]


def new_keystore(passphrase: str) -> Keystore:
    """Make a fresh wallet whose key exists only inside the returned document."""
    return encrypt_key(coincurve.PrivateKey().secret, passphrase)


def encrypt_key(key: bytes, passphrase: str) -> Keystore:
    """Encrypt a private key into a V3 document (scrypt, N = 2^17).

    Raises InputRefused for a passphrase below ten characters.
    """
    if len(passphrase) < PASSPHRASE_LEAST:
        raise InputRefused("wallet.passphrase_weak", least=PASSPHRASE_LEAST)
    from signing.accounts import Account

    return Keystore(address_of(key), Account.encrypt(key, passphrase, kdf="scrypt", iterations=SCRYPT_N))


def check_keystore(document: Mapping[str, Any]) -> str:
    """Return the address of an uploaded V3 document; raises InputRefused for another form or a weak cost."""
    try:
        crypto = document["crypto"]
        version, kdf, params = document["version"], crypto["kdf"], crypto["kdfparams"]
        address = checksum_address("0x" + str(document["address"]).removeprefix("0x").lower())
    except (KeyError, TypeError) as error:
        raise InputRefused("wallet.keystore_refused", reason=f"field {error}") from error
    if version != 3 or kdf != "scrypt":
        raise InputRefused("wallet.keystore_refused", reason="version 3 with scrypt is required")
    cost, block, lanes = params.get("n"), params.get("r"), params.get("p")
    if (
        cost not in (1 << 17, 1 << 18, 1 << 19)
        or block not in (1, 8)
        or lanes != 1
        or (block == 1 and cost < 1 << 18)
    ):
        raise InputRefused("wallet.keystore_refused", reason="scrypt cost below N = 2^17, r = 8, p = 1")
    if len(json.dumps(document)) > 4096:
        raise InputRefused("wallet.keystore_refused", reason="too long")
    return address


def sign_with_keystore(document: Mapping[str, Any], passphrase: str, digest: bytes) -> bytes:
    """Unlock for one signature over a 32-byte digest and return r‖s‖v.

    Raises SignatureRefused when the passphrase is wrong, InputRefused when the document is malformed.
    """
    address = check_keystore(document)
    from signing.accounts import Account

    try:
        key = bytes(Account.decrypt(dict(document), passphrase))
    except ValueError as error:
        raise SignatureRefused("wallet.passphrase_wrong") from error
    except (KeyError, TypeError) as error:
        raise InputRefused("wallet.keystore_refused", reason=str(error)) from error
    if address_of(key) != address:
        raise InputRefused("wallet.keystore_refused", reason="address differs from key")
    return sign_digest(key, digest)


def sign_digest(key: bytes, digest: bytes) -> bytes:
    """Sign a 32-byte digest with a secp256k1 key; returns r‖s‖v with low s and v of 27 or 28."""
    if len(digest) != 32:
        raise InputRefused("wallet.signature_form")
    signature = coincurve.PrivateKey(key).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def recover(digest: bytes, signature: bytes) -> str:
    """Return the EIP-55 address that signed the digest.

    Raises InputRefused for another form than 65 bytes r‖s‖v with v 27 or 28, SignatureRefused for high s.
    """
    if len(digest) != 32 or len(signature) != 65 or signature[64] not in (27, 28):
        raise InputRefused("wallet.signature_form")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise InputRefused("wallet.signature_form")
    if s > ORDER // 2:
        raise SignatureRefused("wallet.signature_high_s")
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        key = coincurve.PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:  # libsecp256k1's binding raises bare Exception
        raise SignatureRefused("wallet.signature_wrong") from error
    return _address(key)


def verify(digest: bytes, signature: bytes, address: str) -> None:
    """Raise SignatureRefused unless `address` signed the digest."""
    if recover(digest, signature) != checksum_address(address):
        raise SignatureRefused("wallet.signature_wrong")


def address_of(key: bytes) -> str:
    """Return the EIP-55 address of a private key."""
    return _address(coincurve.PrivateKey(key).public_key)


def key_hash(address: str) -> bytes:
    """Return SHA-256 of the 20 address bytes: the `signerKeyHash` of a wallet."""
    return hashlib.sha256(bytes.fromhex(checksum_address(address)[2:])).digest()


def _address(key: coincurve.PublicKey) -> str:
    return checksum_address("0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex())
