"""A rule set's frame with the 27 points of the domain, and an enterprise to which things happen month by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.risk.episodes.closure import Decided, close, supporting_rows
from api.risk.episodes.force import Outcome, Row, Settled, without_settled
from api.risk.episodes.grading import COLOURS, UNKNOWN, Grading
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, Observed, State

WEIGHTS = {
    "LY01": 400, "LY02": 250, "LY03": 250, "LY04": 350, "LY05": 250,
    "GZ01": 1400, "GZ02": 500, "GZ03": 600, "GZ04": 500,
    "SB01": 500, "SB02": 400, "SB03": 250, "SB04": 350,
    "QY01": 400, "QY02": 500, "QY03": 300, "QY04": 300,
    "AQ01": 300, "AQ02": 200, "AQ03": 200,
    "JY01": 200, "JY02": 350, "JY03": 300, "JY04": 200, "JY05": 250,
    "ZZ01": 250, "ZZ02": 250,
}  # fmt: skip

DOCUMENT: dict[str, Any] = {
    "id": "test",
    "version": "1",
    "points": [
        {"id": point, "no": number, "dimension": point[:2], "weight_bp": weight}
        for number, (point, weight) in enumerate(WEIGHTS.items(), 1)
    ],
    "base_levels": {"blue": 800, "yellow": 1500, "orange": 2500, "red": 4000},
    "colour_points": {"blue": 25, "yellow": 50, "orange": 75, "red": 100},
    "red_points": ["GZ01", "GZ04", "SB01", "QY02", "JY03"],
    "overrides": {"red": "orange", "orange": "yellow", "yellow": "blue"},
    "patterns": [
        {
            "all": [{"point": point, "colour": "yellow"} for point in ("GZ03", "JY02", "SB01")],
            "grade": "orange",
        }
    ],
    "coverage_floor_bp": 6000,
    "repeat_window_days": 90,
    "fall_cycles": 2,
}
GRADING = Grading.of(DOCUMENT)
NAMES = {**{tier: name for name, tier in COLOURS.items()}, 5: "insufficient"}
_LETTERS = {"B": 1, "Y": 2, "O": 3, "R": 4, "?": UNKNOWN, "-": 6}


def tiers(text: str) -> dict[str, int]:
    """`GZ01 R, JY02 ?` as tiers of all points."""
    given = dict.fromkeys(WEIGHTS, 0)
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        point, letter = part.split()
        given[point] = _LETTERS[letter]
    return given


def coverage(given: Mapping[str, int]) -> int:
    return sum(WEIGHTS[point] for point, tier in given.items() if tier != UNKNOWN)


def seen(text: str, day: date, month: int | None = None, covered: int | None = None) -> Observation:
    given = tiers(text)
    return Observation(day, given, coverage(given) if covered is None else covered, month)


class Firm:
    """One enterprise: months and days are observed, episodes closed, rows settled."""

    def __init__(self) -> None:
        self.state = State()
        self.settled: list[Settled] = []
        self.tiers: dict[str, int] = {}
        self.rows: list[Row] = []
        self.last: Observed | None = None
        self.day = date(2026, 1, 1)

    def month(self, number: int, text: str, rows: Sequence[Row] = (), covered: int | None = None) -> Observed:
        """The monthly run on the fifth of the month after."""
        year, after = divmod(number, 100)
        day = date(year + (after == 12), after % 12 + 1, 5)
        return self._see(text, day, number, rows, covered)

    def today(self, day: date, text: str, rows: Sequence[Row] = (), covered: int | None = None) -> Observed:
        return self._see(text, day, None, rows, covered)

    def _see(
        self, text: str, day: date, month: int | None, rows: Sequence[Row], covered: int | None
    ) -> Observed:
        self.tiers, self.rows, self.day = tiers(text), list(rows), day
        counted = without_settled(self.tiers, rows, self.settled, day)
        known = coverage(self.tiers) if covered is None else covered
        self.last = observe(
            self.state, Observation(day, counted.tiers, known, month, counted.lapsed), GRADING
        )
        self.state = self.last.state
        return self.last

    def open_rows(self) -> list[Row]:
        return supporting_rows(self.state, self.tiers, self.rows, self.settled, self.day)

    def close(self, day: date, decided: Sequence[Decided]) -> None:
        self.day = day
        self.state, made = close(self.state, self.tiers, self.rows, self.settled, decided, GRADING, day)
        self.settled += made

    def close_all(self, day: date, outcome: Outcome = Outcome.CONFIRMED, **more: Any) -> None:
        self.day = day
        self.close(day, [Decided(row.point, row.key, outcome, **more) for row in self.open_rows()])

    @property
    def shown(self) -> str:
        return NAMES[self.state.shown]

    @property
    def episode(self) -> str | None:
        return None if self.state.episode is None else NAMES[self.state.episode.grade]
