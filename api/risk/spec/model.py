"""A parsed rule set: conditions over named integer facts, control points, and how their tiers become one grade.

Nothing here knows JSON, Polars or SQL. All numbers are integers: counts, days, months, fen, and basis points (1/10,000).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

FACT_LIMIT = 10**14
"""A fact lies within ±10^14 (a million million yuan in fen). Outside it is no measurement: it counts as unknown, and is counted.

With BP_LIMIT this keeps every cross-multiplication inside 64 bits: 10^14 x 90,000 = 9.0 x 10^18 < 2^63 = 9.22 x 10^18.
"""
BP_LIMIT = 90_000
WHOLE_BP = 10_000
HALF = 14
"""Points packed into `tiers_a`, four bits each; the others go into `tiers_b`. Two halves of 56 bits stay positive."""
MAX_POINTS = 2 * HALF


class Tier(IntEnum):
    """State of a control point; 0 to 4 are also the grades of an enterprise."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4
    UNKNOWN = 5
    NOT_APPLICABLE = 6


COLOURS: tuple[Tier, ...] = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)
WORST_FIRST: tuple[Tier, ...] = COLOURS[::-1]


class RuleSetError(ValueError):
    """A rule set, or the facts given to it, cannot be used; the text says why."""


@dataclass(frozen=True)
class Compare:
    """A fact against a whole number; `op` is ge, gt, le, lt or eq. Unknown when the fact is."""

    op: str
    fact: str
    value: int


@dataclass(frozen=True)
class Ratio:
    """`num x 10,000` against `bp x den`; `op` is ge, gt, le or lt.

    Unknown when either fact is, and when `den` is not positive; 0 of 0 is false. With `persons` the colour's person floor
    is part of the condition: that fact must reach it, too.
    """

    op: str
    num: str
    den: str
    bp: int
    persons: str | None = None


@dataclass(frozen=True)
class Every:
    """All parts hold (Kleene: one false part decides)."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """Any part holds (Kleene: one true part decides)."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class Negation:
    """The part does not hold."""

    of: Condition


@dataclass(frozen=True)
class TierAtLeast:
    """Another point's tier reaches a colour. Unknown when that point is; a point that is not applicable does not."""

    point: str
    colour: Tier


Condition = Compare | Ratio | Every | Some | Negation | TierAtLeast


@dataclass(frozen=True)
class Point:
    """A control point 控制点: a tier's condition per colour, the highest that is true counts.

    Its state is the first that fits of: not applicable; its highest colour, if that is true (nothing unknown could make it
    worse); unknown, if a fact in `needs` is; the highest lower colour that is true; none.
    """

    id: str
    no: int
    dimension: str
    weight_bp: int
    zh: str
    en: str
    basis: str
    needs: tuple[str, ...]
    not_applicable: Condition | None
    tiers: Mapping[Tier, Condition]
    worse: Mapping[str, int] = field(default_factory=dict)
    """Declared direction in which a fact is worse: 1 up, -1 down."""

    @property
    def highest(self) -> Tier:
        """The highest colour that the point can take."""
        return max(self.tiers)


@dataclass(frozen=True)
class Dimension:
    """One of the groups of points that a radar shows."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True)
class Pattern:
    """Points that together mean more than each alone."""

    of: tuple[tuple[str, Tier], ...]
    grade: Tier


@dataclass(frozen=True)
class RuleSet:
    """Published knowledge of how facts become tiers, tiers a score, and score and overrides a grade."""

    id: str
    version: str
    dimensions: tuple[Dimension, ...]
    points: tuple[Point, ...]
    """In the order of their numbers."""
    base_levels: Mapping[Tier, int]
    colour_points: Mapping[Tier, int]
    person_floors: Mapping[Tier, int]
    red_points: tuple[str, ...]
    overrides: Mapping[Tier, Tier]
    patterns: tuple[Pattern, ...]
    coverage_floor_bp: int
    repeat_window_days: int
    fall_cycles: int

    @cached_property
    def by_id(self) -> Mapping[str, Point]:
        """The points by id."""
        return {point.id: point for point in self.points}

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Every fact that any point reads, sorted."""
        return tuple(sorted({fact for point in self.points for fact in facts_of(point)}))

    @cached_property
    def reads(self) -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
        """By point: the facts and the points' tiers that it reads itself."""
        return {point.id: (facts_of(point), points_read(point)) for point in self.points}

    @cached_property
    def stages(self) -> tuple[tuple[Point, ...], ...]:
        """Points in the order of evaluation: a stage reads tiers of earlier stages only. Raises RuleSetError on a cycle."""
        return _stages(self.points)


def atoms(condition: Condition) -> Iterator[Compare | Ratio | TierAtLeast]:
    """The leaves of a condition, from left to right."""
    match condition:
        case Every(of) | Some(of):
            for part in of:
                yield from atoms(part)
        case Negation(part):
            yield from atoms(part)
        case _:
            yield condition


def conditions(point: Point) -> Iterator[Condition]:
    """All conditions of a point, the one for not applicable first."""
    if point.not_applicable is not None:
        yield point.not_applicable
    yield from point.tiers.values()


def atom_facts(atom: Compare | Ratio | TierAtLeast) -> tuple[str, ...]:
    """The facts that an atom reads."""
    match atom:
        case Compare(_, fact, _):
            return (fact,)
        case Ratio(_, num, den, _, persons):
            return (num, den) if persons is None else (num, den, persons)
        case _:
            return ()


def facts_of(point: Point) -> frozenset[str]:
    """The facts that a point reads itself."""
    read = {f for condition in conditions(point) for atom in atoms(condition) for f in atom_facts(atom)}
    return frozenset(read | set(point.needs))


def points_read(point: Point) -> frozenset[str]:
    """The points whose tiers a point reads."""
    found = (atom for condition in conditions(point) for atom in atoms(condition))
    return frozenset(atom.point for atom in found if isinstance(atom, TierAtLeast))


def _stages(points: tuple[Point, ...]) -> tuple[tuple[Point, ...], ...]:
    done: set[str] = set()
    stages: list[tuple[Point, ...]] = []
    left = list(points)
    while left:
        ready = tuple(point for point in left if points_read(point) <= done)
        if not ready:
            raise RuleSetError("points read each other's tiers in a circle: " + ", ".join(p.id for p in left))
        stages.append(ready)
        done.update(point.id for point in ready)
        left = [point for point in left if point.id not in done]
    return tuple(stages)
