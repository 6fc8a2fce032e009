"""What was accepted: the newest version of every key as it was known at a time, from the segments that count then."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from api.exchange import repository
from api.exchange.freshness.rules import fresh as is_fresh
from api.exchange.model import ColumnType, Dataset, Grain, Segment
from api.exchange.rules.catalogue import dataset_of
from api.exchange.service.store import Store
from api.infra.db import UnitOfWork

_TYPES: dict[ColumnType, pl.DataType] = {
    ColumnType.USCC: pl.String(),
    ColumnType.NAME: pl.String(),
    ColumnType.KEY: pl.String(),
    ColumnType.TEXT: pl.String(),
    ColumnType.ENUM: pl.String(),
    ColumnType.INT: pl.Int64(),
    ColumnType.MONEY: pl.Int64(),
    ColumnType.DATE: pl.Date(),
    ColumnType.MONTH: pl.Int32(),
    ColumnType.FLAG: pl.Boolean(),
}
MARKS: dict[str, pl.DataType] = {
    "enterprise": pl.Int64(),
    "_method": pl.String(),
    "_probable": pl.Boolean(),
    "_key": pl.String(),
    "_row": pl.Int64(),
    "_batch": pl.String(),
    "_known": pl.Datetime("us", "UTC"),
    "_seq": pl.Int64(),
    "_gone": pl.Boolean(),
}
"""Beside the schema's columns. `_row`: line of the raw file, 1 = first data row; `_gone`: the key ended with this version."""
_INNER = ("_seq", "_gone")


def schema_of(dataset: Dataset) -> dict[str, pl.DataType]:
    """Names and types of an accepted segment."""
    return {column.name: _TYPES[column.type] for column in dataset.columns} | MARKS


class AcceptedRows:
    """Reads accepted rows; every method takes `known_at` (None: now) and answers as it would have been answered then."""

    def __init__(self, uow: UnitOfWork, store: Store) -> None:
        self._uow, self._store = uow, store

    def scan(
        self,
        dataset: str,
        *,
        first_month: int | None = None,
        last_month: int | None = None,
        known_at: datetime | None = None,
        enterprises: Sequence[int] | None = None,
    ) -> pl.LazyFrame:
        """The newest accepted version of each key, withdrawn batches out, matched rows only.

        Months (YYYYMM, inclusive) cut month datasets; events and snapshots are cut by `known_at` only. Columns: the schema's,
        `enterprise`, `_method`, `_probable`, `_key`, `_row`, `_batch`, `_known`. Raises not_found `exchange.dataset_unknown`.
        """
        what = dataset_of(dataset)
        months = (first_month, last_month) if what.grain is Grain.MONTH else (None, None)
        with self._uow.read() as session:
            segments = repository.segments(session, dataset, known_at, *months)
        rows = self.newest(what, segments).filter(pl.col("enterprise").is_not_null())
        if months[0] is not None:
            rows = rows.filter(pl.col("month") >= months[0])
        if months[1] is not None:
            rows = rows.filter(pl.col("month") <= months[1])
        if enterprises is not None:
            wanted = pl.Series("enterprise", list(enterprises), dtype=pl.Int64)
            rows = rows.filter(pl.col("enterprise").is_in(wanted.implode()))
        return rows.drop(_INNER)

    def newest(self, dataset: Dataset, segments: Sequence[Segment]) -> pl.LazyFrame:
        """The newest version of each key in these segments (matched or not), without keys that ended.

        A key is new in one segment and superseded in others, so only keys of superseding segments are looked up.
        """
        schema = pl.Schema(schema_of(dataset))
        if not segments:
            return pl.LazyFrame(schema=schema)
        parts = [self._segment(segment, schema) for segment in segments]
        rows = parts[0] if len(parts) == 1 else pl.concat(parts)
        later = [part for part, segment in zip(parts, segments, strict=True) if segment.superseding]
        if later:
            last = pl.concat([part.select("_key", pl.col("_seq").alias("_last")) for part in later])
            last = last.group_by("_key").agg(pl.col("_last").max())
            rows = rows.join(last, on="_key", how="left", maintain_order="left")
            rows = rows.filter(pl.col("_last").is_null() | (pl.col("_seq") >= pl.col("_last"))).drop("_last")
            rows = rows.filter(~pl.col("_gone"))
        return rows

    def every_version(self, dataset: Dataset, segments: Sequence[Segment]) -> pl.LazyFrame:
        """All versions in these segments, superseded ones too, without ends of keys."""
        schema = pl.Schema(schema_of(dataset))
        return pl.concat([self._segment(segment, schema) for segment in segments]).filter(~pl.col("_gone"))

    def _segment(self, segment: Segment, schema: pl.Schema) -> pl.LazyFrame:
        """A segment in the present schema: columns that came later are null, those that were given up are left out."""
        return pl.scan_parquet(
            self._store.path(segment.path),
            schema=schema,
            missing_columns="insert",
            extra_columns="ignore",
        )

    def covered(self, dataset: str, known_at: datetime | None = None) -> date | None:
        """The last day of the newest data period that was delivered; None before the first delivery."""
        dataset_of(dataset)
        with self._uow.read() as session:
            found: date | None = repository.covered(session, dataset, known_at)
        return found

    def covered_by_dataset(self, known_at: datetime | None = None) -> dict[str, date]:
        """`covered` of every dataset that was ever delivered, in one query."""
        with self._uow.read() as session:
            return repository.covered_by_dataset(session, known_at)

    def fresh(self, dataset: str, as_of: date, known_at: datetime | None = None) -> bool:
        """Whether the newest delivered period still counts as new on that day (`freshness.rules.fresh`)."""
        what = dataset_of(dataset)
        return is_fresh(as_of, self.covered(dataset, known_at), what.interval_days, what.grace_days)

    def snapshot(self, datasets: Sequence[str], known_at: datetime | None = None) -> bytes:
        """SHA-256 over the sorted lines `batch SHA-256` of everything that counts in these datasets at that time."""
        with self._uow.read() as session:
            lines = sorted(
                f"{segment.batch_id} {segment.sha256}\n"
                for dataset in sorted(set(datasets))
                for segment in repository.segments(session, dataset_of(dataset).code, known_at)
            )
        return hashlib.sha256("".join(lines).encode("ascii")).digest()
