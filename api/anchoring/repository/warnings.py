"""Decisions about warnings: warnings, steps, officers, and the calls that a statement has to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session

from api.anchoring.model import SETTLED, OfficerState
from api.anchoring.tables import CallRow, WarningOfficerRow, WarningRow, WarningStepRow
from chain.warning_rules import StepKind


def locked(session: Session, warning: str) -> WarningRow | None:
    """The warning, locked until the transaction ends."""
    return session.execute(
        select(WarningRow).where(WarningRow.warning == warning).with_for_update()
    ).scalar_one_or_none()


def find(session: Session, warning: str) -> WarningRow | None:
    """The warning."""
    return session.get(WarningRow, warning)


def add(
    session: Session, warning: str, chain_id: str, salt: bytes, town_code: int, now: datetime
) -> WarningRow:
    """A new warning."""
    row = WarningRow(warning=warning, chain_id=chain_id, salt=salt, town_code=town_code, created_at=now)
    session.add(row)
    session.flush()
    return row


def steps_of(session: Session, warning: str) -> list[WarningStepRow]:
    """A warning's steps in order."""
    return list(
        session.execute(
            select(WarningStepRow).where(WarningStepRow.warning == warning).order_by(WarningStepRow.sequence)
        ).scalars()
    )


def awaiting_rule_key(session: Session, limit: int) -> list[tuple[str, int]]:
    """Steps that the rules issued and whose statement is not there yet: (warning, sequence)."""
    rows = session.execute(
        select(WarningStepRow.warning, WarningStepRow.sequence)
        .where(WarningStepRow.automatic.is_(True), WarningStepRow.officer.is_(None))
        .order_by(WarningStepRow.stated_at, WarningStepRow.warning)
        .limit(limit)
    )
    return [(row.warning, row.sequence) for row in rows]


def officer(session: Session, wallet: str) -> WarningOfficerRow | None:
    """An officer's wallet, dismissed or not."""
    return session.get(WarningOfficerRow, wallet)


def officers(session: Session) -> list[OfficerState]:
    """All wallets that decide or decided, in the order of their appointment."""
    rows = session.execute(
        select(WarningOfficerRow, CallRow.state)
        .join(CallRow, CallRow.id == WarningOfficerRow.appointment)
        .order_by(WarningOfficerRow.appointed_at, WarningOfficerRow.wallet)
    )
    return [
        OfficerState(r.wallet, r.registrar, r.appointed_at, r.dismissed_at, state, r.account)
        for r, state in rows
    ]


def wallet_of(session: Session, account: str) -> str | None:
    """The wallet with which somebody decides now."""
    query = select(WarningOfficerRow.wallet).where(
        WarningOfficerRow.account == account, WarningOfficerRow.dismissed_at.is_(None)
    )
    return session.execute(query.limit(1)).scalar_one_or_none()


def deciding_accounts(session: Session) -> list[str]:
    """Accounts whose wallets decide now."""
    query = select(WarningOfficerRow.account).where(
        WarningOfficerRow.account.is_not(None), WarningOfficerRow.dismissed_at.is_(None)
    )
    return [account for account in session.execute(query.distinct()).scalars() if account is not None]


_UNSIGNED = (
    WarningStepRow.call.is_(None),
    WarningStepRow.automatic.is_(False),
    or_(
        WarningStepRow.officer.is_(None),
        and_(WarningStepRow.kind == int(StepKind.CLOSE), WarningStepRow.reviewer.is_(None)),
    ),
)
"""A decision whose statement, or the second person's, is missing; what the rules issued has a key of its own."""


def waiting(
    session: Session,
    before: datetime | None = None,
    after: tuple[datetime, str, int] | None = None,
    limit: int = 50,
) -> list[tuple[WarningStepRow, int]]:
    """Decisions that wait for a person's wallet, oldest first, with the warning's town; stated at `before` or earlier."""
    place = (WarningStepRow.stated_at, WarningStepRow.warning, WarningStepRow.sequence)
    query = (
        select(WarningStepRow, WarningRow.town_code)
        .join(WarningRow, WarningRow.warning == WarningStepRow.warning)
        .where(*_UNSIGNED)
    )
    if before is not None:
        query = query.where(WarningStepRow.stated_at <= before)
    if after is not None:
        query = query.where(tuple_(*place) > after)
    return [(row, town) for row, town in session.execute(query.order_by(*place).limit(limit))]


def count_waiting(session: Session, before: datetime | None = None) -> tuple[int, datetime | None]:
    """How many decisions wait for a person's wallet, and since when the oldest one does."""
    query = select(func.count(), func.min(WarningStepRow.stated_at)).where(*_UNSIGNED)
    if before is not None:
        query = query.where(WarningStepRow.stated_at <= before)
    count, oldest = session.execute(query).one()
    return int(count), oldest


def count_unsigned_by_rules(session: Session) -> int:
    """How many issues of the rules wait for the rule run's key."""
    query = select(func.count()).where(WarningStepRow.automatic.is_(True), WarningStepRow.officer.is_(None))
    return int(session.execute(query).scalar_one())


def forget(session: Session, row: WarningRow, now: datetime) -> int:
    """Destroy what links a warning to the chain: its salt, its id there, its steps with their digests. How many steps."""
    gone = session.execute(
        delete(WarningStepRow)
        .where(WarningStepRow.warning == row.warning)
        .execution_options(synchronize_session="fetch")
    )
    row.salt, row.chain_id, row.erased_at = None, None, now
    session.flush()
    return int(gone.rowcount)  # type: ignore[attr-defined]


def appointments(session: Session, wallets: Sequence[str]) -> list[str]:
    """Calls that appointed these officers and are not settled."""
    return list(
        session.execute(
            select(CallRow.id)
            .join(WarningOfficerRow, WarningOfficerRow.appointment == CallRow.id)
            .where(WarningOfficerRow.wallet.in_(wallets), CallRow.state.not_in(SETTLED))
        ).scalars()
    )


def unsettled_of(session: Session, wallet: str) -> list[str]:
    """Calls that carry a statement of this officer, or appointed him, and are not settled: his dismissal waits for them."""
    carried = (
        select(CallRow.id)
        .join(WarningStepRow, WarningStepRow.call == CallRow.id)
        .where(
            or_(WarningStepRow.officer == wallet, WarningStepRow.reviewer == wallet),
            CallRow.state.not_in(SETTLED),
        )
    )
    return [*session.execute(carried).scalars(), *appointments(session, [wallet])]


def unsent_of(session: Session, wallet: str) -> bool:
    """Whether a step that this officer signed still waits for another statement or an earlier step."""
    query = select(WarningStepRow.sequence).where(
        or_(WarningStepRow.officer == wallet, WarningStepRow.reviewer == wallet),
        WarningStepRow.call.is_(None),
    )
    return session.execute(query.limit(1)).first() is not None
