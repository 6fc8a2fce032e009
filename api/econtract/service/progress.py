"""What moves a contract without a click here: signatures, receipts, disputes, deadlines (指引 arts. 9–11).

EFFECTIVE = both signatures and the document timestamp are there. The worker is told at once; the receipt of that
message is event E14.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from api.econtract import repository
from api.econtract.lifecycle import may_move
from api.econtract.model import State
from api.econtract.ports import Message
from api.econtract.service.context import Context, current_version, worker_phone
from api.econtract.service.sending import end_round, title_of, workday_end
from api.econtract.tables import ContractRow, NoticeRow, VersionRow
from api.kernel.clock import SHANGHAI, utc_text
from api.kernel.errors import DomainError, ErrorKind

PLATFORM = "platform"


class Progress:
    """Handlers of other slices' events, and the due work of the background process."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def worker_signed(self, session: Session, round_id: str, at: datetime) -> None:
        """The worker's signature is valid and kept: the employer is asked to sign."""
        found = repository.by_round(session, round_id)
        if found is None:
            return
        row, version = found
        version.worker_signed_at = at
        version.employer_alarm_at = workday_end(self._c, "employer_alarm_workdays", at)
        version.employer_deadline = min(
            version.employer_limit, workday_end(self._c, "employer_deadline_workdays", at)
        )
        self._c.move(session, row, State.WORKER_SIGNED, what="worker_signed", role="worker")
        accounts = {version.sent_by, *self._c.employers.signing_accounts(row.org_id)}
        for account in sorted(accounts):
            self._tell_employer(
                session, row, account, "econtract.worker_signed", worker_label=_label(row.worker_name)
            )

    def employer_signed(self, session: Session, round_id: str, at: datetime) -> None:
        """The employer's signature is there; the document timestamp is still to come."""
        found = repository.by_round(session, round_id)
        if found is None:
            return
        row, version = found
        version.employer_signed_at = at
        self._c.move(session, row, State.EMPLOYER_SIGNED, what="employer_signed", role="employer")

    def completed(self, session: Session, round_id: str, at: datetime, final_sha256: str) -> None:
        """The contract is effective; the worker is told at once, with a receipt."""
        found = repository.by_round(session, round_id)
        if found is None:
            return
        row, version = found
        version.completed_at, version.final_sha256 = at, final_sha256
        row.effective_at = at
        self._c.move(session, row, State.EFFECTIVE, what="effective", role=PLATFORM)
        employer, title = self._c.employers.organisation(row.org_id).name, title_of(version)
        message = self._c.notifications.queue(
            session,
            Message(
                template="econtract.effective",
                about=row.contract_id,
                phone=worker_phone(self._c, session, row),
                person_id=row.worker_person_id,
                values={"employer": employer, "title": title},
                secrets={"link": f"{self._c.public_origin}/me/contracts/{row.id}"},
            ),
        )
        session.add(
            NoticeRow(message_id=message, contract_pk=row.id, version=row.version, sent_at=self._c.now())
        )
        self._c.notifications.queue(
            session,
            Message(
                template="econtract.effective",
                about=row.contract_id,
                account_id=version.sent_by,
                values={"employer": employer, "title": title},
                secrets={"link": f"{self._c.public_origin}/agent/contracts/{row.id}"},
            ),
        )

    def delivered(self, session: Session, message_id: str, channel: str, at: datetime) -> None:
        """A receipt came: for a completion notice this is event E14, once."""
        notice = repository.notice(session, message_id)
        if notice is None or notice.delivered_at is not None:
            return
        row = repository.lock_contract(session, notice.contract_pk)
        if row is None:
            return
        notice.delivered_at = at
        self._c.record(
            session,
            row,
            "econtract.E14/1",
            PLATFORM,
            "platform",
            {"message_id": message_id, "channel": channel, "delivered_at": utc_text(at)},
        )
        repository.add_history(session, row, self._c.now(), "notice_delivered", PLATFORM)

    def disputed(self, session: Session, contract_id: str, person_id: str | None) -> None:
        """“This was not me”: an open text is stopped, an effective contract is marked."""
        row = repository.by_contract_id(session, contract_id)
        if row is None or row.version == 0:
            return
        row = repository.lock_contract(session, row.id) or row
        actor = person_id or "anonymous"
        self._c.record(session, row, "econtract.disputed/1", actor, "worker", {"state_before": row.state})
        current = State(row.state)
        if not may_move(current, State.DISPUTED):
            repository.add_history(session, row, self._c.now(), "disputed", "worker")
            return
        version: VersionRow = current_version(session, row)
        if current in (State.SENT, State.WORKER_SIGNED):
            self._c.rounds.close_round(session, version.round_id, "withdrawn")
            version.closed_at, version.closed_as = self._c.now(), State.DISPUTED.value
            invitation = repository.live_invitation(session, row.id, row.version)
            if invitation is not None:
                invitation.dead = True
        self._c.move(session, row, State.DISPUTED, what="disputed", role="worker")
        self._tell_employer(session, row, version.sent_by, "econtract.disputed")

    def run_due(self, limit: int = 50) -> int:
        """Expires what has run out and raises the employer's alarm; returns how much was done."""
        with self._c.uow.read() as session:
            waiting = [row.id for row, _ in repository.due(session, self._c.now(), limit)]
        return sum(self._due(pk) for pk in waiting)

    def _due(self, pk: str) -> int:
        now = self._c.now()
        try:
            with self._c.uow() as session:
                row = repository.lock_contract(session, pk)
                if row is None:
                    return 0
                version: VersionRow = current_version(session, row)
                if row.state == State.SENT.value and version.worker_deadline <= now:
                    return self._expire(session, row, version)
                if row.state != State.WORKER_SIGNED.value:
                    return 0
                if version.employer_deadline is not None and version.employer_deadline <= now:
                    return self._expire(session, row, version)
                if version.employer_alarm_at is not None and version.employer_alarm_at <= now:
                    return self._alarm(session, row, version)
        except DomainError as error:
            # Somebody signed or left between look and lock: the next round sees the new state.
            if error.kind is not ErrorKind.CONFLICT:
                raise
        return 0

    def _expire(self, session: Session, row: ContractRow, version: VersionRow) -> int:
        end_round(self._c, session, row, State.EXPIRED, PLATFORM, "platform")
        employer = self._c.employers.organisation(row.org_id).name
        self._tell_employer(session, row, version.sent_by, "econtract.expired", employer=employer)
        self._tell_worker(session, row, "econtract.expired")
        return 1

    def _alarm(self, session: Session, row: ContractRow, version: VersionRow) -> int:
        if version.employer_alarmed:
            return 0
        version.employer_alarmed = True
        repository.add_history(session, row, self._c.now(), "employer_overdue", PLATFORM)
        for account in sorted({version.sent_by, *self._c.employers.signing_accounts(row.org_id)}):
            deadline = version.employer_deadline or version.employer_limit
            self._tell_employer(
                session,
                row,
                account,
                "econtract.employer_alarm",
                deadline=f"{deadline.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            )
        self._tell_worker(session, row, "econtract.employer_late")
        return 1

    def _tell_employer(
        self, session: Session, row: ContractRow, account: str, template: str, **values: str
    ) -> None:
        self._c.notifications.queue(
            session,
            Message(
                template=template,
                about=row.contract_id,
                account_id=account,
                values={"title": title_of(current_version(session, row)), **values},
            ),
        )

    def _tell_worker(self, session: Session, row: ContractRow, template: str) -> None:
        self._c.notifications.queue(
            session,
            Message(
                template=template,
                about=row.contract_id,
                phone=worker_phone(self._c, session, row),
                person_id=row.worker_person_id,
                values={
                    "employer": self._c.employers.organisation(row.org_id).name,
                    "title": title_of(current_version(session, row)),
                },
            ),
        )


def _label(name: str | None) -> str:
    """A worker as a message names him: the family name only."""
    return f"{name[0]}某" if name else "劳动者"
