"""Due work that fails: tried again, kept for the operator after the third time, forgotten after a good round."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from api.infra import loops
from api.infra.db import Database, UnitOfWork
from api.infra.loops import Failing, FailingLoopRow, Loop, Rounds
from api.kernel.clock import SystemClock
from api.kernel.errors import integrity, unavailable


class Stop(threading.Event):
    """Never waits; remembers how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


def going(database: Database, *rounds: Callable[[], int]) -> tuple[Rounds, Loop, Stop, list[list[Failing]]]:
    """A loop that does the `rounds` one after the other, what was kept before each, and stops after the last."""
    stop, left, kept = Stop(), list(rounds), []

    def run(_container: Any) -> int:
        with database.transaction() as session:
            kept.append(loops.failing(session))
        if len(left) == 1:
            stop.set()
        return left.pop(0)()

    return Rounds(UnitOfWork(database), SystemClock(), stop), Loop(run, 7.0), stop, kept


def fault() -> int:
    raise TypeError("a name or a number that belongs in no table")


def test_the_third_failure_in_a_row_is_kept_until_a_good_round(database: Database) -> None:
    busy = unavailable("rights.disk_busy")

    def away() -> int:
        raise busy

    rounds, loop, stop, kept = going(database, fault, fault, fault, away, lambda: 1, lambda: 0)
    rounds.go("exchange.checks", loop, None)
    assert [len(one) for one in kept] == [0, 0, 0, 1, 1, 0]
    third, fourth = kept[3][0], kept[4][0]
    assert (third.name, third.failures, third.error, third.stopped) == (
        "exchange.checks",
        3,
        "TypeError",
        False,
    )
    assert (fourth.failures, fourth.error, fourth.since) == (4, "rights.disk_busy", third.since)
    assert stop.waits == [1.0, 2.0, 4.0, 8.0, 7.0], (
        "growing pauses, none while there is more to do, then the loop's own"
    )


def test_a_contradiction_stops_the_loop_at_once(database: Database) -> None:
    def wrong() -> int:
        raise integrity("anchoring.orphan_entry", index=3)

    rounds, loop, stop, kept = going(database, wrong, fault)
    rounds.go("anchoring", loop, None)
    assert (len(kept), stop.waits) == (1, [])
    with database.transaction() as session:
        (found,) = loops.failing(session)
    assert (found.error, found.stopped, found.failures) == ("anchoring.orphan_entry", True, 1)
    rounds.begin()
    with database.transaction() as session:
        assert loops.failing(session) == []


def test_a_good_round_clears_what_an_earlier_process_kept(database: Database) -> None:
    old = FailingLoopRow(name="risk", since=SystemClock().now(), failures=9, error="OSError", stopped=True)
    with database.transaction() as session:
        session.add(old)
    rounds, loop, _stop, kept = going(database, fault, lambda: 0, lambda: 0)
    rounds.go("risk", loop, None)
    assert [len(one) for one in kept] == [1, 1, 0]


def test_a_database_that_fails_too_ends_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, loop, _stop, kept = going(database, fault, fault, fault, fault, lambda: 0)

    def away() -> Any:
        raise OSError("no database")

    monkeypatch.setattr(rounds, "_uow", away)
    rounds.begin()
    rounds.go("risk", loop, None)
    assert [len(one) for one in kept] == [0, 0, 0, 0, 0]
