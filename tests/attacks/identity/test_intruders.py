"""Somebody in the wrong role, with the wrong token, or with somebody else's session."""

from __future__ import annotations

import json

import httpx
import pytest

from api.identity.rules import PRIVACY_VERSION
from api.infra.auth import SESSION_COOKIE
from tests.support.identity_world import PASSWORD, World

WORKERS_OWN = [
    ("GET", "/api/v1/me/passkeys"),
    ("POST", "/api/v1/me/passkeys/options"),
    ("GET", "/api/v1/me/access-log"),
    ("GET", "/api/v1/me/consents"),
    ("POST", "/api/v1/me/phone-change/objection"),
]
STAFFS_OWN = [
    ("GET", "/api/v1/identity/staff"),
    ("POST", "/api/v1/identity/staff"),
    ("GET", "/api/v1/people-review/reports"),
    ("POST", "/api/v1/people-review/desk-checks"),
    ("GET", "/api/v1/identity/credentials"),
]


@pytest.mark.parametrize(("method", "path"), WORKERS_OWN)
def test_an_agent_calls_a_workers_endpoint(world: World, method: str, path: str) -> None:
    client = world.logged_in(world.agent("agent001"))
    assert client.request(method, path).status_code == 403
    assert world.client().request(method, path).status_code == 401


@pytest.mark.parametrize(("method", "path"), STAFFS_OWN)
def test_a_worker_calls_a_staffs_endpoint(world: World, method: str, path: str) -> None:
    client = world.worker(20)
    headers = {"Idempotency-Key": "k"}
    body = {
        "login": "x" * 5,
        "display_name": "x",
        "roles": ["operator"],
        "name": "x",
        "id_number": "x",
        "phone": "x",
    }
    assert client.request(method, path, headers=headers, json=body).status_code in {403, 422}
    assert world.identity.accounts.staff() == []


@pytest.mark.parametrize("token", ["", "x", "a" * 5000, "cmk_x", "\u4e2d", "' OR 1=1 --"])
def test_made_up_tokens_are_nobody(world: World, token: str) -> None:
    assert world.identity.sessions.by_session(token) is None
    assert world.identity.sessions.by_bearer(token) is None


def test_a_session_token_is_no_bearer_and_the_other_way_round(world: World) -> None:
    client = world.logged_in(world.agent("agent001"))
    token = client.cookies[SESSION_COOKIE]
    assert world.identity.sessions.by_bearer(token) is None
    made = client.post(
        "/api/v1/identity/credentials",
        json={"label": "x", "scopes": ["read"]},
        headers={"Idempotency-Key": "k"},
    ).json()
    assert world.identity.sessions.by_session(made["secret"]) is None


def test_a_token_fixed_before_the_login_is_not_adopted(world: World) -> None:
    account = world.agent("agent001")
    victim = world.client()
    victim.cookies.set(SESSION_COOKIE, "fixed-by-somebody-else")
    body = {"login": "agent001", "password": PASSWORD, "totp": world.totp(account)}
    assert victim.post("/api/v1/identity/login", json=body).status_code == 200
    assert world.identity.sessions.by_session("fixed-by-somebody-else") is None


def test_a_login_from_another_site_is_refused(world: World) -> None:
    account = world.agent("agent001")
    body = {"login": "agent001", "password": PASSWORD, "totp": world.totp(account)}
    answer = world.client().post(
        "/api/v1/identity/login", json=body, headers={"origin": "https://evil.invalid"}
    )
    assert answer.json()["code"] == "csrf"


def test_another_workers_passkey_cannot_be_removed(world: World) -> None:
    from tests.support.authenticator import SoftPasskey

    owner, passkey = world.worker(21), SoftPasskey()
    options = owner.post("/api/v1/me/passkeys/options").json()
    body = {"registration_id": options["id"], "label": "x", "credential": passkey.create(options["options"])}
    made = owner.post("/api/v1/me/passkeys", json=body).json()
    thief = world.worker(22)
    assert thief.delete(f"/api/v1/me/passkeys/{made['credential_id']}").status_code == 404
    assert len(owner.get("/api/v1/me/passkeys").json()) == 1
    assert thief.post("/api/v1/me/passkeys", json=body).status_code in {403, 422}


def test_answers_and_audit_never_hold_codes_or_documents(world: World) -> None:
    client, person = world.client(), world.person(23)
    ack = client.post(
        "/api/v1/identity/worker-login/acknowledgement", json={"version": PRIVACY_VERSION}
    ).json()
    fields = {key: person[key] for key in ("name", "id_number", "phone")}
    answer = client.post("/api/v1/identity/worker-login", json=fields | ack)
    code = world.authorities.code(person["phone"])
    for secret in (person["name"], person["id_number"], person["phone"], code):
        assert secret not in json.dumps(answer.json(), ensure_ascii=False)
    path = world.database.engine.url.database
    assert path is not None
    raw = b""
    for suffix in ("", "-wal"):
        try:
            with open(path + suffix, "rb") as file:
                raw += file.read()
        except FileNotFoundError:
            continue
    for secret in (person["name"], person["id_number"], person["phone"]):
        assert secret.encode() not in raw, "a personal field stands in clear in the database file"


def test_deeply_nested_json_does_not_end_the_identity_service(world: World) -> None:
    url = world.authorities.identity.url + "/v1/checks"
    headers = world.authorities.headers | {"content-type": "application/json"}
    answer = httpx.post(url, content=b"[" * 100_000, headers=headers, trust_env=False)
    assert answer.status_code in {400, 422, 500}
    assert httpx.get(world.authorities.identity.url + "/health/live", trust_env=False).status_code == 200


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\udfff" * 3])
def test_text_that_no_database_holds_is_refused_and_not_an_error_of_ours(world: World, text: str) -> None:
    client = world.client()
    raw = json.dumps({"login": text, "password": text, "totp": text})
    answer = client.post("/api/v1/identity/login", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    form = client.post("/login", data={"login": "a\x00b", "password": "x"})
    assert form.status_code == 422
    operator = world.logged_in(world.staff("operator1", "operator"))
    assert operator.post("/api/v1/identity/accounts/a%00b/disable").status_code == 422
