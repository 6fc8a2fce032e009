"""Public holidays and worked weekends:

the years that `chinesecalendar` knows, overlaid by the operator's table.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from api.kernel.calendars import Workdays
from api.parameters.model import CalendarDay

HOLIDAY, WORKDAY = "holiday", "workday"


@cache
def published() -> tuple[frozenset[date], frozenset[date]]:
    """Holidays on weekdays and worked weekend days of all years that the library knows."""
    # The library is loaded when a calendar is asked for, not when the application starts.
    from chinese_calendar.constants import holidays, workdays

    off = frozenset(day for day in holidays if day.weekday() < 5)
    worked = frozenset(day for day in workdays if day.weekday() >= 5)
    return off, worked


def published_years() -> frozenset[int]:
    """Years for which the library holds the published arrangement."""
    off, _ = published()
    return frozenset(day.year for day in off)


def workdays(first: date, last: date, own: Iterable[CalendarDay]) -> Workdays:
    """Working days from `first` to `last`; the operator's days win over the library's."""
    off, worked = published()
    window = range((last - first).days + 1)
    days = {first + timedelta(days=n) for n in window}
    holidays = {day for day in off if day in days}
    weekends = {day for day in worked if day in days}
    for entry in own:
        if entry.kind == HOLIDAY:
            weekends.discard(entry.day)
            holidays.add(entry.day)
        else:
            holidays.discard(entry.day)
            weekends.add(entry.day)
    return Workdays(frozenset(holidays), frozenset(weekends))
