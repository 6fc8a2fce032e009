"""Rate limits and failure counters that survive restarts: one row per subject and window."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.db import Base, UtcDateTime
from api.kernel.clock import Clock
from api.kernel.errors import forbidden


class CounterRow(Base):
    """How often `subject` did something since `since`."""

    __tablename__ = "infra_counter"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    count: Mapped[int]


def hit(session: Session, clock: Clock, subject: str, limit: int, window: timedelta) -> int:
    """Count one more for `subject`; raises DomainError `too_many_requests` over `limit` within `window`.

    `subject` holds keyed hashes or opaque ids, never a phone or number.
    """
    now = clock.now()
    row = session.get(CounterRow, subject)
    if row is None:
        row = CounterRow(subject=subject, since=now, count=0)
        session.add(row)
    elif now - row.since >= window:
        row.since, row.count = now, 0
    if row.count >= limit:
        raise forbidden("too_many_requests", seconds=max(1, int((row.since + window - now).total_seconds())))
    row.count += 1
    return row.count


def clear(session: Session, subject: str) -> None:
    """Forget what `subject` did, e.g. after a successful login."""
    row = session.get(CounterRow, subject)
    if row is not None:
        session.delete(row)
