"""The explanation tree of one decision: score → dimension → control point → condition with its values → facts.

Plain JSON values, for the page and the API alike; facts carry names only, whoever shows the tree adds source rows by
name. With two sentences, Chinese and English, that need no knowledge of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.risk.scoring.decision import force, grade_of
from api.risk.scoring.evaluation import Facts, PointState, Seen, evaluate, in_domain
from api.risk.scoring.grading import lift_table
from api.risk.scoring.thresholds import Change, changes
from api.risk.spec.model import (
    COLOURS,
    FACT_LIMIT,
    WHOLE_BP,
    Compare,
    Ratio,
    RuleSet,
    Tier,
    TierAtLeast,
    facts_of,
)

GRADE_ZH = {0: "无", 1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色", 5: "未知", 6: "不适用"}
GRADE_EN = {0: "none", 1: "blue", 2: "yellow", 3: "orange", 4: "red", 5: "unknown", 6: "not applicable"}
_NAMED = 4
"""How many points a sentence names; the rest are counted."""


def _seen(seen: Seen) -> dict[str, Any]:
    node: dict[str, Any] = {"op": seen.op, "truth": seen.truth}
    match seen.condition:
        case Compare(_, fact, value):
            node |= {"fact": fact, "threshold": value}
        case Ratio(_, num, den, bp, persons):
            values = dict(seen.values)
            n, d = values[num], values[den]
            share = n * WHOLE_BP // d if n is not None and d is not None and d > 0 else None
            node |= {"num": num, "den": den, "threshold_bp": bp, "value_bp": share}
            if persons is not None:
                node |= {"persons": persons, "person_floor": seen.floor}
        case TierAtLeast(point, colour):
            node |= {"point": point, "colour": GRADE_EN[colour], "tier": GRADE_EN[seen.tier or 0]}
        case _:
            node["of"] = [_seen(part) for part in seen.parts]
    if seen.values:
        node["values"] = dict(seen.values)
    return node


def _point(state: PointState, ruleset: RuleSet, values: Facts, nearest: list[Change]) -> dict[str, Any]:
    point = state.point
    worth = ruleset.colour_points[state.tier] if Tier.BLUE <= state.tier <= Tier.RED else 0
    decisive = state.colours.get(state.tier)
    return {
        "id": point.id,
        "no": point.no,
        "zh": point.zh,
        "en": point.en,
        "basis": point.basis,
        "tier": GRADE_EN[state.tier],
        "weight_bp": point.weight_bp,
        "contribution_hundredths": point.weight_bp * worth,
        "decisive": None if decisive is None else _seen(decisive),
        "not_applicable": None if state.not_applicable is None else _seen(state.not_applicable),
        "colours": {GRADE_EN[colour]: _seen(seen) for colour, seen in state.colours.items()},
        "lacking": list(state.lacking),
        "unknown_conditions": [_seen(leaf) for leaf in state.unknown_leaves],
        "facts": {fact: values[fact] for fact in sorted(facts_of(point))},
        "nearest": [
            {
                "fact": change.fact,
                "from": change.before,
                "to": change.after,
                "tier": GRADE_EN[change.tier_after],
                "score": change.score_after,
                "grade": GRADE_EN[change.grade_after],
            }
            for change in nearest
        ],
    }


def reasons(ruleset: RuleSet, tiers: Mapping[str, int]) -> list[dict[str, Any]]:
    """Why the grade is what it is: the base level and every override or pattern that holds, highest grade first."""
    forces = {point: force(tier) for point, tier in tiers.items()}
    score, _ = grade_of(ruleset, [tiers[point.id] for point in ruleset.points])
    base = max((int(c) for c in COLOURS if score >= ruleset.base_levels[c]), default=0)
    found: list[dict[str, Any]] = [{"kind": "base_level", "grade": base, "points": []}]
    reds = [point for point in ruleset.red_points if forces[point] == Tier.RED]
    if reds:
        found.append({"kind": "red_point", "grade": int(Tier.RED), "points": reds})
    worst = max(forces.values())
    if lift_table(ruleset)[worst]:
        lit = [point for point, tier in forces.items() if tier == worst]
        found.append({"kind": "worst_colour", "grade": lift_table(ruleset)[worst], "points": lit})
    for pattern in ruleset.patterns:
        if all(forces[point] >= colour for point, colour in pattern.of):
            found.append(
                {"kind": "pattern", "grade": int(pattern.grade), "points": [point for point, _ in pattern.of]}
            )
    found.sort(key=lambda reason: -int(reason["grade"]))
    return [{**reason, "grade": GRADE_EN[reason["grade"]]} for reason in found]


def _named(states: list[PointState], chinese: bool) -> str:
    shown = [
        f"{s.point.zh}（{GRADE_ZH[s.tier]}）" if chinese else f"{s.point.en} ({GRADE_EN[s.tier]})"
        for s in states[:_NAMED]
    ]
    text = "、".join(shown) if chinese else ", ".join(shown)
    more = len(states) - _NAMED
    return text + ((f"等{len(states)}项" if chinese else f" and {more} more") if more > 0 else "")


def sentences(ruleset: RuleSet, states: tuple[PointState, ...]) -> dict[str, str]:
    """What a mayor reads, `zh` and `en`: grade, score, the points behind it, and what is not known."""
    score, grade = grade_of(ruleset, [state.tier for state in states])
    lit = sorted((s for s in states if Tier.BLUE <= s.tier <= Tier.RED), key=lambda s: (-s.tier, s.point.no))
    dark = [s for s in states if s.tier is Tier.UNKNOWN]
    covered = sum(s.point.weight_bp for s in states if s.tier is not Tier.UNKNOWN)
    zh = f"风险等级：{GRADE_ZH[grade]}，得分 {score}（满分 10000）。"
    en = f"Risk grade: {GRADE_EN[grade]}, score {score} of 10000."
    zh += f"亮灯的控制点：{_named(lit, True)}。" if lit else "没有亮灯的控制点。"
    en += f" Control points lit: {_named(lit, False)}." if lit else " No control point is lit."
    if dark:
        zh += f"{len(dark)} 个控制点数据缺失，按权重已覆盖 {covered // 100}%；缺失不等于无风险。"
        en += (
            f" {len(dark)} points lack data, {covered // 100}% of the weight is covered; lacking is not safe."
        )
    return {"zh": zh, "en": en}


def explain(ruleset: RuleSet, facts: Facts) -> dict[str, Any]:
    """The whole tree for one enterprise's facts. Raises RuleSetError when a fact is missing from the mapping."""
    values = in_domain(facts, ruleset)
    states = evaluate(ruleset, values)
    score, grade = grade_of(ruleset, [state.tier for state in states])
    near = changes(ruleset, values, states)
    outside = sorted(f for f in ruleset.facts if (v := facts[f]) is not None and abs(v) > FACT_LIMIT)
    dimensions = []
    for dimension in ruleset.dimensions:
        own = [s for s in states if s.point.dimension == dimension.id]
        points = [
            _point(s, ruleset, values, [change for change in near if change.point == s.point.id]) for s in own
        ]
        dimensions.append(
            {
                "id": dimension.id,
                "zh": dimension.zh,
                "en": dimension.en,
                "weight_bp": sum(s.point.weight_bp for s in own),
                "contribution_hundredths": sum(p["contribution_hundredths"] for p in points),
                "points": points,
            }
        )
    return {
        "rule_set": ruleset.id,
        "version": ruleset.version,
        "score": score,
        "raw_grade": GRADE_EN[grade],
        "coverage_bp": sum(s.point.weight_bp for s in states if s.tier is not Tier.UNKNOWN),
        "reasons": reasons(ruleset, {s.point.id: int(s.tier) for s in states}),
        "out_of_range": outside,
        "dimensions": dimensions,
        "sentence": sentences(ruleset, states),
    }
