"""The slice's routes: shapes that the signing page relies on, who may call, repeated requests."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.infra import problems
from api.infra.auth import Principal, guard, principal
from api.infra.web import Visitor, WebConfig, install_web
from api.signing_round import texts
from api.signing_round.router import api
from tests.support.signing_rounds import PASSPHRASE, RELEASE, Bench, Browser

ROOT = Path(__file__).parents[3]


class Authenticator:
    def __init__(self, bench: Bench) -> None:
        self.known = {
            "worker": replace(bench.worker, csrf_token="c"),
            "agent": replace(bench.agent, csrf_token="c"),
            "other": replace(bench.agent, org_id="bb" * 32, csrf_token="c"),
            "regulator": Principal(
                kind="staff", account_id="r", roles=frozenset({"regulator"}), csrf_token="c"
            ),
            "machine": replace(bench.agent, kind="machine", scopes=frozenset({"read"})),
        }

    def by_session(self, token: str) -> Principal | None:
        return self.known.get(token)

    def by_bearer(self, token: str) -> Principal | None:
        return self.known.get(token)


@pytest.fixture
def app(bench: Bench) -> FastAPI:
    made = FastAPI(dependencies=[guard()])
    made.state.container = SimpleNamespace(
        signing_round=bench.service,
        db=bench.db,
        authenticator=Authenticator(bench),
        settings=SimpleNamespace(public_origin="http://testserver"),
    )
    problems.register(texts.TEXTS)
    problems.install(made)
    made.include_router(api, prefix="/api/v1")

    def visitor(request: Any) -> Visitor:
        who = principal(request)
        return Visitor(None if who.anonymous else who, who.csrf_token)

    install_web(
        made,
        WebConfig(
            public_origin="http://testserver",
            test=True,
            visitor=visitor,
            secure=False,
            node_modules=ROOT / "node_modules",
        ),
    )
    return made


class Caller:
    def __init__(self, app: FastAPI, who: str) -> None:
        self.http = TestClient(app, cookies={"concord_session": who}, follow_redirects=False)

    def post(self, path: str, body: Any = None, key: str | None = None, status: int = 200) -> Any:
        answer = self.http.post(
            f"/api/v1/signing/{path}",
            json={} if body is None else body,
            headers={"Idempotency-Key": key or uuid.uuid4().hex, "X-CSRF-Token": "c"},
        )
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.http.get(f"/api/v1/signing/{path}")
        assert answer.status_code == status, answer.text
        return answer


@pytest.fixture
def worker(app: FastAPI) -> Caller:
    return Caller(app, "worker")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_page_s_conversation(bench: Bench, worker: Caller) -> None:
    round_id = bench.open()
    entered = worker.post(f"{round_id}/enter")
    assert set(entered) == {
        "attempt_id", "lock_until", "prepared_url", "prepared_sha256", "base_pdf_sha256", "base_length",
        "commitment_opening", "commitment", "domain", "consent", "nonce", "intent", "test",
    }  # fmt: skip
    assert "signerKeyHash" not in entered["consent"]
    assert entered["intent"] == {"otp": True, "phone_hint": "138****0000", "passkey": None}
    prepared = worker.http.get(entered["prepared_url"])
    assert prepared.headers["content-type"] == "application/pdf"
    assert prepared.headers["cache-control"].startswith("no-store")
    attempt = {"attempt_id": entered["attempt_id"]}
    sent = worker.post(f"{round_id}/intent", attempt)
    assert set(sent) == {"sent_to", "expires_at", "resend_at"}
    browser = Browser()
    asked = worker.post(f"{round_id}/key", {**attempt, "spki": b64(browser.spki)})
    request = base64.b64decode(asked["request_info"])
    body = {
        **attempt,
        "request_signature": b64(browser.sign(request)),
        "page_release": RELEASE,
        "otp": "123456",
    }
    issued = worker.post(f"{round_id}/certificate", body, key="cert-1")
    assert worker.post(f"{round_id}/certificate", body, key="cert-1") == issued
    problem = worker.post(f"{round_id}/certificate", {**body, "otp": "999999"}, key="cert-1", status=409)
    assert problem["code"] == "idempotency_key_reused"
    given = SimpleNamespace(consent=entered["consent"])
    finish = {
        **attempt,
        "attributes_signature": b64(browser.sign(base64.b64decode(issued["attributes"]))),
        "consent_signature": b64(browser.sign(bench.consent_preimage(given, browser))),  # type: ignore[arg-type]
    }
    done = worker.post(f"{round_id}/finish", finish, key="finish-1")
    assert done["state"] == "worker_signed"
    assert worker.post(f"{round_id}/finish", finish, key="finish-2") == done
    assert worker.get(round_id).json()["state"] == "worker_signed"
    assert worker.get(f"{round_id}/pages/1.png").content[:4] == b"\x89PNG"
    assert worker.get(f"{round_id}/final.pdf").content.startswith(b"%PDF")
    assert worker.get(f"{round_id}/pages/99.png", status=404).json()["code"] == "signing.page_missing"


def test_nobody_else_reaches_the_worker_s_endpoints(bench: Bench, app: FastAPI) -> None:
    round_id = bench.open()
    for who in ("agent", "regulator"):
        assert Caller(app, who).post(f"{round_id}/enter", status=403)["code"] == "role_required"
        assert Caller(app, who).get(f"{round_id}/base.pdf", status=403)
    assert Caller(app, "nobody").post(f"{round_id}/enter", status=401)["code"] == "not_logged_in"
    bench.sign_worker(round_id)
    assert Caller(app, "worker").post(f"{round_id}/employer/prepare", status=403)["code"] == "role_required"
    assert (
        Caller(app, "other").post(f"{round_id}/employer/prepare", status=404)["code"]
        == "signing.round_unknown"
    )


def test_a_machine_needs_the_scope_to_sign(bench: Bench, app: FastAPI) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    http = TestClient(app, headers={"Authorization": "Bearer machine"})
    answer = http.post(
        f"/api/v1/signing/{round_id}/employer/prepare", json={}, headers={"Idempotency-Key": "m1"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "signing.scope_missing")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("key", {"attempt_id": "x"}),
        ("key", {"attempt_id": "x", "spki": "AA==", "more": 1}),
        ("certificate", {"attempt_id": "x", "request_signature": "AA==", "page_release": "short"}),
        (
            "certificate",
            {"attempt_id": "x", "request_signature": "AA==", "page_release": "0" * 64, "otp": "12345a"},
        ),
        ("finish", {"attempt_id": "x" * 27, "attributes_signature": "AA==", "consent_signature": "AA=="}),
    ],
)
def test_malformed_bodies(bench: Bench, worker: Caller, path: str, body: dict[str, Any]) -> None:
    problem = worker.post(f"{bench.open()}/{path}", body, status=422)
    assert problem["code"] == "malformed"
    assert problem["errors"]


def test_base64_and_ids_are_checked(bench: Bench, worker: Caller) -> None:
    round_id = bench.open()
    entered = worker.post(f"{round_id}/enter")
    worker.post(f"{round_id}/key", {"attempt_id": entered["attempt_id"], "spki": "!!"}, status=422)
    worker.post("not-an-id/enter", status=404)
    worker.post(f"{round_id}/intent", {"attempt_id": "z" * 26}, status=404)
    problem = worker.post(
        f"{round_id}/finish",
        {"attempt_id": entered["attempt_id"], "attributes_signature": "AA==", "consent_signature": "AA=="},
        status=422,
    )
    assert problem["code"] == "p256.signature_form"
    assert problem["detail"]


def test_the_employer_s_json(bench: Bench, app: FastAPI) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    agent = Caller(app, "agent")
    prepared = agent.post(f"{round_id}/employer/prepare", {"wallet": bench.organisations.address})
    assert prepared["seal"]["mode"] == "platform"
    assert prepared["seal_binding"]
    assert agent.http.get(prepared["prepared_url"]).content.startswith(b"%PDF")
    message = SimpleNamespace(typed_data=prepared["typed_data"])
    signature = bench.employer_signature(message).wallet_signature  # type: ignore[arg-type]
    assert signature is not None
    body = {
        "attempt_id": prepared["attempt_id"],
        "wallet_signature": "0x" + signature.hex(),
        "seal_passphrase": PASSPHRASE,
    }
    wrong = {**body, "seal_passphrase": "wrong passphrase"}
    refused = agent.post(f"{round_id}/employer/finish", wrong, status=422)
    assert refused["code"] == "wallet.passphrase_wrong"
    assert "口令不正确" in refused["detail"]
    assert agent.post(f"{round_id}/employer/finish", body)["state"] == "completed"
    assert agent.get(f"{round_id}/employer").json()["completed_at"]


def test_every_code_has_two_texts() -> None:
    import re

    used: set[str] = set()
    for path in (ROOT / "api" / "signing_round").rglob("*.py"):
        used |= set(re.findall(r'"(signing\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert used - set(texts.TEXTS) == set()
    assert {code for code in texts.TEXTS if code.startswith("signing.")} - used == set()
    assert all(zh and en and zh != en for zh, en in texts.TEXTS.values())
