"""One suite for both stores of the relay: in memory and in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from api.infra.db import Database
from chain import calls
from chain.errors import LeaseLost
from chain.merkle import Tree, leaf_hash, tree_root
from chain.relay_port import Anchored, Flight, FlightKind, FlightState, NewFlight, ReadyCall
from tests.support.anchoring_store import SqlOutside, create_tables
from tests.support.relay_world import CONTRACTS, SENDER, World

MakeWorld = Callable[[], World]


@pytest.fixture(params=["memory", "sql"])
def make_world(request: pytest.FixtureRequest, database: Database) -> MakeWorld:
    if request.param == "memory":
        return World
    create_tables(database)
    return lambda: World(make_store=lambda world: SqlOutside(database, world))


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


def entry(number: int) -> bytes:
    return number.to_bytes(32, "big")


def append(nonce: int, first: int, entries: tuple[bytes, ...]) -> NewFlight:
    made = calls.append(CONTRACTS, first, entries)
    signed = SENDER.sign(made.to, made.data, nonce, made.gas)
    flight = Flight(
        signed.hash, nonce, FlightKind.APPEND, FlightState.STAGED, first, len(entries), None, made.to
    )
    return NewFlight(flight, signed.raw, entries)


def grown(store: Any, new: NewFlight) -> Anchored:
    tree = Tree(store.tiles(), store.position().anchored_size)
    return Anchored(new.flight, 7, bytes([7] * 32), 0, tree.append([leaf_hash(e) for e in new.entries]))


def test_the_lease_has_one_holder_and_a_rising_fence(world: World) -> None:
    store = world.store
    first = store.acquire("one", 10)
    assert store.acquire("two", 10) is None
    world.time += 4
    assert store.acquire("one", 10) == first
    world.time += 4
    assert store.acquire("one", 10) == first
    world.time += 9
    assert store.acquire("two", 10) is None  # renewed at 8 at the latest
    world.time += 2
    second = store.acquire("two", 10)
    assert second > first
    assert store.acquire("one", 10) is None
    for write in (
        lambda: store.stage(first, [append(0, 0, ())]),
        lambda: store.mark_broadcast(first, []),
        lambda: store.anchor(first, []),
        lambda: store.requeue(first, []),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert store.flights() == []


def test_entries_go_through_their_states(world: World) -> None:
    store = world.store
    fence = store.acquire("one", 10)
    for i in range(5):
        store.add_entry(entry(i))
    assert store.pending_entries(3) == [entry(0), entry(1), entry(2)]
    assert store.position().next_nonce is None
    one, two = append(4, 0, (entry(0), entry(1), entry(2))), append(5, 3, (entry(3),))
    store.stage(fence, [one, two])
    assert store.pending_entries(9) == [entry(4)]
    assert [f.nonce for f in store.flights()] == [4, 5]
    assert store.flights()[0] == one.flight
    position = store.position()
    assert (position.next_nonce, position.staged_size, position.anchored_size) == (6, 4, 0)
    assert store.raws([two.flight.hash, one.flight.hash]) == [two.raw, one.raw]
    assert store.entries(one.flight) == list(one.entries)
    store.mark_broadcast(fence, [one.flight])
    assert [f.state for f in store.flights()] == [FlightState.BROADCAST, FlightState.STAGED]
    assert store.entry_states()[entry(2)] == ("broadcast", 2)
    assert store.last_anchored() is None
    store.anchor(fence, [grown(store, one)])
    assert store.entry_states()[entry(2)] == ("anchored", 2)
    assert store.position().anchored_size == 3
    last = store.last_anchored()
    assert (last.flight.hash, last.block_number, last.block_hash) == (one.flight.hash, 7, bytes([7] * 32))
    store.anchor(fence, [grown(store, two)])
    assert Tree(store.tiles(), 4).root() == tree_root([leaf_hash(entry(i)) for i in range(4)])
    assert store.flights() == []


def test_a_failed_append_keeps_its_entries_until_they_are_put_back(world: World) -> None:
    store = world.store
    fence = store.acquire("one", 10)
    for i in range(3):
        store.add_entry(entry(i))
    one = append(0, 0, (entry(0), entry(1)))
    store.stage(fence, [one])
    store.fail_append(fence, one.flight, "refused")
    assert store.flights() == []
    assert [f.hash for f in store.failed_appends()] == [one.flight.hash]
    assert store.pending_entries(9) == [entry(2)]
    store.requeue(fence, store.failed_appends())
    assert store.failed_appends() == []
    assert store.pending_entries(9) == [entry(0), entry(1), entry(2)]
    assert store.position().next_nonce == 1
    store.stage(fence, [append(1, 0, (entry(0), entry(1), entry(2)))])
    assert store.position().staged_size == 3


def test_calls_wait_for_what_they_depend_on(world: World) -> None:
    store = world.store
    fence = store.acquire("one", 10)
    made = [ReadyCall(name, CONTRACTS.participants, name.encode(), 5) for name in ("a", "b", "c", "d")]
    store.add_call(made[0])
    store.add_call(made[1], depends=["a"])
    store.add_call(made[2], held=True)
    store.add_call(made[3], depends=["c"])
    assert store.ready_calls(9) == [made[0]]
    assert store.ready_calls(0) == []
    signed = SENDER.sign(made[0].target, made[0].data, 0, 5)
    flight = Flight(signed.hash, 0, FlightKind.CALL, FlightState.STAGED, None, 0, "a", made[0].target)
    store.stage(fence, [NewFlight(flight, signed.raw)])
    assert store.ready_calls(9) == []
    assert store.call_state("a") == "staged"
    store.requeue(fence, [flight])
    assert store.ready_calls(9) == [made[0]]
    again = replace(flight, nonce=1, hash=bytes([1] * 32))
    store.stage(fence, [NewFlight(again, b"raw")])
    store.park(fence, again, "no")
    assert store.call_state("a") == "parked"
    assert [c.call_id for c in store.ready_calls(9)] == ["b"]
    store.release("c")
    assert [c.call_id for c in store.ready_calls(9)] == ["b", "c"]


def test_a_clock_set_back_by_a_day_does_not_lock_everybody_out(database: Database) -> None:
    create_tables(database)
    world = World(make_store=lambda world: SqlOutside(database, world))
    world.time = 86_400.0
    first = world.store.acquire("one", 10)
    world.time = 0.0
    assert world.store.acquire("one", 10) == first
    world.time = 86_400.0
    world.store.acquire("one", 10)
    world.time = 0.0
    second = world.store.acquire("two", 10)
    assert second == first + 1
