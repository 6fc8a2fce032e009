"""Reading and writing rows of the slice; every function takes the caller's session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from api.employers.model import OrgState, StatementType, WalletState
from api.employers.tables import (
    ChallengeRow,
    GrantRow,
    MaterialRow,
    MemberRow,
    OrganisationRow,
    PictureRow,
    SealRow,
    StatementRow,
    WalletRow,
)

# Built once: they are asked at every step of every contract, and building a statement costs more than running it.
_ORGANISATION = select(OrganisationRow).where(OrganisationRow.org_id == bindparam("b_org"))
_LOCKED = _ORGANISATION.with_for_update()
_OPEN_GRANT = (
    select(GrantRow)
    .where(
        GrantRow.org_id == bindparam("b_org"),
        GrantRow.account_id == bindparam("b_account"),
        GrantRow.ended_at.is_(None),
    )
    .order_by(GrantRow.granted_at.desc())
    .limit(1)
)


def organisation(session: Session, org_id: str, *, lock: bool = False) -> OrganisationRow | None:
    """An organisation; with `lock` nobody else changes it before the transaction ends."""
    return session.scalar(_LOCKED if lock else _ORGANISATION, {"b_org": org_id})


def claims_of(session: Session, uscc: str) -> list[OrganisationRow]:
    """Organisations that hold or claim a code now, those verified first, then the oldest."""
    live = [OrgState.VERIFIED, OrgState.PENDING, OrgState.DISPUTED]
    rows = session.scalars(
        select(OrganisationRow).where(OrganisationRow.uscc == uscc, OrganisationRow.state.in_(live))
    )
    return sorted(rows, key=lambda row: (live.index(OrgState(row.state)), row.created_at))


def organisations(
    session: Session, state: str | None = None, text: str = "", limit: int = 200
) -> list[OrganisationRow]:
    """Organisations by state and part of name or code, newest first."""
    query = (
        select(OrganisationRow)
        .order_by(OrganisationRow.created_at.desc(), OrganisationRow.org_id)
        .limit(limit)
    )
    if state:
        query = query.where(OrganisationRow.state == state)
    if text:
        part = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(
            or_(
                OrganisationRow.name.like(f"%{part}%", escape="\\"),
                OrganisationRow.uscc == text.strip().upper(),
            )
        )
    return list(session.scalars(query))


def names(session: Session, org_ids: Iterable[str]) -> dict[str, str]:
    """Names by id; unknown ids are left out."""
    wanted = list(set(org_ids))
    found: dict[str, str] = {}
    for at in range(0, len(wanted), 500):
        rows = session.execute(
            select(OrganisationRow.org_id, OrganisationRow.name).where(
                OrganisationRow.org_id.in_(wanted[at : at + 500])
            )
        )
        found.update((row.org_id, row.name) for row in rows)
    return found


def member(session: Session, account_id: str) -> MemberRow | None:
    """The membership of an account."""
    return session.get(MemberRow, account_id)


def members(session: Session, org_id: str) -> list[MemberRow]:
    """Accounts of an organisation, oldest first."""
    query = select(MemberRow).where(MemberRow.org_id == org_id).order_by(MemberRow.created_at)
    return list(session.scalars(query))


def materials(session: Session, org_id: str) -> list[MaterialRow]:
    """Uploaded documents of an organisation."""
    return list(
        session.scalars(select(MaterialRow).where(MaterialRow.org_id == org_id).order_by(MaterialRow.kind))
    )


def material(session: Session, org_id: str, kind: str) -> MaterialRow | None:
    """One uploaded document."""
    return session.get(MaterialRow, (org_id, kind))


def wallet(session: Session, address: str) -> WalletRow | None:
    """The wallet of an address."""
    return session.get(WalletRow, address)


def wallets(session: Session, *, account_id: str | None = None, org_id: str | None = None) -> list[WalletRow]:
    """Wallets of an account or of an organisation, newest first."""
    query = select(WalletRow).order_by(WalletRow.created_at.desc())
    if account_id is not None:
        query = query.where(WalletRow.account_id == account_id)
    if org_id is not None:
        query = query.where(WalletRow.org_id == org_id)
    return list(session.scalars(query))


def active_wallet(session: Session, account_id: str) -> WalletRow | None:
    """The account's wallet in use."""
    return session.scalar(
        select(WalletRow).where(WalletRow.account_id == account_id, WalletRow.state == WalletState.ACTIVE)
    )


def challenge(session: Session, challenge_id: str) -> ChallengeRow | None:
    """A wallet challenge, locked so that it serves once."""
    return session.scalar(
        select(ChallengeRow).where(ChallengeRow.challenge_id == challenge_id).with_for_update()
    )


def statement(session: Session, statement_id: str) -> StatementRow | None:
    """A statement."""
    return session.get(StatementRow, statement_id)


def signed_statements(session: Session, org_id: str, until: datetime | None = None) -> list[StatementRow]:
    """Signed statements of an organisation in the order of their nonces."""
    query = (
        select(StatementRow)
        .where(StatementRow.org_id == org_id, StatementRow.signed_at.is_not(None))
        .order_by(StatementRow.nonce)
    )
    if until is not None:
        query = query.where(StatementRow.signed_at <= until)
    return list(session.scalars(query))


def open_grant(session: Session, org_id: str, account_id: str, at: datetime | None = None) -> GrantRow | None:
    """The agent's grant that had not been ended at `at` (now if None); its expiry is for the caller to judge."""
    if at is None:
        return session.scalar(_OPEN_GRANT, {"b_org": org_id, "b_account": account_id})
    query = select(GrantRow).where(
        GrantRow.org_id == org_id,
        GrantRow.account_id == account_id,
        GrantRow.granted_at <= at,
        or_(GrantRow.ended_at.is_(None), GrantRow.ended_at > at),
    )
    return session.scalar(query.order_by(GrantRow.granted_at.desc()).limit(1))


def grants(session: Session, org_id: str) -> list[GrantRow]:
    """All grants of an organisation, newest first."""
    query = select(GrantRow).where(GrantRow.org_id == org_id).order_by(GrantRow.granted_at.desc())
    return list(session.scalars(query))


def newest_seal(session: Session, org_id: str, *, named: bool | None = None) -> SealRow | None:
    """The newest seal in use; with `named` only one that was (or was not yet) named on chain."""
    query = select(SealRow).where(SealRow.org_id == org_id, SealRow.ended_at.is_(None))
    if named is not None:
        query = query.where(SealRow.named_at.is_not(None) if named else SealRow.named_at.is_(None))
    return session.scalar(query.order_by(SealRow.created_at.desc()).limit(1))


def seals(session: Session, org_id: str) -> list[SealRow]:
    """All seals of an organisation that were not ended, newest first."""
    query = select(SealRow).where(SealRow.org_id == org_id, SealRow.ended_at.is_(None))
    return list(session.scalars(query.order_by(SealRow.created_at.desc())))


def picture(session: Session, org_id: str) -> PictureRow | None:
    """The seal picture of an organisation."""
    return session.get(PictureRow, org_id)


def last_signed(session: Session, org_id: str, kind: StatementType) -> StatementRow | None:
    """The newest signed statement of a type."""
    query = (
        select(StatementRow)
        .where(
            StatementRow.org_id == org_id,
            StatementRow.type == kind.value,
            StatementRow.signed_at.is_not(None),
        )
        .order_by(StatementRow.nonce.desc())
        .limit(1)
    )
    return session.scalar(query)
