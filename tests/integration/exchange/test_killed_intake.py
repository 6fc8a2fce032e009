"""kill -9 between any two steps: the file is taken on later, or nothing of it is there; never half of it, never twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from api.exchange.model import BatchState
from api.exchange.service import intake as steps
from api.exchange.service import quarantine
from api.exchange.service.store import Store
from api.exchange.tables import ExchangeBatchRow
from api.kernel.errors import DomainError
from tests.integration.exchange.conftest import World, water


class Killed(BaseException):
    """The process is gone: nothing that handles errors sees it."""


def _dies(*_args: Any, **_named: Any) -> Any:
    raise Killed


def _after(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **named: Any) -> Any:
        call(*args, **named)
        raise Killed

    return run


def _abandon(world: World) -> None:
    """The process that was at work has ended."""
    with world.uow() as session:
        session.execute(
            update(ExchangeBatchRow)
            .where(ExchangeBatchRow.state == BatchState.LANDED.value)
            .values(owner="gone-host 999999 1")
        )


KILLS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "while it is read": (steps, "read_file", _dies),
    "while it is checked": (steps, "prepare", _dies),
    "before the segment is written": (Store, "write", _dies),
    "after the segment is written": (Store, "write", _after(Store.write)),
    "in the last transaction": (quarantine, "keep", _dies),
    "at the end of the last transaction": (quarantine, "mark_fixed", _after(quarantine.mark_fixed)),
}


@pytest.mark.parametrize("moment", KILLS)
def test_a_killed_intake_is_taken_up_once(world: World, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    place, name, bad = KILLS[moment]
    with monkeypatch.context() as patch:
        patch.setattr(place, name, bad)
        with pytest.raises(Killed):
            world.send("water", [water(1), water(2, usage=-1)])
    assert world.rows("water") == []
    _abandon(world)
    monkeypatch.setattr(steps, "is_gone", lambda owner: owner.startswith("gone-host"))
    assert world.intake.resume() == 1
    assert [row["enterprise"] for row in world.rows("water")] == [1]
    assert world.intake.resume() == 0
    assert len(world.heard.calls) == 2
    with world.uow.read() as session:
        assert len(quarantine.page(session, ["water"], "open", "", 0, 10)) == 1


def test_a_kill_before_the_rows_leaves_an_orphan_that_is_swept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def landed() -> list[str]:
        return sorted(str(path) for path in (world.store.folder / "landing").rglob("*") if path.is_file())

    before = landed()
    with monkeypatch.context() as patch:
        patch.setattr(steps.repository, "add", _dies)
        with pytest.raises(Killed):
            world.send("water", [water(1)])
    assert len(landed()) == len(before) + 1
    assert world.intake.sweep() == 0, "a young file may belong to a process that is about to name it"
    for path in (world.store.folder).rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))
    assert world.intake.sweep() == 1
    assert landed() == before
    assert world.send("water", [water(1)]).new == 1


def test_a_batch_of_a_living_process_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(steps, "read_file", _dies)
        with pytest.raises(Killed):
            world.send("water", [water(1)])
    assert world.intake.resume() == 0


def test_two_commits_at_once_are_put_in_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = steps.compare
    once = iter([True])

    def meanwhile(*args: Any) -> Any:
        done = real(*args)
        if next(once, False):
            world.send("water", [water(1, usage=1)])
        return done

    monkeypatch.setattr(steps, "compare", meanwhile)
    second = world.send("water", [water(1, usage=2)])
    assert (second.state, second.new, second.changed) == (BatchState.COMMITTED, 0, 1)
    assert [row["usage"] for row in world.rows("water")] == [2]
    accepted = list((world.store.folder / "accepted" / "water").glob("*[0-9a-f].parquet"))
    assert len(accepted) == 2, "the segment of the lost attempt is gone"


def test_a_batch_that_two_processes_take_up_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Store.write
    once = iter([True])

    def meanwhile(store: Store, frame: Any, path: str) -> Any:
        if next(once, False):
            with world.uow.read() as session:
                waiting = steps.repository.unfinished(session)
            world.intake.proceed(waiting[0][0], "other")
        return real(store, frame, path)

    monkeypatch.setattr(Store, "write", meanwhile)
    with pytest.raises(DomainError, match="batch_over"):
        world.send("water", [water(1)])
    assert len(world.rows("water")) == 1
