"""From the tiers of the control points to score, grade and the points that carry the grade: the one place that says so for one
enterprise (the executors write the same as expressions and are held to it by tests).

The stateless part of a rule set that `shown_grade` and `effective_grade` share with `raw_grade`: integer score, base
level, overrides, patterns; a rule set is a JSON document and nothing of it is a constant here.
C.3 of the scoring rules: `score = floor(sum(weight_bp x points) / 100)`; grade = the highest of base level, overrides ("any
point at this colour or above") and patterns.
Tiers: 0 none, 1 blue, 2 yellow, 3 orange, 4 red, 5 unknown, 6 not applicable. Grades: 0 none … 4 red.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.risk.spec.model import COLOURS as COLOUR_TIERS
from api.risk.spec.model import HALF, RuleSet, Tier

NONE, BLUE, YELLOW, ORANGE, RED, UNKNOWN, NOT_APPLICABLE = range(7)
COLOURS = {"none": NONE, "blue": BLUE, "yellow": YELLOW, "orange": ORANGE, "red": RED}
FIRST_WORD = HALF
"""Points in the first packed word, four bits each; the others are in the second."""


@dataclass(frozen=True)
class Graded:
    """Score 0…10,000, grade 0…4, and the points that carry the grade with their tiers."""

    score: int
    grade: int
    supports: Mapping[str, int]


@dataclass(frozen=True)
class Pattern:
    """All of these points at least at these tiers give the grade."""

    conditions: tuple[tuple[str, int], ...]
    grade: int


@dataclass(frozen=True)
class Grading:
    """A rule set's way from tiers to a grade. `points` in the order of their numbers, weights in basis points."""

    points: tuple[str, ...]
    weights: Mapping[str, int]
    colour_points: tuple[int, ...]
    base_levels: tuple[tuple[int, int], ...]
    red_points: frozenset[str]
    overrides: Mapping[int, int]
    patterns: tuple[Pattern, ...]
    coverage_floor_bp: int
    repeat_days: int
    fall_cycles: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Grading:
        """The grading of a rule-set document; raises KeyError or ValueError for one that is not complete."""
        ordered = sorted(document["points"], key=lambda point: int(point["no"]))
        levels = {COLOURS[name]: int(value) for name, value in document["base_levels"].items()}
        colours = {COLOURS[name]: int(value) for name, value in document["colour_points"].items()}
        return cls(
            points=tuple(str(point["id"]) for point in ordered),
            weights={str(point["id"]): int(point["weight_bp"]) for point in ordered},
            colour_points=tuple(colours.get(tier, 0) for tier in range(RED + 1)),
            base_levels=tuple(sorted(((level, grade) for grade, level in levels.items()), reverse=True)),
            red_points=frozenset(document["red_points"]),
            overrides=_overrides(document["overrides"]),
            patterns=tuple(
                Pattern(
                    tuple((str(part["point"]), COLOURS[part["colour"]]) for part in pattern["all"]),
                    COLOURS[pattern["grade"]],
                )
                for pattern in document["patterns"]
            ),
            coverage_floor_bp=int(document["coverage_floor_bp"]),
            repeat_days=int(document["repeat_window_days"]),
            fall_cycles=int(document["fall_cycles"]),
        )

    @classmethod
    def of_rules(cls, ruleset: RuleSet) -> Grading:
        """The grading of a parsed rule set."""
        lifts = lift_table(ruleset)
        return cls(
            points=tuple(point.id for point in ruleset.points),
            weights={point.id: point.weight_bp for point in ruleset.points},
            colour_points=(0, *(ruleset.colour_points[colour] for colour in COLOUR_TIERS)),
            base_levels=tuple(sorted(((ruleset.base_levels[c], int(c)) for c in COLOUR_TIERS), reverse=True)),
            red_points=frozenset(ruleset.red_points),
            overrides={tier: grade for tier, grade in enumerate(lifts) if tier},
            patterns=tuple(
                Pattern(tuple((point, int(colour)) for point, colour in p.of), int(p.grade))
                for p in ruleset.patterns
            ),
            coverage_floor_bp=ruleset.coverage_floor_bp,
            repeat_days=ruleset.repeat_window_days,
            fall_cycles=ruleset.fall_cycles,
        )

    def grade(self, tiers: Mapping[str, int]) -> Graded:
        """Grade coloured points by score, overrides, patterns; absent, unknown and not applicable ones count nothing, nor
        does one that the rules don't have."""
        coloured = {
            point: tier for point, tier in tiers.items() if NONE < tier <= RED and point in self.weights
        }
        total = sum(self.weights[point] * self.colour_points[tier] for point, tier in coloured.items())
        score = total // 100
        reasons: list[tuple[int, Mapping[str, int]]] = [(self._base(score), coloured)]
        for point, tier in coloured.items():
            by_rule = RED if tier == RED and point in self.red_points else self.overrides.get(tier, NONE)
            reasons.append((by_rule, {point: tier}))
        for pattern in self.patterns:
            if all(coloured.get(point, NONE) >= tier for point, tier in pattern.conditions):
                reasons.append(
                    (pattern.grade, {point: coloured[point] for point, _tier in pattern.conditions})
                )
        grade = max(reached for reached, _points in reasons)
        supports: dict[str, int] = {}
        if grade > NONE:
            for reached, points in reasons:
                if reached == grade:
                    supports |= points
        return Graded(score, grade, supports)

    def _base(self, score: int) -> int:
        return next((grade for level, grade in self.base_levels if score >= level), NONE)

    def unpack(self, first: int, second: int) -> dict[str, int]:
        """Tiers of all points from their two packed words."""
        return {
            point: (first >> 4 * place) & 15
            if place < FIRST_WORD
            else (second >> 4 * (place - FIRST_WORD)) & 15
            for place, point in enumerate(self.points)
        }

    def pack(self, tiers: Mapping[str, int]) -> tuple[int, int]:
        """The two packed words of the tiers; absent points are none."""
        words = [0, 0]
        for place, point in enumerate(self.points):
            second = place >= FIRST_WORD
            words[second] |= tiers.get(point, NONE) << 4 * (place - FIRST_WORD * second)
        return words[0], words[1]


def _overrides(given: Mapping[str, str | None]) -> Mapping[int, int]:
    """Grade by the tier of any single point, "at this colour or above": ``{"red": "orange", …}``."""
    best, table = NONE, {}
    for name, tier in sorted(COLOURS.items(), key=lambda item: item[1])[1:]:
        best = max(best, COLOURS[given.get(name) or "none"])
        table[tier] = best
    return table


def lift_table(ruleset: RuleSet) -> tuple[int, ...]:
    """Grade by the worst colour present, 0 to 4: "any point at this colour or above"."""
    best, table = NONE, [NONE]
    for colour in COLOUR_TIERS:
        best = max(best, int(ruleset.overrides.get(colour, Tier.NONE)))
        table.append(best)
    return tuple(table)
