"""A database that can't be written: 503 with a code and both languages, nothing kept, and the same key works later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.testclient import TestClient

from api.infra import audit, problems
from api.infra.auth import Principal, guard
from api.infra.db import Base, Database
from api.infra.idempotency import IdempotentRoute
from api.infra.middleware import RequestContext
from api.infra.sealing import FieldKey
from api.infra.settings import Settings
from tests.support.full_disk import FullDatabase

MACHINE = Principal(kind="machine", account_id="machine", roles=frozenset({"agent"}))


class Authenticator:
    def by_session(self, token: str) -> Principal | None:
        return None

    def by_bearer(self, token: str) -> Principal | None:
        return MACHINE


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'test.db'}", FieldKey(hashlib.sha256(b"test").digest()))
    Base.metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = FastAPI(dependencies=[guard()])
    settings = Settings(public_origin="http://localhost:8080")
    app.state.container = SimpleNamespace(db=database, authenticator=Authenticator(), settings=settings)
    problems.install(app)
    api = APIRouter(prefix="/api/v1", route_class=IdempotentRoute)

    @api.post("/records", status_code=201)
    def create(request: Request) -> dict[str, int]:
        with request.app.state.container.db.transaction() as session:
            for number in range(20):
                audit.record(session, MACHINE, "test.kept", "record", str(number), text="x" * 2000)
        return {"kept": 20}

    app.include_router(api)
    app.add_middleware(RequestContext)
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def test_a_full_disk_is_said_and_keeps_nothing(client: TestClient, database: Database) -> None:
    headers = {"Authorization": "Bearer machine", "Idempotency-Key": "once"}

    def kept() -> int:
        with database.read() as session:
            return len(audit.of_object(session, "record", "0"))

    with FullDatabase(database):
        answer = client.post("/api/v1/records", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert "没有保存" in answer.json()["detail_zh"]
        assert "nothing was saved" in answer.json()["detail_en"]
        assert answer.headers["Retry-After"] == "5"
        assert kept() == 0
    again = client.post("/api/v1/records", headers=headers)
    assert (again.status_code, kept()) == (201, 1)
    client.post("/api/v1/records", headers=headers)
    assert kept() == 1
