"""What the pages of other slices ask of the exchange: raw files by batch, enterprises by a piece of name or code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from api.exchange.tables import ExchangeBatchRow, ExchangeLandingRow, ExchangeSubjectRow
from api.infra.db import UnitOfWork


@dataclass(frozen=True)
class RawFile:
    """The file of a batch as it was received. `sha256`: hex."""

    name: str
    sha256: str
    received_at: datetime


class Lookup:
    """Reads only; every method is one statement."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def files(self, batches: Collection[str]) -> Mapping[str, RawFile]:
        """Raw files by batch; unknown batches are left out."""
        if not batches:
            return {}
        row, landing = ExchangeBatchRow, ExchangeLandingRow
        query = (
            select(row.id, landing.name, landing.sha256, landing.received_at)
            .join(landing, landing.id == row.landing_id)
            .where(row.id.in_(sorted(batches)))
        )
        with self._uow.read() as session:
            found = session.execute(query).tuples()
            return {batch: RawFile(name, sha256, at) for batch, name, sha256, at in found}

    def search(self, text: str, limit: int) -> Sequence[int]:
        """Numbers of enterprises whose name holds the text or whose code begins with it, ascending, at most `limit`."""
        row = ExchangeSubjectRow
        query = (
            select(row.id)
            .where(
                or_(
                    row.name.contains(text, autoescape=True),
                    row.uscc.startswith(text.upper(), autoescape=True),
                )
            )
            .order_by(row.id)
            .limit(limit)
        )
        with self._uow.read() as session:
            return list(session.scalars(query))
