"""Real reasoning about a point: the tiers it takes over every combination of the cells that its thresholds cut.

A fact that is compared with numbers has finitely many cells (between thresholds nothing changes); so has the ratio of two
facts (measured in half basis points, so that a cell lies on each threshold and on both sides), and so has a tier that is read.
The product of the cells is finite: tiers that appear in none of its corners never appear at all.

What this cannot decide, and says so:
- a fact that is compared and also part of a ratio, the same fact in two ratios, or another point over the same facts: the
  cells are then not independent. "Never appears" stays exact (fewer combinations exist than were tried); a gap found there may
  not be real (`exact` is False);
- more than LIMIT combinations: none is listed (`whole` is False); `search` answers the lint's questions one by one.
Facts are taken as 0 or more unless a threshold is negative, flags as 0 or 1; ratios as defined (the rest is *unknown*).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from api.risk.spec.kleene import Atom, Truth, every, holds, truth
from api.risk.spec.model import (
    WORST_FIRST,
    Compare,
    Condition,
    Point,
    Ratio,
    RuleSet,
    Tier,
    TierAtLeast,
    atoms,
    conditions,
    points_read,
)

LIMIT = 20_000
Variable = tuple[str, ...]
"""("fact", f), ("ratio", num, den) or ("tier", p)."""
Corner = Mapping[Variable, int]


@dataclass(frozen=True)
class Grid:
    """The tiers of a point over its cells: `corners[i]` has tier `tiers[i]`; `colours[i]` says which conditions hold."""

    axes: Mapping[Variable, Sequence[int]]
    corners: Sequence[Corner]
    tiers: Sequence[Tier]
    colours: Sequence[frozenset[Tier]]
    whole: bool
    exact: bool

    def lines(self, axis: Variable) -> Iterator[list[int]]:
        """Indexes of corners that differ on `axis` only, in the order of its values."""
        groups: dict[tuple[tuple[Variable, int], ...], list[int]] = {}
        for i, corner in enumerate(self.corners):
            rest = tuple((v, corner[v]) for v in self.axes if v != axis)
            groups.setdefault(rest, []).append(i)
        for group in groups.values():
            yield sorted(group, key=lambda i: self.corners[i][axis])


def _atoms(point: Point) -> list[Atom]:
    return [atom for condition in conditions(point) for atom in atoms(condition)]


def _thresholds(point: Point, ruleset: RuleSet) -> dict[Variable, set[int]]:
    found: dict[Variable, set[int]] = {}
    for atom in _atoms(point):
        match atom:
            case Compare(_, fact, value):
                found.setdefault(("fact", fact), set()).add(value)
            case Ratio(_, num, den, bp, persons):
                found.setdefault(("ratio", num, den), set()).add(2 * bp)
                if persons is not None:
                    found.setdefault(("fact", persons), set()).update(ruleset.person_floors.values())
            case TierAtLeast(read, _):
                found.setdefault(("tier", read), set())
    return found


def _values(variable: Variable, thresholds: set[int], flags: Collection[str]) -> list[int]:
    if variable[0] == "tier":
        return [int(tier) for tier in Tier if tier <= Tier.RED]
    if variable[0] == "fact" and variable[1] in flags:
        return [0, 1]
    least = 0 if min(thresholds) >= 0 else min(thresholds) - 1
    around = {value + step for value in thresholds for step in (-1, 0, 1)} | {0}
    return sorted(value for value in around if value >= least)


def signature(
    variable: Variable, value: int, atoms_: Collection[Atom], ruleset: RuleSet
) -> tuple[Truth, ...]:
    """What these leaves say where a variable has this value: equal signatures are one cell."""
    floors = tuple(ruleset.person_floors.values())
    seen: list[Truth] = []
    for atom in atoms_:
        match atom:
            case Compare(op, fact, at) if variable == ("fact", fact):
                seen.append(holds(op, value, at))
            case Ratio(op, num, den, bp, _) if variable == ("ratio", num, den):
                seen.append(holds(op, value, 2 * bp))
            case Ratio(_, _, _, _, persons) if variable == ("fact", persons):
                seen.extend(value >= floor for floor in floors)
            case TierAtLeast(read, colour) if variable == ("tier", read):
                seen.append(value >= colour)
    return tuple(seen)


def axes(point: Point, ruleset: RuleSet, flags: Collection[str] = ()) -> dict[Variable, list[int]]:
    """Each variable with one value per cell, ascending."""
    own = _atoms(point)
    found = {}
    for variable, thresholds in sorted(_thresholds(point, ruleset).items()):
        values, last = [], None
        for value in _values(variable, thresholds, flags):
            said = signature(variable, value, own, ruleset)
            if said != last:
                values.append(value)
            last = said
        found[variable] = values
    return found


def _independent(point: Point, ruleset: RuleSet, variables: Collection[Variable]) -> bool:
    compared = {v[1] for v in variables if v[0] == "fact"}
    parts = [fact for v in variables if v[0] == "ratio" for fact in v[1:]]
    if len(parts) != len(set(parts)) or compared & set(parts):
        return False
    own = compared | set(parts)
    others = (ruleset.reads[read][0] for read in points_read(point) if read in ruleset.reads)
    return not any(own & other for other in others) and len(points_read(point)) <= 1


def leaf(corner: Corner, floor: int) -> Callable[[Atom], Truth]:
    """The truth of leaves at a corner; None where it does not say what a leaf reads."""

    def say(atom: Atom) -> Truth:
        match atom:
            case Compare(op, fact, value):
                at = corner.get(("fact", fact))
                return None if at is None else holds(op, at, value)
            case Ratio(op, num, den, bp, persons):
                share = corner.get(("ratio", num, den))
                number = floor if persons is None else corner.get(("fact", persons))
                reach = None if number is None else number >= floor
                return every([None if share is None else holds(op, share, 2 * bp), reach])
            case TierAtLeast(read, colour):
                tier = corner.get(("tier", read))
                return None if tier is None else tier >= colour

    return say


def _holding(point: Point, ruleset: RuleSet, corner: Corner) -> tuple[Tier, frozenset[Tier]]:
    def true(condition: Condition, floor: int) -> bool:
        return truth(condition, leaf(corner, floor)) is True

    held = frozenset(c for c, cond in point.tiers.items() if true(cond, ruleset.person_floors[c]))
    if point.not_applicable is not None and true(point.not_applicable, 0):
        return Tier.NOT_APPLICABLE, held
    return next((c for c in WORST_FIRST if c in held), Tier.NONE), held


def variables(atom: Atom) -> list[Variable]:
    """The variables of a leaf: a fact, a tier, or a ratio and the fact that must reach its person floor."""
    match atom:
        case Compare(_, fact, _):
            return [("fact", fact)]
        case Ratio(_, num, den, _, persons):
            ratio: list[Variable] = [("ratio", num, den)]
            return ratio if persons is None else [*ratio, ("fact", persons)]
        case TierAtLeast(read, _):
            return [("tier", read)]


def grid(point: Point, ruleset: RuleSet, flags: Collection[str] = ()) -> Grid:
    """Evaluate the point over its cells; see the module's text for what `whole` and `exact` mean."""
    found = axes(point, ruleset, flags)
    whole = prod(len(values) for values in found.values()) <= LIMIT
    corners = [dict(zip(found, values, strict=True)) for values in product(*found.values())] if whole else []
    held = [_holding(point, ruleset, corner) for corner in corners]
    return Grid(
        found,
        corners,
        [tier for tier, _ in held],
        [colours for _, colours in held],
        whole,
        _independent(point, ruleset, found.keys()),
    )
