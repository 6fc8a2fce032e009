"""Parquet files and pushed JSON rows, as text like every other file: one set of rules judges all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from api.kernel.errors import invalid

_PLAIN = (pl.String, pl.Boolean, pl.Date, pl.Categorical, pl.Enum)


def read_parquet(path: Path) -> pl.DataFrame:
    """All cells as String. Raises invalid `exchange.file_cut`, `exchange.file_column_type`."""
    try:
        found = pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        raise invalid("exchange.file_cut") from error
    return found.select([_as_text(name, kind) for name, kind in found.schema.items()])


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Boolean:
        return pl.when(column).then(pl.lit("1")).when(~column).then(pl.lit("0")).alias(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.date().cast(pl.String)
    if kind.is_float():
        return column.cast(pl.String).str.strip_suffix(".0")
    if kind in _PLAIN or kind.is_integer() or kind.is_decimal() or kind == pl.Null:
        return column.cast(pl.String)
    raise invalid("exchange.file_column_type", column=name[:60], type=str(kind)[:60])


def read_json_lines(path: Path) -> pl.DataFrame:
    """One JSON object of plain values a line. Raises invalid `exchange.file_not_json`, `exchange.file_without_rows`."""
    rows = list(_rows(path))
    if not rows:
        raise invalid("exchange.file_without_rows")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame(
        {name: [_cell(row.get(name)) for row in rows] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as handle:
        for line in handle:
            try:
                row = json.loads(line, parse_float=str)
            except ValueError as error:
                raise invalid("exchange.file_not_json") from error
            if not isinstance(row, dict):
                raise invalid("exchange.file_not_json")
            yield row


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    raise invalid("exchange.file_not_json")
