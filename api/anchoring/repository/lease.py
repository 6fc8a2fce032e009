"""A writing lease in the database: one owner at a time, and a fence that rises with each change of owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.anchoring.ports import Now
from api.anchoring.tables import LeaseRow
from api.infra.db import Database
from chain.errors import LeaseLost


class SqlLease:
    """The lease called `name`. Writers check the fence inside their own transaction."""

    def __init__(self, db: Database, name: str, now: Now) -> None:
        self._db = db
        self._name = name
        self._now = now

    def acquire(self, owner: str, seconds: float) -> int | None:
        """Take or renew it; its fence, or None while another owner holds it."""
        now = self._now()
        with self._db.read() as session:
            held = session.execute(
                select(LeaseRow.owner, LeaseRow.fence, LeaseRow.until).where(LeaseRow.name == self._name)
            ).one_or_none()
        if held is not None:
            left = (held.until - now).total_seconds()
            if held.owner != owner and _runs(held.until, now, seconds):
                return None
            if held.owner == owner and seconds / 2 < left <= seconds:
                return int(held.fence)  # renewed at half time: an idle relay does not write at every tick
        until = now + timedelta(seconds=seconds)
        try:
            with self._db.transaction() as session:
                row = session.execute(
                    select(LeaseRow).where(LeaseRow.name == self._name).with_for_update()
                ).scalar_one_or_none()
                if row is None:
                    session.add(LeaseRow(name=self._name, owner=owner, fence=1, until=until))
                    return 1
                if row.owner != owner:
                    if _runs(row.until, now, seconds):
                        return None
                    row.owner, row.fence = owner, row.fence + 1
                row.until = until
                return row.fence
        except IntegrityError:
            return None  # two relays started at the same moment: the other one has it

    def check(self, session: Session, fence: int) -> None:
        """Lock the lease and raise LeaseLost unless `fence` is its newest."""
        held = session.execute(
            select(LeaseRow.fence).where(LeaseRow.name == self._name).with_for_update()
        ).scalar()
        if held != fence:
            raise LeaseLost


def _runs(until: datetime, now: datetime, seconds: float) -> bool:
    """Whether a lease still holds. One that ends far in the future was taken before the clock was set back."""
    return 0 < (until - now).total_seconds() <= 2 * seconds
