"""The relay's store in memory: the reference for its duties, used by tests and by tools that keep nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from chain.lease_memory import MemoryLease
from chain.merkle import MemoryTiles, TileStore
from chain.relay_port import Anchored, Flight, FlightKind, FlightState, NewFlight, Position, ReadyCall


@dataclass
class _Entry:
    entry: bytes
    state: str = "pending"
    index: int | None = None
    flight: bytes | None = None


@dataclass
class _Call:
    ready: ReadyCall
    state: str = "pending"
    depends: frozenset[str] = frozenset()
    reason: str = ""


SETTLED = frozenset({"anchored", "parked", "void"})


@dataclass
class _Kept:
    flight: Flight
    raw: bytes
    anchored: Anchored | None = None
    entries: tuple[bytes, ...] = field(default=())


class MemoryRelayStore:
    """Outbox, lease and tree in dictionaries."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._lease = MemoryLease(now)
        self._entries: dict[bytes, _Entry] = {}
        self._calls: dict[str, _Call] = {}
        self._flights: dict[bytes, _Kept] = {}
        self._tiles = MemoryTiles()
        self._size = 0

    # -- what the outside writes

    def add_entry(self, entry: bytes) -> None:
        """A committed event waits for the log."""
        if entry in self._entries:
            raise ValueError("an entry is added once")
        self._entries[entry] = _Entry(entry)

    def add_call(self, call: ReadyCall, *, held: bool = False, depends: Iterable[str] = ()) -> None:
        """A registry call waits, after the calls it depends on."""
        self._calls[call.call_id] = _Call(call, "held" if held else "pending", frozenset(depends))

    def release(self, call_id: str) -> None:
        """Held → pending."""
        self._calls[call_id].state = "pending"

    def call_state(self, call_id: str) -> str:
        """Where a call stands."""
        return self._calls[call_id].state

    def entry_states(self) -> dict[bytes, tuple[str, int | None]]:
        """State and log index of every entry."""
        return {e.entry: (e.state, e.index) for e in self._entries.values()}

    # -- the relay's side

    def acquire(self, owner: str, seconds: float) -> int | None:
        return self._lease.acquire(owner, seconds)

    def _in(self, *states: FlightState) -> list[_Kept]:
        kept = [k for k in self._flights.values() if k.flight.state in states]
        return sorted(kept, key=lambda k: k.flight.nonce)

    def position(self) -> Position:
        nonces = [k.flight.nonce for k in self._flights.values()]
        ends = [
            (k.flight.first_index or 0) + k.flight.count
            for k in self._in(FlightState.STAGED, FlightState.BROADCAST)
            if k.flight.kind is FlightKind.APPEND
        ]
        return Position(max(nonces) + 1 if nonces else None, max(ends, default=self._size), self._size)

    def flights(self) -> list[Flight]:
        return [k.flight for k in self._in(FlightState.STAGED, FlightState.BROADCAST)]

    def failed_appends(self) -> list[Flight]:
        waiting = {e.flight for e in self._entries.values()}
        return [k.flight for k in self._in(FlightState.FAILED) if k.entries and k.flight.hash in waiting]

    def last_anchored(self) -> Anchored | None:
        kept = self._in(FlightState.ANCHORED)
        return kept[-1].anchored if kept else None

    def pending_entries(self, limit: int) -> list[bytes]:
        return [e.entry for e in self._entries.values() if e.state == "pending"][:limit]

    def ready_calls(self, limit: int) -> list[ReadyCall]:
        ready = [
            c.ready
            for c in self._calls.values()
            if c.state == "pending" and all(self._calls[d].state in SETTLED for d in c.depends)
        ]
        return ready[: max(0, limit)]

    def raws(self, hashes: Sequence[bytes]) -> list[bytes]:
        return [self._flights[h].raw for h in hashes]

    def entries(self, flight: Flight) -> list[bytes]:
        return list(self._flights[flight.hash].entries)

    def tiles(self) -> TileStore:
        return self._tiles

    def _set(self, flight: Flight, state: FlightState) -> _Kept:
        kept = self._flights[flight.hash]
        kept.flight = replace(kept.flight, state=state)
        return kept

    def _carry(self, kept: _Kept, state: str) -> None:
        for offset, entry in enumerate(kept.entries):
            record = self._entries[entry]
            record.state = state
            pending = state == "pending"
            record.flight = None if pending else kept.flight.hash
            record.index = None if pending else (kept.flight.first_index or 0) + offset
        if kept.flight.call_id is not None:
            self._calls[kept.flight.call_id].state = state

    def stage(self, fence: int, flights: Sequence[NewFlight]) -> None:
        self._lease.check(fence)
        for new in flights:
            self._flights[new.flight.hash] = _Kept(new.flight, new.raw, entries=new.entries)
            self._carry(self._flights[new.flight.hash], "staged")

    def mark_broadcast(self, fence: int, flights: Sequence[Flight]) -> None:
        self._lease.check(fence)
        for flight in flights:
            self._carry(self._set(flight, FlightState.BROADCAST), "broadcast")

    def anchor(self, fence: int, anchored: Sequence[Anchored]) -> None:
        self._lease.check(fence)
        for item in anchored:
            kept = self._set(item.flight, FlightState.ANCHORED)
            kept.anchored = replace(item, growth=None)
            self._carry(kept, "anchored")
            if item.growth is not None:
                self._tiles.write(item.growth.tiles)
                self._size = item.growth.size

    def park(self, fence: int, flight: Flight, reason: str) -> None:
        self._lease.check(fence)
        self._carry(self._set(flight, FlightState.FAILED), "parked")
        self._calls[flight.call_id or ""].reason = reason

    def fail_append(self, fence: int, flight: Flight, reason: str) -> None:
        self._lease.check(fence)
        self._set(flight, FlightState.FAILED)

    def requeue(self, fence: int, flights: Sequence[Flight]) -> None:
        self._lease.check(fence)
        for flight in flights:
            self._carry(self._set(flight, FlightState.FAILED), "pending")
