"""Every cell rule at its edges: what is read, what is rejected, and by which rule."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from api.exchange.model import WARN, Column, ColumnType
from api.exchange.rules.cells import read_column
from api.exchange.rules.uscc import CHECK, OK, SHAPE, check_character, judge
from api.exchange.texts import RULE_TEXTS

TODAY = date(2026, 6, 20)
COUNT = Column("persons", ColumnType.INT, "人数", "persons", nullable=True, maximum=500_000)
YUAN = Column("amount", ColumnType.MONEY, "金额", "amount", nullable=True)
DAY = Column("day", ColumnType.DATE, "日期", "day", nullable=True)
AHEAD = Column("due", ColumnType.DATE, "期限", "due", nullable=True, future=True)
MONTH = Column("month", ColumnType.MONTH, "月份", "month", nullable=True)
FLAG = Column("flag", ColumnType.FLAG, "是否", "flag", nullable=True)
LIST = Column("kind", ColumnType.ENUM, "类别", "kind", nullable=True, values={"open": "存续", "shut": "关闭"})
TOWN = Column("town", ColumnType.TEXT, "街镇", "town", nullable=True, pattern="^[0-9]{9}$", max_length=9)


def one(text: str, column: Column) -> tuple[Any, list[str]]:
    """Value and broken rules of one cell, read between two that are right."""
    read = read_column(pl.Series([text, None], dtype=pl.String), column, TODAY)
    assert not any(fault.mask[1] for fault in read.faults)
    return read.values[0], [fault.rule for fault in read.faults if fault.mask[0]]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (COUNT, "0", 0), (COUNT, "12.0", 12), (COUNT, "+7", 7), (COUNT, "500000", 500_000),
        (YUAN, "0", 0), (YUAN, "0.1", 10), (YUAN, "1234.56", 123_456), (YUAN, "7.500", 750),
        (YUAN, "9999999999.99", 999_999_999_999), (YUAN, "10000000000", 1_000_000_000_000),
        (DAY, "2026-06-20", date(2026, 6, 20)), (DAY, "2024/2/29", date(2024, 2, 29)), (DAY, "20240229", date(2024, 2, 29)),
        (DAY, "2024年2月9日", date(2024, 2, 9)), (DAY, "2024-02-09 10:11:12", date(2024, 2, 9)),
        (AHEAD, "2030-01-01", date(2030, 1, 1)),
        (MONTH, "2026-06", 202606), (MONTH, "202605", 202605), (MONTH, "2026/5", 202605), (MONTH, "2026年12月", 202612),
        (MONTH, "2026-05-01", 202605),
        (FLAG, "是", True), (FLAG, "n", False), (FLAG, "1", True), (FLAG, "false", False),
        (LIST, "open", "open"), (LIST, "关闭", "shut"), (TOWN, "500107001", "500107001"),
    ],
)  # fmt: skip
def test_what_is_read(column: Column, text: str, value: Any) -> None:
    found, rules = one(text, column)
    if column is MONTH and isinstance(value, int) and value > 202606:
        assert rules == ["in_the_future"]
    else:
        assert (found, rules) == (value, [])


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        (COUNT, "-1", "negative"), (COUNT, "500001", "too_large"), (COUNT, "12.5", "not_integer"),
        (COUNT, "1e3", "scientific_notation"), (COUNT, "十二", "not_integer"), (COUNT, "1,200", "not_integer"),
        (COUNT, "99999999999999999999", "too_large"),
        (YUAN, "2.4e13", "scientific_notation"), (YUAN, "2.4E+13", "scientific_notation"),
        (YUAN, "24000000000000", "too_large"), (YUAN, "10000000000.01", "too_large"), (YUAN, "-0.01", "negative"),
        (YUAN, "1.234", "not_amount"), (YUAN, "1,234.00", "not_amount"), (YUAN, "¥5", "not_amount"),
        (YUAN, "NaN", "not_amount"), (YUAN, "inf", "not_amount"), (YUAN, "1234567890123456789", "too_large"),
        (DAY, "1970-01-01", "empty_date"), (DAY, "1900-01-01", "empty_date"), (DAY, "1949-09-30", "too_early"),
        (DAY, "2026-06-21", "in_the_future"), (DAY, "2023-02-29", "not_a_date"), (DAY, "45321", "not_a_date"),
        (DAY, "0000-00-00", "not_a_date"), (AHEAD, "2086-01-02", "in_the_future"),
        (MONTH, "2026-07", "in_the_future"), (MONTH, "2026-13", "not_a_month"), (MONTH, "1970-01", "empty_date"),
        (MONTH, "1999-12", "too_early"), (MONTH, "26-05", "not_a_month"), (MONTH, "2026", "not_a_month"),
        (FLAG, "2", "not_a_flag"), (FLAG, "maybe", "not_a_flag"), (LIST, "Open!", "not_in_list"),
        (TOWN, "50010700", "wrong_form"), (TOWN, "5001070011", "too_long"),
        (Column("name", ColumnType.NAME, "名称", "name", max_length=5, nullable=True), "甲乙丙丁戊己", "too_long"),
        (Column("name", ColumnType.NAME, "名称", "name", nullable=True), "甲\x07乙", "control_character"),
    ],
)  # fmt: skip
def test_what_is_rejected(column: Column, text: str, rule: str) -> None:
    assert rule in one(text, column)[1]
    assert rule in RULE_TEXTS


def test_an_empty_cell_is_a_fault_only_where_it_is_required() -> None:
    assert one("1", COUNT)[1] == []
    required = Column("persons", ColumnType.INT, "人数", "persons")
    read = read_column(pl.Series([None, "1"], dtype=pl.String), required, TODAY)
    assert [(fault.rule, fault.mask.to_list()) for fault in read.faults] == [("required", [True, False])]


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("91500116559000837H", OK), ("91500107MA5TEXT11A", OK), ("91500107MA5TEXT2X2", OK), ("91500107MA5TEXT382", OK),
        ("92500107MA5DEM012B", OK), ("92500107MA5DEM0206", OK), ("91350100M0001TGQXM", CHECK), ("91500116559000837A", CHECK),
        ("9150011655900083I1", SHAPE), ("9150011655900083", SHAPE), ("", SHAPE), ("代码", SHAPE), ("一二三四五六", SHAPE),
    ],
)  # fmt: skip
def test_credit_codes(code: str, verdict: int) -> None:
    assert judge(pl.Series("u", [None, code])).to_list() == [None, verdict]


def test_a_wrong_check_character_warns_and_never_rejects() -> None:
    column = Column("uscc", ColumnType.USCC, "代码", "code", nullable=True)
    read = read_column(pl.Series(["91350100M0001TGQXM", "abc"]), column, TODAY)
    assert [(fault.rule, fault.severity) for fault in read.faults] == [
        ("uscc_form", WARN),
        ("uscc_check", WARN),
    ]
    assert check_character("91500116559000837") == "H"
    with pytest.raises(ValueError):
        check_character("9150011655900083I")
