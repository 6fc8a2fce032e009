"""Months, days and medians in whole numbers."""

from __future__ import annotations

from datetime import date
from itertools import product

import polars as pl
import pytest

from api.risk.facts.window import back, median, month_index, month_of, sorted_in_place


def test_months_and_indexes() -> None:
    assert month_of(month_index(202601) - 1) == 202512
    assert month_of(month_index(202612) + 1) == 202701
    for wrong in (202600, 202613):
        with pytest.raises(ValueError):
            month_index(wrong)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 10, 31), 12, date(2025, 10, 31)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
    ],
)
def test_calendar_months_back(day: date, months: int, expected: date) -> None:
    assert back(day, months) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5], 5),
        ([1, 2], 1),
        ([3, 1, 2], 2),
        ([0, 0, 7, 9], 3),
        ([None, 4, None, 8], 6),
        ([None, None], None),
        ([1, 1, 1, 100, 100, 100], 50),
    ],
)
def test_median(values: list[int | None], expected: int | None) -> None:
    frame = pl.DataFrame({"v": [values]}, schema={"v": pl.List(pl.Int64)})
    assert frame.select(median(pl.col("v"))).item() == expected


def test_six_columns_sorted_in_place() -> None:
    """A network that sorts every row of zeros and ones sorts everything."""
    names = list("abcdef")
    frame = pl.DataFrame(list(product((0, 1), repeat=6)), schema=names, orient="row")
    for row in sorted_in_place(frame.lazy(), names).collect().iter_rows():
        assert list(row) == sorted(row)
