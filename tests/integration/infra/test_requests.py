"""The HTTP border: problem details, CSRF, idempotency, size limits, correlation ids; on a small application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api.infra import problems
from api.infra.auth import SESSION_COOKIE, Principal, guard, principal, require
from api.infra.db import Base, Database
from api.infra.idempotency import IdempotentRoute
from api.infra.middleware import BodyLimit, RequestContext
from api.infra.settings import Settings
from api.kernel.errors import conflict, integrity

AGENT = Principal(kind="employer", account_id="agent", roles=frozenset({"agent"}), csrf_token="secret-csrf")
MACHINE = Principal(kind="machine", account_id="machine", roles=frozenset({"agent"}))


class Authenticator:
    def by_session(self, token: str) -> Principal | None:
        return AGENT if token == "good" else None

    def by_bearer(self, token: str) -> Principal | None:
        return MACHINE if token == "machine" else None


@dataclass
class Calls:
    made: int = 0
    gate: threading.Event = field(default_factory=threading.Event)


class Body(BaseModel):
    amount: int


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def client(database: Database, calls: Calls) -> Iterator[TestClient]:
    Base.metadata.create_all(database.engine)
    app = FastAPI(dependencies=[guard()])
    settings = Settings(public_origin="http://localhost:8080")
    app.state.container = SimpleNamespace(db=database, authenticator=Authenticator(), settings=settings)
    problems.register({"test.taken": ("已被占用：{other}", "Taken already: {other}")})
    problems.install(app)
    api = APIRouter(prefix="/api/v1", route_class=IdempotentRoute)

    @api.post("/things", status_code=201)
    def create(body: Body, who: Principal = Depends(require("agent"))) -> dict[str, object]:
        calls.made += 1
        if body.amount == 409:
            raise conflict("test.taken", other="x")
        if body.amount == 500:
            raise integrity("test.broken")
        return {"no": calls.made, "by": who.account_id}

    @api.get("/who")
    def who(p: Principal = Depends(principal)) -> dict[str, object]:
        return {"kind": p.kind}

    app.include_router(api)
    app.add_middleware(BodyLimit, max_body=2000, max_upload=10_000)
    app.add_middleware(RequestContext)
    with TestClient(app, base_url="http://localhost:8080", raise_server_exceptions=False) as made:
        yield made


def post(client: TestClient, key: str, amount: int = 1, **headers: str) -> object:
    given = {"Authorization": "Bearer machine", "Idempotency-Key": key, **headers}
    return client.post("/api/v1/things", json={"amount": amount}, headers=given)


def test_the_same_key_and_body_runs_once_and_answers_twice(client: TestClient, calls: Calls) -> None:
    first, second = post(client, "k1"), post(client, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() == {"no": 1, "by": "machine"}
    assert second.headers["Idempotent-Replay"] == "true"
    assert calls.made == 1


def test_the_same_key_with_another_body_is_a_conflict(client: TestClient, calls: Calls) -> None:
    post(client, "k1")
    refused = post(client, "k1", amount=2)
    assert refused.status_code == 409
    assert refused.json()["code"] == "idempotency_key_reused"
    assert calls.made == 1


def test_a_refused_request_may_be_tried_again_under_its_key(client: TestClient, calls: Calls) -> None:
    assert post(client, "k1", amount=409).status_code == 409
    assert post(client, "k1", amount=409).json()["code"] == "test.taken"
    assert calls.made == 2


def test_a_post_without_key_is_refused(client: TestClient) -> None:
    refused = client.post("/api/v1/things", json={"amount": 1}, headers={"Authorization": "Bearer machine"})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_required")


def test_errors_are_problem_details_in_both_languages(client: TestClient) -> None:
    client.cookies.set("lang", "en")
    answer = post(client, "k1", amount=409)
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["detail"] == body["detail_en"] == "Taken already: x"
    assert body["detail_zh"] == "已被占用：x"
    assert body["trace_id"] == answer.headers["x-request-id"]
    assert (body["status"], body["instance"]) == (409, "/api/v1/things")


def test_a_malformed_body_names_its_fields(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/things",
        json={"amount": "many"},
        headers={"Authorization": "Bearer machine", "Idempotency-Key": "k"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/amount"


def test_a_contradiction_is_a_500_that_keeps_its_secrets(client: TestClient) -> None:
    answer = post(client, "k1", amount=500)
    assert (answer.status_code, answer.json()["code"]) == (500, "test.broken")
    assert "Traceback" not in answer.text


def test_a_cookie_session_needs_its_csrf_token_and_a_bearer_does_not(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "good")
    headers = {"Idempotency-Key": "k"}
    assert client.post("/api/v1/things", json={"amount": 1}, headers=headers).json()["code"] == "csrf"
    wrong = client.post("/api/v1/things", json={"amount": 1}, headers=headers | {"X-CSRF-Token": "guess"})
    assert wrong.status_code == 403
    right = client.post(
        "/api/v1/things", json={"amount": 1}, headers=headers | {"X-CSRF-Token": "secret-csrf"}
    )
    assert (right.status_code, right.json()["by"]) == (201, "agent")


def test_another_site_cannot_post_here(client: TestClient) -> None:
    refused = post(client, "k", Origin="https://evil.example")
    assert refused.status_code == 201, "a bearer credential is never sent by a browser on its own"
    evil = {"Origin": "https://evil.example", "Idempotency-Key": "k2"}
    refused = client.post("/api/v1/things", json={"amount": 1}, headers=evil)
    assert refused.json()["code"] == "csrf"


def test_an_unknown_session_is_nobody(client: TestClient) -> None:
    client.cookies.set(SESSION_COOKIE, "stolen")
    assert client.get("/api/v1/who").json() == {"kind": "anonymous"}
    headers = {"Idempotency-Key": "k"}
    assert client.post("/api/v1/things", json={"amount": 1}, headers=headers).status_code == 401


@pytest.mark.parametrize("streamed", [False, True])
def test_a_body_over_the_limit_is_refused_before_it_is_kept(
    client: TestClient, streamed: bool, calls: Calls
) -> None:
    content = b'{"amount": 1, "x": "' + b"x" * 3000 + b'"}'
    body = (content[i : i + 100] for i in range(0, len(content), 100)) if streamed else content
    headers = {"Authorization": "Bearer machine", "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = client.post("/api/v1/things", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert calls.made == 0


def test_a_claim_of_a_killed_process_is_void_at_once(
    client: TestClient, database: Database, calls: Calls
) -> None:
    import hashlib
    import subprocess
    import sys

    from api.infra.idempotency import IdempotencyRow
    from api.infra.process import is_gone, this_process
    from api.kernel.clock import SystemClock

    script = "from api.infra.process import this_process; print(this_process())"
    dead = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert is_gone(dead)
    assert not is_gone(this_process())
    assert not is_gone("another-host/1/2")
    digest = hashlib.sha256(b'POST /api/v1/things\n{"amount":1}').hexdigest()
    for key, owner in (("dead", dead), ("busy", this_process())):
        with database.transaction() as session:
            row = IdempotencyRow(
                caller="machine", key=key, request_digest=digest, at=SystemClock().now(), owner=owner
            )
            session.add(row)
    assert post(client, "dead").status_code == 201
    assert post(client, "busy").json()["code"] == "idempotency_in_progress"
    assert calls.made == 1


def test_an_erasure_drops_kept_answers_by_their_age_and_a_restore_all(database: Database) -> None:
    from api.infra.idempotency import KEEP, IdempotencyRow, forget
    from api.kernel.clock import SystemClock

    now = SystemClock().now()
    ages = {"fresh": timedelta(minutes=1), "old": KEEP + timedelta(seconds=1)}

    def left(*, everything: bool) -> set[str]:
        with database.transaction() as session:
            forget(session, now, everything=everything)
            return {row.key for row in session.query(IdempotencyRow)}

    with database.transaction() as session:
        for key, age in ages.items():
            session.add(
                IdempotencyRow(
                    caller="c", key=key, request_digest="d", at=now - age, owner="o", status=201, body=b"{}"
                )
            )
    assert left(everything=False) == {"fresh"}
    assert left(everything=True) == set()
