"""Alarms and counts for the operator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.anchoring.model import AlarmView
from api.anchoring.rules import SEVERITY_INTEGRITY
from api.anchoring.tables import AlarmRow, CallRow, EventRow, LeaseRow
from api.kernel.ids import new_id


def _digest(code: str, facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([code, facts], sort_keys=True, default=str).encode()).hexdigest()


def raise_alarm(session: Session, code: str, severity: str, facts: Mapping[str, Any], now: datetime) -> None:
    """Open an alarm, or count another time on the open one of the same code and facts."""
    facts = json.loads(json.dumps(dict(facts), default=str))
    digest = _digest(code, facts)
    row = session.scalars(
        select(AlarmRow).where(AlarmRow.digest == digest, AlarmRow.cleared_at.is_(None)).limit(1)
    ).one_or_none()
    if row is None:
        session.add(
            AlarmRow(
                id=new_id(),
                code=code,
                severity=severity,
                digest=digest,
                facts=facts,
                times=1,
                raised_at=now,
                last_at=now,
            )
        )
    else:
        row.times += 1
        row.last_at = now


def open_alarms(session: Session) -> list[AlarmView]:
    """Alarms that nobody has cleared, oldest first."""
    rows = session.scalars(select(AlarmRow).where(AlarmRow.cleared_at.is_(None)).order_by(AlarmRow.raised_at))
    return [
        AlarmView(r.id, r.code, r.severity, r.facts, r.times, r.raised_at, r.last_at, r.cleared_at)
        for r in rows
    ]


def stopped(session: Session) -> AlarmView | None:
    """The oldest open integrity alarm: while there is one, nothing is staged."""
    return next((a for a in open_alarms(session) if a.severity == SEVERITY_INTEGRITY), None)


def clear(session: Session, alarm_id: str, who: str, now: datetime) -> bool:
    """Close an alarm; whether it was open."""
    result = session.execute(
        update(AlarmRow)
        .where(AlarmRow.id == alarm_id, AlarmRow.cleared_at.is_(None))
        .values(cleared_at=now, cleared_by=who)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def event_counts(session: Session) -> dict[str, int]:
    """Number of events in each state."""
    rows = session.execute(select(EventRow.state, func.count()).group_by(EventRow.state))
    return {row[0]: int(row[1]) for row in rows}


def call_counts(session: Session) -> dict[str, int]:
    """Number of registry calls in each state."""
    rows = session.execute(select(CallRow.state, func.count()).group_by(CallRow.state))
    return {row[0]: int(row[1]) for row in rows}


def oldest_pending(session: Session) -> str | None:
    """Time text of the oldest event that is not anchored."""
    return session.execute(
        select(EventRow.utc).where(EventRow.state != "anchored").order_by(EventRow.id).limit(1)
    ).scalar()


def lease(session: Session, name: str) -> tuple[str, datetime] | None:
    """Owner of a lease and until when."""
    row = session.execute(select(LeaseRow.owner, LeaseRow.until).where(LeaseRow.name == name)).one_or_none()
    return None if row is None else (row.owner, row.until)
