"""What the worker fetches by itself: entered by the operator, sealed, due by its rhythm, failing without telling secrets."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, select, text

from api.exchange.model import Channel
from api.exchange.service.pull import Puller
from api.exchange.tables import ExchangeBatchRow, ExchangeSourceRow
from tests.integration.exchange.conftest import World, code, water
from tests.integration.exchange.test_exchange_api import post
from tests.support.slice_application import SliceApplication, person

QUERY = (
    "SELECT code AS uscc, 'x' AS name, month, 1 AS has_meter, used AS usage, 0 AS arrears_months, NULL AS cut_off "
    "FROM meters ORDER BY code"
)


@pytest.fixture
def operator(site: SliceApplication) -> TestClient:
    return site.as_("operator")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def drop(folder: Path, name: str, data: bytes, age: float = 120.0) -> Path:
    """A file that was written so many seconds ago."""
    path = folder / name
    path.write_bytes(data)
    past = path.stat().st_mtime - age
    os.utime(path, (past, past))
    return path


def enter(operator: TestClient, **what: Any) -> Any:
    body = {"dataset": "water", "kind": "folder", "every_minutes": 60, **what}
    return post(operator, "/sources", json=body)


def shown(operator: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = operator.get("/api/v1/exchange/sources").json()[0]
    return found


def test_a_folder_is_fetched_when_it_is_due(operator: TestClient, world: World, inbox: Path) -> None:
    drop(inbox, "a.csv", world.csv("water", [water(1)]))
    assert enter(operator, place=str(inbox), pattern="*.csv", label="收件夹").status_code == 201
    assert world.exchange.sources.run_due() == 1
    assert world.exchange.sources.run_due() == 0, "not due again"
    assert [row["enterprise"] for row in world.rows("water")] == [1]
    assert (shown(operator)["last_batches"], shown(operator)["problem"]) == (1, None)
    drop(inbox, "b.csv", world.csv("water", [water(2)]))
    world.clock.advance(timedelta(minutes=60))
    assert world.exchange.sources.run_due() == 1
    assert len(world.rows("water")) == 2


def test_a_file_that_still_grows_waits(operator: TestClient, world: World, inbox: Path) -> None:
    drop(inbox, "a.csv", world.csv("water", [water(1)]), age=5)
    enter(operator, place=str(inbox))
    world.exchange.sources.run_due()
    assert world.rows("water") == []
    os.utime(inbox / "a.csv", (1, 1))
    world.clock.advance(timedelta(minutes=60))
    world.exchange.sources.run_due()
    assert len(world.rows("water")) == 1


def test_what_a_person_withdrew_does_not_come_back_by_itself(
    operator: TestClient, world: World, inbox: Path
) -> None:
    drop(inbox, "a.csv", world.csv("water", [water(1)]))
    drop(inbox, "b.csv", b"nothing,of,the,kind\n1,2,3,4\n")
    enter(operator, place=str(inbox))
    world.exchange.sources.run_due()
    assert (shown(operator)["last_batches"], shown(operator)["last_refused"]) == (2, 1)
    with world.uow.read() as session:
        [held] = session.scalars(
            select(ExchangeBatchRow.id).where(
                ExchangeBatchRow.state == "committed", ExchangeBatchRow.dataset == "water"
            )
        )
    world.intake.withdraw(held, "officer", "wrong meter")
    world.clock.advance(timedelta(minutes=60))
    world.exchange.sources.run_due()
    assert world.rows("water") == []
    assert shown(operator)["last_batches"] == 0, "and what was refused is not refused every hour"


@pytest.fixture
def department(database_url: str, tmp_path: Path) -> str:
    """A department's database of the kind that the test runs on, with two meters."""
    url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'department.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE meters (code TEXT, month TEXT, used INTEGER)"))
        for number in (1, 2):
            connection.execute(
                text("INSERT INTO meters VALUES (:code, '2026-05', 7)"), {"code": code(number)}
            )
    engine.dispose()
    return url


def test_a_database_is_fetched_and_its_address_kept_sealed(
    operator: TestClient, world: World, department: str
) -> None:
    assert enter(operator, kind="database", place=department, query=QUERY).status_code == 201
    assert world.exchange.sources.run_due() == 1
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == [(1, 7), (2, 7)]
    with world.uow.read() as session:
        raw = bytes(session.execute(text("SELECT place FROM exchange_source")).scalar_one())
        batch = session.scalars(select(ExchangeBatchRow).where(ExchangeBatchRow.dataset == "water")).one()
        assert batch.state == "committed"
    assert department.encode() not in raw
    assert department not in operator.get("/api/v1/exchange/sources").text
    assert department not in operator.get("/exchange/sources").text
    assert {Channel.PULL.value} == {
        item.landing.channel.value for item in world.exchange.batches(_hr(world), "water").batches
    }


def _hr(world: World) -> Any:
    world.exchange.grant(person("operator"), "hr", "*")
    return person("regulator", account_id="hr")


def test_a_query_that_writes_is_refused_by_the_department_s_database(
    operator: TestClient, world: World, department: str
) -> None:
    """Even one that gets past the look at its text: the session itself is read-only."""
    writing = "WITH x AS (SELECT 1) INSERT INTO meters SELECT 'z', '2026-05', 1 FROM x RETURNING code"
    assert enter(operator, kind="database", place=department, query=writing).status_code == 201
    world.exchange.sources.run_due()
    assert shown(operator)["problem"]["code"] == "exchange.source_failed"
    engine = create_engine(department)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM meters")).scalar_one() == 2
    engine.dispose()


def test_failures_are_said_without_secrets_and_pauses_grow(operator: TestClient, world: World) -> None:
    url = "postgresql+psycopg://reader:geheim@127.0.0.1:1/none"
    enter(operator, kind="database", place=url, query="SELECT 1", every_minutes=10)
    pauses = []
    for _ in range(3):
        assert world.exchange.sources.run_due() == 1
        found = shown(operator)
        due = world.clock.now()
        with world.uow.read() as session:
            row = session.scalars(select(ExchangeSourceRow)).one()
        assert row.next_at is not None
        pauses.append((row.next_at - due).total_seconds() / 60)
        world.clock.advance(row.next_at - due)
    assert pauses == [10, 20, 40]
    assert (found["failures"], found["problem"]["code"]) == (3, "exchange.source_failed")
    page = operator.get("/exchange/sources").text
    assert "读取失败" in page
    assert "geheim" not in page + str(found)


def test_a_fetch_that_was_killed_is_taken_up(
    operator: TestClient, world: World, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_args: Any) -> Any:
        raise Killed

    drop(inbox, "a.csv", world.csv("water", [water(1)]))
    enter(operator, place=str(inbox))
    with monkeypatch.context() as patch:
        patch.setattr(Puller, "pull", dies)
        patch.setattr(type(world.exchange.sources), "_settle", dies)
        with pytest.raises(Killed):
            world.exchange.sources.run_due()
    assert world.exchange.sources.run_due() == 0, "its process lives"
    monkeypatch.setattr("api.exchange.service.sources.is_gone", lambda _owner: True)
    assert world.exchange.sources.run_due() == 1
    assert len(world.rows("water")) == 1


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"place": "inbox"}, "exchange.source_folder"),
        ({"place": "/srv/in", "pattern": "../*"}, "exchange.source_folder"),
        ({"place": "/srv/in", "every_minutes": 1}, "exchange.source_rhythm"),
        ({"kind": "database", "place": "nothing", "query": "SELECT 1"}, "exchange.source_url"),
        ({"kind": "database", "place": "sqlite://", "query": "DELETE FROM t"}, "exchange.source_query"),
        ({"kind": "database", "place": "sqlite://", "query": "SELECT 1; SELECT 2"}, "exchange.source_query"),
    ],
)
def test_what_cannot_be_fetched_is_not_entered(operator: TestClient, what: dict[str, Any], code: str) -> None:
    answer = enter(operator, **what)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    operator: TestClient, world: World, inbox: Path, tmp_path: Path
) -> None:
    outside = drop(tmp_path, "outside.csv", world.csv("water", [water(1)]))
    (inbox / "inside.csv").symlink_to(outside)
    enter(operator, place=str(inbox))
    world.exchange.sources.run_due()
    assert world.rows("water") == []


def test_only_the_operator_has_to_do_with_sources(site: SliceApplication, operator: TestClient) -> None:
    for role in ("regulator", "risk_analyst", "auditor"):
        assert site.as_(role).get("/api/v1/exchange/sources").status_code == 403
        assert site.as_(role).get("/exchange/sources", headers={"accept": "text/html"}).status_code == 403


def test_the_pages_enter_pause_fetch_and_forget(operator: TestClient, world: World, inbox: Path) -> None:
    form = {
        "dataset": "water",
        "kind": "folder",
        "place": str(inbox),
        "label": "收件夹",
        "every_minutes": "30",
    }
    wrong = operator.post("/exchange/sources", data={**form, "place": "inbox"})
    assert (wrong.status_code, "绝对路径" in wrong.text) == (422, True)
    assert operator.post("/exchange/sources", data=form).status_code == 303
    page = operator.get("/exchange/sources").text
    assert "收件夹" in page
    path = re.search(r'action="(/exchange/sources/\w+)/pause"', page)
    assert path
    assert operator.post(f"{path[1]}/pause").status_code == 303
    assert "已暂停" in operator.get("/exchange/sources").text
    assert world.exchange.sources.run_due() == 0
    assert operator.post(f"{path[1]}/due").status_code == 303
    assert world.exchange.sources.run_due() == 1
    assert operator.post(f"{path[1]}/nonsense").status_code == 404
    assert operator.post(f"{path[1]}/removal").status_code == 303
    assert "还没有来源" in operator.get("/exchange/sources").text


def test_an_entered_source_of_another_dataset_is_named(operator: TestClient) -> None:
    assert enter(operator, dataset="nothing", place="/srv/in").json()["code"] == "exchange.dataset_unknown"
