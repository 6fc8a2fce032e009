"""Which day is a working day, also in a year whose holiday notice has not come. Pure.

全国年节及纪念日放假办法 art. 2 (2024 revision, in force since 2025-01-01): New Year 1 day, Spring Festival 4 (its eve and
the first three days), 清明 1, 1–2 May, 端午 1, 中秋 1, 1–3 October. Moved weekends are known only from the yearly notice;
a date that counts such a year is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from api.kernel.calendars import Workdays

_LUNAR: dict[int, tuple[str, str, str]] = {
    2027: ("02-06", "06-09", "09-15"),
    2028: ("01-26", "05-28", "10-03"),
    2029: ("02-13", "06-16", "09-22"),
    2030: ("02-03", "06-05", "09-12"),
    2031: ("01-23", "06-24", "10-01"),
    2032: ("02-11", "06-12", "09-19"),
    2033: ("01-31", "06-01", "09-08"),
    2034: ("02-19", "06-20", "09-27"),
    2035: ("02-08", "06-10", "09-16"),
    2036: ("01-28", "05-30", "10-04"),
}
"""Spring Festival, 端午, 中秋 by the calendar of the Purple Mountain Observatory (new moon in Beijing time)."""


@cache
def statutory_days(year: int) -> frozenset[date]:
    """The statutory days off of a year; beyond the table of lunar days only the solar ones."""
    days = {date(year, 1, 1), date(year, 5, 1), date(year, 5, 2), *(date(year, 10, n) for n in (1, 2, 3))}
    short = year - 2000
    days.add(date(year, 4, (short * 2422 + 48100) // 10000 - short // 4))  # 清明 in the 21st century
    if year in _LUNAR:
        spring, boats, moon = (date.fromisoformat(f"{year}-{day}") for day in _LUNAR[year])
        days |= {spring + timedelta(days=n) for n in range(-1, 3)} | {boats, moon}
    return frozenset(days)


@dataclass(frozen=True)
class DayCount:
    """Counts working days. `known_years`: those whose holiday notice is on record."""

    workdays: Workdays = field(default_factory=Workdays)
    known_years: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        """By the notice where there is one, else Monday to Friday less the statutory days."""
        if day.year in self.known_years:
            return self.workdays.is_workday(day)
        return day.weekday() < 5 and day not in statutory_days(day.year)

    def provisional(self, days: Iterable[date]) -> bool:
        """Whether a counted or skipped day lies in a year without a notice."""
        return any(day.year not in self.known_years for day in days)

    def count(self, start: date, number: int) -> tuple[date, list[date], list[date]]:
        """The `number`-th working day after `start` (which is not counted), the days counted and the days skipped."""
        if number < 1:
            raise ValueError("at least one working day is counted")
        counted: list[date] = []
        skipped: list[date] = []
        day = start
        while len(counted) < number:
            day += timedelta(days=1)
            (counted if self.is_workday(day) else skipped).append(day)
        return day, counted, skipped

    def on_or_after(self, day: date) -> date:
        """`day` if it is a working day, else the next one."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day
