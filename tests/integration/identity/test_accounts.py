"""Staff and employers' people: two factors, lock-out, time-outs, first password, machine credentials."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from api.infra.auth import SESSION_COOKIE, Principal
from api.kernel.errors import DomainError
from tests.support.identity_world import OPERATOR, PASSWORD, World


def codes(response: object) -> str:
    return str(response.json()["code"])  # type: ignore[attr-defined]


def test_there_is_no_default_account_and_only_one_bootstrap(world: World) -> None:
    assert world.identity.accounts.staff() == []
    made = world.identity.accounts.bootstrap_operator("chief", "值班长")
    with pytest.raises(DomainError) as caught:
        world.identity.accounts.bootstrap_operator("second")
    assert caught.value.code == "identity.operator_exists"
    client = world.client()
    body = {"login": "chief", "password": made.one_time_password, "totp": world.totp(made)}
    refused = client.post("/api/v1/identity/login", json=body)
    assert (refused.status_code, codes(refused)) == (403, "identity.password_change_needed")
    world.clock.shift += timedelta(seconds=30)
    body |= {"totp": world.totp(made), "new_password": "weak"}
    assert codes(client.post("/api/v1/identity/login", json=body)) == "identity.password_weak"
    world.clock.shift += timedelta(seconds=30)
    body |= {"totp": world.totp(made), "new_password": PASSWORD}
    done = client.post("/api/v1/identity/login", json=body)
    assert done.json()["roles"] == ["operator"]
    me = client.get("/api/v1/identity/me").json()
    assert (me["kind"], me["display_name"], me["session"]) == ("staff", "值班长", "live")
    assert me["csrf_token"] == done.json()["csrf_token"]


def test_only_an_operator_makes_staff_and_duties_are_separated(world: World) -> None:
    nobody = Principal(kind="staff", account_id="x", roles=frozenset({"auditor"}))
    for roles, by, code in (
        (frozenset({"regulator"}), nobody, "role_required"),
        (frozenset({"operator", "auditor"}), OPERATOR, "identity.roles_separated"),
        (frozenset({"agent"}), OPERATOR, "identity.roles_refused"),
        (frozenset(), OPERATOR, "identity.roles_refused"),
    ):
        with pytest.raises(DomainError) as caught:
            world.identity.accounts.create_staff("someone", "x", roles, by=by)
        assert caught.value.code == code
    world.staff("regulator1", "regulator")
    with pytest.raises(DomainError) as caught:
        world.staff("Regulator1", "regulator")
    assert caught.value.code == "identity.login_taken"


def test_a_known_password_is_refused_outside_test_installations(world: World) -> None:
    world.identity.accounts._test = False
    with pytest.raises(DomainError) as caught:
        world.staff("regulator1", "regulator")
    assert caught.value.code == "identity.test_only"


@pytest.mark.parametrize("wrong", ["login", "password", "totp"])
def test_every_wrong_part_of_a_login_looks_the_same(world: World, wrong: str) -> None:
    account = world.staff("regulator1", "regulator")
    body = {"login": "regulator1", "password": PASSWORD, "totp": world.totp(account)}
    body[wrong] = {"login": "nobody99", "password": PASSWORD + "x", "totp": "000000"}[wrong]
    answer = world.client().post("/api/v1/identity/login", json=body)
    assert (answer.status_code, codes(answer)) == (403, "identity.login_failed")
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.parametrize("factor", ["password", "totp"])
def test_five_failures_lock_for_fifteen_minutes(world: World, factor: str) -> None:
    account = world.staff("regulator1", "regulator")
    body = {"login": "regulator1", "password": PASSWORD, "totp": world.totp(account)}
    bad = body | {factor: "000000"}
    outcomes = [codes(world.client().post("/api/v1/identity/login", json=bad)) for _ in range(5)]
    assert outcomes == ["identity.login_failed"] * 4 + ["identity.account_locked"]
    assert codes(world.client().post("/api/v1/identity/login", json=body)) == "identity.account_locked"
    world.clock.shift += timedelta(minutes=15, seconds=1)
    assert world.logged_in(account).get("/api/v1/identity/me").json()["roles"] == ["regulator"]


def test_a_totp_code_works_once(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    body = {"login": "regulator1", "password": PASSWORD, "totp": world.totp(account)}
    assert world.client().post("/api/v1/identity/login", json=body).status_code == 200
    assert codes(world.client().post("/api/v1/identity/login", json=body)) == "identity.login_failed"


def test_the_token_of_the_first_step_opens_nothing(world: World) -> None:
    world.staff("regulator1", "regulator")
    client = world.client()
    step = client.post("/login", data={"login": "regulator1", "password": PASSWORD})
    assert (step.status_code, step.headers["location"]) == (303, "/login/second-factor")
    assert client.get("/api/v1/identity/me").json()["kind"] == "anonymous"
    assert (
        client.post("/login/password", data={"new_password": PASSWORD, "repeat": PASSWORD}).status_code == 403
    )


def test_login_by_pages_rotates_the_token_and_goes_where_it_should(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    client = world.client()
    client.post("/login", data={"login": "regulator1", "password": PASSWORD, "next": "/supervision/x"})
    first = client.cookies[SESSION_COOKIE]
    done = client.post("/login/second-factor", data={"code": world.totp(account)})
    assert done.headers["location"] == "/supervision/x"
    assert client.cookies[SESSION_COOKIE] != first
    attributes = done.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes


@pytest.mark.parametrize(
    "target", ["//evil.invalid", "https://evil.invalid", "/\\evil.invalid", "evil", "/a\r\nb"]
)
def test_a_login_never_leads_to_another_site(world: World, target: str) -> None:
    account = world.staff("regulator1", "regulator")
    client = world.client()
    client.post("/login", data={"login": "regulator1", "password": PASSWORD, "next": target})
    done = client.post("/login/second-factor", data={"code": world.totp(account)})
    assert done.headers["location"] == "/supervision"


def test_sessions_end_by_idleness_by_age_and_by_logout(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    client = world.logged_in(account)
    world.clock.shift += timedelta(minutes=29)
    assert client.get("/api/v1/identity/me").json()["kind"] == "staff"
    world.clock.shift += timedelta(minutes=29)
    assert client.get("/api/v1/identity/me").json()["kind"] == "staff", "use keeps a session alive"
    world.clock.shift += timedelta(minutes=31)
    me = client.get("/api/v1/identity/me").json()
    assert (me["kind"], me["session"]) == ("anonymous", "expired")
    old = world.logged_in(account)
    for _ in range(30):
        world.clock.shift += timedelta(minutes=25)
        old.get("/api/v1/identity/me")
    assert old.get("/api/v1/identity/me").json()["kind"] == "anonymous", "twelve hours are the end"
    client = world.logged_in(account)
    token = client.cookies[SESSION_COOKIE]
    assert client.post("/api/v1/identity/logout").status_code == 204
    client.cookies.set(SESSION_COOKIE, token)
    assert client.get("/api/v1/identity/me").json()["kind"] == "anonymous"


def test_a_post_without_the_csrf_token_changes_nothing(world: World) -> None:
    client = world.logged_in(world.agent("agent001"))
    del client.headers["X-CSRF-Token"]
    answer = client.post("/account/security/credentials", data={"label": "x", "scopes": ["read"]})
    assert answer.status_code == 403
    answer = client.put("/api/v1/identity/password", json={"old": PASSWORD, "new": PASSWORD + "2"})
    assert codes(answer) == "csrf"


def test_disabling_and_role_changes_end_sessions_at_once(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    client = world.logged_in(account)
    world.identity.accounts.disable(account.account_id, OPERATOR)
    assert client.get("/api/v1/identity/me").json()["kind"] == "anonymous"
    body = {"login": "regulator1", "password": PASSWORD, "totp": world.totp(account)}
    assert codes(world.client().post("/api/v1/identity/login", json=body)) == "identity.login_failed"


def test_a_password_change_ends_other_sessions_and_keeps_this_one(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    other = world.logged_in(account)
    world.clock.shift += timedelta(seconds=30)
    client = world.logged_in(account)
    answer = client.put("/api/v1/identity/password", json={"old": "wrong", "new": PASSWORD + "2"})
    assert codes(answer) == "identity.login_failed"
    assert (
        client.put("/api/v1/identity/password", json={"old": PASSWORD, "new": PASSWORD + "2"}).status_code
        == 204
    )
    assert client.get("/api/v1/identity/me").json()["kind"] == "staff"
    assert other.get("/api/v1/identity/me").json()["kind"] == "anonymous"


def test_reset_gives_new_credentials_and_the_old_ones_die(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    made = world.identity.accounts.reset(account.account_id, OPERATOR)
    assert pyotp.parse_uri(made.totp_uri).secret != pyotp.parse_uri(account.totp_uri).secret
    body = {"login": "regulator1", "password": PASSWORD, "totp": world.totp(account)}
    assert codes(world.client().post("/api/v1/identity/login", json=body)) == "identity.login_failed"
    world.clock.shift += timedelta(days=8)
    body = {"login": "regulator1", "password": made.one_time_password, "totp": world.totp(made)}
    assert (
        codes(world.client().post("/api/v1/identity/login", json=body))
        == "identity.one_time_password_expired"
    )


def test_a_machine_acts_for_its_maker_within_its_organisation_until_revoked(world: World) -> None:
    account = world.agent("agent001")
    client = world.logged_in(account)
    made = client.post(
        "/api/v1/identity/credentials",
        json={"label": "人事系统", "scopes": ["draft", "send"]},
        headers={"Idempotency-Key": "k1"},
    )
    assert made.status_code == 201, made.text
    secret, key = made.json()["secret"], made.json()["credential_id"]
    bearer = {"authorization": f"Bearer {secret}"}
    machine = world.identity.sessions.by_bearer(secret)
    assert machine is not None
    assert (machine.kind, machine.account_id, machine.org_id) == ("machine", account.account_id, "ab" * 32)
    assert machine.scopes == {"draft", "send"}
    assert world.client().get("/api/v1/identity/me", headers=bearer).json()["kind"] == "machine"
    listed = client.get("/api/v1/identity/credentials").json()
    assert [row["secret"] for row in listed] == [None]
    stranger = world.logged_in(world.agent("agent002", "cd" * 32))
    assert stranger.delete(f"/api/v1/identity/credentials/{key}").status_code == 404
    refused = world.client().post(
        "/api/v1/identity/credentials",
        json={"label": "x", "scopes": ["sign"]},
        headers=bearer | {"Idempotency-Key": "k2"},
    )
    assert codes(refused) == "role_required", "a machine must not make machines"
    assert client.delete(f"/api/v1/identity/credentials/{key}").status_code == 204
    assert world.identity.sessions.by_bearer(secret) is None


def test_a_machine_ends_with_its_makers_account(world: World) -> None:
    account = world.agent("agent001")
    who = Principal(
        kind="employer", account_id=account.account_id, org_id="ab" * 32, roles=frozenset({"agent"})
    )
    _, secret = world.identity.machines.create(who, "x", frozenset({"read"}))
    assert world.identity.sessions.by_bearer(secret) is not None
    world.identity.accounts.disable(account.account_id)
    assert world.identity.sessions.by_bearer(secret) is None


def test_the_operator_manages_accounts_by_pages(world: World) -> None:
    client = world.logged_in(world.staff("operator1", "operator"))
    form = {
        "login": "court001",
        "display_name": "法院",
        "role": "court",
        "csrf_token": client.headers["X-CSRF-Token"],
    }
    shown = client.post("/operator/accounts", data=form)
    assert shown.status_code == 200
    assert "otpauth://" in shown.text
    assert "<svg" in shown.text
    assert "style=" not in shown.text
    again = client.post("/operator/accounts", data=form)
    assert again.status_code == 409
    assert "已被使用" in again.text
    agent = world.logged_in(world.agent("agent001"))
    assert agent.get("/operator/accounts").status_code == 403


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_renders_in_both_languages(world: World, lang: str) -> None:
    anonymous = world.client()
    for path in ("/login", "/login/second-factor", "/login/password", "/worker-login"):
        answer = anonymous.get(f"{path}?lang={lang}")
        assert answer.status_code == 200, path
        assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in answer.text
    assert anonymous.get("/home").headers["location"] == "/login"
    agent = world.logged_in(world.agent("agent001"))
    operator = world.logged_in(world.staff("operator1", "operator"))
    officer = world.logged_in(world.staff("officer01", "review_officer"))
    for client, path in (
        (agent, "/home"),
        (agent, "/account/security"),
        (operator, "/operator/accounts"),
        (officer, "/people-review"),
    ):
        answer = client.get(f"{path}?lang={lang}")
        assert answer.status_code == 200, (path, answer.text)
        assert "style=" not in answer.text


def test_old_sessions_are_dropped_after_a_month_and_living_ones_kept(world: World) -> None:
    account = world.staff("regulator1", "regulator")
    world.logged_in(account)
    assert world.identity.sessions.tidy() == 0
    world.clock.shift += timedelta(days=31)
    living = world.logged_in(account)
    assert world.identity.sessions.tidy() == 2, "the session and the step before it"
    assert living.get("/api/v1/identity/me").json()["kind"] == "staff"
