"""What a rule set says of one enterprise: tiers, their packed form, score and grade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from api.risk.scoring.grading import Grading
from api.risk.spec.model import HALF, RuleSet, Tier

OUTPUT = (
    "tiers_a",
    "tiers_b",
    "missing",
    "score",
    "coverage_bp",
    "raw_grade",
    "out_of_range",
)
"""Columns of a decision, all Int64 and never null, in the order of the digest."""


class Decision(NamedTuple):
    """A decision as stored.

    `tiers_a`, `tiers_b`: four bits a point in the order of its number, the first lowest. `missing`: bit i set when point i
    is unknown. `coverage_bp`: weights of the points that are not unknown. `raw_grade`: 0 none to 4 red. `out_of_range`:
    how many facts lay outside the domain and were taken as unknown.
    """

    tiers_a: int
    tiers_b: int
    missing: int
    score: int
    coverage_bp: int
    raw_grade: int
    out_of_range: int


def pack(tiers: Sequence[int]) -> tuple[int, int]:
    """Tiers in point order as two integers."""
    first = sum(tier << 4 * i for i, tier in enumerate(tiers[:HALF]))
    return first, sum(tier << 4 * i for i, tier in enumerate(tiers[HALF:]))


def unpack(tiers_a: int, tiers_b: int, count: int) -> tuple[Tier, ...]:
    """The opposite of `pack` for `count` points."""
    return tuple(
        Tier((tiers_a >> 4 * i if i < HALF else tiers_b >> 4 * (i - HALF)) & 15) for i in range(count)
    )


def force(tier: int) -> int:
    """What a state counts in score and overrides: unknown and not applicable count nothing."""
    return tier if tier <= Tier.RED else 0


def grade_of(ruleset: RuleSet, tiers: Sequence[int]) -> tuple[int, int]:
    """Score (0 to 10,000) and grade (0 to 4) of tiers given in point order."""
    names = (point.id for point in ruleset.points)
    graded = Grading.of_rules(ruleset).grade(dict(zip(names, map(int, tiers), strict=True)))
    return graded.score, graded.grade
