"""Every call from the platform to the identity service, broken twice: lost, and done but reported as failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from api.anchoring import tables as anchoring
from api.identity import tables
from api.identity.model import StartIdentity
from api.identity.rules import PRIVACY_VERSION
from api.kernel.errors import DomainError, ErrorKind
from signing.identity_service.client import UNAVAILABLE, IdentityServiceClient, IdentityServiceError
from tests.support.authenticator import SoftPasskey
from tests.support.identity_world import World
from tests.support.programs import hex32

MODES = ["lost", "done"]


class Broken:
    """Breaks the next call whose path holds `part`."""

    def __init__(
        self, patch: pytest.MonkeyPatch, client: IdentityServiceClient, part: str, mode: str
    ) -> None:
        real = client._call
        self.left = 1

        def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
            if self.left and part in path:
                self.left -= 1
                if mode == "done":
                    real(method, path, body)
                raise IdentityServiceError(UNAVAILABLE, 503, {})
            return real(method, path, body)

        patch.setattr(client, "_call", call)


def prepared(world: World, number: int) -> StartIdentity:
    person, contract = world.person(number), hex32()
    ack = world.identity.workers.acknowledge_privacy(contract, PRIVACY_VERSION, visitor="203.0.113.7")
    return StartIdentity(
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


def unavailable(action: Any) -> None:
    with pytest.raises(DomainError) as caught:
        action()
    assert caught.value.kind is ErrorKind.UNAVAILABLE


def count(world: World, table: Any) -> int:
    with world.database.read() as session:
        return session.query(table).count()


@pytest.mark.parametrize("mode", MODES)
def test_starting_a_check(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    start = prepared(world, 45)
    Broken(monkeypatch, world.identity.client, "/checks", mode)
    unavailable(lambda: world.identity.workers.start_check(start))
    assert count(world, tables.CheckRow) == 0
    check = world.identity.workers.start_check(start)
    who = world.identity.workers.confirm_check(check.check_id, world.authorities.code(start.phone))
    assert who.level == 2


@pytest.mark.parametrize("mode", MODES)
def test_confirming_a_check(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    start = prepared(world, 46)
    check = world.identity.workers.start_check(start)
    otp = world.authorities.code(start.phone)
    Broken(monkeypatch, world.identity.client, "/confirm", mode)
    unavailable(lambda: world.identity.workers.confirm_check(check.check_id, otp))
    assert count(world, tables.SessionRow) == 0
    assert count(world, anchoring.EventRow) == 0
    who = world.identity.workers.confirm_check(check.check_id, otp)
    assert who.level == 2
    assert count(world, anchoring.EventRow) == 1


@pytest.mark.parametrize("mode", MODES)
def test_enrolling_a_passkey(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    client, passkey = world.worker(47), SoftPasskey()
    options = client.post("/api/v1/me/passkeys/options").json()
    body = {"registration_id": options["id"], "label": "x", "credential": passkey.create(options["options"])}
    Broken(monkeypatch, world.identity.client, "/passkeys", mode)
    assert client.post("/api/v1/me/passkeys", json=body).status_code == 503
    assert count(world, tables.PasskeyRow) == 0
    assert client.post("/api/v1/me/passkeys", json=body).status_code == 201
    person = client.get("/api/v1/identity/me").json()["person_id"]
    with world.database.read() as session:
        rows = session.query(anchoring.EventRow).filter_by(stream=f"person/{person}")
        assert [row.type for row in rows].count("identity.passkey_enrolled/1") == 1


@pytest.mark.parametrize("mode", MODES)
def test_revoking_a_passkey(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    client, passkey = world.worker(48), SoftPasskey()
    options = client.post("/api/v1/me/passkeys/options").json()
    body = {"registration_id": options["id"], "label": "x", "credential": passkey.create(options["options"])}
    key = client.post("/api/v1/me/passkeys", json=body).json()["credential_id"]
    Broken(monkeypatch, world.identity.client, "/passkeys/", mode)
    assert client.delete(f"/api/v1/me/passkeys/{key}").status_code == 503
    assert client.delete(f"/api/v1/me/passkeys/{key}").status_code == 204
    assert client.get("/api/v1/me/passkeys").json() == []


@pytest.mark.parametrize("mode", MODES)
def test_telling_about_a_dispute(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    start = prepared(world, 49)
    check = world.identity.workers.start_check(start)
    with world.database.transaction() as session:
        world.identity.workers.report_not_me(
            session, contract_id=start.contract_id, person_id=None, note="", via="link"
        )
    Broken(monkeypatch, world.identity.client, "/dispute", mode)
    assert world.identity.workers.send_disputes() == 0
    assert world.identity.workers.send_disputes() == 1
    code = world.authorities.code(start.phone)
    with world.database.read() as session:
        row = session.get(tables.CheckRow, check.check_id)
        assert row is not None
        key = row.service_session
    with pytest.raises(IdentityServiceError) as caught:
        world.identity.client.confirm_check(check.check_id, key, code)
    assert caught.value.code == "identity.disputed"


@pytest.mark.parametrize("mode", MODES)
def test_recording_a_desk_check(world: World, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    officer = world.logged_in(world.staff("officer01", "review_officer"))
    person = world.person(50)
    fields = {key: person[key] for key in ("name", "id_number", "phone")}
    made = officer.post("/api/v1/people-review/desk-checks", json=fields, headers={"Idempotency-Key": "k1"})
    address = f"/api/v1/people-review/desk-checks/{made.json()['case_id']}/signature"
    body = {"passphrase": "officer passphrase 1"}
    Broken(monkeypatch, world.identity.client, "/desk-checks", mode)
    assert officer.post(address, json=body, headers={"Idempotency-Key": "k2"}).status_code == 503
    done = officer.post(address, json=body, headers={"Idempotency-Key": "k2"})
    assert done.status_code == 200, done.text
    assert done.json()["valid_until"]
