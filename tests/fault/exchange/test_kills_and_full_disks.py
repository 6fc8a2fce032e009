"""A process that is killed at each step of the intake (SIGKILL, in a process of its own), and a disk without room."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.exchange import repository
from api.exchange.model import BatchState, Channel, Mode, Request, Stage
from api.exchange.service import quarantine
from api.exchange.service.store import Store
from api.infra.db import Database
from api.infra.sealing import FieldKey
from tests.integration.exchange.conftest import World, firm, site, water, world
from tests.integration.exchange.test_exchange_api import officer, upload

__all__ = ["officer", "site", "world"]
ROOT = Path(__file__).parents[3]
CHILD = """
import os, signal, sys
from pathlib import Path
from api.exchange.service import checking, intake, quarantine, subjects
from api.exchange.service.store import Store
from api.exchange import repository
from api.infra.db import Database
from api.infra.sealing import FieldKey
from tests.integration.exchange.conftest import World, firm, water

def die(*_args, **_named):
    os.kill(os.getpid(), signal.SIGKILL)

def after(call):
    def run(*args, **named):
        call(*args, **named)
        die()
    return run

def halfway(dataset, raw, as_of, matcher, tell):
    def told(stage, done, of):
        tell(stage, done, of)
        if done == 2:
            die()

    checking.STEP = 1
    return prepare(dataset, raw, as_of, matcher, told)

prepare = intake.prepare
url, folder, moment, what = sys.argv[1:]
places = {
    "while it is read": (intake, "read_file", die),
    "while it is checked": (intake, "compare", die),
    "before the segment": (Store, "write", die),
    "after the segment": (Store, "write", after(Store.write)),
    "when the order is taken": (repository, "advance", after(repository.advance)),
    "in the last transaction": (quarantine, "keep", after(quarantine.keep)),
    "at its end": (intake, "_tell", after(intake._tell)),
    "when rows are matched again": (intake, "rematched", die),
    "between two steps of the checks": (intake, "prepare", halfway),
}
world = World(Database(url, FieldKey(bytes(range(32)))), Path(folder))
place, name, bad = places[moment]
setattr(place, name, bad)
if what == "check":
    world.intake.resume()
elif what == "send":
    world.send("water", [water(1), water(2, usage=-1)])
else:
    world.late.ask()
    world.intake.resume()
print("survived")
"""
MOMENTS = (
    "while it is read", "while it is checked", "before the segment", "after the segment", "when the order is taken",
    "in the last transaction", "at its end",
)  # fmt: skip


@pytest.fixture
def field_key() -> FieldKey:
    return FieldKey(bytes(range(32)))


def killed(database_url: str, folder: Path, moment: str, what: str) -> None:
    """Do it in another process, which dies of signal 9 at that moment."""
    found = subprocess.run(
        [sys.executable, "-c", CHILD, database_url, str(folder), moment, what],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == -signal.SIGKILL, found.stdout + found.stderr


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_intake_is_gone_on_with_once(
    database_url: str, database: Database, world: World, tmp_path: Path, moment: str
) -> None:
    killed(database_url, tmp_path, moment, "send")
    assert world.rows("water") == []
    told = len(world.heard.calls)
    assert world.intake.resume() == 1
    assert [row["enterprise"] for row in world.rows("water")] == [1]
    assert world.heard.calls[told:] == [("water", [(1, 202605)])]
    with world.uow.read() as session:
        assert len(quarantine.page(session, ["water"], "open", "", 0, 10)) == 1
    assert world.intake.resume() == 0
    assert world.send("water", [water(1)]).same == 1


@pytest.mark.parametrize(
    "moment", ["when rows are matched again", "after the segment", "when the order is taken", "at its end"]
)
def test_a_killed_second_matching_is_gone_on_with_once(
    database_url: str, database: Database, world: World, tmp_path: Path, moment: str
) -> None:
    world.send("water", [water(7)])
    world.send("market_registry", [firm(7)])
    killed(database_url, tmp_path, moment, "match")
    assert world.rows("water") == []
    told = len(world.heard.calls)
    world.late.ask()
    assert world.intake.resume() == 1
    assert world.heard.calls[told:] == [("water", [(4, 202605)])]
    assert (world.late.ask(), world.intake.resume()) == (0, 0)


@pytest.mark.parametrize("moment", [*MOMENTS, "between two steps of the checks"])
def test_a_worker_that_is_killed_over_a_large_file_is_followed_by_another(
    database_url: str, database: Database, world: World, tmp_path: Path, moment: str
) -> None:
    asked = Request("water", Mode.APPEND, False, Channel.UPLOAD, "large.csv")
    data = world.csv("water", [water(1), water(2, usage=-1), water(3)])
    batch = world.intake.receive(asked, [data], "officer", queue_above=10)
    assert batch.state is BatchState.CHECKING
    killed(database_url, tmp_path, moment, "check")
    assert world.rows("water") == []
    with world.uow.read() as session:
        left = repository.batch(*repository.find(session, batch.id))
    assert left.state is BatchState.CHECKING
    assert left.progress is not None
    if moment == "between two steps of the checks":
        assert (left.progress.stage, left.progress.done, left.progress.of) == (Stage.VALIDATING, 2, 3)
    told = len(world.heard.calls)
    assert world.intake.resume() == 1
    with world.uow.read() as session:
        row, _landing = repository.find(session, batch.id)
        assert (row.state, row.attempts, row.new, row.quarantined) == ("committed", 2, 2, 1)
        [rejected] = quarantine.page(session, ["water"], "open", "", 0, 10)
    assert rejected.row == 2
    assert world.heard.calls[told:] == [("water", [(1, 202605), (3, 202605)])]
    assert world.intake.resume() == 0
    assert len(list((world.store.folder / "landing").rglob("*.csv"))) == 2, "the register's and this one"


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: the system refuses the write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def cramped(call: Any, size: int) -> Any:
    def run(*args: Any, **named: Any) -> Any:
        with little_room(size):
            return call(*args, **named)

    return run


def test_a_disk_that_is_full_while_a_file_lands_keeps_nothing(
    officer: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted((world.store.folder / "landing").rglob("*"))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "land", cramped(Store.land, 100))
        answer = upload(officer, "water", world.csv("water", [water(1), water(2)]))
    assert (answer.status_code, answer.json()["code"]) == (503, "exchange.storage_full")
    assert "存储空间不足" in answer.json()["detail_zh"]
    assert sorted((world.store.folder / "landing").rglob("*")) == before
    assert officer.get("/api/v1/exchange/batches").json()["batches"] == []
    assert upload(officer, "water", world.csv("water", [water(1)])).json()["new"] == 1


def test_a_disk_that_is_full_later_loses_nothing_of_a_landed_file(
    officer: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", cramped(Store.write, 1_000))
        answer = upload(officer, "water", world.csv("water", [water(1)]))
        assert (answer.status_code, answer.json()["code"]) == (503, "exchange.storage_full")
        [batch] = officer.get("/api/v1/exchange/batches").json()["batches"]
        assert batch["state"] == BatchState.LANDED.value
        assert "正在检查" in officer.get(f"/exchange/batches/{batch['id']}").text
        with pytest.raises(Exception, match="storage_full"):
            world.intake.resume()
    assert world.rows("water") == []
    assert not list((world.store.folder / "accepted" / "water").glob("*"))
    assert world.intake.resume() == 1, "when there is room again, though this process has never ended"
    assert len(world.rows("water")) == 1
