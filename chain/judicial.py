"""Carries witnessed checkpoints to the court's chain, in order, and brings the receipts back.

Enrol → stage → persist → broadcast → finalise; start-up and trouble run the same steps, and nothing is remembered but in
the store. The contract makes repetition harmless: each size is written once, and only after the one before. Several
checkpoints fly together, each with a consistency proof from the one before it; when one is refused, those behind it
are refused with it and are staged anew on what the court did accept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from chain.abi import JUDICIAL_ANCHOR, load
from chain.errors import TEXTS, ChainError, LogIntegrityError
from chain.gateway import ChainGateway, Log, Receipt
from chain.judicial_port import Carried, CourtReceipts, Item, ItemState, JudicialStore
from chain.judicial_receipt import ACCEPTED_TOPIC
from chain.leased_relay import Alarm, LeasedRelay, Pace, Tick
from chain.transactions import Sender, address_bytes, read_raw
from signing import eip712
from signing.errors import SigningError
from signing.wallets import recover

ACCEPT_GAS = 600_000
SEARCH_BLOCKS = 5_000

TEXTS["judicial.contract_missing"] = (
    "司法链上 {address} 处不是本版本的 JudicialAnchor 合约；请核对司法链设置。",
    "At {address} on the judicial chain there is no JudicialAnchor of this release; check the judicial settings.",
)


@dataclass(frozen=True)
class Court:
    """The court's contract: what it accepts and where it stands."""

    chain_id: int
    address: str
    log_origin: str
    domain_name: str
    witnesses: frozenset[str]
    threshold: int
    since_block: int = 0

    @property
    def domain(self) -> eip712.Domain:
        """EIP-712 domain of the witnesses' signatures for this contract."""
        return eip712.Domain(self.domain_name, self.chain_id, self.address, self.log_origin)


@dataclass(frozen=True)
class JudicialSettings(Pace):
    """Limits of the relay."""

    max_flights: int = 16


@dataclass
class JudicialTick(Tick):
    """What one pass did."""

    enrolled: int = 0

    @property
    def busy(self) -> bool:
        """Whether anything moved."""
        return bool(self.enrolled) or super().busy


@dataclass(frozen=True)
class _Flight:
    """An item under way, as the shared sending code sees it."""

    item: Item
    hash: bytes
    nonce: int

    @property
    def staged(self) -> bool:
        return self.item.state is ItemState.STAGED


@dataclass(frozen=True)
class _Base:
    """The checkpoint that the next one must extend; size 0 before the first."""

    size: int
    root: bytes


class JudicialRelay(LeasedRelay[JudicialStore, _Flight, JudicialTick]):
    """One staging writer. `tick` raises GatewayUnavailable while the court's chain is away, ChainError when it is not the
    chain that we deployed on, and LogIntegrityError when the court holds a history that is not ours.
    """

    def __init__(
        self,
        gateway: ChainGateway,
        receipts: CourtReceipts,
        store: JudicialStore,
        sender: Sender,
        court: Court,
        owner: str,
        settings: JudicialSettings | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or JudicialSettings()
        super().__init__(gateway, store, sender, owner, self.settings, monotonic)
        self.receipts = receipts
        self.court = court

    def new_tick(self) -> JudicialTick:
        return JudicialTick()

    def enrol(self, fence: int, tick: JudicialTick) -> None:
        """Checkpoints that have their quorum by now become items; what was made for a replaced contract is put back."""
        tick.enrolled = self.store.enrol(fence)
        if not self._reconciled:
            strangers = [item for item in self.store.under_way() if not self._made_for_this_court(item)]
            if strangers:
                self.store.put_back(fence, strangers)

    def _made_for_this_court(self, item: Item) -> bool:
        made = read_raw(item.raw or b"")
        return (made.chain_id, made.to) == (self.court.chain_id, self.court.address)

    # -- reconcile

    def reconcile(self) -> None:
        """Check that this is the court's chain, and that it kept what it told us it had accepted."""
        self.require_chain(self.court.chain_id)
        if not load(JUDICIAL_ANCHOR).matches(self.gateway.code(self.court.address)):
            raise ChainError("judicial.contract_missing", address=self.court.address)
        last = self.store.last_anchored(self.court.chain_id, self.court.address)
        if last is not None and self._root_at(last.size) != last.root:
            raise LogIntegrityError(f"the court's chain no longer has the checkpoint of size {last.size}")

    # -- finalise

    def finalise(self, fence: int, tick: JudicialTick) -> None:
        """Keep receipts of what is final, in order; put back or park what was refused."""
        flights = self._flights()
        if not flights:
            return
        final = self.gateway.final_head().number
        receipts = self.gateway.receipts([flight.hash for flight in flights])
        if None in receipts:
            receipts, gone = self._displaced.look(flights, receipts)
            if gone:
                tick.alarms += [Alarm("judicial.transaction_displaced", {"nonce": f.nonce}) for f in gone]
                self.store.put_back(fence, [flight.item for flight in gone])
        for flight, receipt in zip(flights, receipts, strict=True):
            if receipt is None or receipt.block_number > final:
                return  # receipts were not read in one instant: one is looked at only after its predecessors
            if self._accepts(receipt.logs, flight.item) and receipt.ok:
                self._anchor(fence, flight.item, receipt.block_number, receipt.index, tick)
            else:
                self._refused(fence, flight.item, receipt, tick)

    def _flights(self) -> list[_Flight]:
        return [
            _Flight(item, item.hash, read_raw(item.raw).nonce)
            for item in self.store.under_way()
            if item.raw is not None and item.hash is not None
        ]

    def _accepts(self, logs: tuple[Log, ...], item: Item) -> bool:
        topics = (ACCEPTED_TOPIC, item.size.to_bytes(32, "big"))
        return any(
            log.address == self.court.address and log.topics == topics and log.data[:32] == item.root
            for log in logs
        )

    def _anchor(self, fence: int, item: Item, number: int, index: int, tick: JudicialTick) -> None:
        receipt = self.receipts.make(number, index)
        self.store.anchor(fence, [Carried(item, number, receipt)])
        tick.anchored += 1

    def _refused(self, fence: int, item: Item, receipt: Receipt, tick: JudicialTick) -> None:
        """A transaction of ours that was mined without effect: find out whose fault it was."""
        base = self._latest()
        if self._settled(fence, item, base, tick):
            return
        data = read_raw(item.raw or b"").data
        if data != self._call_data(item, base):
            self.store.put_back(fence, [item])  # made for another predecessor than the court has by now
            return
        self._park(fence, item, self._why(data), tick)

    def _settled(self, fence: int, item: Item, base: _Base, tick: JudicialTick) -> bool:
        """Whether the court is past this size already: somebody else has carried it, or a later checkpoint."""
        if item.size > base.size:
            return False
        if self._root_at(item.size) != item.root:
            self._park(fence, item, f"the court has accepted size {base.size} already", tick)
            return True
        found = self._search(item)
        if found is not None and found.block_number <= self.gateway.final_head().number:
            receipt = self.gateway.receipts([found.transaction])[0]
            if receipt is not None:
                self._anchor(fence, item, receipt.block_number, receipt.index, tick)
        return True

    def _search(self, item: Item) -> Log | None:
        """The event by which a stranger's transaction brought the checkpoint in, newest blocks first."""
        last = self.gateway.head().number
        while last >= self.court.since_block:
            first = max(self.court.since_block, last - SEARCH_BLOCKS + 1)
            for log in self.gateway.logs(first, last, [self.court.address]):
                if self._accepts((log,), item):
                    return log
            last = first - 1
        return None

    def _park(self, fence: int, item: Item, reason: str, tick: JudicialTick) -> None:
        self.store.park(fence, item, reason)
        tick.alarms.append(Alarm("judicial.checkpoint_parked", {"size": item.size, "reason": reason}))

    def _why(self, data: bytes) -> str:
        def explain(reverted: bytes) -> str:
            reason = load(JUDICIAL_ANCHOR).decode_error(reverted)
            return str(reason) if reason is not None else "reverted without a reason that is known"

        return self.why_reverted(self.court.address, data, explain)

    # -- stage

    def stage(self, fence: int, tick: JudicialTick) -> None:
        """Sign and persist transactions for the next pending checkpoints, each extending the one before."""
        flights = self._flights()
        pending = self.store.pending(self.settings.max_flights - len(flights))
        if not pending:
            return
        if flights:
            newest = flights[-1].item
            if pending[0].size < newest.size:
                return  # something was put back: wait until what was built on it has been refused as well
            base, nonce = _Base(newest.size, newest.root), flights[-1].nonce + 1
        else:
            base = self._latest()
            self._require_ours(base)
            nonce = self.gateway.transaction_count(self.sender.address)
        staged: list[Item] = []
        for item in pending:
            if not flights and self._settled(fence, item, base, tick):
                continue
            signatures = self._quorum(item)
            if len(signatures) < self.court.threshold:
                self._park(fence, item, "too few valid cosignatures for the court", tick)
                continue
            signed = self.sender.sign(self.court.address, self._call_data(item, base), nonce, ACCEPT_GAS)
            staged.append(Item(item.size, item.root, ItemState.STAGED, signed.raw, signed.hash))
            base, nonce = _Base(item.size, item.root), nonce + 1
        if staged:
            self.store.stage(fence, staged)
            tick.staged += len(staged)

    def _require_ours(self, base: _Base) -> None:
        """The court may be ahead of our records, never beside them."""
        tree = self.store.tree()
        if base.size > tree.size or (base.size and tree.root(base.size) != base.root):
            raise LogIntegrityError(f"the court's chain has a history that is not ours, at size {base.size}")

    def _quorum(self, item: Item) -> list[tuple[int, bytes]]:
        """Valid signatures of the court's witnesses with their times, one each, ascending by address."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for cosigned in self.store.cosignatures(item.size):
            statement = eip712.WitnessedCheckpoint(self.court.log_origin, item.size, item.root, cosigned.time)
            try:
                signer = recover(eip712.digest(self.court.domain, statement), cosigned.signature)
            except SigningError:
                continue
            if signer in self.court.witnesses:
                found[address_bytes(signer)] = (cosigned.time, cosigned.signature)
        return [found[address] for address in sorted(found)]

    def _call_data(self, item: Item, base: _Base) -> bytes:
        quorum = self._quorum(item)
        proof = self.store.tree().prove_consistency(base.size, item.size) if base.size else []
        accept = load(JUDICIAL_ANCHOR).function("accept")
        return accept.encode(
            item.size, item.root, [time for time, _ in quorum], [signature for _, signature in quorum], proof
        )

    # -- broadcast

    def broadcast(self, fence: int, tick: JudicialTick) -> None:
        """Send what is staged, and again what was sent long ago and is still without a receipt."""
        flights = self._flights()
        raw_of = {flight.hash: flight.item.raw or b"" for flight in flights}
        taken, refused = self._broadcast.send(flights, lambda hashes: [raw_of[h] for h in hashes])
        if refused is not None:
            flight, result = refused
            tick.alarms.append(
                Alarm("judicial.send_refused", {"nonce": flight.nonce, "reason": result.reason})
            )
        if taken:
            self.store.mark_broadcast(fence, [flight.item for flight in taken])
            tick.broadcast += len(taken)

    # -- reading the contract

    def _latest(self) -> _Base:
        latest = load(JUDICIAL_ANCHOR).function("latest")
        size, root = latest.decode(self.gateway.call(self.court.address, latest.encode()))
        return _Base(int(size), bytes(root))

    def _root_at(self, size: int) -> bytes:
        root_at = load(JUDICIAL_ANCHOR).function("rootAt")
        return bytes(root_at.decode(self.gateway.call(self.court.address, root_at.encode(size)))[0])
