"""The slice over HTTP: the JSON flow from draft to consent, pages in both languages, idempotency, tenancy, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Response
from fastapi.testclient import TestClient

from api.econtract import router
from api.econtract.texts import TEXTS
from api.infra.auth import SESSION_COOKIE, Principal
from tests.support.econtract_stage import AGENT, STRANGER, VALUES, Stage
from tests.support.slice_application import SliceApplication, slice_application

KEY = {"Idempotency-Key": "k1"}


class Sessions:
    def set_cookie(self, response: Response, token: str, expires_at: datetime) -> None:
        response.set_cookie(SESSION_COOKIE, token, httponly=True)


@pytest.fixture
def served(stage: Stage, request: pytest.FixtureRequest) -> Iterator[SliceApplication]:
    database = request.getfixturevalue("database")
    identity = SimpleNamespace(sessions=Sessions())
    with slice_application(database, router, TEXTS, econtract=stage.econtract, identity=identity) as made:
        yield made


def new_contract(agent: TestClient, key: str = "new", **changes: Any) -> dict[str, Any]:
    body = {"template_id": "concord-labour-fixed", "fields": VALUES | changes}
    answer = agent.post("/api/v1/contracts", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def worker_client(served: SliceApplication, stage: Stage, who: Principal) -> TestClient:
    return served.as_(
        Principal(
            kind="worker",
            roles=frozenset({"worker"}),
            person_id=who.person_id,
            session_id=who.session_id,
            csrf_token="csrf",
        )
    )


def test_the_whole_json_flow(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    made = new_contract(agent)
    assert made["check"] == {"sendable": True, "findings": [], "errors": []}
    pk = made["draft"]["id"]
    sent = agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY)
    assert sent.status_code == 200, sent.text
    assert set(sent.json()) == {
        "id",
        "contract_id",
        "version",
        "state",
        "commitment",
        "base_pdf_sha256",
        "worker_deadline",
        "late_signing",
    }
    assert stage.code not in sent.text + agent.get(f"/api/v1/contracts/{pk}").text

    phone = served.anonymous
    base = f"/api/v1/sign/{stage.code}"
    assert phone.get(base).json()["step"] == "identity"
    ack = phone.post(f"{base}/privacy", json={"version": "2026-11"}).json()["acknowledgement_id"]
    started = phone.post(
        f"{base}/identity",
        json={"acknowledgement_id": ack, "name": "李测试", "id_number": "500107199001010016"},
    ).json()
    confirmed = phone.post(
        f"{base}/identity/confirm", json={"check_id": started["check_id"], "otp": "123456"}
    )
    assert confirmed.json()["step"] == "notice"
    assert SESSION_COOKIE in confirmed.cookies
    session_id = confirmed.cookies[SESSION_COOKIE].removeprefix("token-")
    who = Principal(
        person_id=stage.identities.sessions[session_id].person_id, session_id=session_id, kind="worker"
    )
    worker = worker_client(served, stage, who)
    text = worker.get(f"{base}/document").json()
    assert [fact["id"] for fact in text["key_facts"]][:3] == ["employer", "post", "place"]
    assert worker.get(f"{base}/document.pdf").content.startswith(b"%PDF")
    assert worker.post(f"{base}/reading", json={"seconds": 5, "pages": [1]}).status_code == 204
    consent = {"notice": True, "electronic": True, "notice_version": text["notice_version"]}
    done = worker.post(f"{base}/consent", json=consent, headers=KEY)
    assert done.json()["step"] == "sign"
    assert worker.get("/api/v1/me/contracts").json()[0]["state"] == "SENT"
    assert worker.get(f"/api/v1/me/contracts/{pk}").json()["reading"]["clauses"]
    assert (
        worker.get(f"/api/v1/me/contracts/{pk}/document.pdf?how=download")
        .headers["content-disposition"]
        .startswith("attachment")
    )


def test_sending_again_with_the_same_key_answers_the_same(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    pk = new_contract(agent)["draft"]["id"]
    first = agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY)
    again = agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replay"] == "true"
    other = agent.post(f"/api/v1/contracts/{pk}/send", json={"revision": 1}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    fresh = agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers={"Idempotency-Key": "k2"})
    assert (fresh.status_code, fresh.json()["code"]) == (409, "econtract.state")
    missing = agent.post(f"/api/v1/contracts/{pk}/send", json={})
    assert missing.json()["code"] == "idempotency_key_required"
    assert len(stage.messages.sent) == 1


def test_overlap_points_to_the_other_contract(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    first = new_contract(agent, "a")["draft"]["id"]
    second = new_contract(agent, "b")["draft"]["id"]
    assert agent.post(f"/api/v1/contracts/{first}/send", json={}, headers=KEY).status_code == 200
    refused = agent.post(f"/api/v1/contracts/{second}/send", json={}, headers={"Idempotency-Key": "k2"})
    assert refused.status_code == 409
    assert refused.json()["facts"]["contract"] == first
    assert refused.json()["detail_zh"] != refused.json()["detail_en"]


def test_blocked_sending_lists_the_findings(served: SliceApplication) -> None:
    agent = served.as_(AGENT)
    pk = new_contract(agent, monthly_pay="2000", probation_pay="")["draft"]["id"]
    refused = agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY)
    assert refused.status_code == 422
    assert [item["rule"] for item in refused.json()["facts"]["findings"]] == ["R05"]


@pytest.mark.parametrize("path", ["", "/draft", "/check", "/preview.pdf", "/document.pdf", "/export"])
def test_other_tenants_get_404(served: SliceApplication, path: str) -> None:
    pk = new_contract(served.as_(AGENT))["draft"]["id"]
    stranger = served.as_(STRANGER)
    assert stranger.get(f"/api/v1/contracts/{pk}{path}").status_code == 404
    assert stranger.get("/api/v1/contracts").json()["contracts"] == []


def test_who_may_call_what(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    pk = new_contract(agent)["draft"]["id"]
    agent.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY)
    assert served.anonymous.get("/api/v1/contracts").status_code == 401
    assert served.as_("worker").get("/api/v1/contracts").status_code == 403
    assert agent.get("/api/v1/me/contracts").status_code == 403
    assert agent.get(f"/api/v1/sign/{stage.code}/document").status_code == 403
    contract_id = stage.econtract.portal.facts_of(pk).contract_id
    body = {"case_no": "案1", "purpose": "核查"}
    url = f"/api/v1/econtract/texts/{contract_id}"
    assert agent.post(url, json=body, headers={"Idempotency-Key": "k2"}).status_code == 403
    read = served.as_("regulator").post(url, json=body, headers=KEY)
    assert read.status_code == 200
    assert read.json()["data"]["facts"]["post"] == "数控操作工"
    empty = {"case_no": "", "purpose": "x"}
    refused = served.as_("regulator").post(url, json=empty, headers={"Idempotency-Key": "k3"})
    assert refused.status_code == 422


def test_a_machine_stays_within_its_scopes(served: SliceApplication) -> None:
    machine = Principal(
        kind="machine",
        account_id="agent1",
        roles=frozenset({"agent"}),
        org_id=AGENT.org_id,
        scopes=frozenset({"read", "draft"}),
        csrf_token="c",
    )
    client = served.as_(machine)
    pk = new_contract(client)["draft"]["id"]
    assert client.post(f"/api/v1/contracts/{pk}/send", json={}, headers=KEY).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"template_id": "concord-labour-fixed", "fields": {"worker_name": "x" * 61}}, 200),
        ({"template_id": "nothing", "fields": {}}, 422),
        ({"template_id": "concord-labour-fixed", "fields": {"a": {"b": 1}}}, 422),
        ({"template_id": "concord-labour-fixed", "more": 1}, 422),
        ({"template_id": "concord-labour-fixed", "custom": [{"title": "a", "text": "b"}] * 60}, 422),
    ],
)
def test_malformed_bodies(served: SliceApplication, body: dict[str, Any], status: int) -> None:
    assert served.as_(AGENT).post("/api/v1/econtract/check", json=body).status_code == status


def test_two_hundred_kilobytes_and_markup_in_a_field(served: SliceApplication) -> None:
    agent = served.as_(AGENT)
    values = VALUES | {"work_content": '#eval("1") $x$ \\ // ' + "长" * 200_000}
    answer = agent.post(
        "/api/v1/econtract/check", json={"template_id": "concord-labour-fixed", "fields": values}
    )
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/fields/work_content", "econtract.field_too_long")
    body = {"template_id": "concord-labour-fixed", "fields": values}
    refused = agent.post("/api/v1/contracts", json=body, headers=KEY)
    assert refused.json()["code"] == "econtract.draft_too_large"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_of_every_state(served: SliceApplication, stage: Stage, language: str) -> None:
    agent = served.as_(AGENT)
    agent.cookies.set("lang", language)
    empty = agent.get("/agent/contracts")
    assert empty.status_code == 200
    started = agent.post(
        "/agent/contracts/new", data={"template_id": "concord-labour-fixed", "csrf_token": "x"}
    )
    assert started.status_code == 303
    edit = started.headers["location"]
    pk = edit.split("/")[3]
    assert agent.get(edit).status_code == 200
    form = {f"f_{name}": str(value) for name, value in VALUES.items()} | {"csrf_token": "x"}
    saved = agent.post(f"/agent/contracts/{pk}/autosave", data=form | {"revision": "1"})
    assert saved.status_code == 200
    assert 'hx-swap-oob="true"' in saved.text
    stale = agent.post(f"/agent/contracts/{pk}/autosave", data=form | {"revision": "1"})
    assert stale.status_code == 409
    blocked = agent.post(edit, data=form | {"f_post": "面议", "next": "send"})
    assert blocked.status_code == 422
    assert "R01" in blocked.text
    ready = agent.post(edit, data=form | {"next": "send"})
    assert ready.headers["location"] == f"/agent/contracts/{pk}/review"
    assert agent.get(f"/agent/contracts/{pk}/review").status_code == 200
    assert agent.post(f"/agent/contracts/{pk}/send", data={"csrf_token": "x"}).status_code == 303
    detail = agent.get(f"/agent/contracts/{pk}")
    assert detail.status_code == 200
    assert stage.code not in detail.text
    assert agent.get(edit).status_code == 303
    stage.consent()
    stage.worker_signs(pk)
    assert agent.get(f"/agent/contracts/{pk}").status_code == 200
    sign = agent.get(f"/agent/contracts/{pk}/sign")
    assert stage.econtract.portal.facts_of(pk).commitment in sign.text
    stage.employer_signs(pk)
    stage.complete(pk)
    assert agent.get(f"/agent/contracts/{pk}").status_code == 200
    assert agent.get("/agent/contracts?group=effective").text.count("数控操作工") == 1
    assert agent.get("/agent/contracts?group=draft&text=zzz").status_code == 200
    lookup = served.anonymous.get(f"/d/{stage.econtract.portal.facts_of(pk).lookup_code}")
    assert lookup.status_code == 200
    assert "李测试" not in lookup.text
    assert served.anonymous.get("/d/nothing").status_code == 404


def test_a_refused_send_stays_on_the_page(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    stage.send()
    pk = stage.draft()
    refused = agent.post(f"/agent/contracts/{pk}/send", data={"csrf_token": "x"})
    assert refused.status_code == 409
    assert "/agent/contracts/" in refused.text


def test_recall_and_reopen_by_page(served: SliceApplication, stage: Stage) -> None:
    agent = served.as_(AGENT)
    pk = stage.send()
    assert agent.post(f"/agent/contracts/{pk}/recall", data={"csrf_token": "x"}).status_code == 303
    assert agent.get(f"/agent/contracts/{pk}").status_code == 200
    assert agent.post(f"/agent/contracts/{pk}/reopen", data={"csrf_token": "x"}).status_code == 303
    assert stage.state(pk) == "DRAFT"
    del agent.headers["X-CSRF-Token"]
    assert agent.post(f"/agent/contracts/{pk}/send", data={}).status_code == 403
    assert stage.state(pk) == "DRAFT"
