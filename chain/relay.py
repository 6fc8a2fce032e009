"""The relay: from pending entries and registry calls to final transactions, without losing or doubling one.

Stage → persist → broadcast → finalise; start-up and trouble run the same steps. Nothing is remembered between steps
except in the store, so a crash anywhere is a step that is done again:

- staged but not broadcast: the same raw bytes are sent, they have the same hash;
- broadcast, answer lost: sending again is answered "known", and the receipt is read back;
- final, but not marked: the receipt is read again, the same growth of the tree is computed again;
- two relays by accident: writes carry the lease's fence, and the loser's are refused; a raw transaction that both send
  is one transaction.

Contracts make repetition harmless too: `append` names the size it expects, registries are write-once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain import calls
from chain.abi import load
from chain.errors import GatewayUnavailable, LogIntegrityError
from chain.gateway import ChainGateway, Receipt
from chain.leased_relay import Alarm, LeasedRelay, Pace, Tick
from chain.merkle import Growth, OverlayTiles, Tree, leaf_hash
from chain.relay_port import Anchored, Flight, FlightKind, FlightState, NewFlight, Position, RelayStore
from chain.transactions import Sender, read_raw


@dataclass(frozen=True)
class RelaySettings(Pace):
    """Limits of the relay."""

    max_batch: int = calls.MAX_BATCH
    max_appends: int = 4
    max_calls: int = 128


class Relay(LeasedRelay[RelayStore, Flight, Tick]):
    """One staging writer. `tick` is called again and again; it raises GatewayUnavailable while the chain is away,
    and LogIntegrityError when chain and records contradict each other: then nobody stages until a person has looked.
    """

    def __init__(
        self,
        gateway: ChainGateway,
        store: RelayStore,
        sender: Sender,
        contracts: calls.Contracts,
        owner: str,
        settings: RelaySettings | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or RelaySettings()
        super().__init__(gateway, store, sender, owner, self.settings, monotonic)
        self.contracts = contracts

    def new_tick(self) -> Tick:
        return Tick()

    # -- reconcile

    def reconcile(self) -> None:
        """Check that this is the chain we anchored in. Raises ChainError or LogIntegrityError."""
        self.require_chain(self.sender.chain_id)
        last = self.store.last_anchored()
        if last is not None:
            receipt = self.gateway.receipts([last.flight.hash])[0]
            lag = self.gateway.index_lag
            if receipt is None and lag and self.gateway.head().number < last.block_number + lag:
                raise GatewayUnavailable("the validators are catching up", code="gateway.behind")
            if receipt is None or receipt.block_hash != last.block_hash:
                raise LogIntegrityError(
                    f"the chain no longer has transaction {last.flight.hash.hex()} as it was final"
                )

    # -- finalise

    def finalise(self, fence: int, tick: Tick) -> None:
        """Mark what is final as anchored, in nonce order; park what was refused."""
        flights = self.store.flights()
        if not flights:
            return
        final = self.gateway.final_head().number
        receipts = self.gateway.receipts([flight.hash for flight in flights])
        if None in receipts:
            receipts = self._without_displaced(fence, flights, receipts, tick)
        done: list[Anchored] = []
        tree = _GrowingTree(self.store)
        refused: list[tuple[Flight, Receipt]] = []
        in_order = (
            True  # receipts were not read in one instant: an append is only looked at after its predecessors
        )
        for flight, receipt in zip(flights, receipts, strict=True):
            ready = receipt is not None and receipt.block_number <= final
            if flight.kind is FlightKind.APPEND:
                in_order = in_order and ready
                ready = in_order
            if receipt is None or not ready:
                continue
            if not receipt.ok:
                refused.append((flight, receipt))
                in_order = in_order and flight.kind is FlightKind.CALL
            elif flight.kind is FlightKind.APPEND:
                done.append(self._anchored_append(flight, receipt, tree))
            elif any(log.address == flight.target for log in receipt.logs):
                done.append(Anchored(flight, receipt.block_number, receipt.block_hash, receipt.index))
            else:
                refused.append((flight, receipt))
        if done:
            self.store.anchor(fence, done)
            tick.anchored += len(done)
        for flight, receipt in refused:
            self._refuse(fence, flight, receipt, tick)

    def _without_displaced(
        self, fence: int, flights: Sequence[Flight], receipts: Sequence[Receipt | None], tick: Tick
    ) -> list[Receipt | None]:
        """Handle transactions whose nonce the chain has given to another one: they can never be mined."""
        found, gone = self._displaced.look(flights, receipts)
        for flight in gone:
            tick.alarms.append(Alarm("relay.transaction_displaced", {"nonce": flight.nonce}))
            if flight.kind is FlightKind.APPEND:
                self.store.fail_append(fence, flight, "displaced")
            else:
                self.store.requeue(fence, [flight])
        return found

    def _anchored_append(self, flight: Flight, receipt: Receipt, tree: _GrowingTree) -> Anchored:
        events = [calls.decode_log(self.contracts, log) for log in receipt.logs]
        appended = [e for e in events if e is not None and e.name == "Appended"]
        if len(appended) != 1 or flight.first_index is None:
            raise LogIntegrityError(f"transaction {flight.hash.hex()} did not append once")
        fields = appended[0].fields
        growth = tree.grow(self.store.entries(flight))
        expected = (flight.first_index, flight.count, growth.size, growth.root)
        if (fields["firstIndex"], fields["count"], fields["size"], fields["root"]) != expected:
            raise LogIntegrityError(f"the log on chain differs from ours at index {flight.first_index}")
        return Anchored(flight, receipt.block_number, receipt.block_hash, receipt.index, growth)

    def _refuse(self, fence: int, flight: Flight, receipt: Receipt, tick: Tick) -> None:
        reason = "no event of the contract" if receipt.ok else self._why(flight)
        if flight.kind is FlightKind.CALL:
            self.store.park(fence, flight, reason)
            tick.alarms.append(Alarm("relay.call_parked", {"call_id": flight.call_id, "reason": reason}))
        else:
            self.store.fail_append(fence, flight, reason)
            tick.alarms.append(
                Alarm("relay.append_refused", {"first_index": flight.first_index, "reason": reason})
            )

    def _why(self, flight: Flight) -> str:
        fields = read_raw(self.store.raws([flight.hash])[0])
        target = fields.to or ""
        contract = self.contracts.name_of(target)
        return self.why_reverted(target, fields.data, lambda data: calls.revert_reason(contract, data))

    # -- stage

    def stage(self, fence: int, tick: Tick) -> None:
        """Sign and persist what is pending: calls first (they are few), then entries in batches."""
        flights = self.store.flights()
        failed = self.store.failed_appends()
        appends = [f for f in flights if f.kind is FlightKind.APPEND]
        if failed and not appends:
            self._put_back(fence, failed)
            failed = []
        ready = self.store.ready_calls(self.settings.max_calls - (len(flights) - len(appends)))
        room = 0 if failed else self.settings.max_appends - len(appends)
        entries = self.store.pending_entries(room * self.settings.max_batch) if room > 0 else []
        if not ready and not entries:
            return
        position = self.store.position()
        nonce = self._next_nonce(position, bool(flights))
        new: list[NewFlight] = []
        for call in ready:
            signed = self.sender.sign(call.target, call.data, nonce, call.gas)
            flight = Flight(
                signed.hash,
                nonce,
                FlightKind.CALL,
                FlightState.STAGED,
                call_id=call.call_id,
                target=call.target,
            )
            new.append(NewFlight(flight, signed.raw))
            nonce += 1
        index = position.staged_size
        for start in range(0, len(entries), self.settings.max_batch):
            batch = tuple(entries[start : start + self.settings.max_batch])
            call_ = calls.append(self.contracts, index, batch)
            signed = self.sender.sign(call_.to, call_.data, nonce, call_.gas)
            flight = Flight(
                signed.hash, nonce, FlightKind.APPEND, FlightState.STAGED, index, len(batch), target=call_.to
            )
            new.append(NewFlight(flight, signed.raw, batch))
            nonce += 1
            index += len(batch)
        self.store.stage(fence, new)
        tick.staged += len(new)

    def _next_nonce(self, position: Position, under_way: bool) -> int:
        """The nonce after our last one. With nothing under way the chain is asked as well: it may be ahead when
        the account was used elsewhere; behind, it has lost what was final.
        """
        if under_way and position.next_nonce is not None:
            return position.next_nonce
        mined = self.gateway.transaction_count(self.sender.address)
        if position.next_nonce is not None and mined < position.next_nonce:
            raise LogIntegrityError(
                f"the chain counts {mined} transactions of ours, {position.next_nonce} were final"
            )
        return mined

    def _put_back(self, fence: int, failed: Sequence[Flight]) -> None:
        """No append is under way any more: failed ones may be staged again, if the log is as long as we know it."""
        size = load("EvidenceLog").function("size")
        actual = int(size.decode(self.gateway.call(self.contracts.evidence_log, size.encode()))[0])
        known = self.store.position().anchored_size
        if actual != known:
            raise LogIntegrityError(
                f"the log on chain has {actual} entries, we know {known}: somebody else appended"
            )
        self.store.requeue(fence, failed)

    # -- broadcast

    def broadcast(self, fence: int, tick: Tick) -> None:
        """Send what is staged, and again what was sent long ago and is still without a receipt."""
        taken, refused = self._broadcast.send(self.store.flights(), self.store.raws)
        if refused is not None:
            flight, result = refused
            tick.alarms.append(Alarm("relay.send_refused", {"nonce": flight.nonce, "reason": result.reason}))
        if taken:
            self.store.mark_broadcast(fence, taken)
            tick.broadcast += len(taken)


class _GrowingTree:
    """The anchored tree, grown in memory by one append after the other before all are written together."""

    def __init__(self, store: RelayStore) -> None:
        self._store = store
        self._tiles: OverlayTiles | None = None
        self._size = 0

    def grow(self, entries: Sequence[bytes]) -> Growth:
        if self._tiles is None:
            self._tiles = OverlayTiles(self._store.tiles())
            self._size = self._store.position().anchored_size
        growth = Tree(self._tiles, self._size).append([leaf_hash(entry) for entry in entries])
        self._tiles.write(growth.tiles)
        self._size = growth.size
        return growth
