"""Generates plain Python for a rule set: the oracle for one enterprise, readable from top to bottom.

Independent of three-valued operators on purpose: each condition is written as two ordinary expressions, "surely true" and
"surely false" (Kleene's logic taken apart), so that an executor that misuses NULL disagrees with it.
"""

from __future__ import annotations

from builtins import compile as builtins_compile
from collections.abc import Callable, Mapping
from typing import cast

from api.risk.scoring.decision import Decision
from api.risk.scoring.grading import lift_table
from api.risk.spec.model import (
    COLOURS,
    FACT_LIMIT,
    HALF,
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
    TierAtLeast,
)

Facts = Mapping[str, int | None]
Oracle = Callable[[Facts], Decision]
_SIGN = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "=="}
_OPPOSITE = {"ge": "<", "gt": "<=", "le": ">", "lt": ">=", "eq": "!="}


def _join(word: str, parts: list[str]) -> str:
    return "(" + f" {word} ".join(parts) + ")"


def _atom(condition: Compare | Ratio | TierAtLeast, floor: int, surely: bool) -> str:
    match condition:
        case Compare(op, fact, value):
            return f"(f_{fact} is not None and f_{fact} {(_SIGN if surely else _OPPOSITE)[op]} {value})"
        case Ratio(op, num, den, bp, persons):
            n, d = f"f_{num}", f"f_{den}"
            known = f"{n} is not None and {d} is not None"
            cross = f"{n} * {WHOLE_BP} {(_SIGN if surely else _OPPOSITE)[op]} {bp} * {d}"
            if surely:
                ratio = f"({known} and {d} > 0 and {cross})"
            else:
                ratio = f"({known} and ({cross} if {d} > 0 else {n} == 0 and {d} == 0))"
            if persons is None:
                return ratio
            reach = _atom(Compare("ge", persons, floor), 0, surely)
            return _join("and" if surely else "or", [ratio, reach])
        case TierAtLeast(point, colour):
            t = f"t_{point}"
            return f"({colour:d} <= {t} <= 4)" if surely else f"({t} < {colour:d} or {t} == 6)"


def _text(condition: Condition, floor: int, surely: bool) -> str:
    match condition:
        case Every(of):
            return _join("and" if surely else "or", [_text(part, floor, surely) for part in of])
        case Some(of):
            return _join("or" if surely else "and", [_text(part, floor, surely) for part in of])
        case Negation(part):
            return _text(part, floor, not surely)
        case _:
            return _atom(condition, floor, surely)


def _point_lines(point: Point, ruleset: RuleSet) -> list[str]:
    branches: list[tuple[str, int]] = []
    if point.not_applicable is not None:
        branches.append((_text(point.not_applicable, 0, True), 6))
    read = {p for c in point.tiers.values() for p in _points_in(c)}
    for colour in WORST_FIRST:
        if colour in point.tiers:
            branches.append((_text(point.tiers[colour], ruleset.person_floors[colour], True), int(colour)))
        if colour == point.highest and point.needs:
            branches.append((_join("or", [f"f_{fact} is None" for fact in point.needs]), 5))
    lines = [f"    # {point.id}" + (f", after {', '.join(sorted(read))}" if read else "")]
    for number, (test, value) in enumerate(branches):
        lines += [f"    {'elif' if number else 'if'} {test}:", f"        t_{point.id} = {value}"]
    return [*lines, "    else:", f"        t_{point.id} = 0"]


def _points_in(condition: Condition) -> list[str]:
    match condition:
        case Every(of) | Some(of):
            return [point for part in of for point in _points_in(part)]
        case Negation(part):
            return _points_in(part)
        case TierAtLeast(point, _):
            return [point]
        case _:
            return []


def _grade_lines(ruleset: RuleSet) -> list[str]:
    points = [f"t_{point.id}" for point in ruleset.points]
    worth = (0, *(ruleset.colour_points[colour] for colour in COLOURS), 0, 0)
    total = sum(point.weight_bp for point in ruleset.points)
    lines = [
        f"    worth = {worth}",
        "    score = (" + " + ".join(f"{p.weight_bp} * worth[t_{p.id}]" for p in ruleset.points) + ") // 100",
        f"    coverage = {total}",
        "    missing = 0",
    ]
    for i, point in enumerate(ruleset.points):
        lines += [
            f"    if t_{point.id} == 5:",
            f"        missing += {1 << i}",
            f"        coverage -= {point.weight_bp}",
        ]
    lines.append("    grade = 0")
    for colour in COLOURS:
        lines += [
            f"    if score >= {ruleset.base_levels[colour]}:",
            f"        grade = max(grade, {colour:d})",
        ]
    forces = ", ".join(f"{p} if {p} <= 4 else 0" for p in points)
    lines += [
        f"    worst = max([{forces}])",
        f"    grade = max(grade, {lift_table(ruleset)}[worst])",
    ]
    if ruleset.red_points:
        lines += [
            "    if " + " or ".join(f"t_{p} == 4" for p in ruleset.red_points) + ":",
            "        grade = 4",
        ]
    for pattern in ruleset.patterns:
        together = " and ".join(f"{colour:d} <= t_{point} <= 4" for point, colour in pattern.of)
        lines += [f"    if {together}:", f"        grade = max(grade, {pattern.grade:d})"]
    packed = [" | ".join(f"t << {4 * i}".replace("t", p, 1) for i, p in enumerate(half)) or "0"
              for half in (points[:HALF], points[HALF:])]  # fmt: skip
    return [
        *lines,
        f"    return Decision({packed[0]}, {packed[1]}, missing, score, coverage, grade, outside)",
    ]


def source(ruleset: RuleSet) -> str:
    """The program: a function `decide(facts)` that returns a Decision."""
    lines = ["def decide(facts):", "    outside = 0"]
    for fact in ruleset.facts:
        lines += [
            f"    f_{fact} = facts[{fact!r}]",
            f"    if f_{fact} is not None and not {-FACT_LIMIT} <= f_{fact} <= {FACT_LIMIT}:",
            f"        f_{fact} = None",
            "        outside += 1",
        ]
    for stage in ruleset.stages:
        for point in stage:
            lines += _point_lines(point, ruleset)
    return "\n".join([*lines, *_grade_lines(ruleset), ""])


def compile(ruleset: RuleSet) -> Oracle:
    """The generated function. It raises RuleSetError when a fact is not in the mapping (null is a value, absence is not).

    Names in the source come from a checked rule set only: facts and points match narrow patterns, numbers are integers.
    """
    space: dict[str, object] = {"Decision": Decision}
    exec(builtins_compile(source(ruleset), f"<rule set {ruleset.id} {ruleset.version}>", "exec"), space)  # noqa: S102
    decide = cast(Oracle, space["decide"])

    def checked(facts: Facts) -> Decision:
        try:
            return decide(facts)
        except KeyError as error:
            raise RuleSetError(f"no fact {error.args[0]}") from None

    return checked
