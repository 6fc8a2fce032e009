"""The months that the Spring Festival touches: figures of work done in them say little about an enterprise.

The festival is the first day of the first lunar month (GB/T 33661-2017) and moves between 21 January and 21 February. Work
thins out a week before it and is back after the Lantern Festival, its fifteenth day. A month that holds five or more of
those days is touched. The dates are astronomy, not an arrangement of holidays, and known far ahead.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache

BEFORE_DAYS, AFTER_DAYS, LEAST_DAYS = 7, 14, 5
_FIRST = 2004
_DAYS = (
    122, 209, 129, 218, 207, 126, 214, 203, 123, 210, 131, 219, 208, 128, 216, 205, 125, 212, 201, 122, 210, 129, 217, 206,
    126, 213, 203, 123, 211, 131, 219, 208, 128, 215, 204, 124, 212, 201, 122, 210, 130, 217, 206, 126, 214, 202, 123,
)  # fmt: skip
"""Month and day of the festival from 2004 to 2050."""


def spring_festival(year: int) -> date | None:
    """The first day of the lunar year that begins in `year`; None outside 2004 to 2050."""
    place = year - _FIRST
    if not 0 <= place < len(_DAYS):
        return None
    return date(year, *divmod(_DAYS[place], 100))


@cache
def touched_months(year: int) -> tuple[int, ...]:
    """Numbers (1 to 3) of the year's months that the festival touches, rising; January and February of an unknown year."""
    start = spring_festival(year)
    if start is None:
        return (1, 2)
    days = (start + timedelta(days=n) for n in range(-BEFORE_DAYS, AFTER_DAYS + 1))
    counted = Counter(day.month for day in days)
    return tuple(sorted(month for month, number in counted.items() if number >= LEAST_DAYS))
