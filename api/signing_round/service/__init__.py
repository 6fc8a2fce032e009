"""The slice's service: one facade over rounds, both signatories, documents and evidence material."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from api.kernel.errors import DomainError
from api.signing_round import repository, rules
from api.signing_round.model import (
    EvidenceMaterial,
    Opener,
    Opening,
    PreparedRound,
    RoundOpened,
    RoundRequest,
    RoundView,
    Signatory,
    WorkerAdmission,
)
from api.signing_round.service.attempts import Attempts
from api.signing_round.service.completion import Completion
from api.signing_round.service.documents import Documents
from api.signing_round.service.employer import EmployerSigning
from api.signing_round.service.material import Material
from api.signing_round.service.pages import count_pages, draw_page
from api.signing_round.service.rounds import Rounds
from api.signing_round.service.sealing import Sealing
from api.signing_round.service.wiring import Wiring
from api.signing_round.service.worker import WorkerSigning
from signing.pades import Box, Expected, prepare, validate

log = structlog.get_logger(__name__)


class SigningRoundService:
    """What other slices and the routers use."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.documents = Documents(wiring)
        attempts = Attempts(wiring, self.documents)
        sealing = Sealing(wiring, attempts)
        self._attempts = attempts
        self._completion = Completion(wiring, self.documents, sealing)
        self._rounds = Rounds(wiring, self.documents)
        self._material = Material(wiring, self.documents)
        self.worker = WorkerSigning(wiring, self.documents, attempts, sealing)
        self.employer = EmployerSigning(wiring, self.documents, attempts, sealing, self._completion)

    def warm_up(self) -> None:
        """Load fonts and libraries that the first signature would load: seconds that nobody has to wait for."""
        import signing.pades.policy  # noqa: F401  the comparison of revisions

        now = self.wiring.clock.now()
        stamp = self.wiring.renderer.stamp(["甲"], width=160, height=60, test=True)
        prepared = prepare(stamp, field="Warm", box=Box(0, 1, 1, 100, 50), stamp_pdf=stamp, moment=now)
        expected = Expected(hashlib.sha256(stamp).digest(), len(stamp), (), document_timestamp=False)
        validate(prepared.pdf, expected, self.wiring.anchors, now)

    def prepare(self, request: RoundRequest) -> PreparedRound:
        """Render, commit, seal: slow, no transaction."""
        return self._rounds.prepare(request)

    def open_round(self, session: Session, prepared: PreparedRound) -> RoundOpened:
        """Store a prepared round in the caller's transaction."""
        return self._rounds.open_round(session, prepared)

    def admit_worker(self, session: Session, round_id: str, admission: WorkerAdmission) -> None:
        """Let the identified worker sign."""
        self._rounds.admit_worker(session, round_id, admission)

    def close_round(self, session: Session, round_id: str, reason: str) -> None:
        """End a round without both signatures."""
        self._rounds.close_round(session, round_id, reason)

    def view(self, session: Session, round_id: str) -> RoundView:
        """Where a round stands."""
        return self._rounds.view(session, round_id)

    def base_pdf(self, round_id: str, opener: Opener) -> bytes:
        """The text as sent."""
        return self.documents.open(round_id, opener, base=True)

    def current_pdf(self, round_id: str, opener: Opener) -> bytes:
        """The last whole revision; the final document once the round is completed."""
        return self.documents.open(round_id, opener)

    def page_image(self, round_id: str, number: int, opener: Opener, *, final: bool) -> bytes:
        """One page (from 1) as PNG."""
        return draw_page(self.documents.open(round_id, opener, base=not final), number)

    def page_count(self, round_id: str, opener: Opener, *, final: bool) -> int:
        """Number of pages."""
        return count_pages(self.documents.open(round_id, opener, base=not final))

    def openings(self, round_id: str) -> list[Opening]:
        """Who opened the text."""
        return self.documents.openings(round_id)

    def evidence_material(self, round_id: str, opener: Opener) -> EvidenceMaterial:
        """All that a completed round gives to the evidence package."""
        return self._material.gather(round_id, opener)

    def run_due(self) -> int:
        """Finish what a killed process left behind and what waits for a second time-stamping authority."""
        now = self.wiring.clock.now()
        with self.wiring.uow.read() as session:
            signed = repository.signed_attempts(session, now, now - rules.ABANDONED)
            waiting = repository.waiting_rounds(session, now)
        done = sum(self._quietly(self._finish_attempt, attempt_id) for attempt_id in signed)
        return done + sum(self._quietly(self._completion.complete, round_id) for round_id in waiting)

    def _finish_attempt(self, attempt_id: str) -> bool:
        with self.wiring.uow.read() as session:
            row = repository.attempt_by_id(session, attempt_id)
        if row is None:
            return False
        signatory = Signatory(row.signatory)
        attempt = self._attempts.load(attempt_id, row.round_id, signatory)
        if signatory is Signatory.WORKER:
            self.worker.complete(attempt)
        else:
            self.employer.complete(attempt)
        return True

    def _quietly(self, work: Callable[[str], bool], what: str) -> bool:
        try:
            return work(what)
        except DomainError as error:
            log.warning("signing_round.task.postponed", what=what, code=error.code)
            return False
