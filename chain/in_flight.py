"""Transactions under way, for every relay of ours: sending them again in time, and noticing those that can never be mined.

Both only pace or watch; what is under way is known from the store alone, so losing these objects costs a repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from chain.gateway import ChainGateway, Receipt, SendOutcome, SendResult


class Sendable(Protocol):
    """A persisted transaction of ours."""

    @property
    def hash(self) -> bytes:
        """Its hash."""
        ...

    @property
    def nonce(self) -> int:
        """Its place in the sender's sequence."""
        ...

    @property
    def staged(self) -> bool:
        """Whether it was never handed over yet."""
        ...


F = TypeVar("F", bound=Sendable)


class Broadcast(Generic[F]):
    """Hands staged transactions to the chain, and again those that are long without a receipt."""

    def __init__(
        self, gateway: ChainGateway, retry_after: float, resend_after: float, monotonic: Callable[[], float]
    ) -> None:
        self._gateway = gateway
        self._retry_after = retry_after
        self._resend_after = resend_after
        self._monotonic = monotonic
        self._sent: dict[bytes, float] = {}  # only paces repeated sending; losing it costs a repetition

    def send(
        self, flights: Sequence[F], raws: Callable[[Sequence[bytes]], Sequence[bytes]]
    ) -> tuple[list[F], tuple[F, SendResult] | None]:
        """Send what is due, in nonce order; the staged ones that were taken, and the first that was refused.

        Later nonces cannot be mined before a refused one: nothing is lost, everything waits for a person.
        """
        now = self._monotonic()
        due = [f for f in flights if now - self._sent.get(f.hash, float("-inf")) >= self._pause(f)]
        self._sent = {f.hash: self._sent[f.hash] for f in flights if f.hash in self._sent}
        if not due:
            return [], None
        taken: list[F] = []
        for flight, result in zip(due, self._gateway.send(raws([f.hash for f in due])), strict=True):
            self._sent[flight.hash] = now
            if result.outcome is SendOutcome.REFUSED:
                return taken, (flight, result)
            if flight.staged:
                taken.append(flight)
        return taken, None

    def _pause(self, flight: F) -> float:
        return self._retry_after if flight.staged else self._resend_after


class Displaced(Generic[F]):
    """Finds transactions whose nonce the chain has given to another one: they can never be mined."""

    def __init__(self, gateway: ChainGateway, sender: str) -> None:
        self._gateway = gateway
        self._sender = sender
        self._missing: dict[bytes, int] = {}  # block at which a missed one is displaced for good

    def look(
        self, flights: Sequence[F], receipts: Sequence[Receipt | None]
    ) -> tuple[list[Receipt | None], list[F]]:
        """Receipts as far as there are any, and the flights that are displaced for good (as of a final block).

        A validator counts a transaction some moments before it finds it by its hash: `index_lag` blocks are waited for.
        """
        used = self._gateway.transaction_count(self._sender)
        missing = [f for f, r in zip(flights, receipts, strict=True) if r is None and f.nonce < used]
        if not missing:
            self._missing.clear()
            return list(receipts), []
        # Mined between the two questions is the usual reason; only what is still unknown has been displaced.
        again = dict(
            zip((f.hash for f in missing), self._gateway.receipts([f.hash for f in missing]), strict=True)
        )
        head, final = self._gateway.head().number, self._gateway.final_head().number
        sure = head + self._gateway.index_lag
        gone = [
            f for f in missing if again[f.hash] is None and final >= self._missing.setdefault(f.hash, sure)
        ]
        return [again.get(f.hash, r) for f, r in zip(flights, receipts, strict=True)], gone
