"""In which direction each fact makes a point worse, derived from the conditions themselves.

Directions hold for values in their ordinary range (0 or more): a greater denominator makes a share smaller. A fact that works
both ways (a band, an equality) has direction 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from api.risk.spec.model import (
    Compare,
    Condition,
    Every,
    Negation,
    Ratio,
    RuleSet,
    Some,
    TierAtLeast,
)

_UP = {"ge": 1, "gt": 1, "le": -1, "lt": -1}


def _ways(
    condition: Condition, sign: int, read: Mapping[str, Mapping[str, int]], flags: Collection[str]
) -> Iterator[tuple[str, int]]:
    match condition:
        case Every(of) | Some(of):
            for part in of:
                yield from _ways(part, sign, read, flags)
        case Negation(part):
            yield from _ways(part, -sign, read, flags)
        case Compare(op, fact, value):
            if op == "eq" and value == 0:
                yield fact, -sign  # of counts and flags: 0 or more
            elif op == "eq" and value == 1 and fact in flags:
                yield fact, sign
            else:
                yield fact, sign * _UP.get(op, 0)
        case Ratio(op, num, den, _, persons):
            yield num, sign * _UP[op]
            yield den, -sign * _UP[op]
            if persons is not None:
                yield persons, sign
        case TierAtLeast(point, _):
            for fact, way in read.get(point, {}).items():
                yield fact, sign * way


def _merged(ways: Iterator[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for fact, way in ways:
        found[fact] = way if found.get(fact, way) == way else 0
    return found


def directions(ruleset: RuleSet, flags: Collection[str] = ()) -> dict[str, dict[str, int]]:
    """Per point: 1 where more of a fact is worse, -1 where less is, 0 where it works both ways.

    `flags` are facts that are 0 or 1. A condition for not applicable is left out: whether a point applies is neither
    better nor worse. Raises RuleSetError on a cycle.
    """
    found: dict[str, dict[str, int]] = {}
    for stage in ruleset.stages:
        for point in stage:
            ways = (way for cond in point.tiers.values() for way in _ways(cond, 1, found, flags))
            found[point.id] = _merged(ways)
    return {point.id: found[point.id] for point in ruleset.points}
