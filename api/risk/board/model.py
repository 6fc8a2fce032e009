"""What the board speaks about: towns and their editions, tiles, months, groups of the index, steps of disposal, reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

COLOURS = ("red", "orange", "yellow", "blue")
"""Worst first, as every table of the board shows them."""


class Shade(StrEnum):
    """What a tile's shade tells: the number of open warnings, or how many there are per 1,000 enterprises."""

    COUNT = "count"
    SHARE = "share"


class Group(StrEnum):
    """How the regional index is broken down."""

    TOWN = "town"
    INDUSTRY = "industry"


class Step(StrEnum):
    """Steps of disposal (risk rules, C.4), in their order."""

    ISSUED = "issued"
    SIGNED = "signed"
    VERIFIED = "verified"
    ACTED = "acted"
    FEEDBACK = "feedback"
    CLOSED = "closed"


@dataclass(frozen=True)
class Town:
    """A town or subdistrict. code: nine digits; column and row of its tile from 1; administered_by: who runs it."""

    code: str
    name_zh: str
    name_en: str
    column: int
    row: int
    administered_by: str

    def name(self, lang: str) -> str:
        """The name in a language."""
        return self.name_en if lang == "en" else self.name_zh


@dataclass(frozen=True)
class Edition:
    """The table as it holds from a day on. no: 1, 2, 3 … in the order in which they were made."""

    no: int
    valid_from: date
    known_from: datetime
    changed_by: str
    reason: str
    towns: Sequence[Town]

    def named(self, code: str, lang: str) -> str:
        """The town's name, or its code where the edition doesn't have it."""
        return next((town.name(lang) for town in self.towns if town.code == code), code)


@dataclass(frozen=True)
class Tile:
    """Open warnings of a town. `town` None: places that are not in the table.

    counts: red, orange, yellow, blue. waiting: of these, how many wait for a signature. firms: enterprises of the month's
    index (None before the first one). level: shade 0 (nothing) to 4.
    """

    town: Town | None
    counts: tuple[int, int, int, int]
    waiting: int
    firms: int | None
    level: int = 0

    @property
    def total(self) -> int:
        """Open warnings of all colours."""
        return sum(self.counts)

    @property
    def tenths_per_thousand(self) -> int | None:
        """Open warnings per 1,000 enterprises in tenths, half up; None where their number is not known."""
        return None if not self.firms else (self.total * 20_000 + self.firms) // (2 * self.firms)


@dataclass(frozen=True)
class DistrictMap:
    """The map of now (`month` None) or of a month's end.

    steps: level, lowest and highest value of the shades, as drawn. whole: the reader sees the whole district.
    """

    month: int | None
    at: datetime
    months: Sequence[int]
    edition: Edition
    shade: Shade
    colour: str
    tiles: Sequence[Tile]
    elsewhere: Tile | None
    steps: Sequence[tuple[int, int, int]]
    whole: bool

    @property
    def columns(self) -> int:
        """Width of the grid in tiles."""
        return max((tile.town.column for tile in self.tiles if tile.town), default=1)

    @property
    def all_tiles(self) -> Sequence[Tile]:
        """Towns, then what lies elsewhere."""
        return [*self.tiles, *([self.elsewhere] if self.elsewhere else [])]

    @property
    def counts(self) -> Sequence[int]:
        """Open warnings of all tiles: red, orange, yellow, blue."""
        return [sum(tile.counts[place] for tile in self.all_tiles) for place in range(len(COLOURS))]

    @property
    def waiting(self) -> int:
        """Of these, how many wait for a signature."""
        return sum(tile.waiting for tile in self.all_tiles)


@dataclass(frozen=True)
class TownLine:
    """An open warning in a town's list. grade 1 to 4; issued_at None while it waits for its first signature."""

    warning_id: str
    enterprise: int
    name: str
    uscc: str
    grade: int
    score: int
    issued_at: datetime | None
    waiting: bool


@dataclass(frozen=True)
class TownList:
    """A town's open warnings, worst first. next: the cursor of the next page, empty at the end."""

    town: Town | None
    month: int | None
    rows: Sequence[TownLine]
    next: str


@dataclass(frozen=True)
class TrendMonth:
    """A month: enterprises per grade (none, blue, yellow, orange, red) and warnings by colour.

    shown: the grades that people saw at its end, or see now, by the log of changes (None before its first line).
    firms: the grades that its run computed (None where no index is stored).
    """

    month: int
    shown: Sequence[int] | None
    firms: Sequence[int] | None
    issued: tuple[int, int, int, int]
    closed: tuple[int, int, int, int]


@dataclass(frozen=True)
class Trend:
    """Months, oldest first, of the district (`town` empty) or one town."""

    town: str
    edition: Edition
    rows: Sequence[TrendMonth]


@dataclass(frozen=True)
class IndexGroup:
    """A group's index of a month: size-weighted mean score (0 to 10,000), firms per grade, mean three months before."""

    group: str
    firms: int
    mean: int
    counts: Sequence[int]
    before: int | None

    @property
    def change(self) -> int | None:
        """Difference to three months before."""
        return None if self.before is None else self.mean - self.before


@dataclass(frozen=True)
class RegionalIndex:
    """The index of a month by group, and the whole's mean over the months up to it. month None: nothing is stored yet."""

    month: int | None
    by: Group
    months: Sequence[int]
    edition: Edition
    whole: IndexGroup | None
    groups: Sequence[IndexGroup]
    line: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class FlowLine:
    """Cases of a unit and colour (1 to 4) that were issued in a period: how many reached each step, how many are late there."""

    unit: str
    unit_zh: str
    unit_en: str
    grade: int
    reached: Mapping[Step, int]
    late: Mapping[Step, int]

    def unit_name(self, lang: str) -> str:
        """The unit's name in a language, or its code."""
        return (self.unit_en if lang == "en" else self.unit_zh) or self.unit


@dataclass(frozen=True)
class Funnel:
    """Lines of a period. connected: whether this installation has a disposal side at all."""

    first: int
    last: int
    connected: bool
    lines: Sequence[FlowLine]

    def reached(self, step: Step, grade: int | None = None, unit: str | None = None) -> int:
        """Cases that reached a step."""
        return sum(line.reached.get(step, 0) for line in self._of(grade, unit))

    def late(self, step: Step | None = None, grade: int | None = None, unit: str | None = None) -> int:
        """Open cases that are late at a step (at any)."""
        lines = self._of(grade, unit)
        return sum(sum(line.late.values()) if step is None else line.late.get(step, 0) for line in lines)

    def units(self) -> Sequence[FlowLine]:
        """One line of each unit, for its name."""
        return list({line.unit: line for line in self.lines}.values())

    def _of(self, grade: int | None, unit: str | None) -> list[FlowLine]:
        return [
            line
            for line in self.lines
            if (grade is None or line.grade == grade) and (unit is None or line.unit == unit)
        ]


@dataclass(frozen=True)
class OpenCases:
    """Open cases, and those whose time has passed by the step that waits first."""

    number: int
    late: Mapping[Step, int]


@dataclass(frozen=True)
class Confirmed:
    """Warnings that were found true, of those verified, with the bounds of the 95 % interval in basis points."""

    hits: int
    total: int
    bp: int | None
    low: int
    high: int


@dataclass(frozen=True)
class Source:
    """A dataset that is not fresh. state: due, stale or never."""

    zh: str
    en: str
    owner_zh: str
    owner_en: str
    state: str
    covered_end: date | None


@dataclass(frozen=True)
class Sources:
    """How new the departments' data are. unknown: control points that are unknown because of it."""

    fresh: int
    due: int
    stale: int
    never: int
    worst: Sequence[Source]
    unknown: Sequence[str]


@dataclass(frozen=True)
class Overview:
    """What the director sees first. standing: enterprises per shown grade (none, blue … red, insufficient)."""

    at: datetime
    map: DistrictMap
    standing: Sequence[int]
    last_run: tuple[str, date, datetime | None] | None
    cases: OpenCases | None
    confirmed: Confirmed | None
    sources: Sources | None
