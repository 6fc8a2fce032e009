"""Every I/O step of the judicial relay × {lost, done but reported as failed, killed, duplicated, delayed by an hour}.

One scenario is played once to count its steps, then again for each step and each way to fail. Afterwards always: every
checkpoint stands in the court's history exactly once and in order, each has its receipt, and the queue is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chain.errors import LogIntegrityError
from chain.judicial_port import Cosigned
from chain.transactions import Sender
from tests.support.judicial_world import ADDRESS, CHAIN_ID, KEYS, SENDER, JudicialWorld, cosigned, play

HOUR = 3600.0
Disturb = Callable[[JudicialWorld, Callable[[], Any]], None]


def _steps() -> int:
    world = JudicialWorld()
    play(world)
    return int(world.counter["n"])


@pytest.mark.parametrize("mode", ["lost", "persisted", "killed before", "killed after"])
def test_every_step_may_fail_once(mode: str) -> None:
    steps = _steps()
    assert steps > 60
    for at in range(steps):
        world = JudicialWorld(at, mode)
        play(world)
        world.drain()
        world.check()
        assert world.alarms == []


class Disturbed:
    """A part of the relay; before the call with the chosen number `disturb(world, repeat)` happens."""

    def __init__(self, inner: Any, world: JudicialWorld, counter: dict[str, int], disturb: Disturb) -> None:
        self._inner, self._world, self._counter, self._disturb = inner, world, counter, disturb

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._inner, name)

        def call(*args: Any) -> Any:
            number = self._counter["n"]
            self._counter["n"] += 1
            if number == self._counter["at"]:
                self._disturb(self._world, lambda: target(*args))
            return target(*args)

        return call


def _disturb_each_step(disturb: Disturb) -> None:
    for at in range(_steps()):
        world = JudicialWorld()
        counter = {"n": 0, "at": at}
        for part in ("gateway", "receipts", "store"):
            setattr(world.relay, part, Disturbed(getattr(world.relay, part), world, counter, disturb))
        play(world)
        world.drain()
        world.check()


def test_every_step_may_be_done_twice() -> None:
    """A step is repeated at once: a retry of some layer below that nobody told us of."""
    _disturb_each_step(lambda _world, repeat: repeat())


def test_every_step_may_come_an_hour_late() -> None:
    """The call before which an hour passes: leases run out meanwhile, another relay takes over, the first one returns."""

    def an_hour(world: JudicialWorld, _repeat: Callable[[], Any]) -> None:
        world.time += HOUR
        other = world.new_relay("meanwhile")
        for _ in range(3):
            other.tick()
            world.gateway.mine()
            world.time += 6.0

    _disturb_each_step(an_hour)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("drop", [False, True])
def test_reorganisations_before_finality_lose_nothing(depth: int, drop: bool) -> None:
    world = JudicialWorld(finality_depth=3)
    play(world)
    for _ in range(3):
        world.gateway.reorganise(depth, drop=drop)
        for _ in range(4):
            world.step()
        world.gateway.mine()
        world.step()
    world.drain()
    world.check()


def test_nothing_is_anchored_before_it_is_final() -> None:
    world = JudicialWorld(finality_depth=3)
    world.grow(5)
    world.step()
    world.gateway.mine(3)
    world.step()
    assert world.store.states() == {5: "broadcast"}
    world.gateway.mine()
    world.step()
    assert world.store.states() == {5: "anchored"}


def test_a_court_that_is_down_for_a_day_loses_nothing_and_drains_in_order() -> None:
    world = JudicialWorld()
    world.grow(4)
    world.drain()
    world.gateway.down = True
    for _ in range(48):
        world.grow(3)
        world.step(1800.0)
    assert set(world.store.states().values()) == {"anchored", "pending"}
    world.gateway.down = False
    world.drain()
    world.check()
    assert len(world.accepted()) == 49


def test_the_court_goes_down_while_transactions_fly() -> None:
    world = JudicialWorld()
    for _ in range(5):
        world.grow(2)
    world.step()
    world.gateway.mine()
    world.gateway.down = True
    for _ in range(24):
        world.step(HOUR)
    world.gateway.down = False
    world.drain()
    world.check()


def test_a_refused_checkpoint_is_parked_with_an_alarm_and_the_next_ones_go_on() -> None:
    world = JudicialWorld()
    first = world.grow(3)
    root = world.tree().root(first)
    # The in-memory contract counts signatures; a checkpoint whose quorum is too small for the court is never sent.
    world.store.add_witnessed(first, root, cosigned(first, root, KEYS[:1]))
    second = world.grow(4)
    world.drain()
    assert world.store.states() == {first: "parked", second: "anchored"}
    assert [alarm.code for alarm in world.alarms] == ["judicial.checkpoint_parked"]
    assert "too few" in world.store.alarm(first)


def test_a_revert_is_parked_and_what_was_built_on_it_is_staged_again() -> None:
    """The log of checkpoint two is another one (a fork that the witnesses signed): the court refuses exactly it."""
    world = JudicialWorld()
    sizes = [world.grow(3) for _ in range(4)]
    forked = bytes([9] * 32)
    world.store.add_witnessed(sizes[1], forked, cosigned(sizes[1], forked))
    world.drain()
    states = world.store.states()
    assert states == {sizes[0]: "anchored", sizes[1]: "parked", sizes[2]: "anchored", sizes[3]: "anchored"}
    assert "HistoryRewritten" in world.store.alarm(sizes[1])
    assert [size for size, _ in world.accepted()] == [sizes[0], sizes[2], sizes[3]]


def test_a_strangers_and_a_broken_signature_do_not_reach_the_court() -> None:
    world = JudicialWorld()
    size = world.grow(3)
    root = world.tree().root(size)
    good = cosigned(size, root, KEYS)
    strangers = cosigned(size, root, (bytes([0x55] * 32),))
    world.store.add_witnessed(size, root, [*strangers, Cosigned(1, bytes(65)), Cosigned(2, b"short"), *good])
    world.drain()
    world.check()


def test_what_somebody_else_carried_gets_its_receipt_too() -> None:
    world = JudicialWorld()
    other = JudicialWorld()
    other.gateway = world.gateway
    stranger = Sender(bytes([8] * 32), CHAIN_ID)
    other.relay = other.new_relay("court clerk")
    other.relay.sender = stranger
    size = world.grow(6)
    other.grow(6)
    other.step()
    world.gateway.mine()
    world.drain()
    assert world.store.states() == {size: "anchored"}
    assert world.gateway.transaction_count(SENDER.address) == 0


def test_a_checkpoint_that_the_court_is_past_is_parked() -> None:
    world, other = JudicialWorld(), JudicialWorld()
    other.gateway = world.gateway
    other.relay = other.new_relay("court clerk")
    other.relay.sender = Sender(bytes([8] * 32), CHAIN_ID)
    other.grow(6)
    world.grow(4)
    world.grow(2)
    other.step()
    world.gateway.mine()
    world.drain()
    assert world.store.states() == {4: "parked", 6: "anchored"}


def test_a_transaction_displaced_by_another_use_of_the_account_is_staged_again() -> None:
    world = JudicialWorld()
    world.grow(3)
    world.grow(3)
    world.step()
    world.gateway._pool.clear()
    world.gateway.send([SENDER.sign("0x" + "44" * 20, b"", 0, 21_000).raw])
    world.gateway.mine()
    world.step()
    world.drain()
    world.check()
    assert {alarm.code for alarm in world.alarms} == {"judicial.transaction_displaced"}


def test_a_court_with_another_history_stops_the_relay() -> None:
    world, other = JudicialWorld(), JudicialWorld()
    other.gateway = world.gateway
    other.relay = other.new_relay("fork")
    other.relay.sender = Sender(bytes([8] * 32), CHAIN_ID)
    forked = bytes([9] * 32)
    other.store.add_witnessed(2, forked, cosigned(2, forked))
    other.step()
    world.gateway.mine()
    world.grow(5)
    with pytest.raises(LogIntegrityError):
        world.step()
    assert world.store.states() == {5: "pending"}


def test_a_court_that_lost_what_it_had_accepted_stops_the_relay() -> None:
    world = JudicialWorld()
    world.grow(5)
    world.drain()
    world.gateway.reorganise(5, drop=True)
    world.relay = world.new_relay("one")
    with pytest.raises(LogIntegrityError):
        world.relay.tick()


def test_another_chain_or_a_missing_contract_is_not_written_to() -> None:
    world = JudicialWorld()
    world.grow(3)
    world.gateway._factory = dict
    world.gateway._state = {}
    world.step()
    assert world.store.states() == {3: "pending"}
    assert world.gateway.code(ADDRESS) == b""


def test_two_relays_stage_each_checkpoint_once() -> None:
    world = JudicialWorld()
    other = world.new_relay("two")
    world.grow(3)
    assert world.relay.tick().leader
    assert not other.tick().leader
    world.time += 6.0
    assert other.tick().leader
    world.grow(5)
    assert not world.relay.tick().leader
    world.relay = other
    world.drain()
    world.check()
