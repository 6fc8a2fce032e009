"""The kept events in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, exists, insert, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from api.governance.model import History, Recorded
from api.governance.tables import GovernanceEventRow, GovernanceMarkRow

_ONLY = 1
PROPOSED, APPROVED, EXECUTED = "Proposed", "Approved", "Executed"


def history(session: Session) -> History:
    """How far the events reach; block 0 before the first step."""
    row = session.get(GovernanceMarkRow, _ONLY)
    return History(0, {}) if row is None else History(row.block_number, row.names)


def mark(session: Session) -> tuple[int, bytes] | None:
    """Number and hash of the last block whose events are kept."""
    row = session.get(GovernanceMarkRow, _ONLY)
    return None if row is None else (row.block_number, row.block_hash)


def keep(
    session: Session, events: Sequence[Any], number: int, block_hash: bytes, names: Mapping[str, str]
) -> None:
    """Add events (`chain.gate.GateEvent`) up to a block; nothing when another pass has been there already."""
    row = session.get(GovernanceMarkRow, _ONLY)
    if row is not None and row.block_number >= number:
        return
    if events:
        session.execute(insert(GovernanceEventRow), [_row(event) for event in events])
    if row is None:
        session.add(
            GovernanceMarkRow(id=_ONLY, block_number=number, block_hash=block_hash, names=dict(names))
        )
    else:
        row.block_number, row.block_hash, row.names = number, block_hash, {**row.names, **names}


def _row(event: Any) -> dict[str, Any]:
    return {
        "block_number": event.block.number,
        "log_index": event.index,
        "name": event.name,
        "proposal": event.fields.get("id"),
        "expires": event.fields.get("expires"),
        "fields": dict(event.fields),
        "transaction": event.transaction,
        "at": datetime.fromtimestamp(event.block.timestamp, UTC),
    }


def forget(session: Session) -> None:
    """Drop events and mark."""
    session.execute(delete(GovernanceEventRow))
    session.execute(delete(GovernanceMarkRow))


def _recorded(row: GovernanceEventRow) -> Recorded:
    return Recorded(
        row.block_number, row.log_index, row.name, row.proposal, row.fields, row.transaction, row.at
    )


def finished(session: Session, now: datetime, before: int | None, limit: int) -> list[Recorded]:
    """Proposals that are executed or expired, as they were proposed, newest first."""
    executed = aliased(GovernanceEventRow)
    over = exists().where(executed.name == EXECUTED, executed.proposal == GovernanceEventRow.proposal)
    wanted = (
        select(GovernanceEventRow)
        .where(
            GovernanceEventRow.name == PROPOSED,
            or_(over, GovernanceEventRow.expires <= int(now.timestamp())),
        )
        .order_by(GovernanceEventRow.proposal.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(GovernanceEventRow.proposal < before)
    return [_recorded(row) for row in session.scalars(wanted)]


def of_proposals(session: Session, numbers: Sequence[int]) -> list[Recorded]:
    """All events of the proposals from the least to the greatest of these numbers, in chain order."""
    if not numbers:
        return []
    wanted = (
        select(GovernanceEventRow)
        .where(GovernanceEventRow.proposal.between(min(numbers), max(numbers)))
        .order_by(GovernanceEventRow.block_number, GovernanceEventRow.log_index)
    )
    return [_recorded(row) for row in session.scalars(wanted)]


def events(session: Session, before: tuple[int, int] | None, limit: int) -> list[Recorded]:
    """All events, newest first; `before` is the block and index of the last one seen."""
    place = (GovernanceEventRow.block_number, GovernanceEventRow.log_index)
    wanted = select(GovernanceEventRow).order_by(*(column.desc() for column in place)).limit(limit)
    if before is not None:
        wanted = wanted.where(tuple_(*place) < before)
    return [_recorded(row) for row in session.scalars(wanted)]
