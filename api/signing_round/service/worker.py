"""The worker's signature: a key born in his browser signs exactly three inputs (DESIGN §3 Worker).

enter (lock, prepared file) → intent → key → certificate → finish. Every answer can be asked for again: a lost answer, a
reload or a killed process change nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.infra.auth import Principal
from api.kernel.errors import DomainError, conflict, forbidden, not_found
from api.kernel.events import EventRef, Json
from api.signing_round import repository, rules
from api.signing_round.model import (
    Certified,
    Entered,
    IntentSent,
    KeyAccepted,
    RoundSigned,
    RoundState,
    RoundView,
    Signatory,
    SignedOff,
    Step,
    WorkerSession,
)
from api.signing_round.service.attempts import Attempt, Attempts
from api.signing_round.service.documents import Documents
from api.signing_round.service.rounds import view_of
from api.signing_round.service.sealing import Sealing, material_anchors
from api.signing_round.service.statements import answer_of, consent_of, signature_facts, statement_signature
from api.signing_round.service.wiring import (
    Wiring,
    box_of,
    hex_of,
    identity_refusal,
    required_round,
    translated,
)
from api.signing_round.service.work import Work
from api.signing_round.tables import RoundRow
from signing.eip712 import ROLE_WORKER, Attestation, Consent, digest, from_message, message, preimage
from signing.identity_service.client import IdentityServiceError, OpenIntent
from signing.p256 import PublicKey, low_s, to_der
from signing.pades import signed_attributes
from signing.wallets import verify as verify_wallet
from signing.webauthn_check import signing_challenge
from signing.x509 import Subject, assemble_csr, csr_info, load_certificate

_NO_PASSKEY = {"identity.passkey_missing", "identity.service_unavailable", "identity.intent_mismatch"}
_SESSION_CODES = {"superseded": "signing.session_superseded", "disputed": "signing.session_disputed"}
_ASK_ANEW = {"identity.intent_used", "identity.intent_expired", "identity.intent_unknown"}


class WorkerSigning:
    """The steps of the signing page."""

    def __init__(self, wiring: Wiring, documents: Documents, attempts: Attempts, sealing: Sealing) -> None:
        self._w = wiring
        self._documents = documents
        self._attempts = attempts
        self._sealing = sealing

    # ----------------------------------------------------------------- enter

    def enter(self, round_id: str, who: Principal) -> Entered:
        """Take the document's lock, prepare the file and say what the page must check.

        A preparation of this worker on another page or phone is dropped.
        """
        self._finish_pending(round_id, who)
        with self._w.uow.read():
            row = self._own_round(round_id, who)
            rules.check_turn(RoundState(row.state), Signatory.WORKER)
            rules.check_deadline(row.deadline_worker, row.expiry, self._w.clock.now())
            session = self._session(row, who)
            known_phone = self._w.sessions.phone_masked(session.person_id)
        self._w.probe()
        work = Work(
            nonce=secrets.token_hex(32),
            moment=self._w.clock.now().isoformat(),
            session_id=session.session_id,
            check_id=session.check_id,
            service_session=session.service_session,
            check_statement=dict(session.check_statement),
        )
        phone = self._offer_passkey(row, work)
        stamp = self._stamp(row)
        attempt = self._attempts.begin(
            round_id, Signatory.WORKER, session.session_id, session.person_id, stamp, work
        )
        consent = message(self._consent(row, bytes(32)))
        del consent["signerKeyHash"]
        return Entered(
            attempt_id=attempt.row.id,
            lock_until=attempt.row.lock_until,
            prepared_sha256=attempt.prepared.sha256,
            base_pdf_sha256=row.base_sha256,
            base_length=row.base_length,
            opening=json.loads(row.opening),
            commitment=row.commitment,
            domain=row.domain,
            consent=consent,
            nonce=work.nonce,
            phone_hint=phone or known_phone,
            passkey=work.passkey or None,
        )

    def view(self, round_id: str, who: Principal) -> RoundView:
        """Where the round stands, for its worker; not_found for anybody else."""
        return view_of(self._own_round(round_id, who))

    def prepared_pdf(self, round_id: str, attempt_id: str, who: Principal) -> bytes:
        """The prepared bytes that the page draws and checks."""
        return self._load(round_id, attempt_id, who).file

    # ---------------------------------------------------------------- intent

    def send_otp(self, round_id: str, attempt_id: str, who: Principal) -> IntentSent:
        """Have the identity service send a one-time password for this very document, session and nonce."""
        attempt = self._attempts.usable(self._load(round_id, attempt_id, who))
        work = attempt.work
        if work.intent_otp:
            try:
                sent = self._w.identity.resend_intent(work.intent_otp, work.service_session)
                return self._sent(sent.phone_masked, sent.otp_expires_at, sent.resend_after)
            except IdentityServiceError as error:
                if error.code not in _ASK_ANEW:
                    raise identity_refusal(error) from error
        with translated():
            opened = self._w.identity.open_intent(self._intent(attempt.round, work, "otp"))
        work.intent_otp = opened.intent_id
        self._attempts.keep(attempt)
        return self._sent(
            opened.phone_masked, opened.otp_expires_at or opened.expires_at, opened.resend_after or 30
        )

    def _sent(self, phone: str, expires: int, resend_after: int) -> IntentSent:
        again = self._w.clock.now() + timedelta(seconds=resend_after)
        return IntentSent(phone, datetime.fromtimestamp(expires, UTC), again)

    # ------------------------------------------------------------------- key

    def accept_key(self, round_id: str, attempt_id: str, spki: bytes, who: Principal) -> KeyAccepted:
        """Take the browser's public key and return the request (0x30) for it to sign."""
        attempt = self._attempts.usable(self._load(round_id, attempt_id, who))
        work, row = attempt.work, attempt.round
        with translated():
            key = PublicKey.from_spki(spki)
            if work.spki != spki:
                work.forget_key()
                work.spki = spki
                work.request_info = csr_info(spki, self._subject(row))
                self._attempts.keep(attempt, Step.PREPARED)
            consent_digest = digest(self._w.domain, self._consent(row, key.key_hash))
            challenge = signing_challenge(consent_digest, spki, bytes.fromhex(work.nonce))
        return KeyAccepted(
            request_info=work.request_info,
            consent_digest=consent_digest.hex(),
            passkey_challenge=challenge.hex() if work.intent_passkey else None,
        )

    # ----------------------------------------------------------- certificate

    def certify(
        self,
        round_id: str,
        attempt_id: str,
        *,
        request_signature: bytes,
        page_release: str,
        otp: str | None,
        assertion: Mapping[str, Any] | None,
        who: Principal,
    ) -> Certified:
        """Verify the intent (identity service), have the key certified (CA), return the attributes (0x31) to sign.

        Raises conflict for an unknown page release, the identity service's refusals, and unavailable when a service
        does not answer: then the same request may be repeated.
        """
        attempt = self._attempts.usable(self._load(round_id, attempt_id, who))
        work = attempt.work
        if not work.spki:
            raise conflict("signing.key_first")
        current, released = self._w.page_release()
        if not hmac.compare_digest(page_release.encode(), current.encode()):
            raise conflict("signing.page_release_unknown")
        with translated():
            request = assemble_csr(work.request_info, request_signature)
        if attempt.step is Step.PREPARED:
            self._w.probe()
            if not work.attestation:
                self._attest(attempt, otp, assertion, page_release, released)
            with translated():
                issued = self._w.ca.issue(
                    request,
                    {"message": work.attestation["message"], "signature": work.attestation["signature"]},
                )
            work.request_signature = request_signature
            work.certificate, work.chain = issued.certificate, list(issued.chain)
            with translated():
                work.attributes = signed_attributes(bytes.fromhex(attempt.row.digest), issued.certificate)
            self._attempts.keep(attempt, Step.CERTIFIED)
        certificate = load_certificate(work.certificate)
        return Certified(work.certificate, work.attributes, certificate.not_valid_after)

    def _attest(
        self,
        attempt: Attempt,
        otp: str | None,
        assertion: Mapping[str, Any] | None,
        page_release: str,
        released: EventRef | None,
    ) -> None:
        """Let the identity service verify the intent; keep its key statement together with event E08."""
        work, row = attempt.work, attempt.round
        intent = work.intent_otp if otp is not None else work.intent_passkey
        if not intent:
            raise conflict("signing.intent_first")
        with translated():
            attested = self._w.identity.attest(
                intent,
                session=work.service_session,
                nonce=work.nonce,
                spki=work.spki,
                otp=otp,
                assertion=assertion,
            )
            self._check_attestation(row, work, attested.statement.to_json())
        work.attestation = attested.statement.to_json()
        work.factor, work.page_release = attested.factor, page_release
        payload: dict[str, Json] = {
            "commitment": row.commitment,
            "version": row.version,
            "method": work.factor,
            "nonce": work.nonce,
            "page_release": page_release,
            "signer_key_hash": PublicKey.from_spki(work.spki).key_hash.hex(),
            "attestation_digest": hex_of(work.attestation["digest"]),
        }
        cites: list[Json] = [] if released is None else [released.cite()]
        if assertion is not None and attested.credential is not None:
            work.assertion = dict(assertion)
            work.credential = {
                "credential_id": attested.credential.credential_id,
                "public_key": attested.credential.public_key,
            }
            cited = self._w.sessions.passkey_event(attempt.row.actor, attested.credential.credential_id)
            if cited is None:
                raise conflict("signing.passkey_not_committed")
            cites.append(cited.cite())
            public_key = base64.b64decode(attested.credential.public_key)
            payload["credential_sha256"] = hashlib.sha256(public_key).hexdigest()
        if cites:
            payload["cites"] = cites
        with self._w.uow() as session:
            self._attempts.save(session, attempt)
            self._w.record(session, row, "E08", attempt.row.actor, "worker", payload)

    def _check_attestation(self, row: RoundRow, work: Work, statement: Mapping[str, Any]) -> None:
        """The statement must be over this commitment, this key and this person, at level 2 or more, by its issuer."""
        given = from_message(Attestation, statement["message"])
        check = work.check_statement["message"]
        fits = (
            given.commitment.hex() == row.commitment
            and given.contract_id.hex() == row.contract_id
            and given.signer_key_hash == PublicKey.from_spki(work.spki).key_hash
            and given.subject.hex() == hex_of(check["subject"])
            and given.check_digest.hex() == hex_of(work.check_statement["digest"])
            and given.level >= rules.LEVEL_LEAST
        )
        if not fits:
            raise conflict("signing.attestation_differs")
        verify_wallet(digest(self._w.domain, given), statement_signature(statement), str(statement["issuer"]))

    # ---------------------------------------------------------------- finish

    def finish(
        self,
        round_id: str,
        attempt_id: str,
        attributes_signature: bytes,
        consent_signature: bytes,
        who: Principal,
    ) -> SignedOff:
        """Take both signatures, timestamp, embed, validate, keep. The same signatures again give the same answer."""
        attempt = self._load(round_id, attempt_id, who)
        work, row = attempt.work, attempt.round
        with translated():
            raw, consent = low_s(attributes_signature), low_s(consent_signature)
            if attempt.step is Step.DONE:
                if (to_der(raw), consent) != (work.signature, work.consent_signature):
                    raise conflict("signing.already_signed")
                return answer_of(work)
            self._attempts.usable(attempt)
            if attempt.step is Step.PREPARED:
                raise conflict("signing.certificate_first")
            key = PublicKey.from_spki(work.spki)
            key.verify(work.attributes, raw)
            key.verify(preimage(self._w.domain, self._consent(row, key.key_hash)), consent)
        if attempt.step is Step.CERTIFIED:
            work.signature, work.consent_signature = to_der(raw), consent
            self._attempts.keep(attempt, Step.SIGNED)
        try:
            return self.complete(attempt)
        except DomainError:
            kept = self._attempts.load(attempt_id, round_id, Signatory.WORKER)
            if kept.step is Step.DONE and kept.work.signature == work.signature:
                return answer_of(kept.work)  # another run of the same request was faster
            raise

    def complete(self, attempt: Attempt) -> SignedOff:
        """From a signed attempt to a kept revision; also run after a kill."""
        work, row = attempt.work, attempt.round
        token = self._sealing.token(attempt)
        pdf = self._sealing.file(attempt, token)
        self._sealing.validated(attempt, pdf, 1, material_anchors(self._w.anchors.cas, attempt))
        sealed = self._documents.seal_revision(row, pdf)
        now = self._w.clock.now()
        work.answer = {
            "state": RoundState.WORKER_SIGNED.value,
            "signed_at": now.isoformat(),
            "token_time": token.gen_time.isoformat(),
        }
        with self._w.uow() as session:
            self._attempts.finish(
                session,
                attempt,
                RoundState.WORKER_SIGNED,
                revision=row.revision + 1,
                current_sha256=sealed.sha256,
                worker_signed_at=now,
                tsa=token.tsa,
            )
            self._documents.keep(session, row.id, row.revision + 1, sealed)
            payload: dict[str, Json] = {
                **signature_facts(row, work, token.sha256, token.tsa, token.gen_time, sealed.sha256),
                "attestation_digest": hex_of(work.attestation["digest"]),
                "consent_digest": digest(
                    self._w.domain, self._consent(row, PublicKey.from_spki(work.spki).key_hash)
                ).hex(),
            }
            self._w.record(session, row, "E09", attempt.row.actor, "worker", payload)
            self._w.bus.publish(session, RoundSigned(row.id, row.contract_id, row.stream, "worker", now))
        return answer_of(work)

    # --------------------------------------------------------------- helpers

    def _finish_pending(self, round_id: str, who: Principal) -> None:
        """A reload after everything was given: finish that signature instead of asking for another."""
        with self._w.uow.read() as session:
            self._own_round(round_id, who)
            own = repository.own_live_attempts(session, round_id, Signatory.WORKER, str(who.person_id))
        for item in own:
            if item.step == Step.SIGNED.value and item.lock_until > self._w.clock.now():
                self.complete(self._attempts.load(item.id, round_id, Signatory.WORKER))

    def _own_round(self, round_id: str, who: Principal) -> RoundRow:
        with self._w.uow.read() as session:
            row = required_round(session, round_id)
        if row.person_id is None:
            raise conflict("signing.not_admitted")
        if who.person_id is None or row.person_id != who.person_id:
            raise not_found("signing.round_unknown")
        return row

    def _load(self, round_id: str, attempt_id: str, who: Principal) -> Attempt:
        with self._w.uow.read():
            row = self._own_round(round_id, who)
            attempt = self._attempts.load(attempt_id, round_id, Signatory.WORKER)
            self._session(row, who)
        if attempt.row.holder != who.session_id:
            raise conflict("signing.attempt_replaced")
        return attempt

    def _session(self, row: RoundRow, who: Principal) -> WorkerSession:
        """The worker's living session for this contract, at level 2 or more."""
        session = self._w.sessions.signing_session(who.session_id or "")
        if session is None or session.state != "live":
            state = "expired" if session is None else session.state
            raise forbidden(_SESSION_CODES.get(state, "signing.session_expired"))
        if session.person_id != row.person_id or session.contract_id != row.contract_id:
            raise not_found("signing.round_unknown")
        if session.commitment != row.commitment:
            raise conflict("signing.identity_for_another_text")
        if session.level < rules.LEVEL_LEAST:
            raise forbidden("signing.level_too_low", level=session.level)
        return session

    def _offer_passkey(self, row: RoundRow, work: Work) -> str:
        """Open a passkey intent where the worker has one; returns the masked phone number if the service told it."""
        try:
            opened = self._w.identity.open_intent(self._intent(row, work, "passkey"))
        except IdentityServiceError as error:
            if error.code in _NO_PASSKEY:
                return ""
            raise identity_refusal(error) from error
        work.intent_passkey = opened.intent_id
        work.passkey = {"rp_id": opened.rp_id, "credential_ids": list(opened.credentials)}
        return opened.phone_masked

    def _intent(self, row: RoundRow, work: Work, method: str) -> OpenIntent:
        return OpenIntent(
            check_id=work.check_id,
            session=work.service_session,
            nonce=work.nonce,
            commitment=row.commitment,
            contract_id=row.contract_id,
            version=row.version,
            prev=row.prev,
            expiry=int(row.expiry.timestamp()),
            method=method,
        )

    def _consent(self, row: RoundRow, key_hash: bytes) -> Consent:
        return consent_of(row, ROLE_WORKER, key_hash)

    def _subject(self, row: RoundRow) -> Subject:
        return Subject(row.worker_name, "TEST" if self._w.test else None, f"contract {row.contract_id[:16]}")

    def _stamp(self, row: RoundRow) -> bytes:
        box = box_of(row, Signatory.WORKER)
        lines = [row.worker_name, "本人电子签名"]
        return self._w.renderer.stamp(
            lines, width=round(box.x2 - box.x1, 3), height=round(box.y2 - box.y1, 3), test=self._w.test
        )
