"""What the relay needs from a database: the values of the outbox and the duties of its store.

Two implementations: in memory (`relay_memory`) and in SQL (`api.anchoring`); one conformance suite runs over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from chain.merkle import Growth, TileStore


class FlightKind(StrEnum):
    """What a transaction of ours carries."""

    APPEND = "append"
    CALL = "call"


class FlightState(StrEnum):
    """Where a transaction of ours stands."""

    STAGED = "staged"
    BROADCAST = "broadcast"
    ANCHORED = "anchored"
    FAILED = "failed"


@dataclass(frozen=True)
class Flight:
    """A persisted transaction. An append has `first_index` and `count`, a registry call has `call_id` and `target`."""

    hash: bytes
    nonce: int
    kind: FlightKind
    state: FlightState
    first_index: int | None = None
    count: int = 0
    call_id: str | None = None
    target: str = ""

    @property
    def staged(self) -> bool:
        """Whether it was never handed to the chain yet."""
        return self.state is FlightState.STAGED


@dataclass(frozen=True)
class NewFlight:
    """A transaction about to be persisted, with its raw bytes; an append with its entries."""

    flight: Flight
    raw: bytes
    entries: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ReadyCall:
    """A registry call that may be staged now: not held, and nothing it depends on is still under way."""

    call_id: str
    target: str
    data: bytes
    gas: int


@dataclass(frozen=True)
class Anchored:
    """A transaction that is final, with its place; for an append the log's growth."""

    flight: Flight
    block_number: int
    block_hash: bytes
    index: int
    growth: Growth | None = None


@dataclass(frozen=True)
class Position:
    """Where the relay stands: next nonce (None before the first transaction), staged end of the log, anchored size."""

    next_nonce: int | None
    staged_size: int
    anchored_size: int


class RelayStore(Protocol):
    """The outbox. Every writing method is one transaction, *fully persisted on return*, and does nothing but raise
    LeaseLost unless `fence` is the newest one that `acquire` has given out. A method that raises anything else may or
    may not have been persisted: the relay reads the state again and goes on from there.
    """

    def acquire(self, owner: str, seconds: float) -> int | None:
        """Take or renew the writing lease; its fence (rising with each change of owner), None while another holds it."""
        ...

    def position(self) -> Position:
        """Nonce and sizes, from what is persisted."""
        ...

    def flights(self) -> list[Flight]:
        """Transactions that are staged or broadcast, by nonce."""
        ...

    def failed_appends(self) -> list[Flight]:
        """Appends that the chain did not take and whose entries still wait to be put back."""
        ...

    def last_anchored(self) -> Anchored | None:
        """The newest anchored transaction (without growth): the chain must still have it."""
        ...

    def pending_entries(self, limit: int) -> list[bytes]:
        """Entries to stage, selected by state; of one stream always in its order, without a gap."""
        ...

    def ready_calls(self, limit: int) -> list[ReadyCall]:
        """Registry calls that may be staged, oldest first."""
        ...

    def raws(self, hashes: Sequence[bytes]) -> list[bytes]:
        """Raw bytes of persisted transactions, in the order of `hashes`."""
        ...

    def entries(self, flight: Flight) -> list[bytes]:
        """Entries of an append in the order of its call data."""
        ...

    def tiles(self) -> TileStore:
        """The anchored tree."""
        ...

    def stage(self, fence: int, flights: Sequence[NewFlight]) -> None:
        """Persist transactions; their entries and calls become staged."""
        ...

    def mark_broadcast(self, fence: int, flights: Sequence[Flight]) -> None:
        """Staged → broadcast."""
        ...

    def anchor(self, fence: int, anchored: Sequence[Anchored]) -> None:
        """Entries, calls and tree follow the chain: all of it together or nothing."""
        ...

    def park(self, fence: int, flight: Flight, reason: str) -> None:
        """A registry call that the chain refused: parked with its reason, for a person; its transaction has failed."""
        ...

    def fail_append(self, fence: int, flight: Flight, reason: str) -> None:
        """An append that the chain refused or never took: failed, its entries stay with it until `requeue`."""
        ...

    def requeue(self, fence: int, flights: Sequence[Flight]) -> None:
        """Entries of failed appends are pending again; calls of displaced transactions too."""
        ...
