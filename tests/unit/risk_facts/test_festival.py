"""The moving festival: its days against the published holidays, the months that it touches, what those are compared with."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from chinese_calendar.constants import Holiday, holidays

from api.risk.facts.festival import spring_festival, touched_months
from api.risk.facts.utilities import counterparts, festive
from api.risk.facts.window import month_index


def test_the_days_are_those_of_the_published_holidays() -> None:
    """The official holiday holds the first day of the lunar year in every year that the library knows."""
    named = {day for day, name in holidays.items() if name == Holiday.spring_festival.value}
    years = {day.year for day in named}
    assert len(years) > 15
    for year in years:
        day = spring_festival(year)
        assert day is not None
        assert {day, day + timedelta(days=1), day + timedelta(days=2)} <= named, year


def test_every_day_is_a_new_moon_of_the_season() -> None:
    """Twelve or thirteen lunar months of 29 or 30 days lie between two festivals."""
    days = [day for year in range(2004, 2051) if (day := spring_festival(year)) is not None]
    assert len(days) == 47
    for before, after in pairwise(days):
        assert (after - before).days in (353, 354, 355, 383, 384, 385), after
    for day in days:
        assert date(day.year, 1, 21) <= day <= date(day.year, 2, 21)


@pytest.mark.parametrize(
    ("year", "months"),
    [
        (2023, (1, 2)),  # 22 January: 15 January to 5 February, five days of it in February
        (2024, (2,)),  # 10 February: 3 to 24 February
        (2025, (1, 2)),  # 29 January
        (2026, (2,)),  # 17 February: only three days in March
        (2027, (2,)),  # 6 February: only two days in January
        (2034, (2, 3)),  # 19 February: five days in March
        (2003, (1, 2)),  # nobody knows
        (2051, (1, 2)),
    ],
)
def test_touched_months(year: int, months: tuple[int, ...]) -> None:
    assert touched_months(year) == months


@pytest.mark.parametrize(
    ("month", "back"),
    [
        (202402, [13, 12]),  # last year it was in January and February
        (202401, []),  # it was in January, now it is not: nothing to compare with
        (202501, [11]),  # last year it was in February alone
        (202502, [12]),
        (202601, []),
        (202602, [13, 12]),
        (202603, [12]),
        (203403, [14, 13]),
        (202610, [12]),
    ],
)
def test_counterparts(month: int, back: list[int]) -> None:
    assert counterparts(month_index(month)) == back
    assert festive(month_index(month)) == (month % 100 in touched_months(month // 100))
