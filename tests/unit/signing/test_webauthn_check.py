"""Passkeys against a small authenticator in software: each binding is demanded."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from signing import webauthn_check
from signing.errors import InputRefused, SignatureRefused
from tests.support.signing_authorities import spki

ORIGIN, RP = "https://concord.example", "concord.example"
CHALLENGE = b"\5" * 32


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authenticator:
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = b"credential-1"
    count: int = 0

    def cose(self, algorithm: int = -7) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps(
            {1: 2, 3: algorithm, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        )

    def register(self, challenge: bytes = CHALLENGE, flags: int = 0x45) -> dict[str, Any]:
        data = hashlib.sha256(RP.encode()).digest() + bytes([flags]) + bytes(4) + bytes(16)
        data += len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.cose()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = json.dumps(
            {"type": "webauthn.create", "challenge": b64(challenge), "origin": ORIGIN}
        ).encode()
        return self._wrap({"attestationObject": b64(attestation), "clientDataJSON": b64(client)})

    def assertion(
        self,
        challenge: bytes = CHALLENGE,
        origin: str = ORIGIN,
        rp: str = RP,
        flags: int = 0x05,
        kind: str = "webauthn.get",
    ) -> dict[str, Any]:
        self.count += 1
        data = hashlib.sha256(rp.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")
        client = json.dumps({"type": kind, "challenge": b64(challenge), "origin": origin}).encode()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._wrap(
            {"authenticatorData": b64(data), "clientDataJSON": b64(client), "signature": b64(signature)}
        )

    def _wrap(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": b64(self.credential_id),
            "rawId": b64(self.credential_id),
            "type": "public-key",
            "response": response,
        }


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


@pytest.fixture
def credential(device: Authenticator) -> webauthn_check.Credential:
    return webauthn_check.verify_registration(device.register(), challenge=CHALLENGE, origin=ORIGIN, rp_id=RP)


def check(response: dict[str, Any], credential: webauthn_check.Credential) -> webauthn_check.Assertion:
    return webauthn_check.verify_assertion(response, credential, challenge=CHALLENGE, origin=ORIGIN, rp_id=RP)


def test_registration_and_assertion(device: Authenticator, credential: webauthn_check.Credential) -> None:
    assert credential.key.spki == spki(device.key)
    assertion = check(device.assertion(), credential)
    assert assertion.sign_count == 1
    webauthn_check.verify_kept_assertion(assertion, credential, challenge=CHALLENGE, origin=ORIGIN, rp_id=RP)
    with pytest.raises(SignatureRefused):
        webauthn_check.verify_kept_assertion(
            assertion, credential, challenge=b"\6" * 32, origin=ORIGIN, rp_id=RP
        )


@pytest.mark.parametrize(
    "change",
    [
        {"challenge": b"\6" * 32},
        {"origin": "https://evil.example"},
        {"rp": "evil.example"},
        {"flags": 0x01},  # no user verification
        {"flags": 0x04},  # no user presence
        {"kind": "webauthn.create"},
    ],
)
def test_each_binding_is_demanded(
    device: Authenticator, credential: webauthn_check.Credential, change: dict[str, Any]
) -> None:
    with pytest.raises(SignatureRefused, match="assertion_refused"):
        check(device.assertion(**change), credential)


def test_other_keys_ids_and_counters_are_refused(
    device: Authenticator, credential: webauthn_check.Credential
) -> None:
    with pytest.raises(SignatureRefused):
        check(Authenticator().assertion(), credential)
    with pytest.raises(SignatureRefused):
        check({**device.assertion(), "rawId": b64(b"other"), "id": b64(b"other")}, credential)
    again = webauthn_check.Credential(credential.credential_id, credential.public_key, 99)
    with pytest.raises(SignatureRefused):
        check(device.assertion(), again)
    for broken in ({}, {"rawId": 5}, {"rawId": "AA", "response": None}):
        with pytest.raises(SignatureRefused):
            check(broken, credential)


def test_only_es256_on_p256(device: Authenticator) -> None:
    with pytest.raises(InputRefused):
        webauthn_check.Credential(b"1", device.cose(algorithm=-8), 0).key
    with pytest.raises(SignatureRefused):
        webauthn_check.verify_registration(
            device.register(flags=0x41), challenge=CHALLENGE, origin=ORIGIN, rp_id=RP
        )
    options = webauthn_check.registration_options(
        rp_id=RP, rp_name="Concord", user_id=b"u", user_name="n", challenge=CHALLENGE
    )
    assert [item["alg"] for item in options["pubKeyCredParams"]] == [-7]
    assert options["authenticatorSelection"]["userVerification"] == "required"
    asked = webauthn_check.assertion_options(rp_id=RP, challenge=CHALLENGE, credential_ids=[b"credential-1"])
    assert asked["challenge"] == b64(CHALLENGE)


def test_the_challenge_binds_consent_key_and_nonce() -> None:
    made = webauthn_check.signing_challenge(b"\1" * 32, b"spki", b"\2" * 32)
    key_hash = hashlib.sha256(b"spki").digest()
    assert made == hashlib.sha256(b"concord-wa-v1" + b"\1" * 32 + key_hash + b"\2" * 32).digest()
    with pytest.raises(InputRefused):
        webauthn_check.signing_challenge(b"short", b"spki", b"\2" * 32)
