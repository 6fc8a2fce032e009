"""The identity service as a program: credentials, bad days of its neighbours, kill -9 between any two steps."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec

from signing.identity_service.client import (
    IdentityServiceClient,
    IdentityServiceError,
    OpenIntent,
    StartCheck,
)
from tests.support.programs import Authorities, hex32

SESSION = "wire-session-000001"
COMMITMENT, CONTRACT = "c0" * 32, "0c" * 32


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    """Provider, SMS gateway and identity service."""
    with Authorities(tmp_path_factory.mktemp("identity"), with_pki=False) as running:
        yield running


def spki() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)


def start(a: Authorities, number: int, contract: str = CONTRACT) -> StartCheck:
    person = a.persons()[number]
    return StartCheck(
        "contract",
        SESSION,
        person["name"],
        person["id_number"],
        person["phone"],
        commitment=COMMITMENT,
        contract_id=contract,
    )


def test_a_killed_service_goes_on_after_every_step(authorities: Authorities) -> None:
    a, client, asked = authorities, authorities.client(), start(authorities, 0)

    def kill() -> None:
        a.identity.kill()
        with pytest.raises(IdentityServiceError) as caught:
            client.info()
        assert caught.value.unavailable
        a.identity.start()

    issuer = client.info()["issuer"]
    check = client.start_check(asked).check_id
    kill()
    code = a.code(asked.phone)
    confirmed = client.confirm_check(check, SESSION, code)
    kill()
    assert client.confirm_check(check, SESSION, code) == confirmed
    nonce, key = hex32(), spki()
    intent = client.open_intent(
        OpenIntent(check, SESSION, nonce, COMMITMENT, CONTRACT, 1, "0" * 64, 2**31, "otp")
    ).intent_id
    kill()
    code = a.code(asked.phone)
    attested = client.attest(intent, session=SESSION, nonce=nonce, spki=key, otp=code)
    kill()
    assert client.attest(intent, session=SESSION, nonce=nonce, spki=key, otp=code) == attested
    with pytest.raises(IdentityServiceError) as caught:
        client.attest(intent, session=SESSION, nonce=nonce, spki=spki(), otp=code)
    assert (caught.value.code, caught.value.status) == ("identity.intent_used", 409)
    assert client.info()["issuer"] == issuer


def test_failures_survive_a_kill(authorities: Authorities) -> None:
    client, asked = authorities.client(), start(authorities, 1, hex32())
    check = client.start_check(asked).check_id
    right = authorities.code(asked.phone)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(4):
        with pytest.raises(IdentityServiceError):
            client.confirm_check(check, SESSION, wrong)
    authorities.identity.kill()
    authorities.identity.start()
    with pytest.raises(IdentityServiceError) as caught:
        client.confirm_check(check, SESSION, wrong)
    assert caught.value.status == 423
    assert caught.value.facts["way_out"] == ["hotline", "desk"]


@pytest.mark.parametrize("mode", ["down", "killed"])
def test_a_provider_that_does_not_answer(authorities: Authorities, mode: str) -> None:
    idp = authorities.idp
    asked = start(authorities, 2, hex32())
    if mode == "killed":
        idp.kill()
    else:
        idp.fault("down")
    try:
        with pytest.raises(IdentityServiceError) as caught:
            authorities.client().start_check(asked)
        assert (caught.value.code, caught.value.unavailable) == ("identity.provider_unavailable", True)
    finally:
        if mode == "killed":
            idp.start()
        else:
            idp.fault("none")
    assert authorities.client().start_check(asked).attempts_left == 5


def test_a_gateway_that_does_not_answer(authorities: Authorities) -> None:
    asked = start(authorities, 3, hex32())
    authorities.sms.fault("down")
    try:
        with pytest.raises(IdentityServiceError) as caught:
            authorities.client().start_check(asked)
        assert caught.value.code == "identity.sms_unavailable"
    finally:
        authorities.sms.fault("none")


def test_nobody_without_the_credential_and_no_body_without_a_length(authorities: Authorities) -> None:
    url = authorities.identity.url
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Basic x"}):
        answer = httpx.post(f"{url}/v1/checks", json={}, headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (401, "identity.unauthorised")
    big = httpx.post(f"{url}/v1/checks", content=b"x" * 300_000, headers=authorities.headers, trust_env=False)
    assert big.status_code == 413
    chunked = httpx.post(
        f"{url}/v1/checks", content=iter([b"{}"]), headers=authorities.headers, trust_env=False
    )
    assert chunked.status_code == 411


def test_a_refusal_never_repeats_what_was_typed(authorities: Authorities) -> None:
    body = {
        "purpose": "contract",
        "session": SESSION,
        "name": "示安",
        "id_number": "110105194912310021",
        "phone": "x",
    }
    answer = httpx.post(
        f"{authorities.identity.url}/v1/checks", json=body, headers=authorities.headers, trust_env=False
    )
    assert answer.status_code == 422
    assert "110105194912310021" not in answer.text
    answer = httpx.post(
        f"{authorities.identity.url}/v1/checks",
        json=body | {"surplus": "示安"},
        headers=authorities.headers,
        trust_env=False,
    )
    assert "示安" not in answer.text


def test_a_client_with_another_token_is_told_so(authorities: Authorities) -> None:
    with pytest.raises(IdentityServiceError) as caught:
        IdentityServiceClient(authorities.identity.url, "wrong").info()
    assert caught.value.status == 401


def test_stop_is_clean(authorities: Authorities) -> None:
    assert authorities.identity.stop() == 0
    authorities.identity.start()
