"""From a fact to the accepted rows that it read: the leaves of the explanation tree."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta

import polars as pl

from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import fact_of
from api.risk.facts.ports import AcceptedRows
from api.risk.facts.window import back, month_index, month_of

SCHEMA = {
    "dataset": pl.String,
    "key": pl.String,
    "when": pl.String,
    "batch": pl.String,
    "row": pl.Int64,
    "known": pl.Datetime("us", "UTC"),
    "probable": pl.Boolean,
    "values": pl.String,
}
_OWN = frozenset({"enterprise", "_batch", "_row", "_known", "_key", "_probable"})


def source_rows(
    rows: AcceptedRows,
    fact: str,
    enterprise: int,
    month: int,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> pl.DataFrame:
    """The rows inside the fact's window, newest first; columns as `SCHEMA`, one row for each source row.

    `when` is a date or YYYYMM, `values` the row's own columns as JSON, `batch` and `row` lead to the file. `as_of` defaults
    to the month's last day. KeyError for a fact that the dictionary does not have.
    """
    entry = fact_of(fact)
    day = as_of or _last_day(month)
    found = []
    for code in entry.datasets:
        dataset = DATASETS[code]
        first = None
        if dataset.grain == "month":
            # Sources come late: the reference month may lie before the month that is asked for.
            covered = rows.covered(code, known_at)
            newest = month_index(month) if covered is None else min(month_index(month), _complete(covered))
            first, last = month_of(newest - dataset.months + 1), month_of(newest)
        frame = rows.scan(
            code,
            first_month=first,
            last_month=last if first else None,
            known_at=known_at,
            enterprises=[enterprise],
        )
        frame = frame.filter(pl.col("enterprise") == enterprise)
        if first:
            frame = frame.filter(pl.col("month").is_between(first, last))
        elif dataset.grain == "event":
            frame = frame.filter(pl.col(dataset.dated) <= day)
            if start := _start(entry.window, day):
                frame = frame.filter(pl.col(dataset.dated) > start)
        found.append(_shaped(code, dataset.dated, frame))
    return pl.concat(found).sort(["when", "dataset", "key"], descending=[True, False, False], nulls_last=True)


def _shaped(code: str, dated: str, frame: pl.LazyFrame) -> pl.DataFrame:
    names = frame.collect_schema().names()
    own = [name for name in names if name not in _OWN]
    probable = pl.col("_probable").fill_null(value=False) if "_probable" in names else pl.lit(value=False)
    when = pl.col(dated).cast(pl.String) if dated else pl.lit(None, pl.String)
    return frame.select(
        pl.lit(code).alias("dataset"),
        pl.col("_key").alias("key"),
        when.alias("when"),
        pl.col("_batch").alias("batch"),
        pl.col("_row").alias("row"),
        pl.col("_known").cast(pl.Datetime("us", "UTC")).alias("known"),
        probable.alias("probable"),
        pl.struct(own).struct.json_encode().alias("values"),
    ).collect()


def _start(window: str, day: date) -> date | None:
    kind, _, size = window.partition(":")
    if kind == "months":
        return back(day, int(size))
    return day - timedelta(days=int(size)) if kind == "days" else None


def _complete(covered: date) -> int:
    after = covered + timedelta(days=1)
    return after.year * 12 + after.month - 2


def _last_day(month: int) -> date:
    year, number = divmod(month, 100)
    return date(year, number, calendar.monthrange(year, number)[1])
