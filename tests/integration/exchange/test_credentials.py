"""Departments' own systems: what their credential opens, what it does not, how it ends."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.exchange.service.credentials import SENDS
from api.exchange.tables import ExchangeCredentialRow
from api.infra.audit import AuditRow
from tests.integration.exchange.conftest import World, water
from tests.integration.exchange.test_exchange_api import manager, officer, post, upload
from tests.support.slice_application import SliceApplication

__all__ = ["manager", "officer"]
ASK = {"owner": "water", "datasets": ["water"], "label": "抄表系统", "days": 30}


def issue(client: TestClient, **changes: Any) -> Any:
    return post(client, "/credentials", json={**ASK, **changes})


@pytest.fixture
def secret(officer: TestClient) -> str:
    answer = issue(officer)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


@pytest.fixture
def system(site: SliceApplication, secret: str) -> TestClient:
    """The department's own system."""
    client = site.anonymous
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_a_system_pushes_and_reads_what_became_of_it(system: TestClient, world: World) -> None:
    batch = post(system, "/datasets/water/rows", json={"rows": [{**water(1)}, {**water(2, usage=-1)}]}).json()
    assert (batch["state"], batch["new"], batch["quarantined"]) == ("committed", 1, 1)
    assert system.get(f"/api/v1/exchange/batches/{batch['id']}").json()["id"] == batch["id"]
    assert [item["code"] for item in system.get("/api/v1/exchange/datasets").json()] == ["water"]
    assert len(system.get("/api/v1/exchange/rows").json()["rows"]) == 1
    assert system.get(f"/api/v1/exchange/batches/{batch['id']}/rejected.csv").status_code == 200
    tried = upload(system, "water", world.csv("water", [water(3)]), trial="true").json()
    assert post(system, f"/batches/{tried['id']}/commit").json()["state"] == "committed"


def test_a_file_as_the_body_is_taken_and_repeats_nothing(system: TestClient, world: World) -> None:
    data = world.csv("water", [water(1), water(2)])
    path = "/api/v1/exchange/datasets/water/files/2026-05.csv?expected_rows=2"
    first = system.put(path, content=data, headers={"Content-Type": "application/octet-stream"})
    assert (first.status_code, first.json()["new"], first.json()["channel"]) == (201, 2, "push")
    again = system.put(path, content=data, headers={"Content-Type": "application/octet-stream"})
    assert (again.json()["new"], again.json()["same"]) == (0, 2)


def test_it_opens_nothing_else(system: TestClient, manager: TestClient, world: World) -> None:
    others = upload(manager, "power", world.csv("power", [water(1)])).json()
    mine = post(system, "/datasets/water/rows", json={"rows": [{**water(1, usage=-1)}]}).json()
    number = system.get("/api/v1/exchange/rows").json()["rows"][0]["id"]
    refused = {
        "another department's dataset": (upload(system, "power", world.csv("power", [water(1)])), 404),
        "another department's batch": (system.get(f"/api/v1/exchange/batches/{others['id']}"), 404),
        "a withdrawal": (post(system, f"/batches/{mine['id']}/withdrawal", json={"reason": "x"}), 403),
        "a waiver": (post(system, f"/rows/{number}/waiver", json={"reason": "x"}), 403),
        "a further credential": (issue(system), 401),
        "the list of credentials": (system.get("/api/v1/exchange/credentials"), 401),
        "officers": (system.get("/api/v1/exchange/officers"), 401),
        "the desk": (system.get("/exchange"), 401),
    }
    assert {name: answer.status_code for name, (answer, _) in refused.items()} == {
        name: status for name, (_, status) in refused.items()
    }


def test_only_named_datasets_of_ones_own_department(officer: TestClient, manager: TestClient) -> None:
    assert issue(officer, owner="power", datasets=["power"]).status_code == 404
    assert issue(officer, datasets=["power"]).json()["code"] == "exchange.credential_datasets"
    assert issue(officer, datasets=[]).status_code == 422
    assert issue(officer, days=366).json()["code"] == "exchange.credential_days"
    assert issue(manager, owner="*").status_code == 404, "a credential is one department's"
    assert issue(manager).status_code == 201


def test_nobody_without_a_department_issues_one(site: SliceApplication, world: World) -> None:
    assert issue(site.as_("regulator")).json()["code"] == "exchange.not_an_officer"
    assert issue(site.as_("operator")).json()["code"] == "exchange.not_an_officer", (
        "an operator only ends them"
    )
    assert issue(site.anonymous).status_code == 401


def test_the_secret_is_kept_as_a_digest_and_said_once(officer: TestClient, secret: str, world: World) -> None:
    with world.uow.read() as session:
        row = session.scalars(select(ExchangeCredentialRow)).one()
        lines = session.scalars(select(AuditRow).where(AuditRow.action == "exchange.credential_issued")).all()
    assert secret.startswith("cxk_")
    assert secret not in str(vars(row))
    assert len(row.token_hash) == 64
    assert [line.facts["datasets"] for line in lines] == [["water"]]
    assert secret not in str([line.facts for line in lines])
    assert secret not in officer.get("/api/v1/exchange/credentials").text


def test_revoking_and_time_end_it(
    system: TestClient, officer: TestClient, site: SliceApplication, world: World
) -> None:
    [held] = officer.get("/api/v1/exchange/credentials").json()
    world.clock.advance(timedelta(days=29))
    assert system.get("/api/v1/exchange/batches").status_code == 200
    world.clock.advance(timedelta(days=1))
    assert system.get("/api/v1/exchange/batches").json()["code"] == "exchange.credential_invalid"
    second = issue(officer).json()
    system.headers["Authorization"] = f"Bearer {second['secret']}"
    assert system.get("/api/v1/exchange/batches").status_code == 200
    stranger = site.as_("court")
    assert post(stranger, f"/credentials/{second['id']}/revocation").status_code == 403
    assert post(site.as_("operator"), f"/credentials/{second['id']}/revocation").status_code == 204
    assert post(officer, f"/credentials/{second['id']}/revocation").status_code == 204, "twice is once"
    assert system.get("/api/v1/exchange/batches").status_code == 403
    assert post(officer, f"/credentials/{held['id']}x/revocation").status_code == 404


def test_a_made_up_token_is_nobody(site: SliceApplication, secret: str) -> None:
    for token in (f"cxk_{secrets.token_urlsafe(32)}", "cxk_", f"{secret}x", secret[4:]):
        client = site.anonymous
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/api/v1/exchange/batches").status_code in {401, 403}


def test_too_many_requests_are_told_when_to_come_again(
    system: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.exchange.service.credentials.SENDS", 2)
    assert SENDS > 2
    for _ in range(2):
        assert post(system, "/datasets/water/rows", json={"rows": [{**water(1)}]}).status_code == 201
    answer = post(system, "/datasets/water/rows", json={"rows": [{**water(1)}]})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert system.get("/api/v1/exchange/batches").status_code == 200, "reading has a limit of its own"
    world.clock.advance(timedelta(minutes=1))
    assert post(system, "/datasets/water/rows", json={"rows": [{**water(1)}]}).status_code == 201


def test_keys_of_two_systems_do_not_meet(
    system: TestClient, manager: TestClient, site: SliceApplication
) -> None:
    other = issue(manager, owner="power", datasets=["power"]).json()["secret"]
    second = site.anonymous
    headers = {"Idempotency-Key": "same"}
    body = {"rows": [{**water(1)}]}
    first = system.post("/api/v1/exchange/datasets/water/rows", headers=headers, json=body)
    assert first.status_code == 201
    headers["Authorization"] = f"Bearer {other}"
    assert second.post("/api/v1/exchange/datasets/water/rows", headers=headers, json=body).status_code == 404


def test_the_page_issues_and_ends(officer: TestClient, site: SliceApplication, world: World) -> None:
    answer = officer.post(
        "/exchange/credentials", data={"label": "抄表系统", "days": "30", "datasets": ["water"]}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = re.search(r'id="secret">(cxk_[\w-]+)<', answer.text)
    assert found
    client = site.anonymous
    client.headers["Authorization"] = f"Bearer {found[1]}"
    assert client.get("/api/v1/exchange/batches").status_code == 200
    page = officer.get("/exchange/credentials")
    assert found[1] not in page.text
    assert "抄表系统" in page.text
    path = re.search(r'action="(/exchange/credentials/\w+/revocation)"', page.text)
    assert path
    assert officer.post(path[1]).status_code == 303
    assert "已停用" in officer.get("/exchange/credentials").text
    wrong = officer.post("/exchange/credentials", data={"label": "x", "days": "30"})
    assert (wrong.status_code, "同一部门" in wrong.text) == (422, True)
    assert "Credentials" in officer.get("/exchange/credentials?lang=en").text
