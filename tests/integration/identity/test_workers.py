"""Identifying a worker for signing: notice first, one answer for every mismatch, E02, take-over, disputes, passkeys."""

from __future__ import annotations

import base64
import dataclasses
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.anchoring import tables as anchoring
from api.identity.model import StartIdentity, WorkerIdentified
from api.identity.rules import PRIVACY_VERSION
from api.infra.auth import SESSION_COOKIE, Principal
from api.kernel.errors import DomainError
from api.kernel.events import WorkerDisputed
from signing.identity_service.client import IdentityServiceError, OpenIntent
from tests.support.authenticator import SoftPasskey
from tests.support.identity_world import World
from tests.support.programs import hex32


def prepared(world: World, number: int, contract: str | None = None, **changes: Any) -> StartIdentity:
    person, contract = world.person(number), contract or hex32()
    ack = world.identity.workers.acknowledge_privacy(contract, PRIVACY_VERSION, visitor="203.0.113.7")
    start = StartIdentity(
        contract_id=contract,
        commitment="c0" * 32,
        invitation_id="invitation-" + contract[:8],
        acknowledgement_id=ack,
        expected_name=person["name"],
        expected_id_number=person["id_number"],
        name=person["name"],
        id_number=person["id_number"],
        phone=person["phone"],
    )
    return dataclasses.replace(start, **changes)


def identified(
    world: World, number: int, contract: str | None = None
) -> tuple[StartIdentity, WorkerIdentified]:
    start = prepared(world, number, contract)
    check = world.identity.workers.start_check(start)
    code = world.authorities.code(start.phone)
    return start, world.identity.workers.confirm_check(check.check_id, code, contract_id=start.contract_id)


def code_of(world: World, action: Any) -> str:
    with pytest.raises(DomainError) as caught:
        action()
    return caught.value.code


def events(world: World, stream: str) -> list[str]:
    with world.database.read() as session:
        rows = session.query(anchoring.EventRow).filter_by(stream=stream).order_by(anchoring.EventRow.seq)
        return [row.type for row in rows]


def test_nothing_is_used_before_the_privacy_notice_was_acknowledged(world: World) -> None:
    start = prepared(world, 0)
    asked = httpx.get(f"{world.authorities.idp.url}/test/asked", trust_env=False).json()
    other = dataclasses.replace(start, acknowledgement_id="a" * 26)
    elsewhere = dataclasses.replace(start, contract_id=hex32())
    for bad in (other, elsewhere):
        assert (
            code_of(world, lambda bad=bad: world.identity.workers.start_check(bad))
            == "identity.acknowledgement_unknown"
        )
    assert httpx.get(f"{world.authorities.idp.url}/test/asked", trust_env=False).json() == asked
    with pytest.raises(DomainError) as caught:
        world.identity.workers.acknowledge_privacy(start.contract_id, "1999-01", visitor="x")
    assert caught.value.code == "identity.privacy_version"


def test_an_identified_worker_has_e02_a_statement_and_a_session(world: World) -> None:
    start, who = identified(world, 0)
    assert (who.level, who.factors) == (2, 3)
    assert who.event.stream == f"person/{who.person_id}"
    assert events(world, who.event.stream) == ["econtract.E02/1"]
    assert who.statement["message"]["commitment"] == "0x" + start.commitment
    principal = world.identity.sessions.by_session(who.session_token)
    assert principal is not None
    assert (principal.kind, principal.person_id) == ("worker", who.person_id)
    assert principal.attributes["invitation_id"] == start.invitation_id
    session = world.identity.workers.signing_session(who.session_id)
    assert (session.state, session.contract_id, session.level) == ("live", start.contract_id, 2)
    assert session.check_digest == who.statement["digest"]
    assert world.identity.workers.session_state(start.invitation_id, who.session_id) == "mine"
    person = world.identity.persons.get(who.person_id)
    assert "*" in person.id_number_masked
    assert person.demo


@pytest.mark.parametrize(
    "wrong", ["name", "id_number", "phone", "expected_name", "expected_id_number", "otp"]
)
def test_every_mismatch_gives_one_and_the_same_answer(world: World, wrong: str) -> None:
    other = world.person(11)
    changes = {
        "name": {"name": "示别人"},
        "id_number": {"id_number": other["id_number"]},
        "phone": {"phone": other["phone"]},
        "expected_name": {"expected_name": "示别人"},
        "expected_id_number": {"expected_id_number": other["id_number"]},
    }.get(wrong, {})
    start = prepared(world, 10, **changes)
    check = world.identity.workers.start_check(start)
    otp = world.authorities.code(start.phone)
    if wrong == "otp":
        otp = f"{(int(otp) + 1) % 1_000_000:06d}"
    with pytest.raises(DomainError) as caught:
        world.identity.workers.confirm_check(check.check_id, otp)
    assert (caught.value.code, caught.value.facts) == ("identity.not_confirmed", {"attempts_left": 4})


def test_confirming_again_after_a_crash_records_e02_once(world: World) -> None:
    start = prepared(world, 1)
    check = world.identity.workers.start_check(start)
    otp = world.authorities.code(start.phone)
    first = world.identity.workers.confirm_check(check.check_id, otp)
    second = world.identity.workers.confirm_check(check.check_id, otp)
    assert (second.event, second.statement) == (first.event, first.statement)
    assert events(world, first.event.stream) == ["econtract.E02/1"]


def test_the_newer_session_takes_over_and_the_older_one_is_told(world: World) -> None:
    start, first = identified(world, 2)
    client = world.client()
    client.cookies.set(SESSION_COOKIE, first.session_token)
    assert client.get("/api/v1/identity/me").json()["session"] == "live"
    _, second = identified(world, 2, start.contract_id)
    assert client.get("/api/v1/identity/me").json()["session"] == "superseded"
    assert client.get("/api/v1/me/passkeys").status_code == 401
    workers = world.identity.workers
    assert workers.session_state(start.invitation_id, first.session_id) == "elsewhere"
    assert workers.session_state(start.invitation_id, second.session_id) == "mine"
    assert workers.signing_session(first.session_id).state == "superseded"


def test_a_signing_session_lasts_sixty_minutes_and_no_use_prolongs_it(world: World) -> None:
    start, who = identified(world, 3)
    for _ in range(3):
        world.clock.shift += timedelta(minutes=19)
        found = world.identity.sessions.by_session(who.session_token)
        assert found is not None
        assert found.kind == "worker"
    world.clock.shift += timedelta(minutes=4)
    found = world.identity.sessions.by_session(who.session_token)
    assert found is not None
    assert (found.kind, found.attributes["session"]) == ("anonymous", "expired")
    assert world.identity.workers.session_state(start.invitation_id, who.session_id) == "expired"


def test_the_agents_own_number_as_the_workers_gives_no_session(world: World) -> None:
    start = prepared(world, 4)
    world.agent("agent001", phone=start.phone)
    check = world.identity.workers.start_check(start)
    with pytest.raises(DomainError) as caught:
        world.identity.workers.confirm_check(check.check_id, world.authorities.code(start.phone))
    assert (caught.value.code, caught.value.facts["reason"]) == ("identity.level_too_low", "phone_shared")
    assert "desk" in caught.value.facts["way_out"]


def test_this_was_not_me_stops_everything_on_the_contract(world: World) -> None:
    start, who = identified(world, 5)
    session = world.identity.workers.signing_session(who.session_id)
    heard: list[WorkerDisputed] = []
    world.bus.subscribe(WorkerDisputed, lambda _session, event: heard.append(event))
    with world.database.transaction() as tx:
        world.identity.workers.report_not_me(
            tx, contract_id=start.contract_id, person_id=who.person_id, note="我没有签", via="page"
        )
    assert [(e.contract_id, e.person_id) for e in heard] == [(start.contract_id, who.person_id)]
    assert events(world, who.event.stream)[-1] == "identity.not_me_reported/1"
    found = world.identity.sessions.by_session(who.session_token)
    assert found is None
    assert world.identity.workers.signing_session(who.session_id).state == "disputed"
    assert world.identity.workers.send_disputes() == 1
    assert world.identity.workers.send_disputes() == 0
    with pytest.raises(IdentityServiceError) as caught:
        world.identity.client.open_intent(
            OpenIntent(
                session.check_id,
                session.service_session,
                hex32(),
                start.commitment,
                start.contract_id,
                1,
                "0" * 64,
                2**31,
                "otp",
            )
        )
    assert caught.value.code == "identity.disputed"


def test_a_dispute_waits_for_the_service_to_come_back(world: World) -> None:
    start, _ = identified(world, 6)
    with world.database.transaction() as tx:
        world.identity.workers.report_not_me(
            tx, contract_id=start.contract_id, person_id=None, note="", via="link"
        )
    world.authorities.identity.kill()
    assert world.identity.workers.send_disputes() == 0
    world.authorities.identity.start()
    assert world.identity.workers.send_disputes() == 1


def test_the_identity_service_down_is_said_and_keeps_nothing(world: World) -> None:
    start = prepared(world, 7)
    world.authorities.identity.kill()
    try:
        with pytest.raises(DomainError) as caught:
            world.identity.workers.start_check(start)
    finally:
        world.authorities.identity.start()
    assert (caught.value.kind.value, caught.value.code) == ("unavailable", "identity.service_unavailable")


def test_a_check_of_one_contract_confirms_nothing_on_another(world: World) -> None:
    start = prepared(world, 8)
    check = world.identity.workers.start_check(start)
    otp = world.authorities.code(start.phone)
    code = code_of(
        world, lambda: world.identity.workers.confirm_check(check.check_id, otp, contract_id=hex32())
    )
    assert code == "identity.check_unknown"
    code = code_of(world, lambda: world.identity.portal.confirm_login(check.check_id, otp))
    assert code == "identity.check_unknown"


def test_a_worker_logs_in_sees_his_data_and_not_anothers(world: World) -> None:
    client = world.worker(12)
    me = client.get("/api/v1/identity/me").json()
    assert me["roles"] == ["worker"]
    regulator = Principal(
        kind="staff", account_id="r", roles=frozenset({"regulator"}), display_name="区劳动监察"
    )
    opened = world.identity.persons.open(me["person_id"], "核查投诉", regulator, case_no="2026-77")
    assert opened.id_number == world.person(12)["id_number"]
    log = client.get("/api/v1/me/access-log").json()
    assert [(row["authority"], row["action"]) for row in log] == [("区劳动监察", "person")]
    assert "2026-77" not in client.get("/me/data").text
    other = world.worker(13)
    assert other.get("/api/v1/me/access-log").json() == []
    with pytest.raises(DomainError):
        world.identity.persons.open(me["person_id"], " ", regulator)


def test_consents_are_given_and_withdrawn_one_by_one(world: World) -> None:
    client = world.worker(12)
    body = {"purpose": "real_person_check", "version": PRIVACY_VERSION}
    assert client.post("/api/v1/me/consents", json=body).status_code == 204
    assert client.post("/api/v1/me/consents", json=body).status_code == 204
    person = client.get("/api/v1/identity/me").json()["person_id"]
    assert world.identity.persons.has_consent(person, "real_person_check")
    assert not world.identity.persons.has_consent(person, "wechat_notice")
    assert len(client.get("/api/v1/me/consents").json()) == 1
    assert client.delete("/api/v1/me/consents/real_person_check").status_code == 204
    assert not world.identity.persons.has_consent(person, "real_person_check")
    assert client.post("/api/v1/me/consents", json=body | {"purpose": "everything"}).status_code == 422


def test_a_passkey_is_committed_in_an_event_and_logs_in(world: World) -> None:
    client, passkey = world.worker(14), SoftPasskey()
    options = client.post("/api/v1/me/passkeys/options").json()
    body = {
        "registration_id": options["id"],
        "label": "手机",
        "credential": passkey.create(options["options"]),
    }
    made = client.post("/api/v1/me/passkeys", json=body)
    assert (made.status_code, made.json()["level"]) == (201, 2), made.text
    assert client.post("/api/v1/me/passkeys", json=body).json() == made.json()
    person = client.get("/api/v1/identity/me").json()["person_id"]
    assert events(world, f"person/{person}").count("identity.passkey_enrolled/1") == 1
    event = world.identity.passkey_event(person, made.json()["credential_id"])
    assert event is not None
    fresh = world.client()
    begun = fresh.post("/api/v1/identity/passkey-login").json()
    assertion = passkey.get(base64.urlsafe_b64decode(begun["options"]["challenge"] + "=="))
    done = fresh.post(
        "/api/v1/identity/passkey-login/finish", json={"login_id": begun["id"], "assertion": assertion}
    )
    assert done.status_code == 200, done.text
    assert fresh.get("/api/v1/identity/me").json()["person_id"] == person
    fresh.headers["X-CSRF-Token"] = done.json()["csrf_token"]
    refused = fresh.post("/api/v1/me/passkeys/options")
    assert refused.json()["code"] == "identity.fresh_check_needed", "a passkey must not enrol another"
    assert client.delete(f"/api/v1/me/passkeys/{made.json()['credential_id']}").status_code == 204
    assert client.get("/api/v1/me/passkeys").json() == []


def test_an_officer_confirms_at_the_desk_and_the_worker_goes_on_at_l3(world: World) -> None:
    officer = world.logged_in(world.staff("officer01", "review_officer"))
    start = prepared(world, 15)
    for _ in range(5):
        check = world.identity.workers.start_check(start)
        with pytest.raises(DomainError) as caught:
            world.identity.workers.confirm_check(check.check_id, "000000")
    assert caught.value.code == "identity.locked"
    form = {
        "name": start.name,
        "id_number": start.id_number,
        "phone": start.phone,
        "contract_id": start.contract_id,
        "csrf_token": officer.headers["X-CSRF-Token"],
    }
    prepared_case = officer.post("/people-review", data=form)
    assert prepared_case.status_code == 303, prepared_case.text
    address = prepared_case.headers["location"]
    assert start.id_number in officer.get(address).text
    signature = {"passphrase": "wrong passphrase", "csrf_token": officer.headers["X-CSRF-Token"]}
    assert officer.post(f"{address}/signature", data=signature).status_code == 403
    signature["passphrase"] = "officer passphrase 1"
    signed = officer.post(f"{address}/signature", data=signature)
    assert signed.status_code == 303, signed.text
    _, who = identified(world, 15, start.contract_id)
    assert (who.level, who.factors & 8) == (3, 8)
    assert officer.post(f"{address}/signature", data=signature).status_code == 409
    stranger = world.logged_in(world.staff("officer02", "review_officer"))
    assert stranger.get(address).status_code == 404


def test_a_worker_logs_in_by_pages_in_three_steps(world: World) -> None:
    client, who = world.client(), world.person(16)
    fields = client.post("/worker-login/notice", data={"version": PRIVACY_VERSION})
    ack = fields.text.split('name="acknowledgement_id" value="')[1].split('"')[0]
    form = {
        "acknowledgement_id": ack,
        "name": who["name"],
        "id_number": who["id_number"],
        "phone": who["phone"],
    }
    bad = client.post("/worker-login", data=form | {"id_number": who["id_number"][:-1] + "0"})
    if who["id_number"].endswith("0"):
        bad = client.post("/worker-login", data=form | {"id_number": who["id_number"][:-1] + "1"})
    assert bad.status_code == 422
    assert "校验码" in bad.text
    code = client.post("/worker-login", data=form)
    check = code.text.split('name="check_id" value="')[1].split('"')[0]
    wrong = client.post("/worker-login/code", data={"check_id": check, "otp": "000000", "phone_masked": "x"})
    assert wrong.status_code == 422
    assert "12333" in wrong.text
    otp = world.authorities.code(who["phone"])
    done = client.post("/worker-login/code", data={"check_id": check, "otp": otp})
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    for lang in ("zh", "en"):
        for path in ("/me/passkeys", "/me/data", "/home"):
            assert client.get(f"{path}?lang={lang}").status_code == 200
