"""The slice's main paths on SQLite and on PostgreSQL."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from api.infra.db import Base, Database
from tests.support.identity_world import slice_world
from tests.support.programs import Authorities


def test_accounts_workers_and_reports(
    authorities: Authorities, officer: SimpleNamespace, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    Base.metadata.create_all(database.engine)
    with slice_world(authorities, officer, database, monkeypatch) as world:
        client = world.logged_in(world.agent("agent001"))
        made = client.post(
            "/api/v1/identity/credentials",
            json={"label": "x", "scopes": ["read"]},
            headers={"Idempotency-Key": "k"},
        )
        assert world.identity.sessions.by_bearer(made.json()["secret"]) is not None
        worker = world.worker(30)
        person = worker.get("/api/v1/identity/me").json()["person_id"]
        assert world.identity.persons.find_by_id_number(world.person(30)["id_number"]) == person
        with database.transaction() as session:
            world.identity.workers.report_not_me(
                session, contract_id="ab" * 32, person_id=person, note="不是我", via="page"
            )
        assert [r["note"] for r in world.identity.desk.reports()] == ["不是我"]
