"""Transactions that were acknowledged and wait for a block: the mempool journal and its order.

A transaction is acknowledged only after its line is fsynced; concurrent senders share one fsync. Order is
arrival order. When nothing waits and the file has grown, it starts afresh: what was mined stands in the block
journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from node.errors import NodeError
from node.journal import Journal
from node.transactions import RawTransaction, decode

NAME = "mempool"
_RESTART_BYTES = 4 * 1024 * 1024
_log = structlog.get_logger("node")


class Pool:
    """Waiting transactions.

    Contiguous nonces per sender are the gateway's duty, so each one can be mined in order.
    """

    def __init__(self, path: Path, chain_id: int) -> None:
        self._journal, lines = Journal.open(path, NAME)
        self._waiting: dict[str, RawTransaction] = {}
        self._by_sender: dict[str, dict[int, str]] = {}
        self._queue: list[tuple[RawTransaction, asyncio.Future[None]]] = []
        self._arriving: dict[str, asyncio.Future[None]] = {}
        self._writer: asyncio.Task[None] | None = None
        self.arrived = asyncio.Event()
        self._recovered = {str(line.record["raw"]): None for line in lines}
        self._chain_id = chain_id

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes of the mempool journal."""
        return self._journal.size

    def forget_mined(self, raw_transactions: Iterable[str]) -> None:
        """While the block journal is read at start-up: what stands in a block does not wait any more."""
        for raw in raw_transactions:
            self._recovered.pop(raw, None)

    def finish_recovery(self) -> None:
        """Take over what was acknowledged in an earlier life and is in no block."""
        for raw in self._recovered:
            self._insert(decode(bytes.fromhex(raw[2:]), self._chain_id))
        if self._waiting:
            _log.info("node.mempool.was_recovered", pending=len(self._waiting))
        self._recovered.clear()

    def get(self, transaction_hash: str) -> RawTransaction | None:
        """The waiting transaction with this hash."""
        return self._waiting.get(transaction_hash)

    def waiting_of(self, sender: str) -> int:
        """How many transactions of ``sender`` wait."""
        return len(self._by_sender.get(sender, ()))

    def holds_nonce(self, sender: str, nonce: int) -> bool:
        """Whether a transaction of ``sender`` with this nonce waits."""
        return nonce in self._by_sender.get(sender, {})

    def arriving(self, transaction_hash: str) -> asyncio.Future[None] | None:
        """The write that a transaction's acknowledgement waits for, while it is under way."""
        return self._arriving.get(transaction_hash)

    def accept(self, transaction: RawTransaction) -> asyncio.Future[None]:
        """Take a transaction: its nonce is held at once, and it survives any crash once the returned future
        is done.

        The future fails with ``JournalUnavailable`` when the disk refuses: then the transaction is not in the
        pool.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._by_sender.setdefault(transaction.sender, {})[transaction.nonce] = transaction.hash
        self._arriving[transaction.hash] = done
        self._queue.append((transaction, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_queue())
        return done

    async def _write_queue(self) -> None:
        while self._queue:
            group, self._queue = self._queue, []
            failure: NodeError | None = None
            try:
                await asyncio.to_thread(self._journal.append, [{"k": "tx", "raw": tx.hex} for tx, _ in group])
            except NodeError as error:
                failure = error
            for transaction, done in group:
                self._arriving.pop(transaction.hash, None)
                if failure is None:
                    self._insert(transaction)
                else:
                    self._release_nonce(transaction)
                if not done.cancelled() and failure is None:
                    done.set_result(None)
                elif not done.cancelled() and failure is not None:
                    done.set_exception(failure)

    def _insert(self, transaction: RawTransaction) -> None:
        self._waiting[transaction.hash] = transaction
        self._by_sender.setdefault(transaction.sender, {})[transaction.nonce] = transaction.hash
        self.arrived.set()

    def _release_nonce(self, transaction: RawTransaction) -> None:
        nonces = self._by_sender.get(transaction.sender, {})
        nonces.pop(transaction.nonce, None)
        if not nonces:
            self._by_sender.pop(transaction.sender, None)

    def senders(self) -> set[str]:
        """Who has transactions waiting."""
        return {transaction.sender for transaction in self._waiting.values()}

    def select(self, gas: int, count: int, next_nonces: Mapping[str, int]) -> list[RawTransaction]:
        """The oldest transactions that can be mined now:

        gas limits fit a block, nonces follow on, at most ``count``.
        """
        chosen: list[RawTransaction] = []
        nonces = dict(next_nonces)
        for transaction in self._waiting.values():
            if transaction.nonce != nonces[transaction.sender]:
                continue  # its predecessor could not be stored; it waits until the sender sends that one again
            gas -= transaction.gas
            if gas < 0 or len(chosen) == count:
                break
            nonces[transaction.sender] += 1
            chosen.append(transaction)
        return chosen

    def everything(self) -> list[RawTransaction]:
        """All waiting transactions in arrival order."""
        return list(self._waiting.values())

    def remove(self, transactions: Iterable[RawTransaction]) -> None:
        """Take out what is now in a block; start the file afresh when nothing waits and it has grown."""
        for transaction in transactions:
            self._waiting.pop(transaction.hash, None)
            self._release_nonce(transaction)
        if not self._waiting:
            self.arrived.clear()
            if self._journal.size > _RESTART_BYTES and not self._arriving:
                self._journal.restart()

    def remove_raw(self, raw_transactions: Iterable[str]) -> None:
        """Take out what a replayed block turned out to hold."""
        raws = set(raw_transactions)
        self.remove([transaction for transaction in self.everything() if transaction.hex in raws])

    def close(self) -> None:
        """Give the file back."""
        self._journal.close()
