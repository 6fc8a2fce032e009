"""Announces, holds, carries out and certifies erasures; repeats them in a restored installation.

Destroying goes in steps, each of which a kill may follow: the database's part in one transaction, which also notes what
lies outside; then that, piece by piece; then the database's own remains on the disk; the certificate is signed last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import DomainError, conflict, not_found
from api.kernel.events import EventDraft, EventRecorder, Json
from api.kernel.ids import new_id
from api.rights import repository, rules
from api.rights.model import Certificate, Erasure, Ground, State
from api.rights.ports import Certifier, Contracts, Holdings, Ledger
from api.rights.tables import ErasureRow

log = structlog.get_logger(__name__)
BATCH = 50
STREAM = "rights/erasures"


class Erasures:
    """The retention engine of one installation."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        recorder: EventRecorder,
        contracts: Contracts,
        holdings: Holdings,
        certifier: Certifier,
        ledger: Ledger,
        log_origin: str,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._recorder = recorder
        self._contracts = contracts
        self._holdings = holdings
        self._certifier = certifier
        self._ledger = ledger
        self._log_origin = log_origin

    # ------------------------------------------------------------------ the background process

    def run_due(self) -> int:
        """Announce what has ended, carry out what is due; the number of erasures that moved."""
        moved = self._announce()
        with self._uow.read() as session:
            keys = repository.due(session, self._clock.now(), BATCH)
        empty = []
        for key in keys:
            try:
                if self._carry_out(key):
                    empty.append(key)
            except DomainError as error:
                log.warning("rights.erasure.postponed", erasure=key, code=error.code)
        try:
            moved += self._finish(empty)
        except DomainError as error:
            log.warning("rights.erasure.postponed", erasures=len(empty), code=error.code)
        self._write_ledger()
        return moved

    def _announce(self) -> int:
        now = self._clock.now()
        with self._uow.read() as session:
            ended = self._contracts.ended(session, rules.ended_before(shanghai_day(now)), BATCH)
            known = repository.known(session, [item.contract_id for item in ended])
        fresh = [item for item in ended if item.contract_id not in known]
        for item in fresh:
            with self._uow() as session:
                if repository.by_contract(session, item.contract_id) is not None:
                    continue
                session.add(
                    ErasureRow(
                        id=new_id(),
                        contract_id=item.contract_id,
                        stream=item.stream,
                        state=State.ANNOUNCED.value,
                        ground=Ground.RETENTION_ENDED.value,
                        announced_at=now,
                        due_at=now + rules.NOTICE,
                        in_ledger=False,
                    )
                )
                self._contracts.tell(session, item, shanghai_day(now + rules.NOTICE))
        return len(fresh)

    def _carry_out(self, key: str) -> bool:
        """Destroy everything that one erasure is about; whether nothing is left of it but what the disk remembers."""
        with self._uow() as session:
            row = repository.by_id(session, key, lock=True)
            if row is None or row.state not in (State.ANNOUNCED.value, State.DESTROYING.value):
                return False
            if row.state == State.ANNOUNCED.value:
                self._destroy(session, row, replay=False)
        return self._clear(key)

    def _destroy(self, session: Session, row: ErasureRow, *, replay: bool) -> None:
        left = self._holdings.destroy(session, row.contract_id, row.stream, replay=replay)
        before: Mapping[str, list[str]] = row.outside or {}  # of a run that was killed
        row.destroyed = dict(left.counts)
        row.outside = {
            "blobs": [*before.get("blobs", []), *left.blobs],
            "person_refs": [*before.get("person_refs", []), *left.person_refs],
        }
        row.state = State.DESTROYING.value

    def _clear(self, key: str) -> bool:
        with self._uow.read() as session:
            row = repository.by_id(session, key)
            left: Mapping[str, Sequence[str]] = {} if row is None else row.outside or {}
        for cid in left.get("blobs", ()):
            self._holdings.remove_blob(cid)
        for ref in left.get("person_refs", ()):
            self._holdings.forget_person(ref)
        with self._uow() as session:
            row = repository.by_id(session, key, lock=True)
            if row is None or row.state != State.DESTROYING.value:
                return False
            row.outside = None
        return True

    def _finish(self, keys: Sequence[str]) -> int:
        """Certify what has left the disk; one rewriting serves all of them."""
        if not keys:
            return 0
        self._holdings.settle()
        return sum(self._certify(key) for key in keys)

    def _certify(self, key: str) -> int:
        with self._uow() as session:
            row = repository.by_id(session, key, lock=True)
            if row is None or row.state != State.DESTROYING.value:
                return 0
            now = self._clock.now()
            if row.certificate is None or row.note is None:
                certificate = self._certifier.certify(self._facts(session, row, now))
                row.certificate, row.note = certificate.body, certificate.note
            else:  # repeated after a restore: the first certificate stays the certificate
                certificate = Certificate(row.certificate, row.note)
            row.state, row.erased_at = State.ERASED.value, now
            self._recorder.record(
                session,
                EventDraft(
                    stream=STREAM,
                    type="rights.erased/1",
                    actor="platform",
                    role="platform",
                    payload={"certificate_sha256": self._digest(certificate)},
                ),
            )
        return 1

    def _facts(self, session: Session, row: ErasureRow, now: datetime) -> dict[str, Json]:
        return {
            "v": 1,
            "kind": "concord.erasure/1",
            "log_origin": self._log_origin,
            "contract_id": row.contract_id,
            "stream": row.stream,
            "ground": row.ground,
            "announced": _utc(row.announced_at),
            "erased": _utc(now),
            "destroyed": dict(row.destroyed),
            "log": dict(self._holdings.log_range(session, row.stream)),
        }

    @staticmethod
    def _digest(certificate: Certificate) -> str:
        return certificate.note.split("\n")[2]

    def _write_ledger(self) -> None:
        with self._uow.read() as session:
            waiting = repository.unledgered(session)
        for row in waiting:
            self._ledger.append(Certificate(row.certificate or "", row.note or ""))
            with self._uow() as session:
                kept = repository.by_id(session, row.id)
                if kept is not None:
                    kept.in_ledger = True

    # ------------------------------------------------------------------ after a restore

    def replay(self) -> int:
        """Repeat erasures that a restore laid down, before anything is served; the number repeated.

        API and worker begin at the same time, and a file that another process writes to can't be rewritten: the second
        waits and finds nothing left. Raises integrity when a certificate was not signed by this installation's log.
        """
        with self._ledger.turn():
            return self._replay()

    def _replay(self) -> int:
        waiting = self._ledger.to_replay()
        empty = []
        for certificate in waiting:
            key = self._repeat(self._certifier.check(certificate), certificate)
            if key is not None and self._clear(key):
                empty.append(key)
        self._finish(empty)
        if waiting:
            self._write_ledger()
            self._ledger.replayed()
            log.info("rights.erasures.replayed", number=len(waiting))
        return len(waiting)

    def _repeat(self, facts: Mapping[str, Any], certificate: Certificate) -> str | None:
        """The key of an erasure that was not carried out here yet, its rows destroyed again."""
        with self._uow() as session:
            row = repository.by_contract(session, str(facts["contract_id"]))
            if row is not None and row.state == State.ERASED.value:
                return None
            if row is None:
                row = ErasureRow(
                    id=new_id(),
                    contract_id=str(facts["contract_id"]),
                    stream=str(facts["stream"]),
                    state=State.DESTROYING.value,
                    ground=str(facts["ground"]),
                    announced_at=datetime.fromisoformat(str(facts["announced"])),
                    due_at=datetime.fromisoformat(str(facts["erased"])),
                    in_ledger=False,
                )
                session.add(row)
            self._destroy(session, row, replay=True)
            row.certificate, row.note = certificate.body, certificate.note
            session.flush()
            return row.id

    # ------------------------------------------------------------------ staff

    def listing(self, state: State | None, after: str, limit: int) -> list[Erasure]:
        """Erasures, oldest first."""
        with self._uow.read() as session:
            return [_of(row) for row in repository.listing(session, state, after, limit)]

    def counts(self) -> dict[str, int]:
        """How many in each state."""
        with self._uow.read() as session:
            return repository.counts(session)

    def one(self, key: str) -> Erasure:
        """One erasure; not_found."""
        with self._uow.read() as session:
            row = repository.by_id(session, key)
            if row is None:
                raise not_found()
            return _of(row)

    def hold(self, who: Principal, key: str, reason: str, case_no: str) -> Erasure:
        """Stop an announced erasure because of a dispute or an enforcement; conflict once destroying has begun."""
        reason, case_no = rules.check_hold(reason, case_no)
        return self._move(who, key, State.ANNOUNCED, State.HELD, reason, case_no)

    def lift(self, who: Principal, key: str) -> Erasure:
        """Let a held erasure go on; it is announced for another notice period."""
        return self._move(who, key, State.HELD, State.ANNOUNCED, None, None)

    def _move(
        self, who: Principal, key: str, old: State, new: State, reason: str | None, case_no: str | None
    ) -> Erasure:
        with self._uow() as session:
            row = repository.by_id(session, key, lock=True)
            if row is None:
                raise not_found()
            if row.state != old.value:
                raise conflict("rights.state_differs", state=row.state)
            row.state, row.hold_reason, row.hold_case = new.value, reason, case_no
            if new is State.ANNOUNCED:
                row.due_at = max(row.due_at, self._clock.now() + rules.NOTICE)
            audit.record(
                session,
                who,
                "rights.erasure_held" if new is State.HELD else "rights.erasure_released",
                "erasure",
                key,
                purpose=reason,
                case_no=case_no,
            )
            return _of(row)


def _utc(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _of(row: ErasureRow) -> Erasure:
    return Erasure(
        id=row.id,
        contract_id=row.contract_id,
        state=State(row.state),
        ground=Ground(row.ground),
        announced_at=row.announced_at,
        due_at=row.due_at,
        hold_reason=row.hold_reason,
        hold_case=row.hold_case,
        erased_at=row.erased_at,
        certificate=None if row.certificate is None else Certificate(row.certificate, row.note or ""),
    )
