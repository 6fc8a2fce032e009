"""Paper copies in the database."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.evidence.model import PaperCopy
from api.evidence.tables import PaperCopyRow


def _copy(row: PaperCopyRow) -> PaperCopy:
    return PaperCopy(row.contract_id, row.number, row.holder, row.free, row.document_sha256, row.ordered_at)


def copies_of(session: Session, contract_id: str) -> list[PaperCopy]:
    """All paper copies of a contract in the order of their numbers."""
    rows = session.scalars(
        select(PaperCopyRow).where(PaperCopyRow.contract_id == contract_id).order_by(PaperCopyRow.number)
    )
    return [_copy(row) for row in rows]


def next_number(session: Session, contract_id: str) -> int:
    """Number of the next copy; the primary key refuses a second one of that number."""
    last = session.scalar(
        select(func.max(PaperCopyRow.number)).where(PaperCopyRow.contract_id == contract_id)
    )
    return (last or 0) + 1


def add_copy(session: Session, copy: PaperCopy) -> None:
    """Keep a copy."""
    session.add(PaperCopyRow(**vars(copy)))
    session.flush()
