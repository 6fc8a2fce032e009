"""Every I/O step of the relay × {lost, done but reported as failed, killed before, killed after}.

One scenario is played once to count its steps; then it is played again for each step and each way to fail. Afterwards a
new relay takes over, and always: every entry is in the log exactly once and in order, calls took effect in order, our
tree is the chain's, and the queue is empty.
"""

from __future__ import annotations

import pytest

from chain import calls
from chain.abi import load
from chain.errors import GatewayUnavailable, LogIntegrityError
from chain.relay import Relay
from chain.transactions import Sender
from tests.support.relay_world import (
    CHAIN_ID,
    CONTRACTS,
    SENDER,
    SETTINGS,
    WALLET,
    Faulty,
    StoreBroken,
    World,
    check,
    drain,
    play,
    role_calls,
)


def _steps() -> int:
    world = World()
    play(world)
    return int(world.counter["n"])


MODES = ["lost", "persisted", "killed before", "killed after"]


@pytest.mark.parametrize("mode", MODES)
def test_every_step_may_fail_once(mode: str) -> None:
    steps = _steps()
    assert steps > 50
    for at in range(steps):
        world = World(at, mode)
        play(world)
        drain(world)
        check(world)


@pytest.mark.parametrize("depth", [1, 3])
def test_reorganisations_before_finality_lose_nothing(depth: int) -> None:
    world = World(finality_depth=3)
    play(world)
    for drop in (False, True, False):
        world.gateway.reorganise(depth, drop=drop)
        for _ in range(4):
            world.step()
        world.gateway.mine()
        world.step()
    drain(world)
    check(world)


def test_two_relays_stage_each_entry_once() -> None:
    world = World()
    other = world.new_relay("two")
    world.add(3)
    role_calls(world.store)
    assert world.relay.tick().leader
    assert not other.tick().leader
    world.time += 6.0
    assert other.tick().leader
    world.add(5)
    assert not world.relay.tick().leader
    world.relay = other
    world.store.release("conclude")
    drain(world)
    check(world)


def test_the_loser_of_a_lease_cannot_write() -> None:
    world = World()
    world.add(3)
    fence = world.store.acquire("one", 5.0)
    assert fence is not None
    world.time += 6.0
    assert world.store.acquire("two", 5.0) == fence + 1
    relay = world.relay
    relay.store = Faulty(world.store, world.counter, StoreBroken)
    relay.store.acquire = lambda owner, seconds: fence  # a process that slept through the loss of its lease
    assert not relay.tick().leader
    assert world.store.flights() == []


def test_a_transaction_displaced_by_another_use_of_the_account_is_staged_again() -> None:
    world = World()
    world.add(3)
    role_calls(world.store)
    world.step()
    world.gateway._pool.clear()
    stolen = SENDER.sign(WALLET, b"", 0, 21_000)
    world.gateway.send([stolen.raw])
    world.gateway.mine()
    world.step()
    world.store.release("conclude")
    drain(world)
    check(world)


def test_a_transaction_that_is_found_late_is_not_displaced() -> None:
    """A validator counts a transaction some blocks before it finds it by its hash."""
    world = World()
    world.gateway.index_lag = 2
    world.add(3)
    role_calls(world.store)
    world.step()
    receipts, found = world.gateway.receipts, world.gateway.head().number
    world.gateway.receipts = lambda hashes: [  # type: ignore[method-assign]
        r if r is None or r.block_number < found else None for r in receipts(hashes)
    ]
    for _ in range(2):
        tick = world.relay.tick()
        assert [alarm.code for alarm in tick.alarms] == []
        world.time += 0.1
        world.gateway.mine()
    world.gateway.receipts = receipts  # type: ignore[method-assign]
    world.store.release("conclude")
    drain(world)
    check(world)


def test_validators_that_catch_up_are_no_contradiction() -> None:
    world = World()
    world.add(3)
    role_calls(world.store)
    world.store.release("conclude")
    drain(world)
    receipts = world.gateway.receipts
    world.gateway.receipts = lambda hashes: [None for _ in hashes]  # type: ignore[method-assign]
    world.gateway.index_lag = 3
    world.relay = world.new_relay("after a restart")
    world.time += 6.0
    with pytest.raises(GatewayUnavailable) as caught:
        world.relay.tick()
    assert caught.value.code == "gateway.behind"
    for _ in range(5):
        world.gateway.mine()
    with pytest.raises(LogIntegrityError):
        world.relay.tick()
    world.gateway.receipts = receipts  # type: ignore[method-assign]
    world.relay.tick()


def test_an_append_of_a_stranger_stops_the_relay() -> None:
    world = World()
    stranger = Sender(bytes([6] * 32), CHAIN_ID)
    made = calls.append(CONTRACTS, 0, [bytes([255] * 32)])
    world.gateway.send([stranger.sign(made.to, made.data, 0, made.gas).raw])
    world.gateway.mine()
    world.add(3)
    world.relay.tick()
    world.gateway.mine()
    with pytest.raises(LogIntegrityError):
        world.relay.tick()
    states = {state for state, _ in world.store.entry_states().values()}
    assert "anchored" not in states


def test_a_chain_that_lost_final_blocks_stops_the_relay() -> None:
    world = World()
    world.add(3)
    world.step()
    world.gateway.mine()
    world.step()
    assert world.store.position().anchored_size == 3
    world.gateway.reorganise(1, drop=True)
    with pytest.raises(LogIntegrityError):
        world.new_relay("one").tick()


def test_a_chain_that_is_down_keeps_everything_pending_then_drains() -> None:
    world = World()
    world.gateway.down = True
    world.add(9)
    role_calls(world.store)
    for _ in range(5):
        world.step()
    assert {s for s, _ in world.store.entry_states().values()} <= {"pending", "staged"}
    world.gateway.down = False
    world.store.release("conclude")
    drain(world)
    check(world)


def test_a_refused_sender_raises_an_alarm_and_waits() -> None:
    world = World()
    world.add(1)
    foreign = Relay(
        world.gateway, world.store, Sender(bytes([5] * 32), 1), CONTRACTS, "one", SETTINGS, lambda: world.time
    )
    with pytest.raises(Exception, match="774411"):
        foreign.tick()
    size = load("EvidenceLog").function("size")
    assert size.decode(world.gateway.call(CONTRACTS.evidence_log, size.encode())) == (0,)


def test_what_is_sent_is_marked_and_not_sent_again_at_once() -> None:
    world = World()
    world.add(3)
    tick = world.relay.tick()
    assert (tick.staged, tick.broadcast, tick.anchored) == (1, 1, 0)
    assert {state for state, _ in world.store.entry_states().values()} == {"broadcast"}
    world.gateway.fail_next("send", "lost")  # would raise if anything were sent
    assert not world.relay.tick().busy
    world.gateway.mine()
    assert world.relay.tick().anchored == 1
