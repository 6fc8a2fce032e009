"""No room on the disk: 503 with a code and both languages, nothing kept, and the same request works later."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import APIRouter, FastAPI, Request, UploadFile
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

    @api.put("/files")
    def keep(file: UploadFile) -> dict[str, int]:
        return {"size": file.size or 0}

    @api.get("/broken/{number}")
    def broken(number: int) -> None:
        raise OSError(number, "refused")

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


def test_an_upload_that_finds_no_room(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Authorization": "Bearer machine"}
    files = {"file": ("big.zip", bytes(2_000_000))}

    def full(spooled: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(tempfile.SpooledTemporaryFile, "rollover", full)
        answer = client.put("/api/v1/files", files=files, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert "没有保存" in answer.json()["detail_zh"]
    assert "nothing was saved" in answer.json()["detail_en"]
    assert client.put("/api/v1/files", files=files, headers=headers).json() == {"size": 2_000_000}


@pytest.mark.parametrize(
    ("number", "status"), [(errno.ENOSPC, 503), (errno.EDQUOT, 503), (errno.EACCES, 500)]
)
def test_only_a_full_disk_is_called_so(client: TestClient, number: int, status: int) -> None:
    answer = client.get(f"/api/v1/broken/{number}")
    assert answer.status_code == status
    assert answer.json()["code"] == ("storage_full" if status == 503 else "internal")
