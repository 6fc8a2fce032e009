"""Wallets: keystores, recovery, low s."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from eth_account import Account

from signing import wallets
from signing.errors import InputRefused, SignatureRefused

KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
DIGEST = b"\7" * 32


def test_signature_recovers_and_agrees_with_eth_account() -> None:
    signature = wallets.sign_digest(KEY, DIGEST)
    assert signature == bytes(Account.unsafe_sign_hash(DIGEST, KEY).signature)
    assert wallets.recover(DIGEST, signature) == ADDRESS == wallets.address_of(KEY)
    wallets.verify(DIGEST, signature, ADDRESS)
    with pytest.raises(SignatureRefused, match="signature_wrong"):
        wallets.verify(b"\6" * 32, signature, ADDRESS)


def test_high_s_and_other_forms_are_refused() -> None:
    signature = wallets.sign_digest(KEY, DIGEST)
    s = int.from_bytes(signature[32:64], "big")
    high = signature[:32] + (wallets.ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(SignatureRefused, match="high_s"):
        wallets.recover(DIGEST, high)
    for broken in (signature[:64], signature[:64] + b"\0", signature + b"\0", bytes(64) + b"\x1b"):
        with pytest.raises(InputRefused, match="signature_form"):
            wallets.recover(DIGEST, broken)


def test_keystore_is_strong_and_unlocks_for_one_signature() -> None:
    store = wallets.encrypt_key(KEY, "correct horse battery")
    assert store.document["crypto"]["kdf"] == "scrypt"
    assert store.document["crypto"]["kdfparams"]["n"] >= 1 << 17
    assert wallets.check_keystore(store.document) == ADDRESS
    signature = wallets.sign_with_keystore(store.document, "correct horse battery", DIGEST)
    wallets.verify(DIGEST, signature, ADDRESS)
    with pytest.raises(SignatureRefused, match="passphrase_wrong"):
        wallets.sign_with_keystore(store.document, "wrong horse battery", DIGEST)
    assert KEY.hex() not in json.dumps(store.document)


def test_weak_passphrases_and_weak_keystores_are_refused() -> None:
    with pytest.raises(InputRefused, match="passphrase_weak"):
        wallets.encrypt_key(KEY, "short")
    store = wallets.encrypt_key(KEY, "correct horse battery").document
    weak = json.loads(json.dumps(store))
    weak["crypto"]["kdfparams"]["n"] = 4096
    for broken in (
        weak,
        {**store, "version": 1},
        {**store, "crypto": {**store["crypto"], "kdf": "pbkdf2"}},
        {},
    ):
        with pytest.raises(InputRefused, match="keystore_refused"):
            wallets.check_keystore(broken)


def test_wycheproof_bitcoin_rule(shared_data: Path) -> None:
    """Recovery accepts exactly the valid low-s signatures of the public vectors."""
    path = shared_data / "vectors" / "wycheproof-ecdsa_secp256k1_sha256_bitcoin_test.json"
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    checked = 0
    for group in json.loads(path.read_text())["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        address = wallets.checksum_address("0x" + wallets.keccak256(point[1:])[-20:].hex())
        for test in group["tests"]:
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).digest()
            try:
                r, s = decode_dss_signature(bytes.fromhex(test["sig"]))
                raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
            except (ValueError, OverflowError):
                assert test["result"] == "invalid"
                continue
            found = False
            for v in (27, 28):
                with contextlib.suppress(InputRefused, SignatureRefused):
                    found = found or wallets.recover(digest, raw + bytes([v])) == address
            if test["result"] == "valid":
                # v of 27 or 28 can't name a point whose x lies above the order (r below p - n): Ethereum refuses those
                assert found or r < 1 << 129, test["tcId"]
            elif found:
                # only the DER wrapping was wrong; as 65 bytes the same numbers are a good low-s signature
                assert not any("ModifiedSignature" in flag for flag in test["flags"]), test
            checked += 1
    assert checked > 100
