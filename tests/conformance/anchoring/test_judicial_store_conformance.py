"""One suite for both stores of the judicial relay: in memory and in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from api.infra.db import Database
from chain.errors import LeaseLost
from chain.judicial_port import Carried, Item, ItemState
from tests.support.anchoring_store import create_tables
from tests.support.judicial_store import SqlOutside
from tests.support.judicial_world import ADDRESS, CHAIN_ID, KEYS, JudicialWorld, cosigned

MakeWorld = Callable[[], JudicialWorld]


@pytest.fixture(params=["memory", "sql"])
def world(request: pytest.FixtureRequest, database: Database) -> JudicialWorld:
    if request.param == "memory":
        return JudicialWorld()
    create_tables(database)
    return JudicialWorld(make_store=lambda world: SqlOutside(database, world))


def _fence(world: JudicialWorld) -> int:
    fence = world.store.acquire("one", 10)
    assert fence is not None
    return int(fence)


def _staged(item: Item, number: int = 1) -> Item:
    return replace(item, state=ItemState.STAGED, raw=bytes([number]), hash=bytes([number] * 32))


def test_the_lease_has_one_holder_and_a_rising_fence(world: JudicialWorld) -> None:
    first = world.store.acquire("one", 10)
    assert world.store.acquire("two", 10) is None
    world.time += 11
    assert world.store.acquire("two", 10) == first + 1
    world.grow(1)
    with pytest.raises(LeaseLost):
        world.store.enrol(first)


def test_witnessed_checkpoints_are_enrolled_once_in_order_and_only_upwards(world: JudicialWorld) -> None:
    fence = _fence(world)
    assert world.store.enrol(fence) == 0
    sizes = [world.grow(3), world.grow(2)]
    assert world.store.enrol(fence) == 2
    assert world.store.enrol(fence) == 0
    late = 4
    root = world.tree().root(late)
    world.store.add_witnessed(late, root, cosigned(late, root))
    assert world.store.enrol(fence) == 0, "a larger one that covers it is enrolled already"
    assert [item.size for item in world.store.pending(10)] == sizes
    assert [item.root for item in world.store.pending(10)] == [world.tree().root(size) for size in sizes]
    assert [item.size for item in world.store.pending(1)] == sizes[:1]
    assert world.store.pending(0) == []
    assert len(world.store.cosignatures(sizes[0])) == 2


def test_an_item_goes_its_way_and_leaves_a_receipt(world: JudicialWorld) -> None:
    fence = _fence(world)
    size = world.grow(3)
    world.store.enrol(fence)
    (item,) = world.store.pending(10)
    world.store.stage(fence, [_staged(item)])
    assert world.store.pending(10) == []
    assert world.store.under_way() == [_staged(item)]
    world.store.mark_broadcast(fence, [_staged(item)])
    (flying,) = world.store.under_way()
    assert (flying.state, flying.raw, flying.hash) == (ItemState.BROADCAST, b"\x01", bytes([1] * 32))
    assert world.store.last_anchored(CHAIN_ID, ADDRESS) is None
    receipt = {"v": 1, "type": "anvil-mpt", "chain_id": CHAIN_ID, "address": ADDRESS}
    world.store.anchor(fence, [Carried(flying, 7, receipt)])
    assert world.store.under_way() == []
    assert world.store.last_anchored(CHAIN_ID, ADDRESS).size == size
    assert world.store.last_anchored(CHAIN_ID + 1, ADDRESS) is None, "another chain has promised nothing"
    assert world.store.last_anchored(CHAIN_ID, "0x" + "11" * 20) is None, "another contract neither"
    assert world.store.receipt(size) == receipt
    assert world.store.states() == {size: "anchored"}


def test_what_is_put_back_has_no_transaction_and_what_is_parked_has_a_reason(world: JudicialWorld) -> None:
    fence = _fence(world)
    first, second = world.grow(3), world.grow(3)
    world.store.enrol(fence)
    one, two = world.store.pending(10)
    world.store.stage(fence, [_staged(one, 1), _staged(two, 2)])
    world.store.put_back(fence, [_staged(two, 2)])
    assert world.store.pending(10) == [two]
    world.store.park(fence, _staged(one, 1), "refused")
    assert world.store.states() == {first: "parked", second: "pending"}
    assert world.store.alarm(first) == "refused"
    assert world.store.receipt(first) is None


def test_nothing_is_written_without_the_newest_fence(world: JudicialWorld) -> None:
    fence = _fence(world)
    world.grow(3)
    world.store.enrol(fence)
    (item,) = world.store.pending(10)
    staged = _staged(item)
    for write in (
        lambda: world.store.stage(fence + 1, [staged]),
        lambda: world.store.mark_broadcast(fence + 1, [staged]),
        lambda: world.store.anchor(fence + 1, [Carried(staged, 1, {})]),
        lambda: world.store.put_back(fence + 1, [staged]),
        lambda: world.store.park(fence + 1, staged, "x"),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert world.store.pending(10) == [item]


def test_the_whole_way_over_this_store(world: JudicialWorld) -> None:
    for _ in range(4):
        world.grow(3, KEYS)
    world.drain()
    world.grow(9)
    world.drain()
    world.check()


def test_too_few_signatures_for_the_court_are_not_enrolled(database: Database) -> None:
    create_tables(database)
    world = JudicialWorld(make_store=lambda world: SqlOutside(database, world))
    world.grow(3, KEYS[:1])
    assert world.store.enrol(_fence(world)) == 0
