"""Passkeys: enrolled on a confirmed check, of its level; assertions bound to exactly one signing."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from typing import Any

import pytest

from signing.eip712 import ROLE_WORKER, Consent, digest
from signing.identity_service.errors import IdentityRefused
from tests.support.authenticator import SoftPasskey

from .conftest import SESSION, Service, hex32
from .test_intents import new_spki

COMMITMENT, CONTRACT = "c0" * 32, "0c" * 32


def refused(code: str) -> pytest.RaisesExc[IdentityRefused]:
    return pytest.RaisesExc(IdentityRefused, check=lambda e: e.code == code)


def enrol(service: Service, check: str, passkey: SoftPasskey) -> dict[str, Any]:
    made = service.desk.passkeys.options(check, SESSION, "示安")
    return service.desk.passkeys.enrol(made["registration_id"], SESSION, passkey.create(made["options"]))


def challenge(service: Service, spki: bytes, nonce: str, **other: Any) -> bytes:
    """The challenge of PLAN, built here from its definition and not by the service."""
    fields: dict[str, Any] = {
        "commitment": bytes.fromhex(COMMITMENT),
        "contract_id": bytes.fromhex(CONTRACT),
        "version": 1,
        "prev": bytes(32),
        "role": ROLE_WORKER,
        "signer_key_hash": hashlib.sha256(spki).digest(),
        "expiry": 1_900_000_000,
    }
    value = digest(service.desk.desk.issuer.domain, Consent(**(fields | other)))
    return hashlib.sha256(
        b"concord-wa-v1" + value + hashlib.sha256(spki).digest() + bytes.fromhex(nonce)
    ).digest()


@pytest.fixture
def enrolled(service: Service) -> tuple[Service, str, SoftPasskey]:
    """A worker with a passkey on a confirmed check."""
    check = str(service.confirmed(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)["check_id"])
    passkey = SoftPasskey()
    enrol(service, check, passkey)
    return service, check, passkey


def test_a_passkey_carries_the_level_of_its_check(service: Service) -> None:
    claim = service.persons[0]
    weak = service.start(claim, contract=CONTRACT, commitment=COMMITMENT, shared_with=("agent",))
    service.desk.checks.confirm(weak, SESSION, service.gateway.code(claim.phone))
    passkey = SoftPasskey()
    assert enrol(service, weak, passkey)["level"] == 1
    check = str(service.confirmed(claim, contract=CONTRACT, commitment=COMMITMENT)["check_id"])
    nonce, spki = hex32(), new_spki()
    intent = service.intent(check, contract=CONTRACT, commitment=COMMITMENT, nonce=nonce, method="passkey")
    answer = service.desk.intents.attest(
        intent,
        session=SESSION,
        nonce=nonce,
        spki=spki,
        otp=None,
        assertion=passkey.get(challenge(service, spki, nonce)),
    )
    assert answer["message"]["level"] == 1, "a weak enrolment must not gain by a strong check"


def test_a_passkey_of_the_same_session_is_an_intent_and_repeatable(
    enrolled: tuple[Service, str, SoftPasskey],
) -> None:
    service, check, passkey = enrolled
    nonce, spki = hex32(), new_spki()
    intent = service.intent(check, contract=CONTRACT, commitment=COMMITMENT, nonce=nonce, method="passkey")
    assertion = passkey.get(challenge(service, spki, nonce))
    call: dict[str, Any] = {"session": SESSION, "nonce": nonce, "otp": None}
    first = service.desk.intents.attest(intent, spki=spki, assertion=assertion, **call)
    assert (first["factor"], first["message"]["level"]) == ("passkey", 2)
    assert base64.b64decode(first["credential"]["spki"])[26] == 4
    assert service.desk.intents.attest(intent, spki=spki, assertion=assertion, **call) == first
    with refused("identity.intent_used"):
        service.desk.intents.attest(intent, spki=new_spki(), assertion=assertion, **call)


@pytest.mark.parametrize(
    "bend",
    [
        "commitment",
        "version",
        "role",
        "expiry",
        "other_key",
        "nonce",
        "origin",
        "rp",
        "no_uv",
        "other_person",
    ],
)
def test_an_assertion_over_anything_else_is_refused(
    enrolled: tuple[Service, str, SoftPasskey], bend: str
) -> None:
    service, check, passkey = enrolled
    nonce, spki = hex32(), new_spki()
    intent = service.intent(check, contract=CONTRACT, commitment=COMMITMENT, nonce=nonce, method="passkey")
    other: dict[str, Any] = {
        "commitment": {"commitment": bytes(32)},
        "version": {"version": 2},
        "role": {"role": 1},
        "expiry": {"expiry": 1},
    }.get(bend, {})
    asked = challenge(
        service, new_spki() if bend == "other_key" else spki, hex32() if bend == "nonce" else nonce, **other
    )
    bent = {
        "origin": dataclasses.replace(passkey, origin="http://localhost:9999"),
        "rp": dataclasses.replace(passkey, rp_id="evil.invalid"),
        "no_uv": dataclasses.replace(passkey, flags=1),
    }.get(bend, passkey)
    if bend == "other_person":
        second = service.confirmed(service.persons[1], contract=hex32(), commitment=COMMITMENT)
        bent = SoftPasskey()
        enrol(service, str(second["check_id"]), bent)
    with refused("identity.passkey_refused"):
        service.desk.intents.attest(
            intent, session=SESSION, nonce=nonce, spki=spki, otp=None, assertion=bent.get(asked)
        )
    good = passkey.get(challenge(service, spki, nonce))
    service.desk.intents.attest(intent, session=SESSION, nonce=nonce, spki=spki, otp=None, assertion=good)


def test_enrolment_refuses_another_challenge_and_a_late_answer(service: Service) -> None:
    check = str(service.confirmed(service.persons[0], contract=CONTRACT, commitment=COMMITMENT)["check_id"])
    first = service.desk.passkeys.options(check, SESSION, "示安")
    second = service.desk.passkeys.options(check, SESSION, "示安")
    passkey = SoftPasskey()
    with refused("identity.passkey_refused"):
        service.desk.passkeys.enrol(first["registration_id"], SESSION, passkey.create(second["options"]))
    service.clock.now += 301
    with refused("identity.passkey_refused"):
        service.desk.passkeys.enrol(first["registration_id"], SESSION, passkey.create(first["options"]))


def test_login_once_per_challenge_not_after_revocation_nor_after_180_days(
    enrolled: tuple[Service, str, SoftPasskey],
) -> None:
    service, _check, passkey = enrolled

    def login() -> tuple[dict[str, Any], dict[str, Any]]:
        begun = service.desk.passkeys.begin_login()
        raw = base64.urlsafe_b64decode(begun["options"]["challenge"] + "==")
        return begun, passkey.get(raw)

    begun, answer = login()
    who = service.desk.passkeys.finish_login(begun["login_id"], answer)
    assert who["level"] == 2
    with refused("identity.passkey_refused"):
        service.desk.passkeys.finish_login(begun["login_id"], answer)
    service.clock.now += 181 * 86400
    begun, answer = login()
    with refused("identity.fresh_check_needed"):
        service.desk.passkeys.finish_login(begun["login_id"], answer)
    service.desk.passkeys.revoke(who["person_ref"], who["credential_id"])
    begun, answer = login()
    with refused("identity.passkey_refused"):
        service.desk.passkeys.finish_login(begun["login_id"], answer)
