"""Queries of the slice. Every function takes the session of the caller's unit of work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from api.identity import tables as t
from api.kernel.events import EventRef

# Built once: every request asks whose session it comes with, and building a statement costs more than running it.
_BY_TOKEN = (
    select(t.SessionRow, t.AccountRow)
    .outerjoin(t.AccountRow, t.AccountRow.id == t.SessionRow.account_id)
    .where(t.SessionRow.token_hash == bindparam("b_token"))
)
_HOLDER_BY_TOKEN = _BY_TOKEN.add_columns(t.PersonRow).outerjoin(
    t.PersonRow, t.PersonRow.id == t.SessionRow.person_id
)

_WITH_CHECK = (
    select(t.SessionRow, t.CheckRow)
    .join(t.CheckRow, t.CheckRow.id == t.SessionRow.check_id)
    .where(t.SessionRow.id == bindparam("b_id"))
)


def account_by_login(session: Session, login: str) -> t.AccountRow | None:
    """The account with this normalised login."""
    return session.scalar(select(t.AccountRow).where(t.AccountRow.login == login))


def accounts(session: Session, *, kind: str | None = None, org_id: str | None = None) -> list[t.AccountRow]:
    """Accounts by kind or organisation, by login."""
    query = select(t.AccountRow).order_by(t.AccountRow.login)
    if kind is not None:
        query = query.where(t.AccountRow.kind == kind)
    if org_id is not None:
        query = query.where(t.AccountRow.org_id == org_id)
    return list(session.scalars(query))


def any_operator(session: Session) -> bool:
    """Whether an account with the role operator exists."""
    return any("operator" in row.roles for row in accounts(session, kind="staff"))


def roles_with_phone(session: Session, phone_hash: str) -> frozenset[str]:
    """Roles of the active employers' accounts that carry this number."""
    query = select(t.AccountRow).where(
        t.AccountRow.phone_hash == phone_hash,
        t.AccountRow.kind == "employer",
        t.AccountRow.state == "active",
    )
    return frozenset(role for row in session.scalars(query) for role in row.roles)


def session_by_token(session: Session, token_hash: str) -> tuple[t.SessionRow, t.AccountRow | None] | None:
    """A session with its account."""
    row = session.execute(_BY_TOKEN, {"b_token": token_hash}).first()
    return None if row is None else (row[0], row[1])


def session_with_check(session: Session, session_id: str) -> tuple[t.SessionRow, t.CheckRow] | None:
    """A worker's session with the identity check that it began with."""
    row = session.execute(_WITH_CHECK, {"b_id": session_id}).first()
    return None if row is None else (row[0], row[1])


def holder_by_token(
    session: Session, token_hash: str
) -> tuple[t.SessionRow, t.AccountRow | None, t.PersonRow | None] | None:
    """A session with the account or person it belongs to: asked at every request."""
    row = session.execute(_HOLDER_BY_TOKEN, {"b_token": token_hash}).first()
    return None if row is None else (row[0], row[1], row[2])


def end_sessions(session: Session, *, account_id: str, keep: str | None = None) -> None:
    """End an account's sessions, except one."""
    query = update(t.SessionRow).where(
        t.SessionRow.account_id == account_id, t.SessionRow.state.in_(("live", "pending"))
    )
    if keep is not None:
        query = query.where(t.SessionRow.id != keep)
    session.execute(query.values(state="ended"))


def supersede(session: Session, *, person_id: str, invitation_id: str) -> None:
    """The newer session takes over: older live ones of the same person and invitation say so from now on."""
    session.execute(
        update(t.SessionRow)
        .where(
            t.SessionRow.person_id == person_id,
            t.SessionRow.invitation_id == invitation_id,
            t.SessionRow.state == "live",
        )
        .values(state="superseded")
    )


def live_session_of(session: Session, invitation_id: str, now: datetime) -> t.SessionRow | None:
    """The living signing session of an invitation."""
    query = select(t.SessionRow).where(
        t.SessionRow.invitation_id == invitation_id,
        t.SessionRow.state == "live",
        t.SessionRow.expires_at > now,
    )
    return session.scalars(query).first()


def drop_sessions(session: Session, before: datetime) -> int:
    """Delete sessions that were over before a moment; number of them."""
    done = session.execute(delete(t.SessionRow).where(t.SessionRow.expires_at < before))
    return int(getattr(done, "rowcount", 0))


def machine_by_token(session: Session, token_hash: str) -> tuple[t.MachineRow, t.AccountRow] | None:
    """A machine credential with the account it acts for."""
    query = (
        select(t.MachineRow, t.AccountRow)
        .join(t.AccountRow, t.AccountRow.id == t.MachineRow.account_id)
        .where(t.MachineRow.token_hash == token_hash)
    )
    row = session.execute(query).first()
    return None if row is None else (row[0], row[1])


def machines(session: Session, org_id: str) -> list[t.MachineRow]:
    """Credentials of an organisation."""
    query = select(t.MachineRow).where(t.MachineRow.org_id == org_id).order_by(t.MachineRow.created_at)
    return list(session.scalars(query))


def person_by_id_hash(session: Session, id_hash: str) -> t.PersonRow | None:
    """The person with this document."""
    return session.scalar(select(t.PersonRow).where(t.PersonRow.id_hash == id_hash))


def person_by_ref(session: Session, ref: str) -> t.PersonRow | None:
    """The person by the identity service's reference."""
    return session.scalar(select(t.PersonRow).where(t.PersonRow.ref == ref))


def persons(session: Session, ids: list[str]) -> list[t.PersonRow]:
    """Persons by id."""
    return list(session.scalars(select(t.PersonRow).where(t.PersonRow.id.in_(ids))))


def checks_of_contract(session: Session, contract_id: str) -> list[t.CheckRow]:
    """Checks of a contract, oldest first."""
    query = select(t.CheckRow).where(t.CheckRow.contract_id == contract_id).order_by(t.CheckRow.created_at)
    return list(session.scalars(query))


def disputes_to_send(session: Session) -> list[t.CheckRow]:
    """Disputed checks that the identity service has not been told about."""
    query = select(t.CheckRow).where(t.CheckRow.state == "disputed", t.CheckRow.dispute_sent.is_(False))
    return list(session.scalars(query.limit(50)))


def passkeys(session: Session, person_id: str) -> list[t.PasskeyRow]:
    """A person's living passkeys."""
    query = (
        select(t.PasskeyRow)
        .where(t.PasskeyRow.person_id == person_id, t.PasskeyRow.revoked_at.is_(None))
        .order_by(t.PasskeyRow.enrolled_at)
    )
    return list(session.scalars(query))


def consents(session: Session, person_id: str) -> list[t.ConsentRow]:
    """A person's consents, newest first."""
    query = select(t.ConsentRow).where(t.ConsentRow.person_id == person_id)
    return list(session.scalars(query.order_by(t.ConsentRow.given_at.desc())))


def accesses(session: Session, person_id: str, limit: int = 100) -> list[t.AccessRow]:
    """Who opened a person's data, newest first."""
    query = select(t.AccessRow).where(t.AccessRow.person_id == person_id)
    return list(session.scalars(query.order_by(t.AccessRow.at.desc()).limit(limit)))


def reports(session: Session, *, state: str | None = None) -> list[t.ReportRow]:
    """Reports, newest first."""
    query = select(t.ReportRow).order_by(t.ReportRow.at.desc()).limit(200)
    if state is not None:
        query = query.where(t.ReportRow.state == state)
    return list(session.scalars(query))


def desk_cases(session: Session, officer_id: str) -> list[t.DeskCaseRow]:
    """An officer's desk checks, newest first."""
    query = select(t.DeskCaseRow).where(t.DeskCaseRow.officer_id == officer_id)
    return list(session.scalars(query.order_by(t.DeskCaseRow.created_at.desc()).limit(100)))


def event_of(row: t.CheckRow | t.PasskeyRow) -> EventRef | None:
    """The event reference kept in a row."""
    if row.event_digest is None or row.event_stream is None or row.event_seq is None or row.event_utc is None:
        return None
    return EventRef(row.event_stream, row.event_seq, row.event_digest, row.event_utc)
