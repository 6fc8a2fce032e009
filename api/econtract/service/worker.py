"""The worker's steps: who he is, what he reads and agrees to, and every way out (指引 arts. 6, 7, 10–12).

All state is here: back, reload or another phone lands on the same step. A link alone shows employer and purpose only;
text is shown after identification, to the newest session of that person.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.econtract import repository
from api.econtract.model import State
from api.econtract.ports import (
    CheckStarted,
    IdentityForm,
    Message,
    Opener,
    WorkerAdmission,
    WorkerIdentified,
    WorkerSession,
)
from api.econtract.service.context import Context
from api.econtract.service.sending import PURPOSE, end_round, title_of, token_hash
from api.econtract.tables import ContractRow, InvitationRow, VersionRow
from api.econtract.views import NOTICE_VERSION, PRIVACY_VERSION, Landing, Reading, StepTaken
from api.infra import limits
from api.infra.auth import Principal
from api.kernel.clock import utc_text
from api.kernel.errors import conflict, forbidden, invalid, not_found

MAX_NOTE = 500
SHORT_LENGTH = 8
_GUESSES = 20
_GUESS_WINDOW = timedelta(minutes=15)


class Misses:
    """Wrong short codes of everybody together: 40 bits are searched by nobody at this pace, whatever route he takes.

    Kept in memory: it must also count inside a caller's transaction. Links have 192 bits and are never slowed down.
    """

    LIMIT = 2_000
    WINDOW = timedelta(minutes=15)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[datetime] = deque()

    def check(self, now: datetime) -> None:
        """Raises forbidden `too_many_requests` while there were too many."""
        with self._lock:
            while self._times and now - self._times[0] >= self.WINDOW:
                self._times.popleft()
            if len(self._times) >= self.LIMIT:
                wait = self._times[0] + self.WINDOW - now
                raise forbidden("too_many_requests", seconds=max(1, int(wait.total_seconds())))

    def add(self, now: datetime) -> None:
        """Counts one more."""
        with self._lock:
            self._times.append(now)


@dataclass(frozen=True)
class _Place:
    row: ContractRow
    version: VersionRow
    invitation: InvitationRow


class WorkerSteps:
    """Screens one and two, the ways out, and what a page needs to land on the right step."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self.misses = Misses()

    def landing(self, code: str, who: Principal) -> Landing:
        """Employer, purpose and step for the holder of a link or short code; not_found for an unknown one."""
        with self._c.uow.read() as session:
            place = self._place(session, code)
        org = self._c.employers.organisation(place.row.org_id)
        state = self._session_state(place, who)
        return Landing(
            state=self._state(place),
            step=self._step(place, state),
            employer=org.name,
            purpose=PURPOSE,
            title=json.loads(place.version.data)["title"],
            expires_at=place.version.worker_deadline,
            test=self._c.test,
            phone_hint=_masked(place.invitation.phone),
            session=state,
            late_signing=place.row.late_signing,
            closed_as=self._state(place) if self._step(place, state) == "closed" else None,
            round_id=place.version.round_id if state == "mine" else None,
        )

    def find_short(self, code: str, visitor: str) -> None:
        """Checks a typed short code; guesses are counted per visitor."""
        with self._c.uow() as session:
            limits.hit(session, self._c.clock, f"econtract.short:{visitor}"[:160], _GUESSES, _GUESS_WINDOW)
        with self._c.uow.read() as session:
            self._place(session, code)

    def acknowledge_privacy(self, code: str, version: str, visitor: str) -> str:
        """Records that the privacy notice was shown before any field; returns the acknowledgement's id."""
        if version != PRIVACY_VERSION:
            raise conflict("econtract.notice_outdated", version=PRIVACY_VERSION)
        with self._c.uow.read() as session:
            place = self._open(session, code)
        return self._c.identities.acknowledge_privacy(place.row.contract_id, version, visitor=visitor)

    def start_identity(
        self, code: str, acknowledgement_id: str, name: str, id_number: str, phone: str | None
    ) -> CheckStarted:
        """Starts the identity check of screen one; errors never say which element was wrong."""
        with self._c.uow.read() as session:
            place = self._open(session, code)
            facts = json.loads(place.version.data)["facts"]
            sent_to = place.invitation.phone
        return self._c.identities.start_check(
            IdentityForm(
                contract_id=place.row.contract_id,
                commitment=place.version.commitment,
                invitation_id=place.invitation.id,
                acknowledgement_id=acknowledgement_id,
                expected_name=facts["worker_name"],
                expected_id_number=facts["worker_id_number"],
                name=name.strip(),
                id_number=id_number.strip().upper(),
                phone=(phone or sent_to).strip(),
                id_kind=facts["worker_id_kind"],
            )
        )

    def resend_code(self, code: str, check_id: str) -> CheckStarted:
        """Sends the OTP once more."""
        with self._c.uow.read() as session:
            place = self._open(session, code)
        return self._c.identities.resend(check_id, contract_id=place.row.contract_id)

    def confirm_identity(self, code: str, check_id: str, otp: str) -> tuple[WorkerIdentified, StepTaken]:
        """Confirms the check: from here the person is the contract's worker, with a session of 60 minutes."""
        with self._c.uow.read() as session:
            place = self._open(session, code)
        identified = self._c.identities.confirm_check(check_id, otp, contract_id=place.row.contract_id)
        found = self._c.identities.signing_session(identified.session_id)
        if found is None or found.invitation_id != place.invitation.id:
            raise forbidden("econtract.session_of_another")
        with self._c.uow() as session:
            place = self._open(session, code, lock=True)
            if place.row.worker_person_id not in (None, identified.person_id):
                raise forbidden("econtract.session_of_another")
            place.row.worker_person_id = identified.person_id
            place.invitation.person_id = identified.person_id
            if place.invitation.identity_event is None:
                repository.add_history(session, place.row, self._c.now(), "identified", "worker")
            if place.invitation.consented_at is None:
                place.invitation.identity_event = identified.event.cite()
            if place.invitation.consented_at is not None:
                self._admit(session, place, identified.session_id)
            step = self._step(place, "mine")
        return identified, StepTaken(self._state(place), step, place.version.round_id)

    def document(self, code: str, who: Principal) -> Reading:
        """Notice, key facts and full text for the identified worker."""
        with self._c.uow() as session:
            place, _ = self._mine(session, code, who, live=False)
            if place.invitation.opened_at is None:
                place.invitation.opened_at = self._c.now()
                repository.add_history(session, place.row, self._c.now(), "opened", "worker")
        return reading(self._c, place.row, place.version, place.invitation, self._step(place, "mine"))

    def document_pdf(self, code: str, who: Principal) -> bytes:
        """The base PDF for screen two."""
        with self._c.uow.read() as session:
            place, found = self._mine(session, code, who, live=False)
        return self._c.rounds.base_pdf(place.version.round_id, Opener(found.person_id, "worker", "read"))

    def page_image(self, code: str, who: Principal, number: int) -> bytes:
        """One page as a picture, for browsers without a PDF viewer."""
        with self._c.uow.read() as session:
            place, found = self._mine(session, code, who, live=False)
        opener = Opener(found.person_id, "worker", "read")
        return self._c.rounds.page_image(place.version.round_id, number, opener, final=False)

    def record_reading(
        self, code: str, who: Principal, seconds: int, pages: Sequence[int], finished: bool
    ) -> None:
        """Adds to how long and how far the text was read; the sum becomes event E07 at consent."""
        with self._c.uow() as session:
            place, _ = self._mine(session, code, who)
            seen = set(place.invitation.read_pages) | {page for page in pages if 0 < page <= 500}
            place.invitation.read_pages = sorted(seen)
            place.invitation.read_seconds = min(
                place.invitation.read_seconds + max(0, min(seconds, 3600)), 86_400
            )
            place.invitation.read_to_end = place.invitation.read_to_end or finished

    def consent(
        self, code: str, who: Principal, *, notice: bool, electronic: bool, notice_version: str
    ) -> StepTaken:
        """Both boxes ticked: events E03, E04, E07, and the way to the signing screen opens."""
        if not (notice and electronic):
            raise invalid("econtract.consents_needed")
        if notice_version != NOTICE_VERSION:
            raise conflict("econtract.notice_outdated", version=NOTICE_VERSION)
        with self._c.uow() as session:
            place, found = self._mine(session, code, who, lock=True)
            if place.invitation.consented_at is None:
                self._record_consent(session, place, found.person_id)
                place.invitation.consented_at = self._c.now()
                repository.add_history(session, place.row, self._c.now(), "consented", "worker")
            self._admit(session, place, found.session_id)
            return StepTaken(self._state(place), "sign", place.version.round_id)

    def _record_consent(self, session: Session, place: _Place, person_id: str) -> None:
        row, version, invitation = place.row, place.version, place.invitation
        common = {"commitment": version.commitment}
        self._c.record(
            session,
            row,
            "econtract.E03/1",
            person_id,
            "worker",
            {**common, "electronic_form": True, "cites": [invitation.identity_event]},
        )
        self._c.record(
            session,
            row,
            "econtract.E04/1",
            person_id,
            "worker",
            {
                **common,
                "notice_version": NOTICE_VERSION,
                "privacy_version": PRIVACY_VERSION,
                "free_of_charge": True,
            },
        )
        self._c.record(
            session,
            row,
            "econtract.E07/1",
            person_id,
            "worker",
            {
                **common,
                "opened_at": utc_text(invitation.opened_at or self._c.now()),
                "seconds": invitation.read_seconds,
                "pages": list(invitation.read_pages),
                "to_the_end": invitation.read_to_end,
            },
        )

    def _admit(self, session: Session, place: _Place, session_id: str) -> None:
        if State(place.row.state) is not State.SENT:
            return
        facts = json.loads(place.version.data)["facts"]
        self._c.rounds.admit_worker(
            session,
            place.version.round_id,
            WorkerAdmission(str(place.invitation.person_id), facts["worker_name"], session_id),
        )

    def reject(self, code: str, who: Principal, reason: str) -> StepTaken:
        """The worker refuses the contract; the employer is told the reason."""
        return self._leave(code, who, State.REJECTED, reason)

    def request_change(self, code: str, who: Principal, text: str) -> StepTaken:
        """The worker asks for another text; the employer gets the draft back with the request."""
        return self._leave(code, who, State.CHANGE_REQUESTED, text)

    def withdraw(self, code: str, who: Principal, reason: str = "") -> StepTaken:
        """The worker takes his signature back while the employer has not signed."""
        return self._leave(code, who, State.WITHDRAWN, reason or "-")

    def _leave(self, code: str, who: Principal, wanted: State, reason: str) -> StepTaken:
        reason = self._note(reason)
        with self._c.uow() as session:
            place, found = self._mine(session, code, who, lock=True)
            leave(self._c, session, place.row, wanted, found.person_id, "" if reason == "-" else reason)
        return StepTaken(wanted.value, "closed")

    def _note(self, text: str) -> str:
        text = text.strip()
        if not text:
            raise invalid("econtract.reason_needed")
        if len(text) > MAX_NOTE:
            raise invalid("econtract.field_too_long", limit=MAX_NOTE, length=len(text))
        return text

    def not_me(self, code: str, who: Principal, note: str = "") -> StepTaken:
        """“This was not me”: reachable with the link alone; the contract is stopped and looked at by people."""
        if len(note) > MAX_NOTE:
            raise invalid("econtract.field_too_long", limit=MAX_NOTE, length=len(note))
        with self._c.uow() as session:
            place = self._place(session, code)
            person = who.person_id if who.kind == "worker" else None
            self._c.identities.report_not_me(
                session, contract_id=place.row.contract_id, person_id=person, note=note, via="link"
            )
        return StepTaken(State.DISPUTED.value, "closed")

    def _place(self, session: Session, code: str, *, lock: bool = False) -> _Place:
        short = code.strip().upper().replace("-", "").replace(" ", "")
        if len(code) > 100:
            raise not_found("econtract.invitation_unknown")
        if len(short) == SHORT_LENGTH:
            self.misses.check(self._c.now())
        short_hash = self._c.lookup_hash("econtract.short", short if len(short) == SHORT_LENGTH else "-")
        found = repository.invited(session, token_hash(code), short_hash, lock=lock)
        if found is None:
            if len(short) == SHORT_LENGTH:
                self.misses.add(self._c.now())
            raise not_found("econtract.invitation_unknown")
        invitation, row, version = found
        return _Place(row, version, invitation)

    def _open(self, session: Session, code: str, *, lock: bool = False) -> _Place:
        place = self._place(session, code, lock=lock)
        if place.invitation.dead or place.row.version != place.version.version:
            raise conflict("econtract.invitation_closed", state=self._state(place))
        return place

    def _mine(
        self, session: Session, code: str, who: Principal, *, lock: bool = False, live: bool = True
    ) -> tuple[_Place, WorkerSession]:
        """The place for the newest session of its identified worker; `live` demands that the link still is open."""
        place = self._open(session, code, lock=lock) if live else self._place(session, code, lock=lock)
        if who.attributes.get("session") == "superseded":
            raise conflict("econtract.session_elsewhere")
        if who.kind != "worker" or who.session_id is None:
            raise forbidden("econtract.identify_first")
        found = self._c.identities.signing_session(who.session_id)
        if found is None or found.invitation_id != place.invitation.id:
            raise forbidden("econtract.identify_first")
        if found.state == "superseded":
            raise conflict("econtract.session_elsewhere")
        if found.state != "live":
            raise forbidden("econtract.session_expired")
        return place, found

    def _session_state(self, place: _Place, who: Principal) -> str:
        if who.attributes.get("session") == "superseded":
            return "elsewhere"
        mine = who.session_id if who.kind == "worker" else None
        return self._c.identities.session_state(place.invitation.id, mine)

    def _state(self, place: _Place) -> str:
        if place.version.version != place.row.version:
            return place.version.closed_as or State.RECALLED.value
        return place.row.state

    def _step(self, place: _Place, session_state: str) -> str:
        state = State(self._state(place))
        if state in (State.EFFECTIVE,):
            return "done"
        if state in (State.WORKER_SIGNED, State.EMPLOYER_SIGNED):
            return "waiting" if not place.invitation.dead else "closed"
        if state is not State.SENT or place.invitation.dead:
            return "closed"
        if session_state != "mine":
            return "identity"
        return "sign" if place.invitation.consented_at is not None else "notice"


def leave(
    context: Context, session: Session, row: ContractRow, wanted: State, person: str, reason: str
) -> None:
    """The worker ends the current text; whoever sent it is told."""
    version = end_round(context, session, row, wanted, person, "worker", reason)
    context.notifications.queue(
        session,
        Message(
            template=f"econtract.{wanted.value.lower()}",
            about=row.contract_id,
            account_id=version.sent_by,
            values={"title": title_of(version)},
        ),
    )


def reading(
    context: Context, row: ContractRow, version: VersionRow, invitation: InvitationRow | None, step: str
) -> Reading:
    """The text of one version for its worker."""
    data: dict[str, Any] = json.loads(version.data)
    return Reading(
        contract_id=row.contract_id,
        id=row.id,
        title=data["title"],
        subtitle=data["subtitle"],
        version=version.version,
        key_facts=data["key_facts"],
        parties=data["parties"],
        clauses=data["clauses"],
        notices=data["notices"],
        notice_version=NOTICE_VERSION,
        base_pdf_sha256=version.base_pdf_sha256,
        round_id=version.round_id,
        step=step,
        consented=invitation is not None and invitation.consented_at is not None,
        late_signing=row.late_signing,
        test=context.test,
    )


def _masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 7 else "****"
