"""Questions about a point whose cells are too many to list: is there a corner where this holds?

A backtracking search over the variables of `cells`. Conditions are evaluated with Kleene's logic while some variables are still
open: what is false already is left, what is true already needs no more. An answer is exact; a question that takes more than
BUDGET steps is given up (Exhausted), and the lint then says that it is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.risk.spec.cells import Variable, leaf, signature, variables
from api.risk.spec.kleene import Atom, Truth, every, opposite, some, truth
from api.risk.spec.model import (
    Compare,
    Condition,
    Every,
    Negation,
    Point,
    Ratio,
    RuleSet,
    Some,
    Tier,
    atoms,
    conditions,
)

BUDGET = 20_000
Partial = Mapping[Variable, int]
_SIGNS = {"ge": 1, "gt": 1, "le": -1, "lt": -1}


class Exhausted(Exception):
    """The question took too many steps."""


@dataclass(frozen=True)
class Goal:
    """Something that holds at a corner or not; `atoms` are the leaves that decide it."""

    say: Callable[[Partial], Truth]
    atoms: frozenset[Atom]

    def no(self) -> Goal:
        """The opposite."""
        return Goal(lambda corner: opposite(self.say(corner)), self.atoms)

    def but(self, other: Goal) -> Goal:
        """This one and not the other."""
        return both(self, other.no())


def both(*goals: Goal) -> Goal:
    """All of them."""
    return Goal(
        lambda corner: every([goal.say(corner) for goal in goals]),
        frozenset(atom for goal in goals for atom in goal.atoms),
    )


def either(*goals: Goal) -> Goal:
    """Any of them."""
    return Goal(
        lambda corner: some([goal.say(corner) for goal in goals]),
        frozenset(atom for goal in goals for atom in goal.atoms),
    )


class Search:
    """One point over its cells (`axes`: a value per cell of each variable, ascending)."""

    def __init__(self, point: Point, ruleset: RuleSet, axes: Mapping[Variable, Sequence[int]]) -> None:
        self._point, self._ruleset, self._axes = point, ruleset, axes
        self.applies = Goal(lambda _corner: True, frozenset())
        """That the point is not *not applicable*."""
        if point.not_applicable is not None:
            self.applies = self._true(point.not_applicable, 0).no()

    @staticmethod
    def _true(condition: Condition, floor: int) -> Goal:
        return Goal(lambda corner: truth(condition, leaf(corner, floor)), frozenset(atoms(condition)))

    def holds(self, colour: Tier) -> Goal:
        """That a colour's condition is true."""
        return self._true(self._point.tiers[colour], self._ruleset.person_floors[colour])

    def at_least(self, colour: Tier) -> Goal:
        """That the point takes this colour or a worse one; where it does not apply it takes none."""
        return both(either(*(self.holds(c) for c in self._point.tiers if c >= colour)), self.applies)

    def shows(self, colour: Tier) -> Goal:
        """That the point's tier is this colour."""
        worse = (self.holds(c).no() for c in self._point.tiers if c > colour)
        return both(self.holds(colour), *worse, self.applies)

    def differ(self, one: Tier, other: Tier) -> Goal:
        """That exactly one of two colours' conditions holds."""
        first, second = self.holds(one), self.holds(other)
        return either(first.but(second), second.but(first))

    def _cells(self, goal: Goal) -> dict[Variable, list[int]]:
        """The cells that this goal can tell apart; variables that it does not read are left out."""
        read = {variable for atom in goal.atoms for variable in variables(atom)}
        found = {}
        for variable in self._axes:
            if variable in read:
                known = {signature(variable, v, goal.atoms, self._ruleset): v for v in self._axes[variable]}
                found[variable] = sorted(known.values())
        return found

    def find(self, goal: Goal, fixed: Partial | None = None) -> Partial | None:
        """A corner where the goal holds (of the variables that it needs); None when there is none. Raises Exhausted."""
        corner = dict(fixed or {})
        cells = self._cells(goal)
        left = [variable for variable in cells if variable not in corner]
        steps = 0

        def go(number: int) -> bool:
            nonlocal steps
            steps += 1
            if steps > BUDGET:
                raise Exhausted
            said = goal.say(corner)
            if said is not None:
                return said
            variable = left[number]
            for value in cells[variable]:
                corner[variable] = value
                if go(number + 1):
                    return True
            del corner[variable]
            return False

        return corner if go(0) else None

    def moves(self, axis: Variable, colour: Tier, *, up: bool) -> int | None:
        """Where along an axis the point reaches a colour (`up`) or loses it, all else equal; the value after the step."""

        def at(goal: Goal, value: int) -> Goal:
            return Goal(lambda corner: goal.say({**corner, axis: value}), goal.atoms)

        reached = self.at_least(colour)
        for before, after in pairwise(self._axes[axis]):
            there, gone = (after, before) if up else (before, after)
            step = both(
                at(reached, there),
                at(reached, gone).no(),
                at(self.applies, before),
                at(self.applies, after),
            )
            if self.find(step, {axis: before}) is not None:
                return after
        return None


def _ways(condition: Condition, sign: int, flags: Collection[str]) -> Iterator[tuple[Variable, int]]:
    match condition:
        case Every(of) | Some(of):
            for part in of:
                yield from _ways(part, sign, flags)
        case Negation(part):
            yield from _ways(part, -sign, flags)
        case Compare(op, fact, value):
            way = _SIGNS.get(op, 0)
            if op == "eq" and fact in flags and value in (0, 1):
                way = 1 if value else -1
            yield ("fact", fact), sign * way
        case Ratio(op, _, _, _, persons):
            ratio, *floor = variables(condition)
            yield ratio, sign * _SIGNS[op]
            if persons is not None:
                yield floor[0], sign
        case _:
            yield variables(condition)[0], sign


def one_way(point: Point, flags: Collection[str] = ()) -> frozenset[Variable]:
    """The variables that every colour's condition reads in one direction: along those the tier never falls and rises both.

    A condition for not applicable has no say: cells where a point does not apply are not compared.
    """
    found: dict[Variable, set[int]] = {}
    for condition in point.tiers.values():
        for variable, way in _ways(condition, 1, flags):
            found.setdefault(variable, set()).add(way)
    read = {v for c in conditions(point) for v, _ in _ways(c, 1, flags)}
    return frozenset(v for v in read if len(found.get(v, ())) <= 1 and 0 not in found.get(v, ()))
