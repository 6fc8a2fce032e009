"""Evaluates one enterprise step by step and keeps what it saw: each condition's truth with the values it read.

The fourth way through a rule set, and the only one that explains; tests hold it to the oracle's tiers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.risk.spec.kleene import Atom, Truth, every, holds, opposite, some, truth
from api.risk.spec.model import (
    FACT_LIMIT,
    WHOLE_BP,
    WORST_FIRST,
    Compare,
    Condition,
    Every,
    Negation,
    Point,
    Ratio,
    RuleSet,
    RuleSetError,
    Some,
    Tier,
    TierAtLeast,
    atom_facts,
)

Facts = Mapping[str, int | None]


@dataclass(frozen=True)
class Seen:
    """A node of a condition as evaluated: `op` is all, any, not, or that of a leaf; `values` are the facts a leaf read."""

    op: str
    truth: Truth
    condition: Condition
    values: tuple[tuple[str, int | None], ...] = ()
    tier: Tier | None = None
    floor: int | None = None
    parts: tuple[Seen, ...] = ()

    def unknown_leaves(self) -> tuple[Seen, ...]:
        """The leaves whose truth is unknown."""
        if not self.parts:
            return (self,) if self.truth is None else ()
        return tuple(leaf for part in self.parts for leaf in part.unknown_leaves())


@dataclass(frozen=True)
class PointState:
    """A point as evaluated: its state, each colour's condition, and the needed facts that are unknown."""

    point: Point
    tier: Tier
    not_applicable: Seen | None
    colours: Mapping[Tier, Seen]
    lacking: tuple[str, ...]

    @property
    def unknown_leaves(self) -> tuple[Seen, ...]:
        """Unknown leaves of colours above the tier: they counted as false."""
        reached = self.tier if self.tier <= Tier.RED else Tier.NONE
        found = {
            id(leaf): leaf
            for c, seen in self.colours.items()
            if c > reached
            for leaf in seen.unknown_leaves()
        }
        return tuple(found.values())


def in_domain(facts: Facts, ruleset: RuleSet) -> dict[str, int | None]:
    """The rule set's facts, those outside the domain as unknown. Raises RuleSetError when one is not in the mapping."""
    lacking = [fact for fact in ruleset.facts if fact not in facts]
    if lacking:
        raise RuleSetError("no fact " + ", ".join(lacking))
    values = {fact: facts[fact] for fact in ruleset.facts}
    return {f: None if v is not None and abs(v) > FACT_LIMIT else v for f, v in values.items()}


def _ratio(op: str, num: int | None, den: int | None, bp: int) -> Truth:
    if num is None or den is None or den < 0 or (den == 0 and num != 0):
        return None
    return holds(op, num * WHOLE_BP, bp * den) if den > 0 else False


def _leaf_truth(atom: Atom, facts: Facts, tiers: Mapping[str, Tier], floor: int) -> Truth:
    match atom:
        case Compare(op, fact, value):
            known = facts[fact]
            return None if known is None else holds(op, known, value)
        case Ratio(op, num, den, bp, persons):
            result = _ratio(op, facts[num], facts[den], bp)
            if persons is None:
                return result
            number = facts[persons]
            return every([result, None if number is None else number >= floor])
        case TierAtLeast(point, colour):
            tier = tiers[point]
            return None if tier is Tier.UNKNOWN else colour <= tier <= Tier.RED


def _leaf(atom: Atom, facts: Facts, tiers: Mapping[str, Tier], floor: int) -> Seen:
    result = _leaf_truth(atom, facts, tiers, floor)
    values = tuple((fact, facts[fact]) for fact in atom_facts(atom))
    match atom:
        case Compare(op, _, _):
            return Seen(op, result, atom, values)
        case Ratio(op, _, _, _, persons):
            return Seen("ratio_" + op, result, atom, values, floor=None if persons is None else floor)
        case TierAtLeast(point, _):
            return Seen("tier_ge", result, atom, tier=tiers[point])


def see(condition: Condition, facts: Facts, tiers: Mapping[str, Tier], floor: int) -> Seen:
    """Evaluate a condition and keep every node."""
    match condition:
        case Every(of) | Some(of):
            parts = tuple(see(part, facts, tiers, floor) for part in of)
            whole = isinstance(condition, Every)
            result = (every if whole else some)([part.truth for part in parts])
            return Seen("all" if whole else "any", result, condition, parts=parts)
        case Negation(inner):
            part = see(inner, facts, tiers, floor)
            return Seen("not", opposite(part.truth), condition, parts=(part,))
        case _:
            return _leaf(condition, facts, tiers, floor)


def tier_of(point: Point, ruleset: RuleSet, facts: Facts, tiers: Mapping[str, Tier]) -> Tier:
    """A point's state and nothing else, for trying many values; `facts` are in the domain."""

    def leaf(floor: int) -> Callable[[Atom], Truth]:
        return lambda atom: _leaf_truth(atom, facts, tiers, floor)

    if point.not_applicable is not None and truth(point.not_applicable, leaf(0)) is True:
        return Tier.NOT_APPLICABLE
    for colour in WORST_FIRST:
        if colour in point.tiers:
            if truth(point.tiers[colour], leaf(ruleset.person_floors[colour])) is True:
                return colour
            if colour == point.highest and any(facts[fact] is None for fact in point.needs):
                return Tier.UNKNOWN
    return Tier.NONE


def evaluate_point(point: Point, ruleset: RuleSet, facts: Facts, tiers: Mapping[str, Tier]) -> PointState:
    """A point's state; `tiers` holds those of the points it reads, `facts` are in the domain."""
    absent = None if point.not_applicable is None else see(point.not_applicable, facts, tiers, 0)
    colours = {c: see(cond, facts, tiers, ruleset.person_floors[c]) for c, cond in point.tiers.items()}
    lacking = tuple(fact for fact in point.needs if facts[fact] is None)
    reached = next((c for c in WORST_FIRST if c in colours and colours[c].truth is True), Tier.NONE)
    if absent is not None and absent.truth is True:
        tier = Tier.NOT_APPLICABLE
    elif lacking and reached != point.highest:
        tier = Tier.UNKNOWN
    else:
        tier = reached
    return PointState(point, tier, absent, colours, lacking)


def evaluate(ruleset: RuleSet, facts: Facts) -> tuple[PointState, ...]:
    """All points in the order of their numbers. Raises RuleSetError when a fact is missing from the mapping."""
    values = in_domain(facts, ruleset)
    tiers: dict[str, Tier] = {}
    states: dict[str, PointState] = {}
    for stage in ruleset.stages:
        made = [evaluate_point(point, ruleset, values, tiers) for point in stage]
        states.update({state.point.id: state for state in made})
        tiers.update({state.point.id: state.tier for state in made})
    return tuple(states[point.id] for point in ruleset.points)
