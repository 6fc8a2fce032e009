"""Rejected rows: kept with their raw cells, listed, settled; repaired by the next accepted row of the same key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import column, func, insert, select, table, update
from sqlalchemy.orm import Session

from api.exchange.model import ERROR, Dataset, Quarantined, RowState
from api.exchange.rules.headers import EXTRAS
from api.exchange.rules.validation import ROW, plain_key
from api.exchange.tables import ExchangeQuarantineRow
from api.kernel.errors import conflict, not_found

CHUNK = 2_000
_AS_TEXT = table(
    ExchangeQuarantineRow.__tablename__,
    *(column(name) for name in ("batch_id", "dataset", "row", "key", "state", "cells", "findings", "reason")),
)
"""The table for inserting: cells and findings are JSON text already, made for a whole file at once."""


def quarantined(row: ExchangeQuarantineRow) -> Quarantined:
    """The row as the slice speaks of it."""
    return Quarantined(
        row.id, row.batch_id, row.dataset, row.row, RowState(row.state), row.cells, row.findings, row.settled_at,
        row.settled_by, row.reason,
    )  # fmt: skip


def keep(
    session: Session, dataset: str, batch_id: str, rejected: pl.DataFrame, findings: pl.DataFrame
) -> None:
    """Add the rejected rows (`_row`, `_key`, raw cells) of a batch with their findings."""
    if rejected.is_empty():
        return
    names = sorted(name for name in rejected.columns if name not in {ROW, "_key", *EXTRAS})
    reasons = _reasons(findings)
    rows = rejected.sort(ROW).select(
        pl.lit(batch_id).alias("batch_id"),
        pl.lit(dataset).alias("dataset"),
        pl.col(ROW).alias("row"),
        pl.col("_key").alias("key"),
        pl.lit(RowState.OPEN.value).alias("state"),
        pl.struct(names).struct.json_encode().alias("cells"),
        pl.lit("").alias("reason"),
    )
    rows = rows.join(reasons, on="row", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("findings").fill_null("[]"))
    for part in rows.iter_slices(CHUNK):
        session.execute(insert(_AS_TEXT), part.to_dicts())


def _reasons(findings: pl.DataFrame) -> pl.DataFrame:
    """`row` and `findings`: what rejects it, as JSON text."""
    named = pl.struct("column", "rule", "value_class")
    grouped = findings.filter(pl.col("severity") == ERROR).group_by("row").agg(named.alias("f"))
    listed = pl.struct("f").struct.json_encode().str.strip_prefix('{"f":').str.strip_suffix("}")
    return grouped.select("row", listed.alias("findings"))


def mark_fixed(
    session: Session,
    dataset: Dataset,
    batch_id: str,
    right: pl.DataFrame,
    references: pl.Series,
    at: datetime,
    who: str,
) -> int:
    """Open rows of earlier batches for which right rows (`right`: their key columns) stand now; how many.

    By the key as it was written, or by the number that a repaired row cites.
    """
    row = ExchangeQuarantineRow
    query = select(row.id, row.key).where(
        row.dataset == dataset.code, row.state == RowState.OPEN.value, row.batch_id != batch_id
    )
    found = session.execute(query).all()
    if not found:
        return 0
    still = pl.DataFrame(
        [tuple(item) for item in found], schema={"id": pl.Int64, "key": pl.String}, orient="row"
    )
    keys = right.select(plain_key(dataset).alias("key")).to_series().drop_nulls()
    repaired = still.filter(
        pl.col("id").is_in(references.implode()) | pl.col("key").is_in(keys.implode()).fill_null(False)
    )["id"].to_list()
    _settle(session, repaired, RowState.FIXED, at, who, f"batch {batch_id}")
    return len(repaired)


def _settle(
    session: Session, numbers: Sequence[int], state: RowState, at: datetime, who: str, reason: str
) -> None:
    row = ExchangeQuarantineRow
    for start in range(0, len(numbers), CHUNK):
        session.execute(
            update(row)
            .where(row.id.in_(numbers[start : start + CHUNK]), row.state == RowState.OPEN.value)
            .values(state=state.value, settled_at=at, settled_by=who, reason=reason[:400])
        )


def close_batch(session: Session, batch_id: str, at: datetime, who: str) -> None:
    """A withdrawn batch leaves no open rows."""
    row = ExchangeQuarantineRow
    session.execute(
        update(row)
        .where(row.batch_id == batch_id, row.state == RowState.OPEN.value)
        .values(state=RowState.WAIVED.value, settled_at=at, settled_by=who, reason="batch withdrawn")
    )


def page(
    session: Session, datasets: Sequence[str] | None, state: str, batch_id: str, after: int, limit: int
) -> list[Quarantined]:
    """Rows of these datasets (None: all) in the order of their numbers."""
    row = ExchangeQuarantineRow
    query = select(row).where(row.id > after).order_by(row.id).limit(limit)
    if datasets is not None:
        query = query.where(row.dataset.in_(datasets))
    if state:
        query = query.where(row.state == state)
    if batch_id:
        query = query.where(row.batch_id == batch_id)
    return [quarantined(found) for found in session.scalars(query)]


def counts(session: Session, datasets: Sequence[str], batch_id: str) -> dict[str, dict[str, int]]:
    """Rows by dataset and state; one question."""
    row = ExchangeQuarantineRow
    query = select(row.dataset, row.state, func.count()).where(row.dataset.in_(datasets))
    if batch_id:
        query = query.where(row.batch_id == batch_id)
    found: dict[str, dict[str, int]] = {}
    for dataset, state, number in session.execute(query.group_by(row.dataset, row.state)):
        found.setdefault(dataset, {})[state] = number
    return found


def one(session: Session, number: int, datasets: Sequence[str]) -> Quarantined:
    """A row of one of these datasets. Raises not_found."""
    row = session.get(ExchangeQuarantineRow, number)
    if row is None or row.dataset not in datasets:
        raise not_found()
    return quarantined(row)


def each(session: Session, batch_id: str, state: str = "") -> Iterator[Quarantined]:
    """All rows of a batch, read in steps."""
    after = 0
    while found := page(session, None, state, batch_id, after, CHUNK):
        yield from found
        after = found[-1].id


def waive(
    session: Session, number: int, datasets: Sequence[str] | None, at: datetime, who: str, reason: str
) -> Any:
    """Let an open row rest, with a reason. Raises not_found, conflict `exchange.row_settled`."""
    row = session.get(ExchangeQuarantineRow, number, with_for_update=True)
    if row is None or (datasets is not None and row.dataset not in datasets):
        raise not_found()
    if row.state != RowState.OPEN.value:
        raise conflict("exchange.row_settled")
    row.state, row.settled_at, row.settled_by, row.reason = RowState.WAIVED.value, at, who, reason[:400]
    session.flush()
    return quarantined(row)
