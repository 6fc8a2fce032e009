"""Rows that are matched again: when the register came later, or a person decided otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.exchange import repository
from api.exchange.model import BatchState, Mode
from api.exchange.service import intake as intake_steps
from tests.integration.exchange.conftest import World, code, firm, water

MAY = 202605


def test_rows_that_came_before_the_register_are_found_later(world: World) -> None:
    first = world.send("water", [water(1), water(7), water(8)])
    assert first.unmatched == 2
    world.send("market_registry", [firm(7)])
    assert world.intake.rematch_unmatched("water") == 1
    assert world.intake.rematch_unmatched("water") == 1, "asked twice, done once"
    world.clock.advance(timedelta(hours=1))
    assert world.intake.resume() == 1
    rows = world.rows("water")
    assert [(row["enterprise"], row["_row"]) for row in rows] == [(1, 1), (4, 2)]
    assert world.heard.last == [(4, MAY)]
    assert len(world.rows("water", known_at=first.known_at)) == 1
    assert world.accepted.covered("water") is not None
    assert world.send("water", [water(7)]).same == 1


def test_what_was_sent_meanwhile_is_not_doubled(world: World) -> None:
    world.send("water", [water(7)])
    world.send("market_registry", [firm(7)])
    world.send("water", [water(7, usage=3)])
    world.intake.rematch_unmatched("water")
    world.intake.resume()
    assert [row["usage"] for row in world.rows("water")] == [3]


def test_a_correction_finds_the_row_that_came_before_its_enterprise(world: World) -> None:
    """The register has come, the row was not matched again yet: nothing is wrong with its correction."""
    first = world.send("water", [water(1), water(7), water(8)])
    world.send("market_registry", [firm(7)])
    found = world.send(
        "water", [water(7, usage=3), water(1, usage=4), water(9, usage=5)], mode=Mode.CORRECTION
    )
    assert (found.changed, found.new, found.ended, found.quarantined) == (2, 0, 0, 1), "9 was never sent"
    assert world.heard.last == [(1, MAY), (4, MAY)]
    wanted = [(1, 4), (4, 3)]
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == wanted
    world.late.ask()
    world.intake.resume()
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == wanted
    assert world.rows("water", known_at=first.known_at) != []
    world.intake.withdraw(found.id, "officer", "wrong")
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == [(1, 120)]
    world.intake.rematch_unmatched("water")
    world.intake.resume()
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == [(1, 120), (4, 120)]


def test_a_correction_that_repeats_such_a_row_changes_nothing(world: World) -> None:
    world.send("water", [water(7)])
    world.send("market_registry", [firm(7)])
    found = world.send("water", [water(7)], mode=Mode.CORRECTION)
    assert (found.same, found.changed, found.quarantined) == (1, 0, 0)
    world.late.ask()
    world.intake.resume()
    assert [row["enterprise"] for row in world.rows("water")] == [4]


def test_withdrawal_takes_what_was_matched_again_with_it(world: World) -> None:
    batch = world.send("water", [water(1), water(7)])
    world.send("market_registry", [firm(7)])
    world.intake.rematch_unmatched("water")
    world.intake.resume()
    assert len(world.rows("water")) == 2
    world.intake.withdraw(batch.id, "officer", "wrong")
    assert world.rows("water") == []
    assert world.heard.last == [(1, MAY), (4, MAY)]


def test_a_file_without_anything_new_is_matched_in_vain(world: World) -> None:
    world.send("water", [water(1), water(9)])
    told, files = len(world.heard.calls), segments(world)
    world.intake.rematch_unmatched("water")
    assert world.intake.resume() == 1
    assert len(world.heard.calls) == told
    assert segments(world) == files
    with world.uow.read() as session:
        [(_, newest), *_] = repository.page(session, ["water"], "", None, 1)
    assert (newest.state, newest.changed, newest.ended) == (BatchState.DISCARDED, 0, 0)


def segments(world: World) -> list[str]:
    return sorted(path.name for path in (world.store.folder / "accepted").rglob("*.parquet"))


def test_a_register_that_comes_later_is_enough(world: World) -> None:
    first = world.send("water", [water(1), water(7), water(7, "2026-04"), water(8)])
    assert world.late.ask() == 0, "the register is as it was"
    assert world.intake.resume() == 0
    world.send("market_registry", [firm(7)])
    told = len(world.heard.calls)
    assert world.late.ask() == 1
    assert world.intake.resume() == 1
    assert world.heard.calls[told:] == [("water", [(4, 202604), (4, MAY)])], "these and no others"
    assert [(row["enterprise"], row["month"]) for row in world.rows("water")] == [
        (1, MAY),
        (4, 202604),
        (4, MAY),
    ]
    assert world.late.ask() == world.intake.resume() == 0
    assert len(world.rows("water", known_at=first.known_at)) == 1, "what was known then stays"


def test_only_batches_that_the_register_concerns_are_matched_again(world: World) -> None:
    world.send("water", [water(8, "2026-03")])
    concerned = world.send("water", [water(7)])
    world.send("power", [water(9)])
    world.send("market_registry", [firm(7)])
    assert world.late.ask() == 2
    with world.uow.read() as session:
        waiting = [repository.find(session, found)[1].id for found, *_ in repository.unfinished(session)]
    assert waiting == [concerned.landing.id]


def test_a_register_that_is_committed_while_a_file_is_checked_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.late.ask()
    real, once = intake_steps.compare, iter([True])

    def meanwhile(*args: Any) -> Any:
        if next(once, False):
            world.send("market_registry", [firm(7)])
        return real(*args)

    monkeypatch.setattr(intake_steps, "compare", meanwhile)
    assert world.send("water", [water(7)]).unmatched == 1
    assert world.late.ask() == 1
    world.intake.resume()
    assert [row["enterprise"] for row in world.rows("water")] == [4]


def test_a_kill_while_rows_are_matched_again_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_args: Any) -> Any:
        raise Killed

    world.send("water", [water(7)])
    world.send("market_registry", [firm(7)])
    with monkeypatch.context() as patch:
        patch.setattr(intake_steps, "rematched", dies)
        assert world.late.ask() == 1
        with pytest.raises(Killed):
            world.intake.resume()
    monkeypatch.setattr(intake_steps, "is_gone", lambda _owner: True)
    told = len(world.heard.calls)
    assert (world.late.ask(), world.intake.resume()) == (0, 1)
    assert world.heard.calls[told:] == [("water", [(4, MAY)])]
    assert len(world.rows("water")) == 1


def test_rows_that_would_contradict_each_other_stay_unmatched(world: World) -> None:
    by_name = water(7, usage=1) | {"uscc": "", "name": "试样企业7有限公司"}
    world.send("water", [by_name, water(7, usage=2)])
    world.send("market_registry", [firm(7)])
    world.late.ask()
    world.intake.resume()
    assert [(row["enterprise"], row["usage"]) for row in world.rows("water")] == [(4, 2)]
    told = len(world.heard.calls)
    world.send("market_registry", [firm(8)])
    world.late.ask()
    world.intake.resume()
    assert all(dataset == "market_registry" for dataset, _ in world.heard.calls[told:])


def test_an_event_finds_its_enterprise_later_under_the_same_number(world: World) -> None:
    event = {"uscc": code(7), "name": "x", "injury_no": "工1", "occurred_on": "2026-05-02", "kind": "injury"}
    world.send("si_injury", [event])
    world.send("market_registry", [firm(7)])
    world.late.ask()
    world.intake.resume()
    assert [(row["enterprise"], row["injury_no"]) for row in world.rows("si_injury")] == [(4, "工1")]
    assert world.send("si_injury", [event]).same == 1
