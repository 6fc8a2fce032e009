"""Time: timezone-aware UTC inside, Asia/Shanghai at the edge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China Standard Time; fixed +08:00 (no daylight saving since 1991)."""


class Clock(Protocol):
    """Tells the time; a test gives its own."""

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests and replays."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs a timezone-aware time")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward (or back) and return the new time."""
        self._at += by
        return self._at


def utc_text(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ`: the one spelling of a time in events, payloads and our JSON."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone has no UTC text")
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def cursor_text(at: datetime) -> str:
    """As `utc_text`, to the microsecond: where a list goes on. With less, rows of the same moment would be passed over."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def parse_utc(text: str) -> datetime:
    """Inverse of `utc_text` and `cursor_text`; raises ValueError for any other spelling."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def shanghai_day(at: datetime) -> date:
    """The calendar day on which `at` falls in China."""
    return at.astimezone(SHANGHAI).date()
