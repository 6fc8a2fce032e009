"""What the facts ask of the exchange slice; `api.bootstrap` binds it to the accepted rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import polars as pl


class AcceptedRows(Protocol):
    """Validated departmental rows, each matched to an enterprise, as they were known at a moment."""

    def scan(
        self,
        dataset: str,
        *,
        first_month: int | None = None,
        last_month: int | None = None,
        known_at: datetime | None = None,
        enterprises: Sequence[int] | None = None,
    ) -> pl.LazyFrame:
        """The newest accepted version of each key, without withdrawn batches and unmatched rows.

        Columns: `enterprise` Int64, the dataset's own (dates pl.Date, money Int64 fen, counts Int64, flags
        Boolean, codes String, null = unknown), `_batch` String, `_row` Int64, `_known` Datetime, `_key` String and
        `_probable` Boolean: the row was matched by its name only (a missing column reads as false). Months are
        inclusive and YYYYMM; they cut month datasets only, event and snapshot datasets are cut by `known_at` alone.
        """
        ...

    def covered(self, dataset: str, known_at: datetime | None = None) -> date | None:
        """Last day of the newest covered data period; None when nothing was ever delivered."""
        ...

    def fresh(self, dataset: str, as_of: date, known_at: datetime | None = None) -> bool:
        """Whether `as_of` is not after the covered end plus the dataset's interval and grace, as known at a moment."""
        ...

    def snapshot(self, datasets: Sequence[str], known_at: datetime | None = None) -> bytes:
        """SHA-256 over the sorted batch ids and file digests that `scan` would read."""
        ...
