"""The regional index over months, read in one statement: what the board draws."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from api.infra.db import UnitOfWork
from api.risk.tables import IndexRow


@dataclass(frozen=True)
class IndexMonth:
    """A group in a month. `weighted` ÷ `size` is the size-weighted mean score; counts per raw grade, none to red."""

    month: int
    group: str
    firms: int
    size: int
    weighted: int
    counts: Sequence[int]

    @property
    def mean_score(self) -> int:
        """Size-weighted mean score, 0 to 10,000, rounded down."""
        return self.weighted // self.size


class Trend:
    """Reads only. Groups: the district (`all`, one group named by an empty text), towns, industry sections."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def newest(self) -> int | None:
        """The newest month with an index."""
        with self._uow.read() as session:
            return session.scalar(select(func.max(IndexRow.month)))

    def months(
        self, by: str, first: int, last: int, groups: Collection[str] | None = None
    ) -> list[IndexMonth]:
        """Months from first to last (YYYYMM, both included) that have an index, by month and group.

        `by`: all, town or industry. `groups` None reads all of them.
        """
        query = select(IndexRow).where(IndexRow.by == by, IndexRow.month.between(first, last))
        if groups is not None:
            query = query.where(IndexRow.group.in_(sorted(groups)))
        with self._uow.read() as session:
            rows = session.scalars(query.order_by(IndexRow.month, IndexRow.group)).all()
        return [
            IndexMonth(row.month, row.group, row.firms, row.size, row.weighted, tuple(row.counts))
            for row in rows
        ]
