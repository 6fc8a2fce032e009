"""Conclusions that a validator network has taken, and their light records (evidence-spec, 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.anchoring.tables import CallRow, FlightRow

CONCLUDE = "conclude"


@dataclass(frozen=True)
class Unproven:
    """A conclusion in a final block that has no record yet; `data` is its call data."""

    nonce: int
    transaction: bytes
    block_number: int
    final_at: datetime
    contract: str
    data: bytes


def newest_final(session: Session) -> int:
    """Nonce of the newest transaction of ours that is final, -1 before the first. All below it are settled."""
    query = select(FlightRow.nonce).where(FlightRow.state == "anchored").order_by(FlightRow.nonce.desc())
    found = session.execute(query.limit(1)).scalar()
    return -1 if found is None else int(found)


def unproven(session: Session, after: int, until: int, limit: int) -> list[Unproven]:
    """Conclusions of nonces in (after, until] without a record, in the order of their nonces."""
    rows = session.execute(
        select(
            FlightRow.nonce,
            FlightRow.hash,
            FlightRow.block_number,
            FlightRow.final_at,
            CallRow.contract,
            CallRow.data,
        )
        .join(CallRow, CallRow.id == FlightRow.call)
        .where(
            FlightRow.nonce > after,
            FlightRow.nonce <= until,
            FlightRow.state == "anchored",
            FlightRow.proof.is_(None),
            CallRow.method == CONCLUDE,
        )
        .order_by(FlightRow.nonce)
        .limit(limit)
    )
    return [Unproven(r.nonce, r.hash, r.block_number, r.final_at, r.contract, r.data) for r in rows]


def keep(session: Session, nonce: int, record: Mapping[str, Any]) -> None:
    """Store a record; the first one that was stored stays."""
    session.execute(
        update(FlightRow)
        .where(FlightRow.nonce == nonce, FlightRow.proof.is_(None))
        .values(proof=dict(record))
        .execution_options(synchronize_session=False)
    )
