"""Preparations: take the lock of a revision, keep progress step by step, let go.

One signatory at a time holds a revision, for ten minutes. Two prepared files of one revision would give two valid rival
contracts; so `advance` compares and swaps on state, revision, digest and lock when a signature is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.kernel.errors import conflict, not_found
from api.kernel.ids import new_id
from api.signing_round import repository, rules
from api.signing_round.model import RoundState, Signatory, Step
from api.signing_round.service.documents import Documents
from api.signing_round.service.wiring import Wiring, box_of, required_round, translated
from api.signing_round.service.work import Work
from api.signing_round.tables import AttemptRow, RoundRow
from signing.pades import Prepared, prepare, signed_attributes


@dataclass
class Attempt:
    """An attempt with its round and its decoded work."""

    row: AttemptRow
    round: RoundRow
    work: Work

    @property
    def prepared(self) -> Prepared:
        """The waiting file."""
        return Prepared(
            pdf=self.row.prepared or b"",
            digest=bytes.fromhex(self.row.digest),
            start=self.row.gap_start,
            end=self.row.gap_end,
        )

    @property
    def file(self) -> bytes:
        """The waiting file's bytes, for the signatory to look at; conflict once another preparation replaced it."""
        if not self.row.prepared:
            raise conflict("signing.attempt_replaced")
        return self.row.prepared

    @property
    def step(self) -> Step:
        """How far it came."""
        return Step(self.row.step)


class Attempts:
    """Begin, load, save, drop."""

    def __init__(self, wiring: Wiring, documents: Documents) -> None:
        self._w = wiring
        self._documents = documents

    def begin(
        self, round_id: str, signatory: Signatory, holder: str, actor: str, stamp: bytes, work: Work
    ) -> Attempt:
        """Prepare the present revision for a signatory and take its lock.

        A preparation of the same person is dropped for the new one; somebody else's lock is a conflict until it ends.
        Where the work names the certificate already, the attributes are made at once.
        """
        now = self._w.clock.now()
        with self._w.uow.read() as session:
            row = required_round(session, round_id)
            current = self._documents.latest(session, row)
        with translated():
            prepared = prepare(
                current, field=signatory.field, box=box_of(row, signatory), stamp_pdf=stamp, moment=now
            )
            if work.certificate:
                work.attributes = signed_attributes(prepared.digest, work.certificate)
        step = Step.CERTIFIED if work.certificate else Step.PREPARED
        attempt = AttemptRow(
            id=new_id(),
            round_id=round_id,
            signatory=signatory.value,
            revision=row.revision,
            holder=holder,
            actor=actor,
            step=step.value,
            lock_until=now + rules.LOCK,
            created_at=now,
            prepared=prepared.pdf,
            digest=prepared.digest.hex(),
            gap_start=prepared.start,
            gap_end=prepared.end,
            work=work.dump(),
            change=0,
            touched_at=now,
        )
        with self._w.uow() as session:
            own = [item.id for item in repository.own_live_attempts(session, round_id, signatory, actor)]
            if not repository.take_lock(session, row, attempt.id, own, attempt.lock_until, now):
                raise self._refusal(session, round_id, signatory)
            repository.drop_attempts(session, round_id)
            session.add(attempt)
        return Attempt(attempt, row, work)

    def _refusal(self, session: Session, round_id: str, signatory: Signatory) -> Exception:
        row = required_round(session, round_id)
        rules.check_turn(RoundState(row.state), signatory)
        until = row.lock_until or self._w.clock.now()
        return conflict("signing.locked", until=until.strftime("%H:%M:%S UTC"))

    def load(self, attempt_id: str, round_id: str, signatory: Signatory) -> Attempt:
        """An attempt of the round by this signatory; not_found for any other."""
        with self._w.uow.read() as session:
            return self.of(required_round(session, round_id), attempt_id, signatory)

    def of(self, round_row: RoundRow, attempt_id: str, signatory: Signatory) -> Attempt:
        """As `load`, for a round that was read already."""
        with self._w.uow.read() as session:
            row = repository.attempt_by_id(session, attempt_id)
        if row is None or row.round_id != round_row.id or row.signatory != signatory.value:
            raise not_found("signing.attempt_unknown")
        return Attempt(row, round_row, Work.load(row.work))

    def usable(self, attempt: Attempt) -> Attempt:
        """Raise conflict unless the attempt still holds its revision and it is the signatory's turn."""
        signatory = Signatory(attempt.row.signatory)
        rules.check_turn(RoundState(attempt.round.state), signatory)
        now = self._w.clock.now()
        deadline = (
            attempt.round.deadline_worker
            if signatory is Signatory.WORKER
            else attempt.round.deadline_employer
        )
        rules.check_deadline(deadline, attempt.round.expiry, now)
        if attempt.step is Step.DROPPED or attempt.round.lock_attempt != attempt.row.id:
            raise conflict("signing.attempt_replaced")
        if now >= attempt.row.lock_until:
            raise conflict("signing.attempt_expired")
        return attempt

    def save(self, session: Session, attempt: Attempt, step: Step | None = None) -> None:
        """Keep the attempt's work; conflict when another request changed it meanwhile."""
        chosen = step or attempt.step
        now = self._w.clock.now()
        if not repository.save_work(session, attempt.row, attempt.work.dump(), chosen, now):
            raise conflict("signing.in_progress")
        attempt.row.change += 1
        attempt.row.step = chosen.value

    def keep(self, attempt: Attempt, step: Step | None = None) -> None:
        """`save` in a transaction of its own."""
        with self._w.uow() as session:
            self.save(session, attempt, step)

    def drop(self, attempt: Attempt) -> None:
        """Nothing came of it: forget the preparation and free the lock."""
        with self._w.uow() as session:
            row = repository.round_by_id(session, attempt.round.id)
            repository.drop_attempts(session, attempt.round.id)
            if row is not None and row.lock_attempt == attempt.row.id:
                row.lock_attempt, row.lock_until = None, None

    def finish(self, session: Session, attempt: Attempt, to: RoundState, **values: object) -> None:
        """Swap the round to its next state and mark the attempt as the signature; conflict when the lock was lost."""
        if not repository.advance(session, attempt.round, attempt.row.id, to, **values):
            current = required_round(session, attempt.round.id)
            rules.check_turn(RoundState(current.state), Signatory(attempt.row.signatory))
            raise conflict("signing.attempt_replaced")
        repository.finish_attempt(session, attempt.row, attempt.work.dump())


def moment_of(work: Work) -> datetime:
    """When the attempt began."""
    return datetime.fromisoformat(work.moment)
