"""Months, and the Spring Festival that moves wages and production."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

SPRING_FESTIVAL = {
    year: dt.date(year, month, day)
    for year, month, day in (
        (2019, 2, 5),
        (2020, 1, 25),
        (2021, 2, 12),
        (2022, 2, 1),
        (2023, 1, 22),
        (2024, 2, 10),
        (2025, 1, 29),
        (2026, 2, 17),
        (2027, 2, 6),
        (2028, 1, 26),
        (2029, 2, 13),
        (2030, 2, 3),
        (2031, 1, 23),
        (2032, 2, 11),
    )
}
"""First day of the first lunar month."""
REST_DAYS, REST_BEFORE = 15, 5


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; `number` is YYYYMM."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`. Raises ValueError for anything else."""
        moment = dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC)
        return cls(moment.year, moment.month)

    @property
    def number(self) -> int:
        return self.year * 100 + self.month

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def plus(self, months: int) -> Month:
        total = self.year * 12 + self.month - 1 + months
        return Month(total // 12, total % 12 + 1)

    def day(self, day: int) -> dt.date:
        """The day of this month, or its last one when the month is shorter."""
        return self.first.replace(day=min(day, self.last.day))

    @property
    def festival(self) -> bool:
        """Whether production stops for the Spring Festival in this month (the festival's day, or the week after, is in it)."""
        start = SPRING_FESTIVAL.get(self.year)
        return start is not None and start.month == self.month

    @property
    def rest_share(self) -> int:
        """How much of the festival's fifteen quiet days (five before it, nine after) lies in this month, in ten thousandths."""
        start = SPRING_FESTIVAL.get(self.year)
        if start is None:
            return 0
        days = (start + dt.timedelta(days=n) for n in range(-REST_BEFORE, REST_DAYS - REST_BEFORE))
        return (
            sum(1 for day in days if (day.year, day.month) == (self.year, self.month)) * 10_000 // REST_DAYS
        )

    @property
    def before_festival(self) -> bool:
        """The month before: year-end pay, and workers who go home early."""
        return self.plus(1).festival


def months_until(end: Month, count: int) -> list[Month]:
    """The `count` months that end with `end`, oldest first."""
    return [end.plus(index - count + 1) for index in range(count)]
