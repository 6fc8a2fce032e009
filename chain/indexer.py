"""Follows the chain's events into an index that can be dropped and rebuilt: the same chain gives the same digest.

The index is a projection of events up to the newest block. A reorganisation is found by comparing the hash of the last
indexed block with the chain's; the store then forgets everything after the newest block that both still share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.calls import ChainEvent, Contracts, decode_log
from chain.errors import LogIntegrityError
from chain.gateway import BlockRef, ChainGateway, Log

EMPTY_DIGEST = hashlib.sha256(b"concord index v1").digest()


@dataclass(frozen=True)
class IndexMark:
    """How far the index has come: a block and the digest over all events up to it, in order."""

    number: int
    hash: bytes
    digest: bytes


class IndexStore(Protocol):
    """Keeps the projection and its marks. Each method is one transaction, fully persisted on return."""

    def mark(self) -> IndexMark | None:
        """The newest mark; None for an empty index."""
        ...

    def marks_below(self, number: int, limit: int) -> list[IndexMark]:
        """Older marks than block `number`, newest first."""
        ...

    def apply(self, events: Sequence[ChainEvent], marks: Sequence[IndexMark]) -> None:
        """Project `events` and keep `marks`, together or not at all."""
        ...

    def rollback(self, number: int) -> None:
        """Forget everything from blocks above `number`; -1 forgets all."""
        ...


@dataclass(frozen=True)
class IndexProgress:
    """What one pass did. `behind`: blocks that were there and are not indexed yet."""

    events: int
    number: int
    behind: int
    reorganised: bool = False


def next_digest(digest: bytes, log: Log) -> bytes:
    """The digest with one more event: address, topics, data and place, so that order and content both count."""
    place = log.block_number.to_bytes(8, "big") + log.block_hash + log.index.to_bytes(4, "big")
    parts = [digest, place, log.address.encode("ascii"), bytes([len(log.topics)]), *log.topics, log.data]
    return hashlib.sha256(b"".join(parts)).digest()


class Indexer:
    """Brings a store's index up to the chain's newest block.

    blocks: how many blocks one request for events may span.
    """

    def __init__(
        self,
        gateway: ChainGateway,
        store: IndexStore,
        contracts: Contracts,
        *,
        blocks: int = 500,
        first: int = 0,
    ) -> None:
        self.gateway = gateway
        self.store = store
        self.contracts = contracts
        self.blocks = blocks
        self.first = first

    def step(self) -> IndexProgress:
        """One request's worth of progress. Raises GatewayUnavailable; nothing is half done."""
        head = self.gateway.head()
        mark = self.store.mark()
        reorganised = False
        if mark is not None and not self._canonical(mark, head):
            mark = self._common_ancestor(mark)
            self.store.rollback(mark.number if mark else -1)
            reorganised = True
        start = mark.number + 1 if mark else self.first
        if start > head.number:
            return IndexProgress(0, head.number, 0, reorganised)
        last = min(head.number, start + self.blocks - 1)
        end = head if last == head.number else self.gateway.block(last)
        if end is None:
            return IndexProgress(
                0, start - 1, head.number - start + 1, True
            )  # the chain got shorter meanwhile
        logs = self.gateway.logs(start, last, self.contracts.all())
        again = self.gateway.block(last)
        if again != end or not self._well_ordered(logs, start, last):
            return IndexProgress(0, start - 1, head.number - start + 1, True)  # reorganised while it was read
        digest = mark.digest if mark else EMPTY_DIGEST
        events: list[ChainEvent] = []
        marks: list[IndexMark] = []
        for log in logs:
            event = decode_log(self.contracts, log)
            if event is None:
                continue
            if marks and marks[-1].number == log.block_number:
                marks.pop()
            digest = next_digest(digest, log)
            events.append(event)
            marks.append(IndexMark(log.block_number, log.block_hash, digest))
        if not marks or marks[-1].number != last:
            marks.append(IndexMark(last, end.hash, digest))
        self.store.apply(events, marks)
        return IndexProgress(len(events), last, head.number - last, reorganised)

    def catch_up(self, limit: int = 1_000_000) -> int:
        """Steps until nothing is behind or `limit` events were indexed; returns how many were."""
        done = 0
        while done < limit:
            progress = self.step()
            done += progress.events
            if progress.behind == 0:
                break
        return done

    def _canonical(self, mark: IndexMark, head: BlockRef) -> bool:
        if mark.number > head.number:
            return False
        block = head if mark.number == head.number else self.gateway.block(mark.number)
        return block is not None and block.hash == mark.hash

    def _common_ancestor(self, mark: IndexMark) -> IndexMark | None:
        number = mark.number
        while True:
            older = self.store.marks_below(number, 16)
            if not older:
                return None
            for candidate in older:
                block = self.gateway.block(candidate.number)
                if block is not None and block.hash == candidate.hash:
                    return candidate
            number = older[-1].number

    @staticmethod
    def _well_ordered(logs: Sequence[Log], first: int, last: int) -> bool:
        places = [(log.block_number, log.index) for log in logs]
        if any(not first <= number <= last for number, _ in places):
            raise LogIntegrityError("the node answered with events of other blocks than it was asked for")
        hashes: dict[int, bytes] = {}
        return all(
            hashes.setdefault(log.block_number, log.block_hash) == log.block_hash for log in logs
        ) and (places == sorted(set(places)))
