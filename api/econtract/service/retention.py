"""Contracts whose retention is over: found, announced, emptied (劳动合同法 art. 50, PIPL art. 47).

The row of an erased contract stays as a shell: its random ids, its dates, its state. What it said is gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from api.econtract import repository
from api.econtract.lifecycle import CLOSED
from api.econtract.model import State
from api.econtract.ports import Message
from api.econtract.service.context import Context
from api.econtract.tables import ContractRow, HistoryRow, InvitationRow, PairRow, VersionRow
from api.kernel.clock import SHANGHAI, shanghai_day


@dataclass(frozen=True)
class Ended:
    """A contract whose term, or whose only texts, have come to their end."""

    contract_id: str
    org_id: str
    person_id: str | None
    title: str
    ended_on: date


@dataclass(frozen=True)
class Emptied:
    """What emptying a contract came to; `freed` is its worker if the platform has no other contract of his."""

    rows: int
    freed: str | None


class Retention:
    """The slice's part in erasures."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def ended(self, session: Session, before: date, limit: int) -> Sequence[Ended]:
        """Effective contracts whose term ended before that day, and closed texts untouched since; oldest first.

        A contract without a fixed end never ends here, a disputed one waits for its dispute.
        """
        day = datetime.combine(before, time(), SHANGHAI).astimezone(UTC)
        query = (
            select(ContractRow)
            .where(
                ContractRow.version > 0,
                or_(
                    (ContractRow.state == State.EFFECTIVE.value) & (ContractRow.end_date < before),
                    ContractRow.state.in_([state.value for state in CLOSED])
                    & ContractRow.effective_at.is_(None)
                    & (ContractRow.updated_at < day),
                ),
            )
            .order_by(ContractRow.updated_at)
            .limit(limit)
        )
        return [self._ended(session, row) for row in session.scalars(query)]

    def _ended(self, session: Session, row: ContractRow) -> Ended:
        version = repository.version(session, row.id, row.version)
        title = "" if version is None else str(json.loads(version.data).get("title", ""))
        return Ended(
            row.contract_id,
            row.org_id,
            row.worker_person_id,
            title,
            row.end_date if row.end_date and row.effective_at else shanghai_day(row.updated_at),
        )

    def tell(self, session: Session, contract: Ended, due: date) -> None:
        """Announce the erasure to worker and employer: until then they can fetch their own copy."""
        values = {"title": contract.title, "date": due.isoformat()}
        people = [(None, contract.person_id)] if contract.person_id else []
        accounts = [(account, None) for account in self._c.employers.signing_accounts(contract.org_id)]
        for account, person in (*people, *accounts):
            self._c.notifications.queue(
                session,
                Message(
                    template="econtract.erasure_announced",
                    about=contract.contract_id,
                    account_id=account,
                    person_id=person,
                    values=values,
                ),
            )

    def empty(self, session: Session, contract_id: str) -> Emptied:
        """Destroy what a contract said in the caller's transaction; an unknown or empty one is no error."""
        row = repository.by_contract_id(session, contract_id)
        if row is None or row.state == State.ERASED.value:
            return Emptied(0, None)
        person, worker_key = row.worker_person_id, row.worker_key
        rows = 1
        row.draft, row.worker_name, row.worker_key, row.worker_person_id = "{}", None, None, None
        row.post, row.state = "", State.ERASED.value
        for statement in (
            update(VersionRow)
            .where(VersionRow.contract_pk == row.id)
            .values(data='{"title":""}', findings=[]),
            delete(InvitationRow).where(InvitationRow.contract_pk == row.id),
            update(HistoryRow).where(HistoryRow.contract_pk == row.id).values(note=None),
        ):
            done = session.execute(statement.execution_options(synchronize_session=False))
            rows += int(done.rowcount)  # type: ignore[attr-defined]
        session.flush()
        if worker_key is not None and not self._others(
            session, ContractRow.worker_key == worker_key, row.org_id
        ):
            session.execute(
                delete(PairRow).where(PairRow.org_id == row.org_id, PairRow.worker_key == worker_key)
            )
        freed = (
            person if person and not self._others(session, ContractRow.worker_person_id == person) else None
        )
        return Emptied(rows, freed)

    @staticmethod
    def _others(session: Session, condition: object, org_id: str | None = None) -> int:
        query = select(func.count()).select_from(ContractRow).where(condition)  # type: ignore[arg-type]
        if org_id is not None:
            query = query.where(ContractRow.org_id == org_id)
        return int(session.scalar(query) or 0)
