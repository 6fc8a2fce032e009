"""What the judicial relay needs of a database and of the court's chain: values and duties.

The store has two implementations, in memory (`judicial_memory`) and in SQL (`api.anchoring`); one suite runs over both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from chain.merkle import Tree


class ItemState(StrEnum):
    """Where a checkpoint stands on its way to the court's chain."""

    PENDING = "pending"
    STAGED = "staged"
    BROADCAST = "broadcast"
    ANCHORED = "anchored"
    PARKED = "parked"


@dataclass(frozen=True)
class Item:
    """A witnessed checkpoint: `root` at `size`. `raw` is the signed transaction while one is under way."""

    size: int
    root: bytes
    state: ItemState
    raw: bytes | None = None
    hash: bytes | None = None


@dataclass(frozen=True)
class Cosigned:
    """A witness's EIP-712 signature (65 bytes) of a checkpoint, and the Unix second that it put under it."""

    time: int
    signature: bytes


@dataclass(frozen=True)
class Carried:
    """A checkpoint that the court's chain has accepted: the final block, and the receipt (E13) as packages hold it."""

    item: Item
    block_number: int
    receipt: Mapping[str, Any]


class JudicialStore(Protocol):
    """The outbox of checkpoints. Every writing method is one transaction, *fully persisted on return*, and does nothing
    but raise LeaseLost unless `fence` is the newest one that `acquire` has given out. A method that raises anything else
    may or may not have been persisted: the relay reads the state again and goes on from there.
    """

    def acquire(self, owner: str, seconds: float) -> int | None:
        """Take or renew the writing lease; its fence (rising with each change of owner), None while another holds it."""
        ...

    def enrol(self, fence: int) -> int:
        """Witnessed checkpoints larger than every enrolled one become pending items; how many."""
        ...

    def under_way(self) -> list[Item]:
        """Items that are staged or broadcast, by size."""
        ...

    def pending(self, limit: int) -> list[Item]:
        """The smallest pending items, by size."""
        ...

    def last_anchored(self, chain_id: int, address: str) -> Item | None:
        """The newest checkpoint of which a court has given a receipt, if it was this contract: it must still have it.

        None before the first, and while the newest receipt is of a contract that this one has replaced.
        """
        ...

    def cosignatures(self, size: int) -> list[Cosigned]:
        """The witnesses' EIP-712 signatures of the checkpoint of this size."""
        ...

    def tree(self) -> Tree:
        """The anchored log, for consistency proofs."""
        ...

    def stage(self, fence: int, items: Sequence[Item]) -> None:
        """Persist signed transactions: pending → staged, with `raw` and `hash`."""
        ...

    def mark_broadcast(self, fence: int, items: Sequence[Item]) -> None:
        """Staged → broadcast."""
        ...

    def anchor(self, fence: int, carried: Sequence[Carried]) -> None:
        """The court has accepted them: anchored, with block and receipt."""
        ...

    def put_back(self, fence: int, items: Sequence[Item]) -> None:
        """Pending again, without a transaction: the one that was made can never be accepted."""
        ...

    def park(self, fence: int, item: Item, reason: str) -> None:
        """Refused: parked with its reason, for a person."""
        ...


class CourtReceipts(Protocol):
    """Makes receipts (E13) from the court's chain."""

    def make(self, number: int, index: int) -> Mapping[str, Any]:
        """The receipt at `index` of block `number` as `judicial/receipt.json` holds it.

        Raises GatewayUnavailable when no usable answer came or the block is not sealed yet, ProofInvalid when the
        court's node contradicts itself.
        """
        ...
