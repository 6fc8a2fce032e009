"""From a signed set of attributes to a kept revision: revocation facts, token, file, validation.

What can be asked again is asked again after a kill; a token is stored before the file is made with it. Nothing that
did not validate is ever kept. The comparison of revisions with each other is made once for all of them, on the file that
both parties signed (ADR 0013).
"""

from __future__ import annotations

import hashlib

import structlog

from api.kernel.errors import DomainError, conflict, integrity
from api.signing_round.model import Signatory
from api.signing_round.service.attempts import Attempt, Attempts
from api.signing_round.service.wiring import Wiring, translated
from signing.errors import SignatureRefused
from signing.pades import Anchors, Scope, finish, validate
from signing.timestamps import Token, check_token
from signing.x509 import TrustAnchors

log = structlog.get_logger(__name__)


class Sealing:
    """Completes one signature of an attempt whose signatory gave everything."""

    def __init__(self, wiring: Wiring, attempts: Attempts) -> None:
        self._w = wiring
        self._attempts = attempts

    def token(self, attempt: Attempt) -> Token:
        """The signature's timestamp, asked once and stored; with it the certificate's status shortly before.

        Raises unavailable when the CA or no authority behaves; the attempt stays as it is and goes on later.
        """
        work = attempt.work
        if not work.ocsps:
            with translated():
                material = self._w.ca.revocation(work.certificate, tuple(work.chain))
            work.crls, work.ocsps = list(material.crls), list(material.ocsps)
        imprint = hashlib.sha256(work.signature).digest()
        if not work.token:
            try:
                with translated():
                    fresh = self._w.timestamps.stamp(imprint)
            except DomainError:
                self._w.probe_failed()
                raise
            work.token, work.token_tsa = fresh.der, fresh.tsa
            work.token_certificates = [fresh.certificate, *fresh.certificates]
            self._attempts.keep(attempt)
            return fresh
        with translated():
            return check_token(work.token, imprint, self._w.anchors.tsas[work.token_tsa], tsa=work.token_tsa)

    def file(self, attempt: Attempt, token: Token) -> bytes:
        """The signed file, not yet validated."""
        work = attempt.work
        with translated():
            return finish(
                attempt.prepared,
                attributes=work.attributes,
                signature=work.signature,
                certificate=work.certificate,
                chain=work.chain,
                token=token,
            )

    def validated(
        self, attempt: Attempt, pdf: bytes, signers: int, cas: TrustAnchors, *, stamped: bool = False
    ) -> None:
        """Validate a file as any court would; what does not hold is not kept and the attempt is dropped.

        Raises conflict when the token lies outside the certificate's validity, invalid when the certificate is revoked,
        foreign or unfit at the token's time, integrity for anything else.
        """
        row = attempt.round
        own_step = signers == 1 and attempt.prepared.became(pdf)
        facts = validate(
            pdf,
            self._w.expected(row, signers, stamped=stamped),
            Anchors(cas, self._w.anchors.tsas),
            self._w.clock.now(),
            Scope.OWN_STEP if own_step else Scope.WHOLE,
        )
        if facts.ok:
            return
        self._attempts.drop(attempt)
        codes = sorted({problem.code for problem in facts.problems})
        log.error("signing_round.output.refused", round_id=row.id, problems=codes)
        own = Signatory(attempt.row.signatory).field
        for problem in facts.problems:
            if problem.field == own and problem.code == "certificate.expired":
                raise conflict("signing.token_outside_certificate")
            if problem.field == own and problem.code.startswith("certificate."):
                with translated():
                    raise SignatureRefused(problem.code, reason=problem.text)
        raise integrity("signing.output_refused", problems=", ".join(codes))


def material_anchors(cas: TrustAnchors, *attempts: Attempt) -> TrustAnchors:
    """The trusted roots with the attempts' chains, CRLs and OCSP responses."""
    for attempt in attempts:
        cas = cas.plus(
            intermediates=[item for item in attempt.work.chain if item not in cas.roots],
            crls=attempt.work.crls,
            ocsps=attempt.work.ocsps,
        )
    return cas
