"""P-256 in its strict forms, with the public wycheproof vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signing import p256
from signing.errors import InputRefused, SignatureRefused


def test_wycheproof_p1363(shared_data: Path) -> None:
    path = shared_data / "vectors" / "wycheproof-ecdsa_secp256r1_sha256_p1363_test.json"
    checked = 0
    for group in json.loads(path.read_text())["testGroups"]:
        try:
            key = p256.PublicKey.from_spki(bytes.fromhex(group["publicKeyDer"]))
        except InputRefused:
            assert all(test["result"] != "valid" for test in group["tests"])
            continue
        for test in group["tests"]:
            message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
            try:
                key.verify_any_s(message, signature)
                good = True
            except (InputRefused, SignatureRefused):
                good = False
            assert good == (test["result"] == "valid"), test["tcId"]
            checked += 1
    assert checked > 200


def test_low_s_is_demanded_and_made() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    key = p256.PublicKey.from_cryptography(private.public_key())
    raw = p256.to_raw(private.sign(b"m", ec.ECDSA(hashes.SHA256())))
    low = p256.low_s(raw)
    high = low[:32] + (p256.ORDER - int.from_bytes(low[32:], "big")).to_bytes(32, "big")
    key.verify(b"m", low)
    key.verify_any_s(b"m", high)
    assert p256.low_s(high) == low
    with pytest.raises(SignatureRefused, match="high_s"):
        key.verify(b"m", high)
    with pytest.raises(SignatureRefused, match="signature_wrong"):
        key.verify(b"n", low)


def test_der_is_strict() -> None:
    der = ec.generate_private_key(ec.SECP256R1()).sign(b"m", ec.ECDSA(hashes.SHA256()))
    assert p256.to_der(p256.to_raw(der)) == der
    for broken in (der + b"\0", der[:-1], b"\x30\x06\x02\x01\x00\x02\x01\x01", b"", bytes(64)):
        with pytest.raises(InputRefused, match="signature_form"):
            p256.to_raw(broken)
    for raw in (bytes(64), b"\xff" * 64, b"\1" * 63):
        with pytest.raises(InputRefused):
            p256.to_der(raw)


def test_only_the_canonical_spki_is_a_key() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert len(spki) == 91
    assert p256.PublicKey.from_spki(spki).spki == spki
    compressed = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    off_curve = spki[:-1] + bytes([spki[-1] ^ 1])
    other = ec.generate_private_key(ec.SECP256K1()).public_key()
    for broken in (spki + b"\0", spki[:-1], off_curve, compressed, b""):
        with pytest.raises(InputRefused, match="key_refused"):
            p256.PublicKey.from_spki(broken)
    with pytest.raises(InputRefused):
        p256.PublicKey.from_cryptography(other)
