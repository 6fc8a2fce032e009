"""Reading and writing the slice's rows. Every function works inside the session it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from api.econtract.lifecycle import IN_FORCE, PENDING
from api.econtract.model import History, State
from api.econtract.tables import (
    AccessRow,
    ContractRow,
    HistoryRow,
    InvitationRow,
    NoticeRow,
    PairRow,
    TemplateEventRow,
    VersionRow,
)

ACTIVE = tuple(sorted(state.value for state in PENDING | IN_FORCE))

_CONTRACT = cast(Table, ContractRow.__table__)
# Built once: these run at every step of every contract, and building a statement costs more than running it.
_MOVE = (
    update(_CONTRACT)
    .where(_CONTRACT.c.id == bindparam("b_id"), _CONTRACT.c.state == bindparam("b_expected"))
    .values(state=bindparam("b_wanted"), updated_at=bindparam("b_at"), revision=_CONTRACT.c.revision + 1)
    .returning(_CONTRACT.c.revision)
)
_BY_ROUND = (
    select(ContractRow, VersionRow)
    .join(VersionRow, VersionRow.contract_pk == ContractRow.id)
    .where(VersionRow.round_id == bindparam("b_round"))
)
_INVITED = (
    select(InvitationRow, ContractRow, VersionRow)
    .join(ContractRow, ContractRow.id == InvitationRow.contract_pk)
    .join(
        VersionRow,
        (VersionRow.contract_pk == ContractRow.id) & (VersionRow.version == InvitationRow.version),
    )
    .where(
        or_(
            InvitationRow.token_hash == bindparam("b_token"),
            InvitationRow.short_hash == bindparam("b_short"),
        )
    )
)
_INVITED_LOCKED = _INVITED.with_for_update(of=ContractRow)
_VERSION = select(VersionRow).where(
    VersionRow.contract_pk == bindparam("b_pk"), VersionRow.version == bindparam("b_number")
)


@dataclass(frozen=True)
class ContractFilter:
    """What a list shows; `after` is the (updated, id) of the last row of the page before."""

    states: tuple[str, ...] = ()
    text: str = ""
    after: tuple[datetime, str] | None = None
    limit: int = 20


def contract(session: Session, pk: str) -> ContractRow | None:
    """A contract by its URL id."""
    return session.get(ContractRow, pk)


def lock_contract(session: Session, pk: str) -> ContractRow | None:
    """A contract, locked until the end of the transaction."""
    return session.scalar(select(ContractRow).where(ContractRow.id == pk).with_for_update())


def by_contract_id(session: Session, contract_id: str) -> ContractRow | None:
    """A contract by its stream and chain id."""
    return session.scalar(select(ContractRow).where(ContractRow.contract_id == contract_id))


def by_round(session: Session, round_id: str) -> tuple[ContractRow, VersionRow] | None:
    """Contract and version of a signing round."""
    row = session.execute(_BY_ROUND, {"b_round": round_id}).first()
    return (row[0], row[1]) if row else None


def by_lookup(session: Session, code: str) -> tuple[ContractRow, VersionRow] | None:
    """Contract and version of a printed look-up code."""
    row = session.execute(
        select(ContractRow, VersionRow)
        .join(VersionRow, VersionRow.contract_pk == ContractRow.id)
        .where(VersionRow.lookup_code == code)
    ).first()
    return (row[0], row[1]) if row else None


def version(session: Session, pk: str, number: int) -> VersionRow | None:
    """One sent text of a contract."""
    return session.scalar(_VERSION, {"b_pk": pk, "b_number": number})


def versions(session: Session, pk: str) -> Sequence[VersionRow]:
    """Every sent text of a contract, newest first."""
    query = select(VersionRow).where(VersionRow.contract_pk == pk).order_by(VersionRow.version.desc())
    return session.scalars(query).all()


def last_concluded(session: Session, pk: str) -> str | None:
    """Commitment of the contract's last concluded text."""
    return session.scalar(
        select(VersionRow.commitment)
        .where(VersionRow.contract_pk == pk, VersionRow.completed_at.is_not(None))
        .order_by(VersionRow.version.desc())
        .limit(1)
    )


def of_employer(session: Session, org_id: str, wanted: ContractFilter) -> Sequence[ContractRow]:
    """An employer's contracts, last changed first; one row more than the limit tells that there is a next page."""
    query = select(ContractRow).where(ContractRow.org_id == org_id, ContractRow.state != State.ERASED.value)
    if wanted.states:
        query = query.where(ContractRow.state.in_(wanted.states))
    if wanted.text:
        query = query.where(ContractRow.post.contains(wanted.text, autoescape=True))
    if wanted.after is not None:
        at, pk = wanted.after
        query = query.where(
            or_(ContractRow.updated_at < at, (ContractRow.updated_at == at) & (ContractRow.id < pk))
        )
    query = query.order_by(ContractRow.updated_at.desc(), ContractRow.id.desc()).limit(wanted.limit + 1)
    return session.scalars(query).all()


def counts(session: Session, org_id: str) -> dict[str, int]:
    """How many contracts an employer has in each state."""
    query = select(ContractRow.state, func.count()).where(
        ContractRow.org_id == org_id, ContractRow.state != State.ERASED.value
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(ContractRow.state))}


def of_worker(session: Session, person_id: str, limit: int = 200) -> Sequence[ContractRow]:
    """A worker's contracts, newest first. Drafts and never-sent texts are not his."""
    query = (
        select(ContractRow)
        .where(ContractRow.worker_person_id == person_id, ContractRow.version > 0)
        .order_by(ContractRow.created_at.desc())
        .limit(limit)
    )
    return session.scalars(query).all()


def lock_pair(session: Session, org_id: str, worker_key: str) -> None:
    """Locks the pair of employer and worker until the end of the transaction."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(make(PairRow).values(org_id=org_id, worker_key=worker_key).on_conflict_do_nothing())
    session.execute(
        select(PairRow).where(PairRow.org_id == org_id, PairRow.worker_key == worker_key).with_for_update()
    )


def overlapping(
    session: Session, org_id: str, worker_key: str, start: date, end: date | None, without: str
) -> ContractRow | None:
    """Another pending or effective contract of the pair whose term overlaps; None as end means open."""
    query = select(ContractRow).where(
        ContractRow.org_id == org_id,
        ContractRow.worker_key == worker_key,
        ContractRow.id != without,
        # A dispute about an effective contract doesn't end it; one about a text that was only sent does.
        or_(
            ContractRow.state.in_(ACTIVE),
            (ContractRow.state == State.DISPUTED.value) & ContractRow.effective_at.is_not(None),
        ),
        or_(ContractRow.end_date.is_(None), ContractRow.end_date >= start),
    )
    if end is not None:
        query = query.where(ContractRow.start_date <= end)
    return session.scalars(query.limit(1)).first()


def history_of_pair(
    session: Session, org_id: str, worker_key: str, without: str, start: date | None
) -> History:
    """What earlier effective contracts of the pair say for the rules."""
    rows = session.scalars(
        select(ContractRow)
        .where(
            ContractRow.org_id == org_id,
            ContractRow.worker_key == worker_key,
            ContractRow.id != without,
            ContractRow.state == State.EFFECTIVE.value,
        )
        .order_by(ContractRow.start_date)
    ).all()
    chained: list[ContractRow] = []
    for row in rows:
        before = chained[-1] if chained else None
        joined = before is not None and before.end_date is not None and row.start_date is not None
        if joined and (row.start_date - before.end_date).days > 1:  # type: ignore[union-attr,operator]
            chained = []
        chained.append(row)
    last_end = chained[-1].end_date if chained else None
    if last_end is not None and start is not None and (start - last_end).days > 1:
        chained = []
    return History(
        had_probation=any(row.has_probation for row in rows),
        consecutive_fixed_terms=sum(row.form == "fixed" for row in chained),
        employed_since=chained[0].start_date if chained else None,
    )


def live_invitation(session: Session, pk: str, number: int) -> InvitationRow | None:
    """The invitation of one sent text."""
    return session.scalar(
        select(InvitationRow).where(InvitationRow.contract_pk == pk, InvitationRow.version == number)
    )


def invited(
    session: Session, token_hash: str, short_hash: str, *, lock: bool = False
) -> tuple[InvitationRow, ContractRow, VersionRow] | None:
    """The invitation of a link token or short code, dead ones included, with its contract and text.

    With `lock` nobody else changes the contract until the end of the transaction.
    """
    codes = {"b_token": token_hash, "b_short": short_hash}
    row = session.execute(_INVITED_LOCKED if lock else _INVITED, codes).first()
    return (row[0], row[1], row[2]) if row else None


def add_history(
    session: Session, row: ContractRow, at: datetime, what: str, role: str, note: str | None = None
) -> None:
    """Adds a line to what people see of a contract's course."""
    session.add(HistoryRow(contract_pk=row.id, at=at, version=row.version, what=what, role=role, note=note))


def history(session: Session, pk: str) -> Sequence[HistoryRow]:
    """A contract's course, oldest first."""
    return session.scalars(
        select(HistoryRow).where(HistoryRow.contract_pk == pk).order_by(HistoryRow.no)
    ).all()


def accesses(session: Session, pk: str) -> Sequence[AccessRow]:
    """Authorities' readings of a contract's text, newest first."""
    return session.scalars(
        select(AccessRow).where(AccessRow.contract_pk == pk).order_by(AccessRow.no.desc())
    ).all()


def move(session: Session, row: ContractRow, expected: State, wanted: State, at: datetime) -> bool:
    """Changes the state if it still is `expected`; False when somebody else was faster."""
    session.flush()
    values = {"b_id": row.id, "b_expected": expected.value, "b_wanted": wanted.value, "b_at": at}
    revision = session.connection().execute(_MOVE, values).scalar_one_or_none()
    if revision is None:
        return False
    for name, value in (("state", wanted.value), ("updated_at", at), ("revision", revision)):
        set_committed_value(row, name, value)
    return True


def due(session: Session, now: datetime, limit: int = 50) -> Sequence[tuple[ContractRow, VersionRow]]:
    """Contracts whose deadline or alarm has come."""
    query = (
        select(ContractRow, VersionRow)
        .join(VersionRow, VersionRow.contract_pk == ContractRow.id)
        .where(VersionRow.version == ContractRow.version)
        .where(
            or_(
                (ContractRow.state == State.SENT.value) & (VersionRow.worker_deadline <= now),
                (ContractRow.state == State.WORKER_SIGNED.value)
                & (
                    (VersionRow.employer_deadline <= now)
                    | ((VersionRow.employer_alarm_at <= now) & VersionRow.employer_alarmed.is_(False))
                ),
            )
        )
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query).all()]


def template_event(session: Session, template_id: str, number: str) -> TemplateEventRow | None:
    """The E05 event of a template version, if it was ever used."""
    return session.get(TemplateEventRow, (template_id, number))


def notice(session: Session, message_id: str) -> NoticeRow | None:
    """A completion notice by its message id."""
    return session.get(NoticeRow, message_id)
