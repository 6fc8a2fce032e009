"""The end of a round: validation material, then a document timestamp from another authority (DESIGN §3 Time, E11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from api.kernel.errors import conflict
from api.signing_round import repository
from api.signing_round.model import RoundCompleted, RoundState, Signatory
from api.signing_round.service.attempts import Attempt
from api.signing_round.service.documents import Documents
from api.signing_round.service.sealing import Sealing
from api.signing_round.service.wiring import Wiring, required_round, translated
from api.signing_round.service.work import Work
from api.signing_round.tables import RoundRow
from signing.errors import ServiceUnavailable
from signing.pades import add_dss
from signing.pades.finish import finish_document_timestamp, prepare_document_timestamp
from signing.timestamps import Token

log = structlog.get_logger(__name__)

PAUSE = timedelta(seconds=20)


class Completion:
    """Adds what makes a signed document last, at once or as soon as a second authority answers."""

    def __init__(self, wiring: Wiring, documents: Documents, sealing: Sealing) -> None:
        self._w = wiring
        self._documents = documents
        self._sealing = sealing

    def stamp(self, pdf: bytes, worker: Attempt, employer: Attempt) -> tuple[bytes, Token] | None:
        """Return the final file and its document timestamp, validated; None while no second authority answers."""
        with translated():
            stored = add_dss(
                pdf,
                certificates=[
                    *worker.work.chain,
                    *employer.work.chain,
                    *worker.work.token_certificates,
                    *employer.work.token_certificates,
                ],
                crls=[*worker.work.crls, *employer.work.crls],
                ocsps=[*worker.work.ocsps, *employer.work.ocsps],
            )
            prepared = prepare_document_timestamp(stored)
            try:
                token = self._w.timestamps.stamp(
                    prepared.digest, exclude=frozenset({employer.work.token_tsa})
                )
            except ServiceUnavailable as error:
                log.warning(
                    "signing_round.completion.postponed", round_id=employer.round.id, reason=str(error.facts)
                )
                return None
            final = finish_document_timestamp(prepared, token)
        # Its own store carries what the paths need: it is judged with nothing beside it, as any court would.
        self._sealing.validated(employer, final, 2, self._w.anchors.cas, stamped=True)
        return final, token

    def complete(self, round_id: str) -> bool:
        """Finish a round that waits for its document timestamp; False when it still has to wait."""
        with self._w.uow.read() as session:
            row = required_round(session, round_id)
            if row.state != RoundState.EMPLOYER_SIGNED.value:
                return row.state == RoundState.COMPLETED.value
            pdf = self._documents.latest(session, row)
            worker, employer = (
                self._done(session, row, signatory) for signatory in (Signatory.WORKER, Signatory.EMPLOYER)
            )
        final = self.stamp(pdf, worker, employer)
        now = self._w.clock.now()
        if final is None:
            with self._w.uow() as session:
                required_round(session, round_id).retry_at = now + PAUSE
            return False
        sealed = self._documents.seal_revision(row, final[0])
        with self._w.uow() as session:
            swapped = repository.advance(
                session,
                row,
                None,
                RoundState.COMPLETED,
                revision=row.revision + 1,
                current_sha256=sealed.sha256,
                completed_at=now,
            )
            if not swapped:
                raise conflict("signing.already_signed")
            self._documents.keep(session, row.id, row.revision + 1, sealed)
            if row.conclude_call is not None:
                self._w.registry.release(session, row.conclude_call)
            self.announce(session, row, sealed.sha256, final[1], now)
        return True

    def announce(
        self, session: Session, row: RoundRow, final_sha256: str, token: Token, now: datetime
    ) -> None:
        """Record E11 and tell the other slices."""
        self._w.record(
            session,
            row,
            "E11",
            "platform",
            "platform",
            {
                "commitment": row.commitment,
                "version": row.version,
                "token_sha256": token.sha256,
                "tsa": token.tsa,
                "token_time": token.gen_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "document_sha256": final_sha256,
            },
        )
        self._w.bus.publish(session, RoundCompleted(row.id, row.contract_id, row.stream, now, final_sha256))

    def _done(self, session: Session, row: RoundRow, signatory: Signatory) -> Attempt:
        done = repository.done_attempt(session, row.id, signatory)
        if done is None:
            raise conflict("signing.worker_first")
        return Attempt(done, row, Work.load(done.work))
