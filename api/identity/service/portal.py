"""The worker's own login (name, document, code; or passkey) and his passkeys."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.identity import repository as repo
from api.identity import rules
from api.identity.model import CheckStarted, LoginOutcome, PasskeyView
from api.identity.service.gateway import refusals
from api.identity.service.people import Lookup
from api.identity.service.sessions import Issued
from api.identity.service.workers import WorkerService
from api.identity.tables import AcknowledgementRow, CheckRow, PasskeyRow, PersonRow, SessionRow
from api.infra import limits
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, forbidden, not_found
from api.kernel.events import EventDraft, EventRecorder, EventRef
from signing.identity_service.client import IdentityServiceClient

LOGINS_PER_SOURCE = 300
LOGIN_WINDOW = timedelta(minutes=10)
ROLES = frozenset({"worker"})


class PortalService:
    """Log in as a worker; enrol, list and revoke passkeys."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        client: IdentityServiceClient,
        workers: WorkerService,
        lookup: Lookup,
        recorder: EventRecorder,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._client = client
        self._workers = workers
        self._lookup = lookup
        self._recorder = recorder

    # ------------------------------------------------------------------------ login

    def start_login(
        self,
        name: str,
        id_number: str,
        phone: str,
        acknowledgement_id: str,
        source: str,
        id_kind: str = "resident_id",
    ) -> CheckStarted:
        """Send a code if the elements belong together; the answer looks the same if not."""
        claim = self._lookup.claim(name, id_kind, id_number, phone)
        with self._uow() as session:
            row = session.get(AcknowledgementRow, acknowledgement_id)
            if row is None or row.purpose != "login" or self._clock.now() - row.at > timedelta(hours=24):
                raise conflict("identity.acknowledgement_unknown")
            subject = "portal:" + self._lookup.visitor_hash(source)
            limits.hit(session, self._clock, subject, LOGINS_PER_SOURCE, LOGIN_WINDOW)
        return self._workers.begin(claim, purpose="login", acknowledgement_id=acknowledgement_id)

    def confirm_login(self, check_id: str, otp: str) -> LoginOutcome:
        """Open a portal session."""
        _, issued = self._workers.settle_login(check_id, otp)
        return _outcome(issued)

    def begin_passkey_login(self) -> tuple[str, dict[str, Any]]:
        """(login id, options for the browser)."""
        with refusals():
            return self._client.begin_login()

    def finish_passkey_login(self, login_id: str, assertion: Mapping[str, Any]) -> LoginOutcome:
        """Open a portal session; `identity.fresh_check_needed` after 180 days of silence."""
        with refusals():
            who = self._client.finish_login(login_id, assertion)
        if who.level < 2:
            raise forbidden("identity.level_too_low", level=who.level, way_out=["desk", "hotline"])
        with self._uow() as session:
            person = repo.person_by_ref(session, who.person_ref)
            if person is None:
                raise not_found("identity.passkey_refused")
            return _outcome(self._workers.portal_session(session, person.id, None))

    # --------------------------------------------------------------------- passkeys

    def _of_session(self, session: Session, who: Principal) -> tuple[CheckRow, PersonRow]:
        """The check behind a worker's session: a passkey is enrolled only on a check of this very session."""
        row = session.get(SessionRow, who.session_id) if who.session_id else None
        check = session.get(CheckRow, row.check_id) if row is not None and row.check_id else None
        person = session.get(PersonRow, who.person_id) if who.person_id else None
        if check is None or person is None or check.person_id != person.id:
            raise conflict("identity.fresh_check_needed")
        return check, person

    def passkey_options(self, who: Principal) -> tuple[str, dict[str, Any]]:
        """(registration id, options for the browser)."""
        with self._uow.read() as session:
            check, person = self._of_session(session, who)
            check_id, session_key = check.id, check.service_session
            shown = rules.masked_name(person.name)
        with refusals():
            return self._client.passkey_options(check_id, session_key, shown)

    def enrol_passkey(
        self, who: Principal, registration_id: str, credential: Mapping[str, Any], label: str
    ) -> PasskeyView:
        """Enrol at the service, then commit the credential in an event of the person's stream, before any E08."""
        with self._uow.read() as session:
            check, person = self._of_session(session, who)
            session_key, person_id = check.service_session, person.id
        with refusals():
            made = self._client.enrol_passkey(registration_id, session_key, credential)
        with self._uow() as session:
            known = session.get(PasskeyRow, made.credential_id)
            if known is not None:
                return _view(known)
            event = self._recorder.record(
                session,
                EventDraft(
                    stream=f"person/{person_id}",
                    type="identity.passkey_enrolled/1",
                    actor=person_id,
                    role="worker",
                    payload={
                        "credential_id": made.credential_id,
                        "public_key": made.public_key,
                        "credential_digest": made.credential_digest,
                        "credential_sha256": hashlib.sha256(base64.b64decode(made.public_key)).hexdigest(),
                        "level": made.level,
                    },
                ),
            )
            row = PasskeyRow(
                credential_id=made.credential_id,
                person_id=person_id,
                label=label.strip()[:60] or "passkey",
                level=made.level,
                credential_digest=made.credential_digest,
                public_key=made.public_key,
                event_stream=event.stream,
                event_seq=event.seq,
                event_digest=event.digest,
                event_utc=event.utc,
                enrolled_at=self._clock.now(),
            )
            session.add(row)
            return _view(row)

    def passkeys(self, person_id: str) -> list[PasskeyView]:
        """A person's living passkeys."""
        with self._uow.read() as session:
            return [_view(row) for row in repo.passkeys(session, person_id)]

    def passkey_event(self, credential_id: str, person_id: str | None = None) -> EventRef | None:
        """The identity event that commits a credential (base64url id; cited by E08); None if it is another person's."""
        with self._uow.read() as session:
            row = session.get(PasskeyRow, credential_id)
            mine = row is not None and person_id in (None, row.person_id)
            return repo.event_of(row) if row is not None and mine else None

    def revoke_passkey(self, who: Principal, credential_id: str) -> None:
        """End a passkey: at the service first, then here with an event."""
        with self._uow.read() as session:
            row = session.get(PasskeyRow, credential_id)
            person = session.get(PersonRow, who.person_id) if who.person_id else None
            if row is None or person is None or row.person_id != person.id or person.ref is None:
                raise not_found()
            ref, person_id = person.ref, person.id
        with refusals():
            self._client.revoke_passkey(ref, credential_id)
        with self._uow() as session:
            row = session.get(PasskeyRow, credential_id)
            if row is not None and row.revoked_at is None:
                row.revoked_at = self._clock.now()
                self._recorder.record(
                    session,
                    EventDraft(
                        stream=f"person/{person_id}",
                        type="identity.passkey_revoked/1",
                        actor=person_id,
                        role="worker",
                        payload={"credential_digest": row.credential_digest},
                    ),
                )

    def phone_state(self, person_id: str) -> dict[str, Any]:
        """Masked number, level and a pending change of number, as the service has them."""
        with self._uow.read() as session:
            person = session.get(PersonRow, person_id)
            ref = person.ref if person is not None else None
        if ref is None:
            raise not_found()
        with refusals():
            return self._client.person(ref)

    def object_phone_change(self, who: Principal) -> None:
        """'I did not change my number': the pending change is dropped."""
        change = self.phone_state(str(who.person_id)).get("phone_change")
        if not change:
            raise not_found("identity.change_unknown")
        with refusals():
            self._client.object_phone_change(str(change["change_id"]))


def _view(row: PasskeyRow) -> PasskeyView:
    return PasskeyView(row.credential_id, row.label, row.level, row.enrolled_at, repo.event_of(row))


def _outcome(issued: Issued) -> LoginOutcome:
    return LoginOutcome("done", issued.token, issued.csrf_token, ROLES, issued.row.expires_at)
