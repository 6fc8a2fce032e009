"""Which file holds which months: the history in files of a year, the last year month by month, and what was corrected later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.district.calendar import Month
from scripts.district.schema import QUARTERLY, Source


@dataclass(frozen=True)
class Period:
    """Positions `first` … `last` of the months that one file covers."""

    first: int
    last: int

    @property
    def positions(self) -> range:
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Rhythm:
    """The last `recent` months come one a file, what is older in files of `history` months."""

    recent: int = 12
    history: int = 12

    def periods(self, count: int) -> list[Period]:
        """All files' periods of `count` months, oldest first."""
        old = max(0, count - self.recent)
        blocks = [Period(start, min(start + self.history, old) - 1) for start in range(0, old, self.history)]
        return blocks + [Period(position, position) for position in range(old, count)]

    def snapshots(self, source: Source, count: int) -> Iterator[int]:
        """Months at whose end a snapshot is taken: four a file of history; each recent month, or each third."""
        step = max(3, self.history // 4)
        for position in range(count):
            ahead = count - 1 - position
            recent = ahead < self.recent and (source.code not in QUARTERLY or ahead % 3 == 0)
            if recent or ahead % step == 0:
                yield position


def sent_on(source: Source, months: list[Month], last: int, *, correction: bool = False) -> dt.date:
    """The day on which the department sends what it knows of the months up to `last`; corrections come a day later."""
    return months[last].last + dt.timedelta(days=source.lag + (1 if correction else 0))
