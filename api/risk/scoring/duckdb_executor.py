"""A rule set as one SELECT for DuckDB: an auditor with nothing but the Parquet files can run it.

SQL's own three-valued logic is Kleene's. Facts are cut to the domain first, so no product leaves 64 bits; DuckDB would
raise rather than wrap if one did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from api.risk.scoring.grading import lift_table
from api.risk.scoring.polars_executor import KEYS
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
    Tier,
    TierAtLeast,
)

_SIGN = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "eq": "="}
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def _text(condition: Condition, floor: int) -> str:
    match condition:
        case Compare(op, fact, value):
            return f'("{fact}" {_SIGN[op]} {value})'
        case Ratio(op, num, den, bp, persons):
            cross = f'"{num}" * {WHOLE_BP} {_SIGN[op]} "{den}" * {bp}'
            ratio = f'CASE WHEN "{den}" > 0 THEN {cross} WHEN "{num}" = 0 AND "{den}" = 0 THEN FALSE END'
            return f"({ratio})" if persons is None else f'(({ratio}) AND "{persons}" >= {floor})'
        case Every(of):
            return "(" + " AND ".join(_text(part, floor) for part in of) + ")"
        case Some(of):
            return "(" + " OR ".join(_text(part, floor) for part in of) + ")"
        case Negation(part):
            return f"(NOT {_text(part, floor)})"
        case TierAtLeast(point, colour):
            return f'(CASE "t_{point}" WHEN 5 THEN NULL WHEN 6 THEN FALSE ELSE "t_{point}" >= {colour:d} END)'
        case _:
            raise RuleSetError("no such condition")


def _state(point: Point, ruleset: RuleSet) -> str:
    parts = []
    if point.not_applicable is not None:
        parts.append(f"WHEN {_text(point.not_applicable, 0)} THEN {Tier.NOT_APPLICABLE:d}")
    for colour in WORST_FIRST:
        if colour in point.tiers:
            test = _text(point.tiers[colour], ruleset.person_floors[colour])
            parts.append(f"WHEN {test} THEN {colour:d}")
        if colour == point.highest and point.needs:
            gone = " OR ".join(f'"{fact}" IS NULL' for fact in point.needs)
            parts.append(f"WHEN {gone} THEN {Tier.UNKNOWN:d}")
    return f'CASE {" ".join(parts)} ELSE 0 END AS "t_{point.id}"'


def _sum(parts: Sequence[str]) -> str:
    return "(" + (" + ".join(parts) or "0") + ")"


def _packed(points: Sequence[Point]) -> str:
    return _sum([f'"t_{p.id}"::BIGINT * {1 << 4 * i}' for i, p in enumerate(points)])


def _worth(point: Point, ruleset: RuleSet) -> str:
    cases = " ".join(f"WHEN {c:d} THEN {ruleset.colour_points[c] * point.weight_bp}" for c in COLOURS)
    return f'(CASE "t_{point.id}" {cases} ELSE 0 END)'


def _grade(ruleset: RuleSet) -> str:
    lifts = lift_table(ruleset)
    forces = {p.id: f'(CASE WHEN "t_{p.id}" <= 4 THEN "t_{p.id}" ELSE 0 END)' for p in ruleset.points}
    worst = "greatest(" + ", ".join(["0", *forces.values()]) + ")"
    found = [f"CASE WHEN score >= {ruleset.base_levels[c]} THEN {c:d} ELSE 0 END" for c in COLOURS]
    found += [f"CASE WHEN {worst} >= {c:d} THEN {lifts[c]} ELSE 0 END" for c in COLOURS]
    if ruleset.red_points:
        reds = " OR ".join(f'"t_{p}" = 4' for p in ruleset.red_points)
        found.append(f"CASE WHEN {reds} THEN 4 ELSE 0 END")
    for pattern in ruleset.patterns:
        together = " AND ".join(f"{forces[p]} >= {c:d}" for p, c in pattern.of)
        found.append(f"CASE WHEN {together} THEN {pattern.grade:d} ELSE 0 END")
    return "greatest(" + ", ".join(found) + ")"


def sql(ruleset: RuleSet, relation: str, keys: Sequence[str] = KEYS) -> str:
    """The SELECT over `relation` (a table or view of the connection), with `keys` and the columns of a decision.

    Raises RuleSetError when the relation is not a plain name.
    """
    if not _NAME.match(relation) or not all(_NAME.match(key) for key in keys):
        raise RuleSetError("relation and keys must be plain names")
    inside = {fact: f'"{fact}" BETWEEN {-FACT_LIMIT} AND {FACT_LIMIT}' for fact in ruleset.facts}
    names = ", ".join(f'"{key}"' for key in keys)
    cut = [f'CASE WHEN {test} THEN "{fact}" END AS "{fact}"' for fact, test in inside.items()]
    outside = _sum([f"(CASE WHEN NOT ({test}) THEN 1 ELSE 0 END)" for test in inside.values()])
    tables = [f"s0 AS (SELECT {names}, {', '.join([*cut, outside + ' AS out_of_range'])} FROM {relation})"]  # noqa: S608 - checked names
    for number, stage in enumerate(ruleset.stages, 1):
        states = ", ".join(_state(point, ruleset) for point in stage)
        tables.append(f"s{number} AS (SELECT *, {states} FROM s{number - 1})")  # noqa: S608
    last = len(ruleset.stages)
    score = _sum([_worth(p, ruleset) for p in ruleset.points])
    tables.append(f"scored AS (SELECT *, ({score} // 100)::BIGINT AS score FROM s{last})")  # noqa: S608
    gone = [f'(CASE WHEN "t_{p.id}" = 5 THEN 1 ELSE 0 END)::BIGINT' for p in ruleset.points]
    total = sum(p.weight_bp for p in ruleset.points)
    covered = _sum([f"{g} * {p.weight_bp}" for g, p in zip(gone, ruleset.points, strict=True)])
    columns = [
        f"{_packed(ruleset.points[:HALF])}::BIGINT AS tiers_a",
        f"{_packed(ruleset.points[HALF:])}::BIGINT AS tiers_b",
        f"{_sum([f'{g} * {1 << i}' for i, g in enumerate(gone)])}::BIGINT AS missing",
        "score",
        f"({total} - {covered})::BIGINT AS coverage_bp",
        f"{_grade(ruleset)}::BIGINT AS raw_grade",
        "out_of_range::BIGINT AS out_of_range",
    ]
    return f"WITH {', '.join(tables)} SELECT {names}, {', '.join(columns)} FROM scored"  # noqa: S608
