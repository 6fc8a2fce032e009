"""What is remembered of an enterprise between runs, small enough to be one JSON column, and what a run tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.risk.episodes.grading import INSUFFICIENT


@dataclass(frozen=True)
class Observation:
    """An enterprise in one run: effective tiers by point, coverage, and for a monthly run its month (YYYYMM).

    lapsed: points that count only through rows whose written reason has expired.
    """

    as_of: date
    tiers: Mapping[str, int]
    coverage_bp: int
    month: int | None = None
    lapsed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Episode:
    """An open episode. `lift`: levels added because it repeats another one; `clocks_from`: opening or last rise."""

    number: int
    opened: date
    grade: int
    lift: int
    clocks_from: date


@dataclass(frozen=True)
class State:
    """The remembered state.

    held: last counted tier of each coloured point; it rises at once and falls by two monthly readings.
    unknown_since: by held point, the first day on which nothing fresh was known.
    supports: the points that carry `shown`, with the tiers at which they did.
    readings: month → point → tier of the last two monthly cycles, for points that were lower or unknown.
    history: whether the data were ever enough for a grade. month: newest monthly cycle.
    """

    shown: int = INSUFFICIENT
    held: Mapping[str, int] = field(default_factory=dict)
    unknown_since: Mapping[str, date] = field(default_factory=dict)
    supports: Mapping[str, int] = field(default_factory=dict)
    readings: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    history: bool = False
    as_of: date | None = None
    month: int = 0
    episode: Episode | None = None
    episodes: int = 0
    closed_on: date | None = None

    @property
    def resting(self) -> bool:
        """Nothing is held, expected or open: the next run changes nothing unless the tiers change."""
        return not (self.held or self.readings or self.episode) and self.history

    def to_json(self) -> dict[str, Any]:
        """As stored."""
        opened = self.episode
        return {
            "shown": self.shown,
            "held": dict(self.held),
            "unknown_since": {point: day.isoformat() for point, day in self.unknown_since.items()},
            "supports": dict(self.supports),
            "readings": {str(month): dict(read) for month, read in self.readings.items()},
            "history": self.history,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "month": self.month,
            "episode": None
            if opened is None
            else [
                opened.number,
                opened.opened.isoformat(),
                opened.grade,
                opened.lift,
                opened.clocks_from.isoformat(),
            ],
            "episodes": self.episodes,
            "closed_on": None if self.closed_on is None else self.closed_on.isoformat(),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> State:
        """Inverse of `to_json`."""
        opened = kept["episode"]
        return cls(
            shown=kept["shown"],
            held=kept["held"],
            unknown_since={point: date.fromisoformat(day) for point, day in kept["unknown_since"].items()},
            supports=kept["supports"],
            readings={int(month): read for month, read in kept["readings"].items()},
            history=kept["history"],
            as_of=_day(kept["as_of"]),
            month=kept["month"],
            episode=None
            if opened is None
            else Episode(
                opened[0],
                date.fromisoformat(opened[1]),
                opened[2],
                opened[3],
                date.fromisoformat(opened[4]),
            ),
            episodes=kept["episodes"],
            closed_on=_day(kept["closed_on"]),
        )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@dataclass(frozen=True)
class Observed:
    """The state after a run, and what it means: grade before and after, an episode opened, or raised from a grade."""

    state: State
    before: int
    opened: bool = False
    raised_from: int | None = None

    @property
    def moved(self) -> bool:
        """Whether people see another grade than before."""
        return self.state.shown != self.before
