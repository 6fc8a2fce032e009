"""The employer's signature: the agent's wallet over the consent, the organisation's seal over the PDF (DESIGN §3).

Wallet and seal may each be held by the platform, unlocked by a passphrase for this one signature, or elsewhere: then
the signature is posted. The agent's authority is checked when the file is prepared and again when it is signed.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from api.infra.auth import Principal
from api.kernel.errors import DomainError, conflict, forbidden, invalid, not_found
from api.kernel.events import Json
from api.signing_round import repository, rules
from api.signing_round.model import (
    EmployerPrepared,
    EmployerSignature,
    RoundSigned,
    RoundState,
    RoundView,
    Signatory,
    SignedOff,
    Step,
)
from api.signing_round.ports import Authority, Seal
from api.signing_round.service.attempts import Attempt, Attempts
from api.signing_round.service.completion import Completion
from api.signing_round.service.documents import Documents
from api.signing_round.service.rounds import view_of
from api.signing_round.service.sealing import Sealing, material_anchors
from api.signing_round.service.statements import answer_of, consent_of, signature_facts, statement_signature
from api.signing_round.service.wiring import Wiring, box_of, hex_of, required_round, translated
from api.signing_round.service.work import Work
from api.signing_round.tables import BindingRow, RoundRow
from signing import seals, wallets
from signing.eip712 import ROLE_EMPLOYER, checksum_address, digest, typed_data
from signing.timestamps import Token
from signing.x509 import check_certificate


class EmployerSigning:
    """Prepare and finish."""

    def __init__(
        self,
        wiring: Wiring,
        documents: Documents,
        attempts: Attempts,
        sealing: Sealing,
        completion: Completion,
    ) -> None:
        self._w = wiring
        self._documents = documents
        self._attempts = attempts
        self._sealing = sealing
        self._completion = completion

    def prepare(self, round_id: str, who: Principal, wallet: str | None = None) -> EmployerPrepared:
        """Take the document's lock and say what wallet and seal have to sign."""
        with translated():
            asked = checksum_address(wallet) if wallet else None
        with self._w.uow.read() as session:
            row = self._own_round(round_id, who)
            rules.check_turn(RoundState(row.state), Signatory.EMPLOYER)
            rules.check_deadline(row.deadline_employer, row.expiry, self._w.clock.now())
            authority = self._authority(row, who, asked)
            address = asked or authority.wallet
            if address is None:
                raise conflict("signing.wallet_missing")
            held = self._w.employers.wallet(address)
            seal = self._w.employers.seal(row.org_id)
            bound = repository.binding(session, row.org_id, address, _sha256(seal.certificate))
        self._w.probe()
        now = self._w.clock.now()
        with translated():
            trusted = self._w.anchors.cas.plus(intermediates=seal.chain)
            check_certificate(seal.certificate, trusted, now, require_revocation=False)
        work = Work(
            nonce=secrets.token_hex(32),
            moment=now.isoformat(),
            wallet=address,
            wallet_mode=held.kind,
            seal_mode=seal.mode,
            authority=authority.kind,
            certificate=seal.certificate,
            chain=list(seal.chain),
        )
        self._bind(row, work, bound, now)
        attempt = self._attempts.begin(
            round_id,
            Signatory.EMPLOYER,
            str(who.account_id),
            str(who.account_id),
            self._stamp(row, seal.picture),
            work,
        )
        return self._shown(attempt)

    def _shown(self, attempt: Attempt) -> EmployerPrepared:
        row, work = attempt.round, attempt.work
        consent = consent_of(row, ROLE_EMPLOYER, wallets.key_hash(work.wallet))
        return EmployerPrepared(
            attempt_id=attempt.row.id,
            lock_until=attempt.row.lock_until,
            typed_data=typed_data(self._w.domain, consent),
            attributes=work.attributes,
            prepared_sha256=attempt.prepared.sha256,
            seal_mode=work.seal_mode,
            seal_certificate=work.certificate,
            wallet=work.wallet,
            wallet_mode=work.wallet_mode,
            binding=None if work.binding_signature else work.binding,
        )

    def view(self, round_id: str, who: Principal) -> RoundView:
        """Where the round stands, for its organisation; not_found for anybody else."""
        return view_of(self._own_round(round_id, who))

    def prepared_pdf(self, round_id: str, attempt_id: str, who: Principal) -> bytes:
        """The prepared bytes, for the agent to look at."""
        return self._load(round_id, attempt_id, who).file

    def finish(self, round_id: str, attempt_id: str, given: EmployerSignature, who: Principal) -> SignedOff:
        """Check or make both signatures, timestamp, embed, validate, keep; then try the document timestamp.

        The same call again after a lost answer gives the same answer.
        """
        with self._w.uow.read():
            attempt = self._load(round_id, attempt_id, who)
            if attempt.step is Step.DONE:
                return self._current_answer(attempt)
            self._attempts.usable(attempt)
            if attempt.step is Step.PREPARED:
                raise conflict("signing.attempt_replaced")
            self._authority(attempt.round, who, attempt.work.wallet)
            seal = self._w.employers.seal(attempt.round.org_id)
        if attempt.step is Step.CERTIFIED:
            self._take(attempt, seal, given)
            self._attempts.keep(attempt, Step.SIGNED)
        try:
            return self.complete(attempt)
        except DomainError:
            kept = self._attempts.load(attempt_id, round_id, Signatory.EMPLOYER)
            if kept.step is Step.DONE:
                return self._current_answer(kept)  # another run of the same request was faster
            raise

    def complete(self, attempt: Attempt) -> SignedOff:
        """From a signed attempt to a kept revision; also run after a kill."""
        token = self._sealing.token(attempt)
        pdf = self._sealing.file(attempt, token)
        worker = self._worker_attempt(attempt.round)
        final = self._completion.stamp(pdf, worker, attempt)
        if final is None:
            cas = material_anchors(self._w.anchors.cas, worker, attempt)
            self._sealing.validated(attempt, pdf, 2, cas)
        return self._keep(attempt, worker, token, pdf, final)

    def _keep(
        self, attempt: Attempt, worker: Attempt, token: Token, pdf: bytes, final: tuple[bytes, Token] | None
    ) -> SignedOff:
        """Store the signature and, where it could be had at once, the document timestamp: one transaction."""
        row, work = attempt.round, attempt.work
        now = self._w.clock.now()
        state = RoundState.EMPLOYER_SIGNED if final is None else RoundState.COMPLETED
        sealed = self._documents.seal_revision(row, pdf if final is None else final[0])
        revision = row.revision + (1 if final is None else 2)
        work.answer = {
            "state": state.value,
            "signed_at": now.isoformat(),
            "token_time": token.gen_time.isoformat(),
        }
        with self._w.uow() as session:
            self._attempts.finish(
                session,
                attempt,
                state,
                revision=revision,
                current_sha256=sealed.sha256,
                employer_signed_at=now,
                completed_at=None if final is None else now,
                tsa=token.tsa,
            )
            self._documents.keep(session, row.id, revision, sealed)
            if repository.binding(session, row.org_id, work.wallet, _sha256(work.certificate)) is None:
                session.add(
                    BindingRow(
                        org_id=row.org_id,
                        wallet=work.wallet,
                        certificate_sha256=_sha256(work.certificate),
                        statement=work.binding,
                        signature=work.binding_signature,
                    )
                )
            call = self._conclude(session, row, worker.work, work, hold=final is None)
            repository.name_call(session, row.id, call)
            payload: dict[str, Json] = {
                **signature_facts(row, work, token.sha256, token.tsa, token.gen_time, _sha256(pdf)),
                "wallet": work.wallet,
                "authority": work.authority,
                "consent_digest": self._consent_digest(row, work).hex(),
                "seal_binding_sha256": _sha256(work.binding),
            }
            self._w.record(session, row, "E10", attempt.row.actor, "employer", payload)
            self._w.bus.publish(session, RoundSigned(row.id, row.contract_id, row.stream, "employer", now))
            if final is not None:
                self._completion.announce(session, row, sealed.sha256, final[1], now)
        return answer_of(work)

    # ---------------------------------------------------------------- parts

    def _take(self, attempt: Attempt, seal: Seal, given: EmployerSignature) -> None:
        """Fill in the wallet's, the seal's and, where needed, the binding's signature; each is checked."""
        row, work = attempt.round, attempt.work
        if seal.certificate != work.certificate:
            raise conflict("signing.seal_changed")
        with translated():
            work.consent_signature = self._wallet_signature(row, work, given)
            work.signature = self._seal_signature(
                seal.encrypted_key, given, work.attributes, given.seal_signature
            )
            seals.verify(work.certificate, work.attributes, work.signature)
            if not work.binding_signature:
                work.binding_signature = self._seal_signature(
                    seal.encrypted_key, given, work.binding, given.binding_signature
                )
                seals.verify(work.certificate, work.binding, work.binding_signature)

    def _wallet_signature(self, row: RoundRow, work: Work, given: EmployerSignature) -> bytes:
        signed = self._consent_digest(row, work)
        if given.wallet_signature is not None:
            wallets.verify(signed, given.wallet_signature, work.wallet)
            return given.wallet_signature
        held = self._w.employers.wallet(work.wallet)
        if given.wallet_passphrase is None or held.keystore is None:
            raise invalid("signing.wallet_signature_missing")
        return wallets.sign_with_keystore(held.keystore, given.wallet_passphrase, signed)

    def _seal_signature(
        self, encrypted_key: bytes | None, given: EmployerSignature, data: bytes, posted: bytes | None
    ) -> bytes:
        if posted is not None:
            return posted
        if given.seal_passphrase is None or encrypted_key is None:
            raise invalid("signing.seal_signature_missing")
        return seals.sign(encrypted_key, given.seal_passphrase, data)

    def _bind(self, row: RoundRow, work: Work, known: BindingRow | None, now: datetime) -> None:
        """Use the stored statement that ties wallet and seal, or draft one to be signed."""
        if known is not None:
            work.binding, work.binding_signature = known.statement, known.signature
            return
        with translated():
            work.binding = seals.binding(
                log_origin=self._w.domain.log_origin,
                org_id=row.org_id,
                wallet=work.wallet,
                certificate=work.certificate,
                utc=now,
            )

    def _conclude(self, session: object, row: RoundRow, worker: Work, employer: Work, *, hold: bool) -> str:
        statement = worker.attestation["message"]
        return self._w.registry.conclude(
            session,
            commitment=row.commitment,
            contract_id=row.contract_id,
            version=row.version,
            prev=row.prev,
            expiry=int(row.expiry.timestamp()),
            org_id=row.org_id,
            wallet=employer.wallet,
            wallet_signature=employer.consent_signature,
            worker_spki=worker.spki,
            worker_signature=worker.consent_signature,
            subject=hex_of(statement["subject"]),
            level=int(statement["level"]),
            check_digest=hex_of(statement["checkDigest"]),
            attested_at=int(statement["time"]),
            attestation_signature=statement_signature(worker.attestation),
            hold=hold,
        )

    def _consent_digest(self, row: RoundRow, work: Work) -> bytes:
        return digest(self._w.domain, consent_of(row, ROLE_EMPLOYER, wallets.key_hash(work.wallet)))

    def _worker_attempt(self, row: RoundRow) -> Attempt:
        with self._w.uow.read() as session:
            done = repository.done_attempt(session, row.id, Signatory.WORKER)
        if done is None:
            raise conflict("signing.worker_first")
        return Attempt(done, row, Work.load(done.work))

    def _current_answer(self, attempt: Attempt) -> SignedOff:
        kept = answer_of(attempt.work)
        return SignedOff(RoundState(attempt.round.state), kept.signed_at, kept.token_time)

    def _stamp(self, row: RoundRow, picture: bytes | None) -> bytes:
        box = box_of(row, Signatory.EMPLOYER)
        return self._w.renderer.stamp(
            [row.org_name, "电子印章"],
            width=round(box.x2 - box.x1, 3),
            height=round(box.y2 - box.y1, 3),
            test=self._w.test,
            picture=picture,
        )

    def _authority(self, row: RoundRow, who: Principal, wallet: str | None) -> Authority:
        if who.account_id is None:
            raise forbidden("role_required")
        return self._w.employers.authority(row.org_id, who.account_id, rules.SCOPE_SIGN, wallet=wallet)

    def _own_round(self, round_id: str, who: Principal) -> RoundRow:
        with self._w.uow.read() as session:
            row = required_round(session, round_id)
        if who.org_id is None or row.org_id != who.org_id:
            raise not_found("signing.round_unknown")
        return row

    def _load(self, round_id: str, attempt_id: str, who: Principal) -> Attempt:
        with self._w.uow.read():
            row = self._own_round(round_id, who)
            attempt = self._attempts.of(row, attempt_id, Signatory.EMPLOYER)
        if attempt.row.holder != who.account_id:
            raise not_found("signing.attempt_unknown")
        return attempt


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
