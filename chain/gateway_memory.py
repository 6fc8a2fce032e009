"""The gateway in memory: real signed transactions, nonces, blocks, reorganisations and faults; no EVM, no sockets."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chain.errors import CallReverted, GatewayUnavailable
from chain.gateway import BlockRef, ChainTransaction, Log, Receipt, SendOutcome, SendResult
from chain.memory_contracts import MemoryContract, MemoryRevert, UnknownCall
from chain.transactions import RawFields, read_raw

ContractFactory = Callable[[], Mapping[str, MemoryContract]]


@dataclass
class _Block:
    ref: BlockRef
    raws: list[bytes]
    receipts: list[Receipt] = field(default_factory=list)


class MemoryGateway:
    """A chain in memory.

    contracts: makes the simulated contracts by address; called again whenever history is played anew.
    auto_mine: every accepted transaction is mined at once; otherwise `mine` does it.
    """

    index_lag = 0

    def __init__(
        self,
        contracts: ContractFactory,
        *,
        chain_id: int = 31_337,
        finality_depth: int = 0,
        auto_mine: bool = False,
        genesis_time: int = 1_790_000_000,
    ) -> None:
        self._factory = contracts
        self._chain_id = chain_id
        self._finality_depth = finality_depth
        self._auto_mine = auto_mine
        self._lock = threading.RLock()
        self._forks = 0
        genesis = BlockRef(0, hashlib.sha256(b"genesis%d" % chain_id).digest(), bytes(32), genesis_time)
        self._blocks = [_Block(genesis, [])]
        self._state: Mapping[str, MemoryContract] = contracts()
        self._nonces: dict[str, int] = {}
        self._pool: dict[bytes, RawFields] = {}
        self._raws: dict[bytes, bytes] = {}
        self._faults: dict[str, list[str]] = {}
        self.down = False

    # -- faults

    def fail_next(self, operation: str, how: str) -> None:
        """Make the next call of the port method `operation` fail: "lost" (nothing happened) or "persisted" (it did)."""
        if how not in {"lost", "persisted"}:
            raise ValueError(how)
        self._faults.setdefault(operation, []).append(how)

    def _fault(self, operation: str) -> bool:
        """Raise if the call gets lost; True if it is to be done and then reported as failed."""
        if self.down:
            raise GatewayUnavailable("down")
        waiting = self._faults.get(operation)
        how = waiting.pop(0) if waiting else ""
        if how == "lost":
            raise GatewayUnavailable("lost")
        return how == "persisted"

    @staticmethod
    def _report(failed: bool) -> None:
        if failed:
            raise GatewayUnavailable("done, but the answer was lost")

    # -- mining

    def mine(self, count: int = 1) -> None:
        """Mine blocks; the first takes all transactions whose turn it is."""
        with self._lock:
            for _ in range(count):
                self._mine_block(self._ready())

    def _ready(self) -> list[bytes]:
        nonces = dict(self._nonces)
        chosen: list[bytes] = []
        progress = True
        while progress:
            progress = False
            for digest, fields in self._pool.items():
                if digest not in chosen and fields.nonce == nonces.get(fields.sender, 0):
                    chosen.append(digest)
                    nonces[fields.sender] = fields.nonce + 1
                    progress = True
        return chosen

    def _mine_block(self, hashes: Sequence[bytes]) -> None:
        parent = self._blocks[-1].ref
        number = parent.number + 1
        raws = [self._raws[digest] for digest in hashes]
        seed = parent.hash + self._forks.to_bytes(4, "big") + b"".join(hashes)
        block = _Block(
            BlockRef(number, hashlib.sha256(seed).digest(), parent.hash, parent.timestamp + 1), raws
        )
        log_index = 0
        for index, digest in enumerate(hashes):
            receipt = self._execute(self._pool.pop(digest), block.ref, index, log_index)
            log_index += len(receipt.logs)
            block.receipts.append(receipt)
        self._blocks.append(block)

    def _execute(self, fields: RawFields, ref: BlockRef, index: int, first_log: int) -> Receipt:
        self._nonces[fields.sender] = fields.nonce + 1
        target = self._state.get(fields.to or "")
        ok, emitted = True, []
        if target is not None:
            try:
                emitted = target.execute(fields.data)
            except MemoryRevert:
                ok = False
        logs = tuple(
            Log(fields.to or "", topics, data, ref.number, ref.hash, fields.hash, first_log + i)
            for i, (topics, data) in enumerate(emitted)
        )
        return Receipt(fields.hash, ref.number, ref.hash, index, ok, fields.gas, None, logs)

    def reorganise(self, depth: int, *, drop: bool = False) -> None:
        """Replace the last `depth` blocks by one more empty blocks; their transactions wait again, or are lost."""
        with self._lock:
            depth = min(depth, len(self._blocks) - 1)
            removed = self._blocks[len(self._blocks) - depth :]
            kept = self._blocks[1 : len(self._blocks) - depth]
            self._forks += 1
            self._blocks = self._blocks[:1]
            self._state, self._nonces = self._factory(), {}
            waiting = dict(self._pool)
            self._pool = {}
            for block in kept:
                self._replay(block)
            for block in removed:
                for raw in block.raws:
                    if not drop:
                        fields = read_raw(raw)
                        self._pool[fields.hash] = fields
            self._pool.update(waiting)
            for _ in range(depth + 1):
                self._mine_block([])

    def _replay(self, block: _Block) -> None:
        again = replace(block, receipts=[])
        log_index = 0
        for index, raw in enumerate(block.raws):
            receipt = self._execute(read_raw(raw), block.ref, index, log_index)
            log_index += len(receipt.logs)
            again.receipts.append(receipt)
        self._blocks.append(again)

    # -- port

    def chain_id(self) -> int:
        failed = self._fault("chain_id")
        self._report(failed)
        return self._chain_id

    def head(self) -> BlockRef:
        self._report(self._fault("head"))
        with self._lock:
            return self._blocks[-1].ref

    def final_head(self) -> BlockRef:
        self._report(self._fault("final_head"))
        with self._lock:
            return self._blocks[max(0, len(self._blocks) - 1 - self._finality_depth)].ref

    def block(self, number: int) -> BlockRef | None:
        self._report(self._fault("block"))
        with self._lock:
            return self._blocks[number].ref if 0 <= number < len(self._blocks) else None

    def transaction_count(self, address: str) -> int:
        self._report(self._fault("transaction_count"))
        return self._nonces.get(address, 0)

    def send(self, raws: Sequence[bytes]) -> list[SendResult]:
        failed = self._fault("send")
        with self._lock:
            results = [self._take(raw) for raw in raws]
            if self._auto_mine:
                self.mine()
        self._report(failed)
        return results

    def _take(self, raw: bytes) -> SendResult:
        fields = read_raw(raw)
        if fields.chain_id != self._chain_id:
            return SendResult(fields.hash, SendOutcome.REFUSED, "invalid chain id")
        if fields.hash in self._pool or self._find(fields.hash):
            return SendResult(fields.hash, SendOutcome.KNOWN, "already known")
        if fields.nonce < self._nonces.get(fields.sender, 0):
            return SendResult(fields.hash, SendOutcome.KNOWN, "nonce too low")
        self._pool[fields.hash] = fields
        self._raws[fields.hash] = raw
        return SendResult(fields.hash, SendOutcome.ACCEPTED)

    def _find(self, digest: bytes) -> Receipt | None:
        for block in reversed(self._blocks):
            for receipt in block.receipts:
                if receipt.transaction == digest:
                    return receipt
        return None

    def receipts(self, hashes: Sequence[bytes]) -> list[Receipt | None]:
        self._report(self._fault("receipts"))
        with self._lock:
            return [self._find(digest) for digest in hashes]

    def transactions(self, hashes: Sequence[bytes]) -> list[ChainTransaction | None]:
        self._report(self._fault("transactions"))
        found: list[ChainTransaction | None] = []
        with self._lock:
            for digest in hashes:
                receipt = self._find(digest)
                if receipt is None and digest not in self._pool:
                    found.append(None)
                    continue
                fields = read_raw(self._raws[digest])
                number = receipt.block_number if receipt else None
                found.append(
                    ChainTransaction(digest, fields.sender, fields.to, fields.nonce, fields.data, number)
                )
        return found

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        self._report(self._fault("logs"))
        wanted = set(addresses)
        with self._lock:
            return [
                log
                for block in self._blocks[first : last + 1]
                for receipt in block.receipts
                for log in receipt.logs
                if log.address in wanted
            ]

    def call(self, to: str, data: bytes) -> bytes:
        self._report(self._fault("call"))
        target = self._state.get(to)
        if target is None:
            return b""
        with self._lock:
            try:
                return target.view(data)
            except UnknownCall:
                return self._rehearse(to, data)
            except MemoryRevert as refused:
                raise CallReverted(refused.data, str(refused)) from refused

    def _rehearse(self, to: str, data: bytes) -> bytes:
        """A call that would change state, on a copy of it: the caller learns whether it would be refused, and why."""
        try:
            copy.deepcopy(dict(self._state))[to].execute(data)
        except MemoryRevert as refused:
            raise CallReverted(refused.data, str(refused)) from refused
        return b""

    def code(self, address: str) -> bytes:
        self._report(self._fault("code"))
        found = self._state.get(address)
        return b"" if found is None else getattr(found, "CODE", b"\xfe")
