"""Signing intents: bound, verified here, one statement per intent for one key."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

from signing.eip712 import Attestation, digest, from_message
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.intents import IntentRequest
from signing.wallets import recover

from .conftest import SESSION, Service, hex32

COMMITMENT, CONTRACT = "c0" * 32, "0c" * 32


def refused(code: str) -> pytest.RaisesExc[IdentityRefused]:
    return pytest.RaisesExc(IdentityRefused, check=lambda e: e.code == code)


def new_spki(curve: ec.EllipticCurve | None = None) -> bytes:
    key = ec.generate_private_key(curve or ec.SECP256R1()).public_key()
    return key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def opened(service: Service) -> tuple[Service, str, str, str]:
    """(service, check id, intent id, nonce)."""
    check = str(service.confirmed(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)["check_id"])
    nonce = hex32()
    return service, check, service.intent(check, contract=CONTRACT, commitment=COMMITMENT, nonce=nonce), nonce


def test_the_statement_names_key_contract_person_and_check(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    spki = new_spki()
    code = service.gateway.code(service.persons[0].phone)
    answer = service.desk.intents.attest(
        intent, session=SESSION, nonce=nonce, spki=spki, otp=code, assertion=None
    )
    statement = from_message(Attestation, answer["message"])
    value = digest(service.desk.desk.issuer.domain, statement)
    assert recover(value, base64.b64decode(answer["signature"])) == service.desk.desk.issuer.address
    import hashlib

    assert statement.signer_key_hash == hashlib.sha256(spki).digest()
    assert (statement.contract_id.hex(), statement.commitment.hex(), statement.level) == (
        CONTRACT,
        COMMITMENT,
        2,
    )


def test_once_per_intent_and_the_same_answer_again(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    spki, code = new_spki(), service.gateway.code(service.persons[0].phone)
    call = {"session": SESSION, "nonce": nonce, "assertion": None}
    first = service.desk.intents.attest(intent, spki=spki, otp=code, **call)  # type: ignore[arg-type]
    service.clock.now += 3
    service = service.reopened()
    assert service.desk.intents.attest(intent, spki=spki, otp=code, **call) == first  # type: ignore[arg-type]
    with refused("identity.intent_used"):
        service.desk.intents.attest(intent, spki=new_spki(), otp=code, **call)  # type: ignore[arg-type]
    with refused("identity.intent_expired"):
        service.desk.intents.attest(intent, spki=spki, otp="000000", **call)  # type: ignore[arg-type]


def test_five_wrong_codes_end_the_intent(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    right = service.gateway.code(service.persons[0].phone)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"

    def attest(code: str) -> None:
        service.desk.intents.attest(
            intent, session=SESSION, nonce=nonce, spki=new_spki(), otp=code, assertion=None
        )

    for left in (4, 3, 2, 1):
        with refused("identity.code_wrong") as caught:
            attest(wrong)
        assert caught.value.facts == {"attempts_left": left}
    with refused("identity.intent_expired"):
        attest(wrong)
    with refused("identity.intent_expired"):
        attest(right)


def test_an_intent_is_bound_to_session_nonce_and_contract(opened: tuple[Service, str, str, str]) -> None:
    service, check, intent, nonce = opened
    code = service.gateway.code(service.persons[0].phone)
    with refused("identity.session_mismatch"):
        service.desk.intents.attest(
            intent, session="another-session-key", nonce=nonce, spki=new_spki(), otp=code, assertion=None
        )
    with refused("identity.intent_mismatch"):
        service.desk.intents.attest(
            intent, session=SESSION, nonce=hex32(), spki=new_spki(), otp=code, assertion=None
        )
    with refused("identity.intent_mismatch"):
        service.intent(check, contract=hex32(), commitment=COMMITMENT, nonce=nonce)
    with refused("identity.intent_mismatch"):
        service.intent(check, contract=CONTRACT, commitment=hex32(), nonce=nonce)


def test_the_code_of_the_identity_check_is_no_intent(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    old = service.gateway.code(service.persons[0].phone, back=1)
    if old == service.gateway.code(service.persons[0].phone):
        pytest.skip("both codes came out equal, which happens once in a million runs")
    with refused("identity.code_wrong"):
        service.desk.intents.attest(
            intent, session=SESSION, nonce=nonce, spki=new_spki(), otp=old, assertion=None
        )


def test_a_key_of_another_kind_is_refused(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    code = service.gateway.code(service.persons[0].phone)
    for spki in (new_spki(ec.SECP256K1()), new_spki()[:-1], new_spki() + b"\0", b""):
        with refused("identity.input_invalid"):
            service.desk.intents.attest(
                intent, session=SESSION, nonce=nonce, spki=spki, otp=code, assertion=None
            )


def test_nothing_is_attested_after_the_hour_or_after_a_dispute(opened: tuple[Service, str, str, str]) -> None:
    service, check, intent, nonce = opened
    code = service.gateway.code(service.persons[0].phone)
    service.desk.checks.dispute(check, "not_me")
    with refused("identity.disputed"):
        service.desk.intents.attest(
            intent, session=SESSION, nonce=nonce, spki=new_spki(), otp=code, assertion=None
        )
    other = str(service.confirmed(service.persons[1], contract=CONTRACT, commitment=COMMITMENT)["check_id"])
    service.clock.now += 3601
    with refused("identity.check_expired"):
        service.intent(other, contract=CONTRACT, commitment=COMMITMENT, nonce=nonce)


def test_without_a_passkey_there_is_no_passkey_intent(opened: tuple[Service, str, str, str]) -> None:
    service, check, _intent, nonce = opened
    request = IntentRequest(
        check, SESSION, nonce, COMMITMENT, CONTRACT, 1, "0" * 64, 1_900_000_000, "passkey"
    )
    with refused("identity.passkey_missing"):
        service.desk.intents.open(request)


def test_an_intent_with_a_garbage_assertion_gives_nothing(opened: tuple[Service, str, str, str]) -> None:
    service, _check, intent, nonce = opened
    with refused("identity.code_wrong"):
        service.desk.intents.attest(
            intent, session=SESSION, nonce=nonce, spki=new_spki(), otp=None, assertion={"id": "x"}
        )
