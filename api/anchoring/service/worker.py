"""The loop of the worker process: relay, index, audit, checkpoints with tokens, receipt proofs. One pass is a tick.

An open integrity alarm stops everything here until a person has looked: the chain and our records contradict each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from sqlalchemy import exists, select, update

from api.anchoring.model import StoredCheckpoint
from api.anchoring.ports import Stamp, Timestamps
from api.anchoring.repository import alarms, index_queries, outbox, streams, tree
from api.anchoring.rules import SEVERITY_INTEGRITY, SEVERITY_WARNING
from api.anchoring.service.witnessing import Witnessing
from api.anchoring.tables import EventRow, FlightRow
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import integrity
from chain.calls import decode_append
from chain.checkpoint import Checkpoint, LogKey, token_imprint
from chain.errors import DecodingError, GatewayUnavailable, LogIntegrityError, ProofInvalid
from chain.gateway import ChainGateway, ProofSource
from chain.indexer import Indexer
from chain.relay import Relay
from chain.state_proofs import build_receipt_proofs
from chain.witness_client import WitnessConflict

log = structlog.get_logger(__name__)

CHECKPOINT_EVERY = 5.0
TOKEN_RETRY = 15.0
AUDIT_BATCHES = 20
PROOF_BLOCKS = 2
PACE = 0.2
IDLE_PASS = 1.0

_WAITING = select(
    exists().where(EventRow.state == "pending"),
    exists().where(FlightRow.state.in_(outbox.UNDER_WAY)),
)


class Worker:
    """Runs in one process; a second one waits for the lease and then takes over."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        gateway: ChainGateway,
        relay: Relay,
        indexer: Indexer,
        log_key: LogKey,
        timestamps: Timestamps,
        proof_source: ProofSource | None,
        witnessing: Witnessing,
        monotonic: Callable[[], float],
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._gateway = gateway
        self._relay = relay
        self._indexer = indexer
        self._log_key = log_key
        self._timestamps = timestamps
        self._proof_source = proof_source
        self._witnessing = witnessing
        self._monotonic = monotonic
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint-token")
        self._stamping: tuple[StoredCheckpoint, Future[Stamp]] | None = None
        self._next_checkpoint = float("-inf")
        self._next_token = float("-inf")
        self._next_pass = float("-inf")
        self._down = False

    def tick(self) -> bool:
        """One pass; whether anything was done. Raises DomainError `integrity` when chain and records contradict.

        While nothing waits, a pass is one small query; the whole of it is done once a second.
        """
        now = self._monotonic()
        if now < self._next_pass and not self._answer_waits() and not self._something_waits():
            return False
        done = self._pass()
        self._next_pass = now if done else now + IDLE_PASS
        return done

    def _answer_waits(self) -> bool:
        return self._witnessing.answered or (self._stamping is not None and self._stamping[1].done())

    def _something_waits(self) -> bool:
        with self._uow.read() as session:
            return any(session.connection().execute(_WAITING).one())

    def _pass(self) -> bool:
        self._refuse_if_stopped()
        try:
            moved = self._chain_steps()
            if moved is None:
                return False
            self._checkpoint()
            witnessed = self._witnessing.step()
        except WitnessConflict as exc:
            self._alarm("witness.conflict", SEVERITY_INTEGRITY, exc.facts)
            raise integrity("anchoring.integrity", **exc.facts) from exc
        except (LogIntegrityError, DecodingError) as exc:
            self._alarm("log.integrity", SEVERITY_INTEGRITY, exc.facts)
            raise integrity("anchoring.integrity", **exc.facts) from exc
        return moved or bool(witnessed)

    def _chain_steps(self) -> bool | None:
        """What needs the node; whether anything moved, None while another process leads.

        While the node is away tokens and cosignatures for what is anchored are still fetched.
        """
        try:
            tick = self._relay.tick()
            for alarm in tick.alarms:
                self._alarm(alarm.code, SEVERITY_WARNING, alarm.facts)
            if not tick.leader:
                return None
            progress = self._indexer.step()
            audited = self._audit()
            proven = self._prove_receipts()
        except GatewayUnavailable as exc:
            if not self._down:
                log.warning("anchoring.chain.unavailable", reason=str(exc.facts.get("reason", "")))
            self._down = True
            return False
        if self._down:
            log.info("anchoring.chain.came_back")
            self._down = False
        return bool(tick.busy or progress.events or progress.behind or audited or proven)

    def run(self, stop: threading.Event) -> None:
        """Ticks until `stop` is set."""
        while not stop.is_set():
            if not self.tick():
                stop.wait(PACE)

    def close(self) -> None:
        """End the threads that wait for others."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._witnessing.close()

    # -- integrity

    def _refuse_if_stopped(self) -> None:
        with self._uow.read() as session:
            alarm = alarms.stopped(session)
        if alarm is not None:
            raise integrity("anchoring.stopped", alarm=alarm.id, **alarm.facts)

    def _alarm(self, code: str, severity: str, facts: dict[str, object]) -> None:
        log.error("anchoring.alarm.raised", code=code, severity=severity, facts=facts)
        with self._uow() as session:
            alarms.raise_alarm(session, code, severity, facts, self._clock.now())

    # -- audit

    def _audit(self) -> int:
        """Compare entries in the log on chain, read from call data, with our events: a stranger's entry is an orphan."""
        with self._uow.read() as session:
            batches = index_queries.unaudited(session, AUDIT_BATCHES)
        if not batches:
            return 0
        found = self._gateway.transactions([bytes.fromhex(b.transaction) for b in batches])
        entries: list[tuple[int, bytes]] = []
        for batch, transaction in zip(batches, found, strict=True):
            if transaction is None:  # the node showed its event: it finds the call by its hash a moment later
                raise GatewayUnavailable("an append is not found by its hash yet", code="gateway.behind")
            try:
                first, part = decode_append(transaction.data)
            except DecodingError:
                raise LogIntegrityError(
                    "entries were appended by a call that is not ours", index=batch.first_index
                ) from None
            if (first, len(part)) != (batch.first_index, batch.count):
                raise LogIntegrityError("a batch's call data do not fit its event", index=batch.first_index)
            entries += [(first + offset, entry) for offset, entry in enumerate(part)]
        with self._uow.read() as session:
            known = streams.known_entries(session, [entry for _, entry in entries])
        for index, entry in entries:
            if known.get(entry, -1) != index:
                raise LogIntegrityError("an entry in the log matches no event of ours", index=index)
        with self._uow() as session:
            index_queries.mark_audited(session, [b.first_index for b in batches])
        return len(batches)

    # -- checkpoints

    def _checkpoint(self) -> None:
        """Sign a checkpoint over all anchored batches, at most every five seconds, and see to its token."""
        now = self._monotonic()
        if now >= self._next_checkpoint:
            with self._uow.read() as session:
                size, root = tree.log_state(session)
                newest = tree.newest_checkpoint(session)
            if size > (newest.size if newest else 0):
                note = self._log_key.sign_checkpoint(Checkpoint(self._log_key.verifier.name, size, root))
                with self._uow() as session:
                    tree.add_checkpoint(session, size, root, note, self._clock.now())
                self._next_checkpoint = now + CHECKPOINT_EVERY
                self._next_token = min(self._next_token, now)
        self._token_step()

    def _token_step(self) -> None:
        """Fetch tokens in a thread of their own: a slow authority never holds the log back."""
        now = self._monotonic()
        if self._stamping is not None:
            checkpoint, future = self._stamping
            if not future.done():
                return
            self._stamping = None
            error = future.exception()
            if error is not None:
                log.warning(
                    "anchoring.token.failed", size=checkpoint.size, error=f"{type(error).__name__}: {error}"
                )
                self._next_token = now + TOKEN_RETRY
                return
            stamp = future.result()
            with self._uow() as session:
                tree.set_token(session, checkpoint.size, stamp.der, stamp.tsa, stamp.time)
        if now < self._next_token:
            return
        with self._uow.read() as session:
            waiting = tree.newest_without_token(session)
        if waiting is None:
            self._next_token = float("inf")  # a new checkpoint sets it back
            return
        imprint = token_imprint(waiting.note, self._log_key.verifier)
        self._stamping = (waiting, self._pool.submit(self._timestamps.stamp, imprint))

    # -- receipt proofs

    def _prove_receipts(self) -> int:
        """Make receipt proofs of what has become final: a pruning node would forget them."""
        if self._proof_source is None:
            return 0
        with self._uow.read() as session:
            rows = session.execute(
                select(FlightRow.nonce, FlightRow.block_number, FlightRow.block_index)
                .where(FlightRow.state == "anchored", FlightRow.proof.is_(None))
                .order_by(FlightRow.nonce)
                .limit(200)
            ).all()
        blocks = sorted({row.block_number for row in rows if row.block_number is not None})[:PROOF_BLOCKS]
        done = 0
        for number in blocks:
            part = [row for row in rows if row.block_number == number]
            try:
                proofs = build_receipt_proofs(
                    self._proof_source, number, [row.block_index or 0 for row in part]
                )
            except ProofInvalid as exc:
                raise LogIntegrityError("the node's receipts contradict its headers", block=number) from exc
            with self._uow() as session:
                for row in part:
                    session.execute(
                        update(FlightRow)
                        .where(FlightRow.nonce == row.nonce)
                        .values(proof=proofs[row.block_index or 0])
                    )
            done += len(part)
        return done
