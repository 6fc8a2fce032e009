"""Masking by column kind, as Polars expressions: every masked value is text, and its length tells nothing.

Names and codes keep what names no one; numbers become bands; a date its month. A flag or a code of a list has no coarser
form and is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from api.exchange.sharing.model import ColumnKind, Mask, SharedColumn, Treatment

STARS = "***"
PERSON_BANDS = (1, 10, 50, 100, 500, 1_000, 10_000)
"""Lower ends of the bands of counts."""
YUAN_BANDS = (1, 10_000, 100_000, 1_000_000, 10_000_000)
"""Lower ends of the bands of money, in yuan."""
CORE = 4
"""The level at which nothing is masked but what the catalogue hides."""


def treatment(column: SharedColumn, sensitivity: int, clearance: int) -> Treatment:
    """What a reader of this clearance gets of a column. A higher clearance never gives less.

    Below the dataset's sensitivity everything is masked and what the catalogue masks is hidden; from it on, plain columns are
    plain; at level 4 the masked ones, too, and the hidden ones masked.
    """
    if clearance < sensitivity:
        return Treatment.PARTIAL if column.mask is Mask.NONE else Treatment.HIDDEN
    if column.mask is Mask.NONE or (column.mask is Mask.PARTIAL and clearance >= CORE):
        return Treatment.PLAIN
    if column.mask is Mask.PARTIAL or clearance >= CORE:
        return Treatment.PARTIAL
    return Treatment.HIDDEN


def shown(column: SharedColumn, how: Treatment) -> pl.Expr:
    """The column as the reader gets it, String; null stays null where the value is not hidden.

    Frames as inside the platform: money Int64 fen, months Int32 YYYYMM, dates pl.Date, flags Boolean, the rest String or Int64.
    """
    value = pl.col(column.name)
    if how is Treatment.HIDDEN:
        return pl.lit(STARS).alias(column.name)
    if how is Treatment.PLAIN:
        return _plain(column.kind, value).alias(column.name)
    if column.kind in (ColumnKind.FLAG, ColumnKind.ENUM):
        return pl.lit(STARS).alias(column.name)
    return pl.when(value.is_not_null()).then(_partial(column.kind, value)).alias(column.name)


def _plain(kind: ColumnKind, value: pl.Expr) -> pl.Expr:
    if kind is ColumnKind.MONEY:
        cents = value.abs()
        sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        yuan, fen = (cents // 100).cast(pl.String), (cents % 100).cast(pl.String).str.zfill(2)
        return sign + yuan + pl.lit(".") + fen
    if kind is ColumnKind.DATE:
        return value.dt.to_string("%Y-%m-%d")
    if kind is ColumnKind.MONTH:
        return (value // 100).cast(pl.String) + pl.lit("-") + (value % 100).cast(pl.String).str.zfill(2)
    if kind is ColumnKind.FLAG:
        return pl.when(value).then(pl.lit("1")).when(value.not_()).then(pl.lit("0"))
    return value.cast(pl.String)


def _partial(kind: ColumnKind, value: pl.Expr) -> pl.Expr:
    if kind is ColumnKind.USCC:
        return value.str.slice(0, 8) + STARS
    if kind is ColumnKind.NAME:
        return value.str.slice(0, 1) + STARS
    if kind is ColumnKind.TEXT:
        return _if_long(value, value.str.slice(0, 3)) + STARS
    if kind is ColumnKind.KEY:
        return pl.lit(STARS) + _if_long(value, value.str.slice(-2))
    if kind is ColumnKind.INT:
        return _bands(value, PERSON_BANDS)
    if kind is ColumnKind.MONEY:
        return _bands(value, [yuan * 100 for yuan in YUAN_BANDS], [str(yuan) for yuan in YUAN_BANDS])
    if kind is ColumnKind.DATE:
        return value.dt.to_string("%Y-%m")
    return (value // 100).cast(pl.String)


def _if_long(value: pl.Expr, part: pl.Expr) -> pl.Expr:
    """A part of a text that has at least six characters; nothing of a shorter one."""
    return pl.when(value.str.len_chars() >= 6).then(part).otherwise(pl.lit(""))


def _bands(value: pl.Expr, ends: Sequence[int], labels: Sequence[str] | None = None) -> pl.Expr:
    """`<0`, `<1`, `1–<10`, …, `≥10000` by the lower ends."""
    names = labels or [str(end) for end in ends]
    chain = pl.when(value < 0).then(pl.lit("<0")).when(value < ends[0]).then(pl.lit(f"<{names[0]}"))
    for place in range(1, len(ends)):
        chain = chain.when(value < ends[place]).then(pl.lit(f"{names[place - 1]}–<{names[place]}"))
    return chain.otherwise(pl.lit(f"≥{names[-1]}"))
