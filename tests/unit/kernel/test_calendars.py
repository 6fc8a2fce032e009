"""Terms in months and working days: the edges that the law's wording makes."""

from datetime import date

import pytest

from api.kernel.calendars import Workdays, add_months, full_months, last_day_of_term


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 8, 31), 3, date(2026, 11, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 2, 10), 1, date(2026, 3, 9)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 14)),
    ],
)
def test_a_term_ends_the_day_before_or_on_the_months_last_day(start: date, months: int, last: date) -> None:
    assert last_day_of_term(start, months) == last


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 8, 31), date(2026, 11, 29), 2),
        (date(2026, 8, 31), date(2026, 11, 30), 3),
        (date(2026, 11, 30), date(2027, 2, 27), 2),
        (date(2026, 11, 30), date(2027, 2, 28), 3),
        (date(2026, 1, 1), date(2028, 12, 30), 35),
        (date(2026, 1, 1), date(2028, 12, 31), 36),
        (date(2026, 1, 2), date(2026, 1, 1), 0),
    ],
)
def test_full_months_of_a_term(start: date, end: date, months: int) -> None:
    assert full_months(start, end) == months


def test_a_month_without_the_day_has_no_same_day() -> None:
    assert add_months(date(2026, 8, 31), 1) is None
    assert add_months(date(2026, 8, 31), 2) == date(2026, 10, 31)


def test_a_term_has_at_least_one_month() -> None:
    with pytest.raises(ValueError, match="at least one month"):
        last_day_of_term(date(2026, 1, 1), 0)


def test_working_days_skip_weekends_and_holidays_and_count_worked_weekends() -> None:
    days = Workdays({date(2026, 10, 1), date(2026, 10, 2)}, {date(2026, 10, 10)})
    assert days.add(date(2026, 9, 30), 1) == date(2026, 10, 5)
    assert days.add(date(2026, 10, 9), 1) == date(2026, 10, 10)
    assert days.add(date(2026, 10, 9), 0) == date(2026, 10, 9)


def test_working_days_are_counted_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        Workdays().add(date(2026, 1, 1), -1)
