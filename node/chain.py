"""The running chain: journal, pool and engine together, started, kept alive, mined and stopped.

One task owns the engine. It replays the journal into a fresh anvil, then mines whenever transactions wait;
when anvil dies it starts another one and replays again. What a caller was told stays true through each of
these.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog

from node import snapshot as snapshots
from node.archive import NAME as ARCHIVE
from node.archive import Archive
from node.backend import METHOD_NOT_FOUND, NOT_READY, REFUSED
from node.engine import Engine
from node.errors import EngineDown, EngineRefused, JournalUnavailable, NodeError, ReplayMismatch, RpcRefused
from node.history import BlockJournal
from node.installation import ChainFacts, FolderLock, SenderList, open_installation, record_genesis
from node.policy import Call
from node.pool import Pool
from node.recall import read_all, read_one
from node.replay import Replayed, replay
from node.seals import Seals, read_seal_key
from node.settings import BLOCK_GAS_LIMIT, NodeSettings
from node.transactions import RawTransaction
from node.turnstile import Turnstile

_MEASURED_BLOCKS = 20
_BACKOFF_SECONDS = (0.1, 0.5, 2.0, 5.0)
_log = structlog.get_logger("node")


@dataclass(frozen=True, slots=True)
class Status:
    """What an operator and a monitor want to know."""

    ready: bool
    chain_id: int
    genesis_hash: str | None
    height: int
    head_hash: str | None
    head_time: int
    pending: int
    ms_per_block: float | None
    ms_per_block_warn: bool
    restarts: int
    snapshot_height: int
    journal_bytes: int
    archive_bytes: int
    trouble: str | None

    def gauges(self) -> dict[str, float]:
        """Figures for Prometheus by their name without prefix."""
        return {
            "ready": float(self.ready),
            "height": self.height,
            "pending_transactions": self.pending,
            "block_milliseconds": self.ms_per_block or 0.0,
            "engine_restarts": self.restarts,
            "snapshot_height": self.snapshot_height,
            "journal_bytes": self.journal_bytes,
            "archive_bytes": self.archive_bytes,
        }


class Chain:
    """The chain of one data folder.

    ``run`` ends on ``stop`` or raises the ``NodeError`` that nobody can wait out.
    """

    def __init__(self, settings: NodeSettings) -> None:
        self.settings = settings
        self.facts: ChainFacts = open_installation(settings)
        folder = settings.data_dir
        self._lock = FolderLock(folder)
        self.senders = SenderList(folder)
        self.senders.allow(settings.senders)
        self.pool = Pool(folder / "mempool.journal", self.facts.chain_id)
        self.blocks = BlockJournal(folder / "blocks.journal", self.pool.forget_mined)
        self.pool.finish_recovery()
        self.archive = Archive(folder / ARCHIVE)
        self.seals = self._open_seals()
        self.turnstile = Turnstile()
        self._admission = asyncio.Lock()
        self.ready = asyncio.Event()
        self.replayed: Replayed | None = None
        self._engine: Engine | None = None
        self._stopping = asyncio.Event()
        self._nonces: dict[str, int] = {}
        self._mine_seconds: deque[float] = deque(maxlen=_MEASURED_BLOCKS)
        self._since_snapshot = 0.0
        self._snapshot_seconds = 0.0
        self._snapshot_height = 0
        self._last_block = float("-inf")
        self._genesis_hash: str | None = None
        self._head_hash: str | None = None
        self._restarts = 0
        self._trouble: str | None = None

    @property
    def chain_id(self) -> int:
        """Chain id (EIP-155)."""
        return self.facts.chain_id

    def _open_seals(self) -> Seals | None:
        settings = self.settings
        if settings.seal_key is None:
            return None
        key = read_seal_key(settings.seal_name, settings.seal_key)
        return Seals(settings.data_dir / "seals.journal", key, self.facts.chain_id)

    # -- life

    async def run(self) -> None:
        """Start the engine, keep it alive, mine; until ``stop``."""
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._start_engine()
                failures = 0
                await self._mine_until_trouble()
            except (EngineDown, EngineRefused, JournalUnavailable) as error:
                self._trouble = str(error)
                _log.error("node.engine.went_down", reason=str(error))
                await self._drop_engine()
                self._restarts += 1
                await self._sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
                failures += 1

    async def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()
        self.pool.arrived.set()

    async def close(self) -> None:
        """After ``run``: write a last snapshot when it is worth it, end anvil, close the files."""
        if (
            self._engine is not None
            and self.ready.is_set()
            and self._since_snapshot > self.settings.snapshot_after / 10
        ):
            with suppress(EngineDown, OSError, JournalUnavailable):
                await self._snapshot()
        await self._drop_engine()
        self.pool.close()
        self.blocks.close()
        self.archive.close()
        if self.seals is not None:
            self.seals.close()
        self._lock.release()

    async def _start_engine(self) -> None:
        try:
            self.replayed = await self._replay_fresh()
        except ReplayMismatch:
            # A snapshot can be wrong without the journal being wrong; a mismatch without snapshots is final.
            if not snapshots.find(self.settings.data_dir):
                raise
            _log.warning(
                "node.snapshot.was_set_aside", reason="the chain built on it differs from the journal"
            )
            for stale in snapshots.find(self.settings.data_dir):
                stale.path.rename(stale.path.with_suffix(".bad"))
            self.replayed = await self._replay_fresh()
        self._snapshot_height = self.replayed.snapshot_height
        self._since_snapshot = self.replayed.seconds
        self._head_hash = self.replayed.head_hash
        engine = self._required()
        self._genesis_hash = (await engine.call("eth_getBlockByNumber", "0x0", False))["hash"]
        record_genesis(self.settings.data_dir, self._genesis_hash)
        blocks = self.blocks.blocks
        if blocks:
            # The producer may have stopped between journalling the last block and taking its transactions
            # out.
            self.pool.remove_raw(self.blocks.transactions(blocks[-1]))
            if blocks[-1].hash is None:
                await asyncio.to_thread(self.blocks.confirm, blocks[-1], self._head_hash)
        if self.seals is not None:
            await asyncio.to_thread(self.seals.catch_up, blocks)
        self._nonces.clear()
        await self._offer_waiting()
        self._trouble = None
        self.ready.set()

    async def _replay_fresh(self) -> Replayed:
        await self._drop_engine()
        folder = self.settings.data_dir
        self._engine = await Engine.start(
            self.settings.anvil_binary(), self.facts, self.settings.state_history, folder / "scratch"
        )
        return await replay(self._engine, folder, self.blocks.blocks, self.blocks.transactions, self.archive)

    async def _drop_engine(self) -> None:
        self.ready.clear()
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.kill()

    def _required(self) -> Engine:
        if self._engine is None:
            raise EngineDown("the chain is starting")
        return self._engine

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    # -- mining

    async def _mine_until_trouble(self) -> None:
        engine = self._required()
        death = asyncio.create_task(engine.process.wait())
        try:
            while not self._stopping.is_set():
                arrival = asyncio.create_task(self.pool.arrived.wait())
                await asyncio.wait({arrival, death}, return_when=asyncio.FIRST_COMPLETED)
                arrival.cancel()
                if death.done():
                    raise EngineDown(f"anvil ended with exit code {engine.process.returncode}")
                pause = self._last_block + self.settings.block_interval - time.monotonic()
                if pause > 0:
                    await self._sleep(pause)
                if self._stopping.is_set() or not len(self.pool):
                    continue
                try:
                    await self.produce()
                    self._trouble = None
                except JournalUnavailable as error:
                    # Nothing was mined and nothing is lost; wait for the operator to make room.
                    if self._trouble is None:
                        _log.error("node.block.was_put_off", reason=str(error))
                    self._trouble = str(error)
                    await self._sleep(1.0)
                if self._snapshot_due():
                    await self._try_snapshot()
        finally:
            death.cancel()

    async def produce(self) -> None:
        """Journal the next block, then mine it, then journal its hash, then write it into the archive. A crash between
        any two of these is harmless:

        before the first, the transactions still wait; after it, the next start mines and archives exactly this block.
        """
        engine = self._required()
        async with self.turnstile.alone():
            nonces = {sender: await self._next_nonce(engine, sender) for sender in self.pool.senders()}
            chosen = self.pool.select(BLOCK_GAS_LIMIT, self.settings.block_transactions, nonces)
            if not chosen:
                await asyncio.sleep(0.1)
                return
            blocks = self.blocks.blocks
            floor = blocks[-1].time if blocks else self.facts.genesis_time
            moment = max(int(time.time()), floor + 1)
            raws = [transaction.hex for transaction in chosen]
            block = await asyncio.to_thread(self.blocks.intend, moment, raws, len(nonces) == 1)
            seconds = await engine.mine(raws, moment, block.one_sender)
            mined, receipts = await engine.head()
            self._check_block(block.number, chosen, mined)
            self.pool.remove(chosen)
            self._nonces.clear()
            try:
                # Nobody has seen the block yet: readers wait at the turnstile.
                await asyncio.to_thread(self.blocks.confirm, block, mined["hash"])
                await asyncio.to_thread(self.archive.add, mined, receipts)
                if self.seals is not None:
                    await asyncio.to_thread(self.seals.seal, block)
            except JournalUnavailable as error:
                # The block stands; without its hash line (archive entry, seal) the next one may not be written. The
                # restart writes them.
                raise EngineDown(
                    f"block {block.number} is mined but cannot be written down: {error}"
                ) from error
            self._head_hash = mined["hash"]
            self._mine_seconds.append(seconds)
            self._since_snapshot += seconds
            self._last_block = time.monotonic()
            await self._offer_waiting()
        _log.info(
            "node.block.was_mined", number=block.number, transactions=len(raws), ms=round(seconds * 1000, 1)
        )

    def _check_block(self, number: int, chosen: list[RawTransaction], mined: dict[str, Any]) -> None:
        expected = [transaction.hash for transaction in chosen]
        got = [transaction["hash"] for transaction in mined["transactions"]]
        if int(mined["number"], 16) != number:
            raise EngineDown(f"anvil mined block {mined['number']} instead of {number}")
        if got != expected:
            inside = set(got)
            left_out = [h for h in expected if h not in inside]
            if got != [h for h in expected if h in inside]:
                raise EngineDown(f"anvil mined block {number} in another order than journalled")
            _log.error("node.transaction.was_dropped", block=number, hashes=left_out)

    async def _offer_waiting(self) -> None:
        """Put what still waits into anvil's own pool, so that callers see it as pending there."""
        engine = self._required()
        for transaction in self.pool.everything():
            with suppress(EngineRefused):
                await engine.call("eth_sendRawTransaction", transaction.hex)

    # -- snapshots

    def _snapshot_due(self) -> bool:
        worth = max(self.settings.snapshot_after, 4 * self._snapshot_seconds)
        return self._since_snapshot > worth and (not len(self.pool) or self._since_snapshot > 2 * worth)

    async def _try_snapshot(self) -> None:
        try:
            await self._snapshot()
        except (OSError, JournalUnavailable) as error:
            _log.warning("node.snapshot.was_put_off", reason=str(error))
            self._since_snapshot = 0.0

    async def _snapshot(self) -> None:
        started = time.monotonic()
        block = self.blocks.blocks[-1] if self.blocks.blocks else None
        if block is None or block.hash is None or block.number == self._snapshot_height:
            return
        # A snapshot no longer knows the transactions before it, so the archive must, also after a power cut.
        await asyncio.to_thread(self.archive.settle)
        taken = await snapshots.write(self._required(), self.settings.data_dir, block.number, block.hash)
        self._snapshot_seconds = time.monotonic() - started
        self._snapshot_height, self._since_snapshot = taken.height, 0.0
        _log.info(
            "node.snapshot.was_written", height=taken.height, bytes=taken.size, seconds=self._snapshot_seconds
        )

    # -- callers

    def seal_of(self, number: int) -> str | None:
        """The seal of a block, None where there is none yet. Raises ``RpcRefused`` on a chain that is not sealed."""
        if self.seals is None:
            raise RpcRefused(METHOD_NOT_FOUND, "this chain is not sealed")
        return self.seals.read(number)

    async def read(self, call: Call) -> bytes:
        """The whole answer to one already checked read. Raises ``RpcRefused``, also while the chain is not ready."""
        async with self._reading() as engine:
            return await read_one(engine, self.archive, call)

    async def read_batch(self, calls: Sequence[Call]) -> list[dict[str, Any] | RpcRefused]:
        """What stands beside ``jsonrpc`` and ``id`` in the answers to already checked reads, or why one was refused.

        Raises ``RpcRefused`` while the chain is not ready.
        """
        async with self._reading() as engine:
            return await read_all(engine, self.archive, calls)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Engine]:
        async with self.turnstile.shared():
            try:
                yield self._ready_engine()
            except EngineDown as error:
                raise RpcRefused(NOT_READY, f"the chain is not ready, try again: {error}", 503) from error

    async def send(self, transactions: Sequence[RawTransaction]) -> list[str | RpcRefused]:
        """Accept transactions of allowed senders, in order, with one fsync for all of them.

        Gives each one's hash, or why it was refused. Whoever gets a hash may rely on it: the bytes survive
        kill -9 of everything. Sending a known transaction again gives the same hash.
        """
        async with self.turnstile.shared():
            admitted: list[asyncio.Future[None] | RpcRefused | None] = []
            for transaction in transactions:
                try:
                    async with self._admission:
                        admitted.append(await self._admit(self._ready_engine(), transaction))
                except RpcRefused as error:
                    admitted.append(error)
                except EngineRefused as error:
                    admitted.append(RpcRefused(error.code, error.message))
                except EngineDown as error:
                    admitted.append(RpcRefused(NOT_READY, f"the chain is not ready, try again: {error}", 503))
            return [await self._acknowledge(*pair) for pair in zip(transactions, admitted, strict=True)]

    async def _acknowledge(
        self, transaction: RawTransaction, admitted: asyncio.Future[None] | RpcRefused | None
    ) -> str | RpcRefused:
        if isinstance(admitted, RpcRefused):
            return admitted
        if admitted is not None:
            try:
                await asyncio.shield(admitted)
            except NodeError as error:
                with suppress(EngineDown, EngineRefused):
                    await self._required().call("anvil_dropTransaction", transaction.hash)
                return RpcRefused(NOT_READY, f"the transaction cannot be stored: {error}", 503)
        return transaction.hash

    async def _admit(self, engine: Engine, transaction: RawTransaction) -> asyncio.Future[None] | None:
        """The pending write to wait for, or None for a transaction that is already safe.

        Raises ``RpcRefused``.
        """
        if self.pool.get(transaction.hash) is not None:
            return None
        if (arriving := self.pool.arriving(transaction.hash)) is not None:
            return arriving
        sender, nonce = transaction.sender, transaction.nonce
        mined = await self._next_nonce(engine, sender)
        if nonce < mined:
            if self.archive.receipt(bytes.fromhex(transaction.hash[2:])) is not None:
                return None
            raise RpcRefused(REFUSED, f"nonce too low: next nonce is {mined}, got {nonce}")
        if self.pool.holds_nonce(sender, nonce):
            raise RpcRefused(REFUSED, f"another transaction with nonce {nonce} waits already")
        expected = mined + self.pool.waiting_of(sender)
        if nonce > expected:
            raise RpcRefused(REFUSED, f"nonce too high: next nonce is {expected}, got {nonce}")
        if len(self.pool) >= self.settings.limits.pending_transactions:
            raise RpcRefused(-32002, "too many transactions wait, try again", 429)
        try:
            await engine.call("eth_sendRawTransaction", transaction.hex)
        except EngineRefused:
            # A copy that anvil holds from before is no reason to refuse this caller; anything else is.
            if await engine.call("eth_getTransactionByHash", transaction.hash) is None:
                raise
        return self.pool.accept(transaction)

    async def _next_nonce(self, engine: Engine, sender: str) -> int:
        if sender not in self._nonces:
            self._nonces[sender] = int(await engine.call("eth_getTransactionCount", sender, "latest"), 16)
        return self._nonces[sender]

    def _ready_engine(self) -> Engine:
        if not self.ready.is_set():
            raise RpcRefused(NOT_READY, "the chain is not ready, try again", 503)
        return self._required()

    # -- facts

    def status(self) -> Status:
        """The present state, without asking anvil."""
        # A block counts once its hash is journalled: before that nobody was shown it.
        blocks = self.blocks.blocks
        height = len(blocks) - (1 if blocks and blocks[-1].hash is None else 0)
        times = self._mine_seconds
        ms = round(1000 * sum(times) / len(times), 2) if times else None
        return Status(
            ready=self.ready.is_set(),
            chain_id=self.facts.chain_id,
            genesis_hash=self._genesis_hash,
            height=height,
            head_hash=self._head_hash,
            head_time=blocks[height - 1].time if height else self.facts.genesis_time,
            pending=len(self.pool),
            ms_per_block=ms,
            ms_per_block_warn=ms is not None and ms >= self.settings.warn_ms_per_block,
            restarts=self._restarts,
            snapshot_height=self._snapshot_height,
            journal_bytes=self.blocks.size + self.pool.size,
            archive_bytes=self.archive.size,
            trouble=self._trouble,
        )
