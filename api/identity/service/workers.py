"""Identifying the worker of a contract: privacy notice, three elements, code, IdentityCheck, signing session.

指引 art. 7; PIPL art. 17 (the notice stands before the first field). The answer is the same whoever typed what.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import CheckStarted, SigningSession, StartIdentity, WorkerIdentified
from api.identity.service.gateway import refusals
from api.identity.service.people import Lookup, PersonService
from api.identity.service.sessions import Issued, Sessions
from api.identity.tables import AcknowledgementRow, CheckRow, ReportRow, SessionRow
from api.infra import limits
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import DomainError, conflict, forbidden, invalid, not_found
from api.kernel.events import Bus, EventDraft, EventRecorder, EventRef, WorkerDisputed
from api.kernel.ids import new_id
from signing.identity_service.client import (
    CheckConfirmed,
    IdentityServiceClient,
    IdentityServiceError,
    StartCheck,
)
from signing.identity_service.client import CheckStarted as ServiceStarted
from signing.identity_service.persons import Claim

LEAST_LEVEL = 2
"""EFFECTIVE needs L2, so nothing below opens a signing session."""
STARTS_PER_CONTRACT = 20
STARTS_WINDOW = timedelta(hours=1)
NOTICES_PER_SOURCE = 5000
"""An office behind one address signs hundreds of contracts in an hour; this only stops a flood."""


class WorkerService:
    """From the first screen to a signing session."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        client: IdentityServiceClient,
        sessions: Sessions,
        persons: PersonService,
        lookup: Lookup,
        recorder: EventRecorder,
        bus: Bus,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._client = client
        self._sessions = sessions
        self._persons = persons
        self._lookup = lookup
        self._recorder = recorder
        self._bus = bus

    # --------------------------------------------------------------- privacy notice

    def acknowledge_privacy(self, purpose: str, version: str, *, visitor: str) -> str:
        """Record that the notice was shown and acknowledged; `purpose` is a contract id or ``login``."""
        if version != rules.PRIVACY_VERSION:
            raise invalid("identity.privacy_version", pointer="/version", version=rules.PRIVACY_VERSION)
        row = AcknowledgementRow(
            id=new_id(),
            purpose=purpose,
            version=version,
            visitor_hash=self._lookup.visitor_hash(visitor),
            at=self._clock.now(),
        )
        with self._uow() as session:
            subject = "privacy:" + row.visitor_hash
            limits.hit(session, self._clock, subject, NOTICES_PER_SOURCE, timedelta(hours=1))
            session.add(row)
        return row.id

    def _acknowledged(self, session: Session, acknowledgement_id: str, purpose: str) -> None:
        row = session.get(AcknowledgementRow, acknowledgement_id)
        fresh = row is not None and self._clock.now() - row.at < timedelta(hours=24)
        if row is None or row.purpose != purpose or not fresh:
            raise conflict("identity.acknowledgement_unknown")

    # ----------------------------------------------------------------------- checks

    def start_check(self, start: StartIdentity) -> CheckStarted:
        """Have the elements confirmed and a code sent.

        Whoever is not the contract's worker is not looked up anywhere, and sees the same answer as the worker.
        """
        claim = self._lookup.claim(start.name, start.id_kind, start.id_number, start.phone)
        expected = self._expected(start, claim)
        with self._uow() as session:
            self._acknowledged(session, start.acknowledgement_id, start.contract_id)
            limits.hit(session, self._clock, f"check:{start.contract_id}", STARTS_PER_CONTRACT, STARTS_WINDOW)
        return self.begin(
            claim,
            purpose="contract",
            acknowledgement_id=start.acknowledgement_id,
            expected=expected,
            contract_id=start.contract_id,
            commitment=start.commitment,
            invitation_id=start.invitation_id,
        )

    def _expected(self, start: StartIdentity, claim: Claim) -> bool:
        try:
            name = self._lookup.name(start.expected_name)
            number = self._lookup.id_number(start.id_kind, start.expected_id_number)
        except DomainError:
            # The contract names another kind of document than the person chose: not the contract's worker.
            return False
        return (claim.name, claim.id_number) == (name, number)

    def begin(
        self,
        claim: Claim,
        *,
        purpose: str,
        acknowledgement_id: str,
        expected: bool = True,
        contract_id: str | None = None,
        commitment: str | None = None,
        invitation_id: str | None = None,
    ) -> CheckStarted:
        """Start a check at the identity service and keep it here; no transaction is open during the call."""
        service_session = secrets.token_urlsafe(24)
        with self._uow.read() as session:
            shared = repo.roles_with_phone(session, self._lookup.phone_hash(claim.phone))
        with refusals():
            started = self._client.start_check(
                StartCheck(
                    purpose=purpose,
                    session=service_session,
                    name=claim.name,
                    id_kind=claim.id_kind,
                    id_number=claim.id_number,
                    phone=claim.phone,
                    commitment=commitment,
                    contract_id=contract_id,
                    shared_with=tuple(sorted(shared)),
                    expected_match=expected,
                )
            )
        with self._uow() as session:
            session.add(
                CheckRow(
                    id=started.check_id,
                    purpose=purpose,
                    contract_id=contract_id,
                    commitment=commitment,
                    invitation_id=invitation_id,
                    acknowledgement_id=acknowledgement_id,
                    service_session=service_session,
                    name=claim.name,
                    id_kind=claim.id_kind,
                    id_number=claim.id_number,
                    phone=claim.phone,
                    state="started",
                    created_at=self._clock.now(),
                    dispute_sent=False,
                )
            )
        return _started(started)

    def resend(self, check_id: str, *, contract_id: str | None = None) -> CheckStarted:
        """Another code; earlier ones stay valid for their five minutes."""
        service_session = self._check(check_id, contract_id).service_session
        with refusals():
            return _started(self._client.resend_check(check_id, service_session))

    def confirm_check(self, check_id: str, otp: str, *, contract_id: str | None = None) -> WorkerIdentified:
        """Confirm, record E02, open the signing session; older sessions of the same invitation are superseded.

        Safe to repeat: the identity service gives the same statement, E02 is recorded once. Raises
        `identity.not_confirmed`, `identity.locked`, `identity.level_too_low` (way out: desk).
        """
        kept = self._check(check_id, contract_id, purpose="contract")
        confirmed = self._confirm(kept, otp)
        if confirmed.statement is None or kept.invitation_id is None:
            raise conflict("identity.check_expired")
        with self._uow() as session:
            row, event = self._settle(session, check_id, confirmed)
            repo.supersede(session, person_id=str(row.person_id), invitation_id=kept.invitation_id)
            issued = self._sessions.issue(
                session,
                kind="worker",
                state="live",
                life=rules.SIGNING_LIFE,
                idle=rules.SIGNING_LIFE,
                person_id=row.person_id,
                invitation_id=kept.invitation_id,
                check_id=check_id,
            )
            return self._identified(row, event, issued)

    def _confirm(self, kept: CheckRow, otp: str) -> CheckConfirmed:
        with refusals():
            confirmed = self._client.confirm_check(kept.id, kept.service_session, otp)
        if confirmed.level < LEAST_LEVEL:
            until = confirmed.phone_usable_from
            raise forbidden(
                "identity.level_too_low",
                level=confirmed.level,
                reason="phone_change"
                if until
                else "phone_shared"
                if confirmed.shared_phone
                else "unconfirmed",
                usable_from=None if until is None else _time(until).isoformat(),
                way_out=["desk", "hotline"],
            )
        return confirmed

    def _settle(
        self, session: Session, check_id: str, confirmed: CheckConfirmed
    ) -> tuple[CheckRow, EventRef]:
        row = session.get(CheckRow, check_id)
        if row is None or row.state == "disputed":
            raise conflict("identity.disputed")
        event = repo.event_of(row)
        if row.state == "confirmed" and event is not None:
            return row, event
        claim = Claim(row.name, row.id_kind, row.id_number, row.phone)
        person = self._persons.confirmed(session, claim, confirmed.person_ref, confirmed.level)
        row.state, row.person_id, row.confirmed_at = "confirmed", person.id, self._clock.now()
        row.level, row.factors, row.subject = confirmed.level, confirmed.factors, confirmed.subject
        row.provider = None if confirmed.provider is None else vars(confirmed.provider)
        if confirmed.statement is not None:
            row.statement, row.digest = confirmed.statement.to_json(), confirmed.statement.digest
        session.flush()
        event = self._recorder.record(session, self._e02(row, confirmed))
        row.event_stream, row.event_seq, row.event_digest = event.stream, event.seq, event.digest
        row.event_utc = event.utc
        return row, event

    @staticmethod
    def _e02(row: CheckRow, confirmed: CheckConfirmed) -> EventDraft:
        provider = confirmed.provider
        payload: dict[str, Any] = {
            "purpose": row.purpose,
            "level": confirmed.level,
            "factors": confirmed.factors,
            "provider": None
            if provider is None
            else {
                "name": provider.name,
                "trace_no": provider.trace_no,
                "result": provider.result,
                "test": provider.test,
            },
            "acknowledgement": row.acknowledgement_id,
        }
        if confirmed.statement is not None:
            payload |= {
                "commitment": row.commitment,
                "contract_id": row.contract_id,
                "subject": confirmed.subject,
                "check_digest": confirmed.statement.digest,
                "issuer": confirmed.statement.issuer,
            }
        return EventDraft(
            stream=f"person/{row.person_id}",
            type="econtract.E02/1" if row.purpose == "contract" else "identity.person_confirmed/1",
            actor=str(row.person_id),
            role="worker",
            payload=payload,
        )

    def settle_login(self, check_id: str, otp: str) -> tuple[str, Issued]:
        """Confirm a portal login: (person id, portal session). E02 without a contract is recorded as well."""
        kept = self._check(check_id, None, purpose="login")
        confirmed = self._confirm(kept, otp)
        with self._uow() as session:
            row, _ = self._settle(session, check_id, confirmed)
            issued = self.portal_session(session, str(row.person_id), check_id)
            return str(row.person_id), issued

    def portal_session(self, session: Session, person_id: str, check_id: str | None) -> Issued:
        """A session of the worker's own pages."""
        return self._sessions.issue(
            session,
            kind="worker",
            state="live",
            life=rules.PORTAL_LIFE,
            idle=rules.PORTAL_IDLE,
            person_id=person_id,
            check_id=check_id,
        )

    # --------------------------------------------------------------------- sessions

    def signing_session(self, session_id: str) -> SigningSession:
        """A worker's signing session with its check; not_found for anything else."""
        with self._uow.read() as session:
            found = repo.session_with_check(session, session_id)
            event = repo.event_of(found[1]) if found is not None else None
            invitation = found[0].invitation_id if found is not None else None
            if found is None or event is None or invitation is None:
                raise not_found()
            row, check = found
            state = row.state
            if state == "live" and self._clock.now() >= row.expires_at:
                state = "expired"
            if check.state == "disputed":
                state = "disputed"
            return SigningSession(
                session_id=row.id,
                person_id=str(check.person_id),
                contract_id=str(check.contract_id),
                invitation_id=invitation,
                check_id=check.id,
                service_session=check.service_session,
                commitment=str(check.commitment),
                subject=str(check.subject),
                level=check.level or 0,
                check_statement=check.statement or {},
                check_digest=str(check.digest),
                event=event,
                expires_at=row.expires_at,
                state=state,
            )

    def session_state(self, invitation_id: str, session_id: str | None) -> str:
        """`mine`, `elsewhere` (a living session of another device), `expired` (mine is over), `none`."""
        now = self._clock.now()
        with self._uow.read() as session:
            own = session.get(SessionRow, session_id) if session_id else None
            if own is not None and own.invitation_id == invitation_id and own.state == "live":
                return "mine" if now < own.expires_at else "expired"
            return "none" if repo.live_session_of(session, invitation_id, now) is None else "elsewhere"

    # ------------------------------------------------------------- "this was not me"

    def report_not_me(
        self, session: Session, *, contract_id: str, person_id: str | None, note: str, via: str
    ) -> str:
        """Record the report in the caller's transaction: nothing more is signed on the contract's checks.

        Events `identity.not_me_reported/1` in the person's stream (if known) and `WorkerDisputed` on the bus.
        Returns the report's id.
        """
        now, report = self._clock.now(), new_id()
        session.add(
            ReportRow(
                id=report,
                contract_id=contract_id,
                person_id=person_id,
                note=note.strip()[:1000],
                via=via[:20],
                state="open",
                at=now,
            )
        )
        for check in repo.checks_of_contract(session, contract_id):
            if check.state != "disputed":
                check.state = "disputed"
            for row in self._sessions_of(session, check.id):
                row.state = "ended"
        if person_id is not None:
            self._recorder.record(
                session,
                EventDraft(
                    stream=f"person/{person_id}",
                    type="identity.not_me_reported/1",
                    actor=person_id,
                    role="worker",
                    payload={"contract_id": contract_id, "via": via[:20]},
                ),
            )
        self._bus.publish(session, WorkerDisputed(contract_id, person_id, now))
        return report

    @staticmethod
    def _sessions_of(session: Session, check_id: str) -> list[SessionRow]:
        return session.query(SessionRow).filter_by(check_id=check_id, state="live").all()

    def send_disputes(self) -> int:
        """Tell the identity service about disputed checks (background); number of checks it now knows."""
        with self._uow.read() as session:
            due = [row.id for row in repo.disputes_to_send(session)]
        sent = 0
        for check_id in due:
            try:
                self._client.dispute_check(check_id, "not_me")
            except IdentityServiceError as exc:
                if exc.unavailable:
                    break
            with self._uow() as session:
                row = session.get(CheckRow, check_id)
                if row is not None:
                    row.dispute_sent = True
            sent += 1
        return sent

    # ---------------------------------------------------------------------- details

    def _check(self, check_id: str, contract_id: str | None, purpose: str | None = None) -> CheckRow:
        with self._uow.read() as session:
            row = session.get(CheckRow, check_id)
            if row is None or (contract_id is not None and row.contract_id != contract_id):
                raise not_found("identity.check_unknown")
            if purpose is not None and row.purpose != purpose:
                raise not_found("identity.check_unknown")
            if row.state == "disputed":
                raise conflict("identity.disputed")
            session.expunge(row)
            return row

    @staticmethod
    def _identified(row: CheckRow, event: EventRef, issued: Issued) -> WorkerIdentified:
        return WorkerIdentified(
            person_id=str(row.person_id),
            subject=str(row.subject),
            level=row.level or 0,
            factors=row.factors or 0,
            statement=row.statement or {},
            event=event,
            check_id=row.id,
            session_id=issued.row.id,
            session_token=issued.token,
            csrf_token=issued.csrf_token,
            expires_at=issued.row.expires_at,
        )


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _started(started: ServiceStarted) -> CheckStarted:
    return CheckStarted(
        check_id=started.check_id,
        phone_masked=started.phone_masked,
        resend_after_s=started.resend_after,
        otp_expires_at=_time(started.otp_expires_at),
        attempts_left=started.attempts_left,
    )
