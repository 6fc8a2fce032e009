"""The SQL outbox with the outside's methods of `relay_world`, and an anchoring slice on a simulated chain."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

import api.anchoring.tables as tables
from api.anchoring.model import Holder, WitnessIdentity
from api.anchoring.ports import Stamp
from api.anchoring.repository.eager import EagerDatabase
from api.anchoring.repository.index_store import SqlIndexStore
from api.anchoring.repository.outbox import SqlRelayStore
from api.anchoring.service import Anchoring, Worker
from api.anchoring.service.erasure import Erasure
from api.anchoring.service.index import ChainIndex
from api.anchoring.service.operator import Operator
from api.anchoring.service.proofs import Proofs
from api.anchoring.service.recorder import Recorder
from api.anchoring.service.registry import RegistryCalls
from api.anchoring.service.rule_run import RuleRunSigner
from api.anchoring.service.warning_inbox import WarningInbox
from api.anchoring.service.warning_officers import WarningOfficers
from api.anchoring.service.warning_proof import WarningProofs
from api.anchoring.service.warnings import WarningDecisions
from api.anchoring.service.witnessing import Witnessing
from api.infra.db import Base, Database, UnitOfWork
from api.infra.sealing import FieldKey
from api.kernel.clock import Clock, SystemClock
from api.kernel.errors import unavailable
from chain.checkpoint import LogKey
from chain.gateway import ChainGateway
from chain.indexer import Indexer
from chain.relay import Relay
from chain.relay_port import ReadyCall
from chain.transactions import Sender
from signing.eip712 import Domain
from tests.support.relay_world import CONTRACTS, SENDER, World

ORIGIN = "log.test/anchoring"
KEY = LogKey.from_seed(ORIGIN, bytes(range(32)))


def create_tables(db: Database) -> None:
    """The slice's tables, where migrations have not made them."""
    made = [t for name, t in Base.metadata.tables.items() if name.startswith(("anchoring_", "infra_"))]
    assert tables.EventRow.__table__ in made
    Base.metadata.create_all(db.engine, tables=made)


class SqlOutside(SqlRelayStore):
    """The SQL outbox as a relay world fills it."""

    def __init__(self, db: Database, world: World) -> None:
        super().__init__(db, world.now)
        self._seq = 0

    def add_entry(self, entry: bytes) -> None:
        self._seq += 1
        with self._db.transaction() as session:
            session.execute(
                insert(tables.EventRow).values(
                    stream="test/one", seq=self._seq, entry=entry, type="test.E/1", actor="a", role="platform",
                    utc="2026-11-22T00:00:00.000Z", payload_digest="0" * 64, prev="0" * 64, state="pending",
                )
            )  # fmt: skip

    def add_call(self, call: ReadyCall, *, held: bool = False, depends: Iterable[str] = ()) -> None:
        with self._db.transaction() as session:
            no = session.execute(
                insert(tables.CallRow)
                .values(
                    id=call.call_id, method="m", role=True, org="0" * 64, target=call.target, data=call.data,
                    gas=call.gas, state="held" if held else "pending", created_at=self._now(),
                )
                .returning(tables.CallRow.no)
            ).scalar_one()  # fmt: skip
            for earlier in depends:
                other = session.execute(
                    select(tables.CallRow.no).where(tables.CallRow.id == earlier)
                ).scalar_one()
                session.execute(insert(tables.CallDependencyRow).values(call=no, earlier=other))

    def release(self, call_id: str) -> None:
        with self._db.transaction() as session:
            session.execute(
                update(tables.CallRow).where(tables.CallRow.id == call_id).values(state="pending")
            )

    def call_state(self, call_id: str) -> str:
        with self._db.read() as session:
            return session.execute(
                select(tables.CallRow.state).where(tables.CallRow.id == call_id)
            ).scalar_one()

    def entry_states(self) -> dict[bytes, tuple[str, int | None]]:
        with self._db.read() as session:
            rows = session.execute(
                select(tables.EventRow.entry, tables.EventRow.state, tables.EventRow.log_index)
            )
            return {row.entry: (row.state, row.log_index) for row in rows}


class FakeTimestamps:
    """Stamps that name the imprint they are over; can be told to fail."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[bytes] = []

    def stamp(self, imprint: bytes) -> Stamp:
        self.asked.append(imprint)
        if self.down:
            raise RuntimeError("no authority answers")
        return Stamp(b"token" + imprint, "one", SystemClock().now())


class Logins:
    """Staff whose roles decide about warnings."""

    def __init__(self) -> None:
        self.known: list[Holder] = []

    def deciders(self) -> list[Holder]:
        return self.known


class Messages:
    """Keeps what was sent, once for each key."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, str]] = {}

    def queue(self, session: Any, account: str, text: str, dedup: str) -> None:
        self.sent.setdefault(dedup, (account, text))


class Enterprises:
    """Names by warning, for whoever asks."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[str, str]] = {}

    def named(self, who: Any, warnings: Sequence[str]) -> dict[str, tuple[str, str]]:
        return {warning: self.known[warning] for warning in warnings if warning in self.known}


class Towns:
    """A table with one town."""

    def names(self) -> dict[str, tuple[str, str]]:
        return {"500107001": ("示例一街道", "Example Subdistrict 1")}


class Slice:
    """The anchoring slice over a database and a gateway, as bootstrap would build it."""

    def __init__(
        self,
        db: Database,
        gateway: ChainGateway,
        *,
        contracts: Any = CONTRACTS,
        sender: Sender = SENDER,
        proofs: bool = False,
        witnesses: Sequence[Any] = (),
        threshold: int = 0,
        warnings_domain: Domain | None = None,
        registrars: frozenset[str] = frozenset(),
        rule_run_key: bytes | None = None,
        clock: Clock | None = None,
    ) -> None:
        create_tables(db)
        self.db = db
        self.gateway = gateway
        self.contracts = contracts
        self.sender = sender
        self.timestamps = FakeTimestamps()
        self.monotonic: float | None = 0.0  # None: real time
        self.with_proofs = proofs
        self.witnesses = witnesses
        self.threshold = threshold
        clock = clock or SystemClock()
        self.rule_run_key = rule_run_key

        def domain() -> Domain:
            if warnings_domain is None:
                raise unavailable("anchoring.warnings_not_deployed")
            return warnings_domain

        self.clock: Clock = clock
        self.staff = Logins()
        self.messages = Messages()
        self.enterprises = Enterprises()
        officers = WarningOfficers(lambda: contracts, domain, registrars.__contains__, clock, self.staff)
        warnings = WarningDecisions(lambda: contracts, domain, officers, clock)
        log = Proofs(ORIGIN, lambda: KEY, clock)
        self.service = Anchoring(
            UnitOfWork(db),
            Recorder(ORIGIN, clock),
            RegistryCalls(lambda: contracts, clock),
            log,
            ChainIndex(),
            Operator(clock, [WitnessIdentity(w.name, "0" * 8, "0" * 64) for w in witnesses], ORIGIN),
            Erasure(clock),
            self.make_worker,
            lambda: None,
            warnings=warnings,
            inbox=WarningInbox(UnitOfWork(db), clock, self.messages, self.now),
            proof=WarningProofs(log, domain),
            subjects=self.enterprises,
            places=Towns(),
            make_rule_signer=lambda: RuleRunSigner(UnitOfWork(db), warnings, lambda: self.rule_run_key),
        )

    def make_worker(self, owner: str = "one") -> Worker:
        """A worker as a process of its own would make it."""
        clock = SystemClock()
        db = self.worker_db = EagerDatabase(self.db.engine.url.render_as_string(False), self.db.field_key)
        return Worker(
            UnitOfWork(db),
            clock,
            self.gateway,
            Relay(self.gateway, SqlRelayStore(db, clock.now), self.sender, self.contracts, owner),
            Indexer(self.gateway, SqlIndexStore(db), self.contracts),
            KEY,
            self.timestamps,
            self.gateway if self.with_proofs else None,  # type: ignore[arg-type]
            Witnessing(UnitOfWork(db), clock, self.witnesses, self.threshold, self.now),
            self.now,
        )

    def now(self) -> float:
        """The monotonic time of this slice's workers."""
        return time.monotonic() if self.monotonic is None else self.monotonic


def hex32(text: str) -> str:
    """A 32-byte id from a word."""
    return hashlib.sha256(text.encode()).hexdigest()


def at(text: str) -> datetime:
    """An aware time."""
    return datetime.fromisoformat(text)


MODES = ["lost", "persisted", "killed before", "killed after"]
STRIDE = 5
"""Every step is broken in some mode; all steps in all modes run over the store in memory (tests/fault/chain)."""


def break_each_step(mode: str, folder: Path, run: Callable[[Database, int], int]) -> None:
    """`run(database, n)` plays the scenario with its step n broken (-1: none) and returns how many steps there were."""
    steps = 0
    for at in [-1, *range(MODES.index(mode), 200, STRIDE)]:
        if steps and at >= steps:
            break
        db = Database(f"sqlite:///{folder}/w{at}.db", FieldKey(bytes(32)))
        create_tables(db)
        played = run(db, at)
        steps = steps or played
        db.close()
