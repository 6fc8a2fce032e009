"""What would change the colour: for each point the nearest value, up and down, of each fact that it reads.

Between two neighbouring breakpoints of a fact no condition changes its truth, so trying both sides of every breakpoint, nearest
first, finds the exact nearest change; points whose tiers are read are evaluated anew. A ratio's breakpoint lies where
num x 10,000 = bp x den with the other fact as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from api.risk.scoring.decision import grade_of
from api.risk.scoring.evaluation import Facts, PointState, evaluate, in_domain, tier_of
from api.risk.spec.model import (
    FACT_LIMIT,
    WHOLE_BP,
    Compare,
    Point,
    Ratio,
    RuleSet,
    Tier,
    atoms,
    conditions,
)


@dataclass(frozen=True)
class Change:
    """If `fact` went from `before` to `after`, all else equal: the point's tier, the score and the grade that follow.

    Points that read this one's tier are evaluated anew; `score_after` and `grade_after` are of the whole enterprise.
    """

    point: str
    fact: str
    before: int
    after: int
    tier_before: Tier
    tier_after: Tier
    score_after: int
    grade_after: int

    @property
    def up(self) -> bool:
        """Whether the fact would have to grow."""
        return self.after > self.before


def _around(value: int) -> Iterator[int]:
    yield from (value - 1, value, value + 1)


def _breakpoints(point: Point, ruleset: RuleSet, fact: str, facts: Facts) -> set[int]:
    found: set[int] = set()
    for condition in conditions(point):
        for atom in atoms(condition):
            if isinstance(atom, Compare) and atom.fact == fact:
                found.update(_around(atom.value))
            elif isinstance(atom, Ratio):
                found.update(_ratio_breakpoints(atom, fact, facts, ruleset))
    return {value for value in found if -FACT_LIMIT <= value <= FACT_LIMIT}


def _ratio_breakpoints(atom: Ratio, fact: str, facts: Facts, ruleset: RuleSet) -> Iterator[int]:
    num, den = facts[atom.num], facts[atom.den]
    if atom.persons == fact:
        for floor in ruleset.person_floors.values():
            yield from _around(floor)
    if atom.num == fact == atom.den:
        yield from _around(0)
    elif atom.num == fact and den is not None:
        yield from _around(0)  # 0 of 0 is false, anything else of 0 unknown
        yield from _around(atom.bp * den // WHOLE_BP)
    elif atom.den == fact and num is not None:
        yield from _around(0)
        if atom.bp:
            yield from _around(num * WHOLE_BP // atom.bp)


class _Neighbourhood:
    """The points that a point rests on, itself last, and the points that a fact moves, in the order of evaluation."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._order = [point for stage in ruleset.stages for point in stage]
        self.rests_on: dict[str, frozenset[str]] = {}
        for point in self._order:
            below = [self.rests_on[read] for read in ruleset.reads[point.id][1]]
            self.rests_on[point.id] = frozenset({point.id}).union(*below)

    def below(self, point: Point) -> list[Point]:
        """The point and those whose tiers it reads, directly or through others."""
        return [other for other in self._order if other.id in self.rests_on[point.id]]

    def tier(self, point: Point, facts: Facts, fact: str, before: Mapping[str, Tier]) -> Tier:
        """The point's tier after `fact` changed."""
        if len(self.rests_on[point.id]) == 1:
            return tier_of(point, self._ruleset, facts, before)
        return self.tiers(facts, fact, before)[point.id]

    def tiers(self, facts: Facts, fact: str, before: Mapping[str, Tier]) -> dict[str, Tier]:
        """All tiers after `fact` changed: only points that it can reach are evaluated."""
        after, moved = dict(before), set[str]()
        for point in self._order:
            facts_read, points_read = self._ruleset.reads[point.id]
            if fact in facts_read or moved & points_read:
                after[point.id] = tier_of(point, self._ruleset, facts, after)
                moved.add(point.id)
        return after


def changes(
    ruleset: RuleSet, facts: Facts, states: tuple[PointState, ...] | None = None
) -> tuple[Change, ...]:
    """Every nearest single-fact change of every point, in point order, then by fact, downward before upward.

    A fact that is unknown has no nearest value; it stands among the unknown leaves of the explanation.
    """
    values = in_domain(facts, ruleset)
    states = states or evaluate(ruleset, values)
    tiers = {state.point.id: state.tier for state in states}
    around = _Neighbourhood(ruleset)
    found = []
    for state in states:
        below = around.below(state.point)
        for fact in sorted({fact for point in below for fact in ruleset.reads[point.id][0]}):
            before = values[fact]
            if before is None:
                continue
            trial = dict(values)
            breaks = set[int]().union(*(_breakpoints(point, ruleset, fact, values) for point in below))
            for side in (
                sorted((v for v in breaks if v < before), reverse=True),
                sorted(v for v in breaks if v > before),
            ):
                for after in side:
                    trial[fact] = after
                    if around.tier(state.point, trial, fact, tiers) != state.tier:
                        then = around.tiers(trial, fact, tiers)
                        score, grade = grade_of(ruleset, [then[p.id] for p in ruleset.points])
                        change = (state.tier, then[state.point.id], score, grade)
                        found.append(Change(state.point.id, fact, before, after, *change))
                        break
    return tuple(found)
