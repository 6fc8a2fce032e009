"""From facts to cells: how a department's file writes a number, a date, a sum of money, a flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from scripts.district.schema import Column, Source

MONEY = pl.Decimal(18, 2)
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "code": pl.String,
    "count": pl.Int64,
    "yuan": pl.Int64,
    "date": pl.Date,
    "month": pl.Int64,
    "flag": pl.Boolean,
}


def typed(source: Source, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of facts as a frame of `serial` and the source's columns (fen, dates, Booleans)."""
    schema = {"serial": pl.Int64} | {column.name: _TYPES[column.kind] for column in source.columns}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _yuan(name: str) -> pl.Expr:
    fen = pl.col(name)
    return pl.format("{}.{}", fen // 100, (fen % 100).cast(pl.String).str.zfill(2))


def _text(column: Column, flags: tuple[str, str]) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind == "yuan":
        return pl.when(value.is_not_null()).then(_yuan(column.name)).alias(column.name)
    if column.kind == "date":
        return value.dt.strftime("%Y-%m-%d").alias(column.name)
    if column.kind == "flag":
        yes, no = flags
        return pl.when(value).then(pl.lit(yes)).when(value.not_()).then(pl.lit(no)).alias(column.name)
    return value.cast(pl.String).alias(column.name)


def _native(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind == "yuan":
        return pl.when(value.is_not_null()).then(_yuan(column.name)).cast(MONEY).alias(column.name)
    return value.cast(_TYPES[column.kind]).alias(column.name)


def cells(source: Source, facts: pl.DataFrame) -> pl.DataFrame:
    """The file's columns in its order: all text for CSV and XLSX, typed for Parquet (money as a decimal in yuan)."""
    facts = facts.rechunk()  # pl.format panics over a chunk without rows (Polars 2.1)
    if source.form == "parquet":
        return facts.select(_native(column) for column in source.columns)
    return facts.select(_text(column, source.flags) for column in source.columns)
