"""Reading and writing erasures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.rights.model import State
from api.rights.tables import ErasureRow


def by_id(session: Session, key: str, *, lock: bool = False) -> ErasureRow | None:
    """One erasure."""
    return session.get(ErasureRow, key, with_for_update=lock)


def by_contract(session: Session, contract_id: str) -> ErasureRow | None:
    """The erasure of a contract."""
    return session.scalar(select(ErasureRow).where(ErasureRow.contract_id == contract_id))


def known(session: Session, contract_ids: Sequence[str]) -> set[str]:
    """Those contracts that have an erasure already."""
    query = select(ErasureRow.contract_id).where(ErasureRow.contract_id.in_(contract_ids))
    return set(session.scalars(query))


def listing(session: Session, state: State | None, after: str, limit: int) -> list[ErasureRow]:
    """Erasures by due date, paged by id."""
    query = select(ErasureRow).order_by(ErasureRow.id).limit(limit)
    if state is not None:
        query = query.where(ErasureRow.state == state.value)
    if after:
        query = query.where(ErasureRow.id > after)
    return list(session.scalars(query))


def counts(session: Session) -> dict[str, int]:
    """How many in each state."""
    rows = session.execute(select(ErasureRow.state, func.count()).group_by(ErasureRow.state))
    return {str(state): int(number) for state, number in rows}


def due(session: Session, now: datetime, limit: int) -> list[str]:
    """Ids that are to be carried out, or were begun."""
    query = (
        select(ErasureRow.id)
        .where(
            ((ErasureRow.state == State.ANNOUNCED.value) & (ErasureRow.due_at <= now))
            | (ErasureRow.state == State.DESTROYING.value)
        )
        .order_by(ErasureRow.due_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def unledgered(session: Session) -> list[ErasureRow]:
    """Erased, certified, and not yet in the ledger file."""
    query = select(ErasureRow).where(ErasureRow.state == State.ERASED.value, ErasureRow.in_ledger.is_(False))
    return list(session.scalars(query))
