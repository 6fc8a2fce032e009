"""One pass of a relay under its lease, the same for the log's relay and the judicial one.

Lease → (first time) reconcile → finalise → stage → broadcast. Nothing is remembered between passes except in the store: a
pass that lost its lease, or died, is done again, and whoever gets the lease reconciles first.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from chain.errors import CallReverted, ChainError, LeaseLost
from chain.gateway import ChainGateway
from chain.in_flight import Broadcast, Displaced, Sendable
from chain.transactions import Sender


@dataclass(frozen=True)
class Alarm:
    """Something a person should look at; `code` has a text, facts hold no personal data."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Tick:
    """What one pass did."""

    leader: bool = True
    staged: int = 0
    broadcast: int = 0
    anchored: int = 0
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether anything moved."""
        return bool(self.staged or self.broadcast or self.anchored or self.alarms)


@dataclass(frozen=True)
class Pace:
    """How long a lease holds, and after what time a transaction is sent again, unconfirmed or unanswered. Seconds."""

    lease: float = 5.0
    retry_after: float = 1.0
    resend_after: float = 10.0


class Leased(Protocol):
    """A store with one writer at a time."""

    def acquire(self, owner: str, seconds: float) -> int | None:
        """The fence of a lease that is held from now, None while another owner has it."""
        ...


S = TypeVar("S", bound=Leased)
F = TypeVar("F", bound=Sendable)
T = TypeVar("T", bound=Tick)


class LeasedRelay(ABC, Generic[S, F, T]):
    """One staging writer over a store `S` of transactions `F`; its passes report as `T`."""

    def __init__(
        self,
        gateway: ChainGateway,
        store: S,
        sender: Sender,
        owner: str,
        pace: Pace,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gateway = gateway
        self.store = store
        self.sender = sender
        self.owner = owner
        self._lease = pace.lease
        self._reconciled = False
        self._displaced: Displaced[F] = Displaced(gateway, sender.address)
        self._broadcast: Broadcast[F] = Broadcast(gateway, pace.retry_after, pace.resend_after, monotonic)

    def tick(self) -> T:
        """One pass. Raises GatewayUnavailable, and what `reconcile` and the steps raise; no step hides an error."""
        tick = self.new_tick()
        fence = self.store.acquire(self.owner, self._lease)
        if fence is None:
            self._reconciled = False
            tick.leader = False
            return tick
        try:
            self.enrol(fence, tick)
            if not self._reconciled:
                self.reconcile()
                self._reconciled = True
            self.finalise(fence, tick)
            self.stage(fence, tick)
            self.broadcast(fence, tick)
        except LeaseLost:
            self._reconciled = False
            tick.leader = False
        return tick

    @abstractmethod
    def new_tick(self) -> T:
        """The empty report of a pass."""

    def enrol(self, fence: int, tick: T) -> None:
        """Take in what has newly become due, before anything is asked of the chain."""

    @abstractmethod
    def reconcile(self) -> None:
        """Check that this is the chain we wrote to. Raises ChainError or LogIntegrityError."""

    @abstractmethod
    def finalise(self, fence: int, tick: T) -> None:
        """Keep what is final; see to what was refused."""

    @abstractmethod
    def stage(self, fence: int, tick: T) -> None:
        """Sign and persist what is pending."""

    @abstractmethod
    def broadcast(self, fence: int, tick: T) -> None:
        """Send what is staged, and again what was sent long ago and is still without a receipt."""

    def require_chain(self, expected: int) -> None:
        """Raises ChainError `chain.mismatch` where the gateway leads to another chain."""
        actual = self.gateway.chain_id()
        if actual != expected:
            raise ChainError("chain.mismatch", expected=expected, actual=actual)

    def why_reverted(self, target: str, data: bytes, explain: Callable[[bytes], str]) -> str:
        """The reason of a revert, asked anew: the chain keeps none. It may have changed since, and says so itself."""
        try:
            self.gateway.call(target, data)
        except CallReverted as reverted:
            return explain(reverted.data)
        return "reverted when it was mined; a repetition now would be accepted"
