"""Calendar arithmetic of labour law: months of a term, working days.

A term of n months from day d ends the day before the same day n months on; where that day is missing, on that
month's last day (劳动合同法 art. 19 as read in the platform's rule R02).
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta


def add_months(day: date, months: int) -> date | None:
    """The same day of the month `months` later, or None where that month has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    if day.day > calendar.monthrange(year, month)[1]:
        return None
    return date(year, month, day.day)


def last_day_of_term(start: date, months: int) -> date:
    """Last day of a term of `months` ≥ 1 months that starts on `start`.

    >>> last_day_of_term(date(2026, 8, 31), 3)
    datetime.date(2026, 11, 30)
    >>> last_day_of_term(date(2026, 1, 1), 12)
    datetime.date(2026, 12, 31)
    """
    if months < 1:
        raise ValueError("a term has at least one month")
    same_day = add_months(start, months)
    if same_day is not None:
        return same_day - timedelta(days=1)
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def full_months(start: date, end: date) -> int:
    """Number of whole months in the term from `start` to `end`, both included (0 if `end` < `start`)."""
    if end < start:
        return 0
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    while months > 0 and last_day_of_term(start, months) > end:
        months -= 1
    return months


@dataclass(frozen=True)
class Workdays:
    """Working days 工作日: Monday to Friday, less public holidays, plus the weekend days worked instead."""

    holidays: Collection[date] = field(default_factory=frozenset)
    worked_weekends: Collection[date] = field(default_factory=frozenset)

    def is_workday(self, day: date) -> bool:
        """Whether `day` is a working day."""
        if day in self.worked_weekends:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def add(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; the first day counted is the next one."""
        if count < 0:
            raise ValueError("working days are counted forward")
        while count:
            day += timedelta(days=1)
            if self.is_workday(day):
                count -= 1
        return day
