"""The court's contract is replaced, because its witnesses changed: nothing stops, nothing is lost, old receipts stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.infra.db import Database
from chain.errors import LogIntegrityError
from chain.judicial import Court
from chain.judicial_memory import MemoryJudicialAnchor
from tests.support import judicial_world
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import ADDRESS, CHAIN_ID, COURT, JudicialWorld

SECOND = "0x" + "88" * 20


@pytest.fixture(params=["memory", "sql"])
def world(
    request: pytest.FixtureRequest, database: Database, monkeypatch: pytest.MonkeyPatch
) -> JudicialWorld:
    contracts = staticmethod(lambda: {ADDRESS: MemoryJudicialAnchor(), SECOND: MemoryJudicialAnchor()})
    monkeypatch.setattr(JudicialWorld, "_contracts", contracts)
    if request.param == "memory":
        return JudicialWorld()
    create_tables(database)
    return JudicialWorld(make_store=lambda made: SqlOutside(database, made))


@pytest.fixture
def replace(world: JudicialWorld, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The settings name the second contract, the witnesses sign for it, the worker was started again."""

    def done() -> None:
        second = Court(
            CHAIN_ID, SECOND, COURT.log_origin, COURT.domain_name, COURT.witnesses, COURT.threshold
        )
        monkeypatch.setattr(judicial_world, "COURT", second)
        monkeypatch.setattr(judicial_world, "ADDRESS", SECOND)
        world.time += 6.0
        world.relay = world.new_relay("after the change")

    return done


def _address(world: JudicialWorld, size: int) -> str:
    receipt = world.store.receipt(size)
    assert receipt is not None
    return str(receipt["address"])


def test_the_new_contract_takes_the_next_checkpoint_and_old_receipts_stay(
    world: JudicialWorld, replace: Callable[[], None]
) -> None:
    first = world.grow(3)
    world.drain()
    replace()
    world.step()
    assert world.store.states() == {first: "anchored"}, "an empty new contract is no lost history"
    second = world.grow(5)
    world.drain()
    assert world.store.states() == {first: "anchored", second: "anchored"}
    assert (_address(world, first), _address(world, second)) == (ADDRESS, SECOND)
    world.relay = world.new_relay("once more")
    world.time += 6.0
    world.step()
    assert world.alarms == []


def test_what_was_under_way_to_the_old_contract_is_put_back_and_holds_nothing_up(
    world: JudicialWorld, replace: Callable[[], None]
) -> None:
    world.grow(3)
    world.drain()
    under_way = world.grow(4)
    world.step()
    assert world.store.states()[under_way] == "broadcast"
    replace()
    after = world.grow(5)
    world.drain()
    assert world.store.states()[under_way] == "parked", "its witnesses signed for the old contract"
    assert world.store.alarm(under_way) == "too few valid cosignatures for the court"
    assert (world.store.states()[after], _address(world, after)) == ("anchored", SECOND)


def test_the_new_contract_may_not_lose_its_history_either(
    world: JudicialWorld, replace: Callable[[], None]
) -> None:
    world.grow(3)
    world.drain()
    replace()
    world.grow(5)
    world.drain()
    world.gateway._state[SECOND]._roots.clear()  # type: ignore[attr-defined]
    world.relay = world.new_relay("once more")
    world.time += 6.0
    with pytest.raises(LogIntegrityError):
        world.relay.tick()
