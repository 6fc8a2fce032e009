"""The court's chain and the judicial outbox in memory: references for the duties of both, for tests and tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_abi.abi import encode

from chain.abi import JUDICIAL_ANCHOR, load
from chain.errors import ProofInvalid
from chain.judicial_port import Carried, Cosigned, Item, ItemState
from chain.judicial_receipt import is_of, receipt_entry
from chain.lease_memory import MemoryLease
from chain.memory_contracts import Emitted, MemoryRevert, UnknownCall, emit
from chain.merkle import EMPTY_ROOT, Tree, leaf_hash, verify_consistency, verify_inclusion

ZERO = bytes(32)


class MemoryJudicialAnchor:
    """`JudicialAnchor` without signatures: quorum by count, consistency by proof, each size written once."""

    CODE = load(JUDICIAL_ANCHOR).deployed_bytecode

    def __init__(self, threshold: int = 2) -> None:
        self._threshold = threshold
        self._roots: dict[int, bytes] = {}

    def execute(self, data: bytes) -> list[Emitted]:
        accept = load(JUDICIAL_ANCHOR).function("accept")
        if data[:4] != accept.selector:
            raise UnknownCall
        size, root, times, signatures, proof = accept.decode_call(data)
        latest = max(self._roots, default=0)
        if size == 0 or root == ZERO:
            raise MemoryRevert("EmptyCheckpoint(uint64,bytes32)", size, root)
        if size <= latest:
            raise MemoryRevert("NotNewer(uint64,uint64)", size, latest)
        if len(times) != len(signatures):
            raise MemoryRevert("LengthsDiffer(uint256,uint256)", len(times), len(signatures))
        if len(signatures) < self._threshold:
            raise MemoryRevert("QuorumMissing(uint256,uint8)", len(signatures), self._threshold)
        before = self._roots.get(latest, EMPTY_ROOT)
        try:
            if latest:
                verify_consistency(latest, before, size, root, proof)
            elif proof:
                raise ProofInvalid("the first checkpoint comes with an empty proof")
        except ProofInvalid:
            raise MemoryRevert(
                "HistoryRewritten(uint64,bytes32,uint64,bytes32)", latest, before, size, root
            ) from None
        self._roots[size] = root
        return [emit(JUDICIAL_ANCHOR, "CheckpointAccepted", size=size, root=root, previousSize=latest)]

    def view(self, data: bytes) -> bytes:
        anchor = load(JUDICIAL_ANCHOR)
        for name, read in (
            ("latest", self._latest),
            ("rootAt", self._root_at),
            ("count", self._count),
            ("sizeAt", self._size_at),
            ("verifyInclusion", self._verify),
        ):
            function = anchor.function(name)
            if data[:4] == function.selector:
                return encode(function.outputs, read(*function.decode_call(data)))
        raise UnknownCall

    def _latest(self) -> list[Any]:
        size = max(self._roots, default=0)
        return [size, self._roots.get(size, ZERO)]

    def _root_at(self, size: int) -> list[Any]:
        return [self._roots.get(size, ZERO)]

    def _count(self) -> list[Any]:
        return [len(self._roots)]

    def _size_at(self, place: int) -> list[Any]:
        return [sorted(self._roots)[place]]

    def _verify(self, entry: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Any]:
        if size not in self._roots:
            return [False]
        try:
            verify_inclusion(leaf_hash(entry), index, size, path, self._roots[size])
        except ProofInvalid:
            return [False]
        return [True]


class MemoryReceipts:
    """Receipts that name block and index, without headers: the simulated chain has none."""

    def __init__(self, chain_id: int, address: str) -> None:
        self._chain_id = chain_id
        self._address = address

    def make(self, number: int, index: int) -> Mapping[str, Any]:
        """See CourtReceipts."""
        proof = {"header": f"block {number}", "index": index, "nodes": []}
        return receipt_entry(self._chain_id, self._address, proof, None)


@dataclass
class _Kept:
    item: Item
    carried: Carried | None = None
    reason: str = ""


class MemoryJudicialStore:
    """Outbox and lease in dictionaries. The outside adds witnessed checkpoints and owns the tree."""

    def __init__(self, tree: Callable[[], Tree], now: Callable[[], float] = time.monotonic) -> None:
        self._tree = tree
        self._lease = MemoryLease(now)
        self._items: dict[int, _Kept] = {}
        self._witnessed: dict[int, tuple[bytes, list[Cosigned]]] = {}

    # -- what the outside writes and reads

    def add_witnessed(self, size: int, root: bytes, cosignatures: Sequence[Cosigned]) -> None:
        """A checkpoint has its quorum of cosignatures."""
        self._witnessed[size] = (root, list(cosignatures))

    def states(self) -> dict[int, str]:
        """State of every item by size."""
        return {size: kept.item.state.value for size, kept in sorted(self._items.items())}

    def receipt(self, size: int) -> Mapping[str, Any] | None:
        """Receipt of an anchored checkpoint."""
        kept = self._items.get(size)
        return None if kept is None or kept.carried is None else kept.carried.receipt

    def alarm(self, size: int) -> str:
        """Reason of a parked one."""
        return self._items[size].reason

    # -- the relay's side

    def acquire(self, owner: str, seconds: float) -> int | None:
        return self._lease.acquire(owner, seconds)

    def enrol(self, fence: int) -> int:
        self._lease.check(fence)
        newest = max(self._items, default=0)
        new = [size for size in sorted(self._witnessed) if size > newest]
        for size in new:
            self._items[size] = _Kept(Item(size, self._witnessed[size][0], ItemState.PENDING))
        return len(new)

    def _in(self, *states: ItemState) -> list[Item]:
        return [kept.item for _, kept in sorted(self._items.items()) if kept.item.state in states]

    def under_way(self) -> list[Item]:
        return self._in(ItemState.STAGED, ItemState.BROADCAST)

    def pending(self, limit: int) -> list[Item]:
        return self._in(ItemState.PENDING)[: max(0, limit)]

    def last_anchored(self, chain_id: int, address: str) -> Item | None:
        found = self._in(ItemState.ANCHORED)
        if not found or not is_of(self.receipt(found[-1].size), chain_id, address):
            return None
        return found[-1]

    def cosignatures(self, size: int) -> list[Cosigned]:
        return list(self._witnessed[size][1])

    def tree(self) -> Tree:
        return self._tree()

    def _set(self, item: Item, state: ItemState) -> _Kept:
        kept = self._items[item.size]
        kept.item = replace(kept.item, state=state)
        return kept

    def stage(self, fence: int, items: Sequence[Item]) -> None:
        self._lease.check(fence)
        for item in items:
            self._items[item.size].item = replace(item, state=ItemState.STAGED)

    def mark_broadcast(self, fence: int, items: Sequence[Item]) -> None:
        self._lease.check(fence)
        for item in items:
            self._set(item, ItemState.BROADCAST)

    def anchor(self, fence: int, carried: Sequence[Carried]) -> None:
        self._lease.check(fence)
        for done in carried:
            self._set(done.item, ItemState.ANCHORED).carried = done

    def put_back(self, fence: int, items: Sequence[Item]) -> None:
        self._lease.check(fence)
        for item in items:
            self._items[item.size].item = Item(item.size, item.root, ItemState.PENDING)

    def park(self, fence: int, item: Item, reason: str) -> None:
        self._lease.check(fence)
        self._set(item, ItemState.PARKED).reason = reason
