"""One column of raw text → typed values, and which rows break which rule. Whole columns at a time; the right ones pay little.

Money is read as yuan with at most two decimals and kept as integer fen; a month as YYYYMM. What is unusual but right in
itself (other spellings of a date, `12.0` for 12) is looked for only where the usual spelling did not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl

from api.exchange.model import ERROR, WARN, Column, ColumnType
from api.exchange.rules import uscc

EPOCHS = (date(1970, 1, 1), date(1969, 12, 31), date(1900, 1, 1), date(1899, 12, 30))
"""What a program writes for "no date": never the day of anything here."""
EARLIEST = date(1949, 10, 1)
FIRST_MONTH = 200001
AHEAD_YEARS = 60
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_FLAGS = {"1": True, "0": False, "是": True, "否": False, "Y": True, "N": False, "TRUE": True, "FALSE": False} | {
    "YES": True, "NO": False, "有": True, "无": False, "T": True, "F": False, "1.0": True, "0.0": False,
}  # fmt: skip
_DATE_FORMS = ("%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")


@dataclass(frozen=True)
class Fault:
    """Rows (mask) of a column that break a rule; `value_class` says what stands there without saying it."""

    column: str
    rule: str
    value_class: str
    severity: str
    mask: pl.Series


@dataclass(frozen=True)
class Read:
    """Typed values and what was found; values of rows with a fault are null where they could not be read."""

    values: pl.Series
    faults: list[Fault]


def read_column(raw: pl.Series, column: Column, as_of: date) -> Read:
    """`raw` (String, blanks are null already) as `column` says; `as_of`: the day that counts as today."""
    read = _READERS[column.type](raw, column, as_of)
    if not column.nullable and raw.has_nulls():
        read.faults.append(Fault(column.name, "required", "empty", ERROR, raw.is_null()))
    return read


def _fault(
    faults: list[Fault], column: Column, rule: str, mask: pl.Series, value: str, severity: str = ERROR
) -> None:
    if mask.any():
        faults.append(Fault(column.name, rule, value, severity, mask.fill_null(False)))


def _unread(raw: pl.Series, values: pl.Series) -> pl.Series | None:
    """Rows where something stands that was not read; None when there are none."""
    if values.null_count() == raw.null_count():
        return None
    return values.is_null() & raw.is_not_null()


def _integer(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    values = raw.cast(pl.Int64, strict=False)
    if (bad := _unread(raw, values)) is not None:
        plain = raw.str.replace(r"^([+-]?\d+)\.0+$", "$1").cast(pl.Int64, strict=False)
        values = values.zip_with(~bad, plain)
    _number_faults(faults, raw, values, column, "not_integer")
    _range_faults(faults, values, column, 1)
    return Read(values.alias(column.name), faults)


def _money(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    shaped = raw.str.contains(r"^[+-]?\d{1,15}(?:\.\d{1,2}0*)?$")
    kept = raw.zip_with(
        shaped.fill_null(False), pl.Series([None], dtype=pl.String).new_from_index(0, raw.len())
    )
    values = (
        kept.to_frame("c")
        .select((pl.col("c").cast(pl.Decimal(22, 2), strict=False) * 100).cast(pl.Int64, strict=False))
        .to_series()
    )
    _number_faults(faults, raw, values, column, "not_amount")
    _range_faults(faults, values, column, 100)
    return Read(values.alias(column.name), faults)


def _number_faults(faults: list[Fault], raw: pl.Series, values: pl.Series, column: Column, rule: str) -> None:
    bad = _unread(raw, values)
    if bad is None:
        return
    scientific = bad & raw.str.contains(r"^[+-]?\d+(\.\d+)?[eE][+-]?\d+$")
    digits = bad & ~scientific & raw.str.contains(r"^[+-]?\d{16,}(\.\d+)?$")
    decimals = bad & ~scientific & ~digits & raw.str.contains(r"^[+-]?\d*\.\d+$")
    separated = bad & raw.str.contains(r"^[+-]?\d{1,3}([,，]\d{3})+(\.\d+)?$")
    _fault(faults, column, "scientific_notation", scientific, "scientific")
    _fault(faults, column, "too_large", digits, "digits")
    _fault(faults, column, rule, decimals, "decimals")
    _fault(faults, column, rule, separated, "separators")
    _fault(faults, column, rule, bad & ~scientific & ~digits & ~decimals & ~separated, "text")


def _range_faults(faults: list[Fault], values: pl.Series, column: Column, unit: int) -> None:
    least, most = values.min(), values.max()
    if least is None or most is None:
        return
    if int(str(least)) < column.minimum * unit:
        below = values < column.minimum * unit
        rule, value = ("negative", "negative") if column.minimum == 0 else ("too_small", "number")
        _fault(faults, column, rule, below, value)
    if int(str(most)) > column.maximum * unit:
        _fault(faults, column, "too_large", values > column.maximum * unit, "number")


def _date(raw: pl.Series, column: Column, as_of: date) -> Read:
    faults: list[Fault] = []
    values = raw.str.to_date("%Y-%m-%d", strict=False, exact=True)
    for form in _DATE_FORMS:
        if (bad := _unread(raw, values)) is None:
            break
        values = values.zip_with(~bad, _other_form(raw, form))
    if (bad := _unread(raw, values)) is not None:
        serial = bad & raw.str.contains(r"^[1-6]\d{4}(\.\d+)?$")
        _fault(faults, column, "not_a_date", serial, "serial_number")
        _fault(faults, column, "not_a_date", bad & ~serial, "text")
    least, most = values.min(), values.max()
    if isinstance(least, date) and isinstance(most, date):
        if least <= max(EPOCHS):
            epoch = values.is_in(list(EPOCHS))
            _fault(faults, column, "empty_date", epoch, "epoch")
            _fault(faults, column, "too_early", (values < EARLIEST) & ~epoch, "date")
        limit = date(as_of.year + AHEAD_YEARS, 1, 1) if column.future else as_of
        if most > limit:
            _fault(faults, column, "in_the_future", values > limit, "date")
    return Read(values.alias(column.name), faults)


def _other_form(raw: pl.Series, form: str) -> pl.Series:
    if "%H" in form:
        return raw.str.to_datetime(form, strict=False, exact=True).dt.date()
    if form == "%Y%m%d":  # a shorter run of digits is something else
        raw = raw.to_frame("c").select(pl.when(pl.col("c").str.contains(r"^\d{8}$")).then("c")).to_series()
    return raw.str.to_date(form, strict=False, exact=True)


def _month(raw: pl.Series, column: Column, as_of: date) -> Read:
    faults: list[Fault] = []
    usual = raw.str.contains(r"^\d{4}-\d{2}$").fill_null(False)
    text = raw
    if not usual.all():
        text = raw.str.replace(r"^(\d{4})[-/.年]?(\d{1,2})月?(?:-01)?$", "$1-0$2").str.replace(
            r"-0(\d{2})$", "-$1"
        )
    number = text.str.slice(0, 4) + text.str.slice(5)
    values = number.zip_with(
        text.str.contains(r"^\d{4}-(?:0[1-9]|1[0-2])$").fill_null(False), _nulls(raw)
    ).cast(pl.Int32)
    if (bad := _unread(raw, values)) is not None:
        _fault(faults, column, "not_a_month", bad, "text")
    this_month = as_of.year * 100 + as_of.month
    _fault(faults, column, "in_the_future", values > this_month, "month")
    _fault(faults, column, "empty_date", values == 197001, "epoch")
    _fault(faults, column, "too_early", (values < FIRST_MONTH) & (values != 197001), "month")
    return Read(values.alias(column.name), faults)


def _nulls(raw: pl.Series) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, raw.len())


def _flag(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    values = raw.replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
    if (bad := _unread(raw, values)) is not None:
        upper = raw.str.to_uppercase().replace_strict(_FLAGS, default=None, return_dtype=pl.Boolean)
        values = values.zip_with(~bad, upper)
        _fault(faults, column, "not_a_flag", values.is_null() & raw.is_not_null(), "text")
    return Read(values.alias(column.name), faults)


def _enumeration(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    known = {label: code for code, label in column.values.items()} | {code: code for code in column.values}
    values = raw.replace_strict(known, default=None, return_dtype=pl.String)
    if (bad := _unread(raw, values)) is not None:
        _fault(faults, column, "not_in_list", bad, "text")
    return Read(values.alias(column.name), faults)


def _text(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    longest = raw.str.len_bytes().max()
    if isinstance(longest, int) and longest > column.max_length:
        _fault(faults, column, "too_long", raw.str.len_chars() > column.max_length, "text")
    _fault(faults, column, "control_character", raw.str.contains(_CONTROL), "text")
    if column.pattern:
        _fault(faults, column, "wrong_form", ~raw.str.contains(column.pattern), "text")
    return Read(raw.alias(column.name), faults)


def _code(raw: pl.Series, column: Column, _as_of: date) -> Read:
    faults: list[Fault] = []
    values = raw.str.to_uppercase()
    verdict = uscc.judge(values)
    _fault(faults, column, "uscc_form", verdict == uscc.SHAPE, "code", WARN)
    _fault(faults, column, "uscc_check", verdict == uscc.CHECK, "code", WARN)
    _fault(faults, column, "too_long", raw.str.len_chars() > column.max_length, "text")
    return Read(values.alias(column.name), faults)


_READERS: dict[ColumnType, Callable[[pl.Series, Column, date], Read]] = {
    ColumnType.USCC: _code,
    ColumnType.NAME: _text,
    ColumnType.KEY: _text,
    ColumnType.TEXT: _text,
    ColumnType.INT: _integer,
    ColumnType.MONEY: _money,
    ColumnType.DATE: _date,
    ColumnType.MONTH: _month,
    ColumnType.FLAG: _flag,
    ColumnType.ENUM: _enumeration,
}
