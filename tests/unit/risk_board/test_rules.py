"""Months, shades, labels of figures: pure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.risk.board import rules
from api.risk.board.model import Shade, Tile
from api.risk.board.reports import share, signed, tenths

MONTHS = st.integers(2001, 2098).flatmap(lambda y: st.integers(1, 12).map(lambda m: y * 100 + m))


@given(MONTHS, st.integers(-200, 200))
def test_months_shift_there_and_back(month: int, by: int) -> None:
    moved = rules.shifted(month, by)
    assert 1 <= moved % 100 <= 12
    assert rules.shifted(moved, -by) == month
    assert (moved > month) == (by > 0)


def test_a_month_begins_and_ends_at_midnight_in_china() -> None:
    assert rules.starts(202601).isoformat() == "2026-01-01T00:00:00+08:00"
    assert rules.ends(202612).isoformat() == "2027-01-01T00:00:00+08:00"
    assert rules.last_day(202402) == date(2024, 2, 29)


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30))
def test_shades_follow_the_numbers(numbers: list[int]) -> None:
    tiles = [Tile(None, (number, 0, 0, 0), 0, None) for number in numbers]
    shaded, steps = rules.shaded(tiles, Shade.COUNT, None)
    levels = [tile.level for tile in shaded]
    assert all((level == 0) == (number == 0) for level, number in zip(levels, numbers, strict=True))
    assert max(levels) == (rules.LEVELS if max(numbers) else 0)
    for level, number in zip(levels, numbers, strict=True):
        named = [step for step, low, high in steps if low <= number <= high]
        assert named == ([level] if number else [])  # the legend says of each number what the tile shows
    for (one, first), (other, second) in zip(
        sorted(zip(numbers, levels, strict=True))[:-1],
        sorted(zip(numbers, levels, strict=True))[1:],
        strict=True,
    ):
        assert (one <= other) <= (first <= second)


def test_shares_need_a_number_of_enterprises() -> None:
    tiles = [Tile(None, (1, 0, 0, 3), 0, 2000), Tile(None, (5, 0, 0, 0), 0, None)]
    assert [rules.value_of(tile, Shade.SHARE, None) for tile in tiles] == [20, 0]
    assert [rules.value_of(tile, Shade.SHARE, 0) for tile in tiles] == [5, 0]
    assert [tile.tenths_per_thousand for tile in tiles] == [20, None]


@pytest.mark.parametrize(
    ("part", "of", "text"),
    [(0, 0, "—"), (0, 7, "0.0 %"), (1, 3, "33.3 %"), (2, 3, "66.7 %"), (7, 7, "100.0 %"), (1, 2000, "0.1 %")],
)
def test_shares_as_people_read_them(part: int, of: int, text: str) -> None:
    assert share(part, of) == text


def test_figures_that_are_not_known_are_a_dash() -> None:
    assert (tenths(None), tenths(0), tenths(123)) == ("—", "0.0", "12.3")
    assert (signed(None), signed(0), signed(1234), signed(-5)) == ("—", "0", "+1,234", "−5")
