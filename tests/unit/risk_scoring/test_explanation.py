"""The explanation says what the oracle decided, with values and unknown conditions; its nearest changes are exact."""

from __future__ import annotations

import pytest

from api.risk.scoring import python_executor
from api.risk.scoring.decision import pack
from api.risk.scoring.evaluation import evaluate, tier_of
from api.risk.scoring.explanation import explain, reasons
from api.risk.scoring.thresholds import Change, changes
from api.risk.spec.model import FACT_LIMIT, RuleSetError
from scripts.bench.risk_facts import chunk
from tests.unit.risk_scoring.rule_sets import levels, plain, real
from tests.unit.risk_scoring.test_golden import quiet

PLAIN, REAL = plain(), real()
ORACLE = python_executor.compile(REAL)


def test_steps_agree_with_the_oracle() -> None:
    for facts in chunk(REAL, 11, 0, 2_000).select(REAL.facts).iter_rows(named=True):
        states = evaluate(REAL, facts)
        decision = ORACLE(facts)
        assert pack([state.tier for state in states]) == (decision.tiers_a, decision.tiers_b)
        tiers = {state.point.id: state.tier for state in states}
        inside = {f: v if v is None or abs(v) <= FACT_LIMIT else None for f, v in facts.items()}
        assert all(tier_of(s.point, REAL, inside, tiers) == s.tier for s in states)


def tree_point(tree: dict, name: str) -> dict:
    return next(p for d in tree["dimensions"] for p in d["points"] if p["id"] == name)


def test_the_tree_goes_from_the_score_to_the_facts() -> None:
    tree = explain(REAL, {**quiet(), "overdue_days": 12, "unsigned": 30, "level_ly02": None})
    assert (tree["score"], tree["raw_grade"], tree["coverage_bp"]) == (800, "blue", 9_750)
    assert sum(d["contribution_hundredths"] for d in tree["dimensions"]) // 100 == tree["score"]
    assert sum(d["weight_bp"] for d in tree["dimensions"]) == 10_000
    wages = tree_point(tree, "GZ01")
    assert wages["tier"] == "yellow"
    assert wages["decisive"] == {
        "op": "ge", "truth": True, "fact": "overdue_days", "threshold": 8, "values": {"overdue_days": 12},
    }  # fmt: skip
    assert wages["facts"] == {"overdue_days": 12, "arrears_persons": 0, "arrears_fen": 0, "boss_fled": 0}
    signed = tree_point(tree, "LY01")
    assert signed["decisive"]["value_bp"] == 300
    assert signed["decisive"]["person_floor"] == 1
    dark = tree_point(tree, "LY02")
    assert (dark["tier"], dark["lacking"]) == ("unknown", ["level_ly02"])
    assert {leaf["fact"] for leaf in dark["unknown_conditions"]} == {"level_ly02"}
    assert tree["reasons"] == [
        {"kind": "base_level", "grade": "blue", "points": []},
        {"kind": "worst_colour", "grade": "blue", "points": ["GZ01"]},
    ]


def test_unknown_conditions_above_the_tier_are_listed_and_those_below_are_not() -> None:
    tree = explain(REAL, {**quiet(), "has_union": 0, "agreements": 0, "cases": None})
    union = tree_point(tree, "ZZ01")
    assert union["tier"] == "yellow"
    assert union["unknown_conditions"] == [
        {"op": "tier_ge", "truth": None, "point": "QY01", "colour": "yellow", "tier": "unknown"}
    ]


def test_the_sentence_names_grade_points_and_what_is_not_known() -> None:
    tree = explain(REAL, {**quiet(), "boss_fled": 1, "level_sb01": None, "level_gz02": 2})
    assert tree["sentence"] == {
        "zh": "风险等级：红色，得分 1650（满分 10000）。亮灯的控制点：控制点6（红色）、控制点7（黄色）。"
        "1 个控制点数据缺失，按权重已覆盖 95%；缺失不等于无风险。",
        "en": "Risk grade: red, score 1650 of 10000. Control points lit: Point 6 (red), Point 7 (yellow). "
        "1 points lack data, 95% of the weight is covered; lacking is not safe.",
    }
    assert (
        explain(REAL, quiet())["sentence"]["zh"] == "风险等级：无，得分 0（满分 10000）。没有亮灯的控制点。"
    )
    many = explain(PLAIN, dict.fromkeys(PLAIN.facts, 1))["sentence"]
    assert "等27项" in many["zh"]
    assert "and 23 more" in many["en"]


def test_the_reasons_name_every_rule_that_lifts() -> None:
    tiers = {p.id: 0 for p in PLAIN.points} | {"GZ03": 2, "JY02": 2, "SB01": 4}
    assert [(r["kind"], r["grade"]) for r in reasons(PLAIN, tiers)] == [
        ("red_point", "red"),
        ("worst_colour", "orange"),
        ("pattern", "orange"),
        ("base_level", "blue"),
    ]


def test_a_fact_out_of_range_is_named() -> None:
    assert explain(PLAIN, levels(GZ01=FACT_LIMIT + 1))["out_of_range"] == ["level_gz01"]


def test_a_missing_fact_is_refused() -> None:
    with pytest.raises(RuleSetError, match="staff"):
        explain(REAL, {f: 0 for f in REAL.facts if f != "staff"})


def nearest(name: str, fact: str, **facts: int) -> dict[bool, Change]:
    found = changes(REAL, {**quiet(), **facts})
    return {change.up: change for change in found if (change.point, change.fact) == (name, fact)}


def test_days_overdue_could_go_one_up_or_five_down() -> None:
    near = nearest("GZ01", "overdue_days", overdue_days=12)
    assert (near[False].after, near[False].tier_after) == (7, 1)
    assert (near[True].after, near[True].tier_after) == (31, 3)
    assert near[True].grade_after == 2


def test_a_share_changes_at_its_exact_fraction() -> None:
    near = nearest("LY01", "unsigned", unsigned=21)
    assert (near[False].after, near[True].after) == (20, 51)
    staff = nearest("LY01", "staff", unsigned=21)
    assert (staff[True].after, staff[True].tier_after) == (1_050, 0)
    assert (staff[False].after, staff[False].tier_after) == (419, 2)


def test_a_fact_moves_a_point_through_the_point_that_it_reads() -> None:
    near = nearest("ZZ01", "cases", has_union=0, agreements=0, cases=0)
    assert (near[True].after, near[True].tier_after) == (20, 3)


def test_every_nearest_change_is_real_and_nothing_nearer_is() -> None:
    """Applied to the facts the oracle gives what was promised; one step short of it, it gives the old tier."""
    order = [point.id for point in REAL.points]
    checked = 0
    for facts in chunk(REAL, 12, 0, 60).select(REAL.facts).iter_rows(named=True):
        inside = {f: v if v is None or abs(v) <= FACT_LIMIT else None for f, v in facts.items()}
        before = evaluate(REAL, inside)
        for change in changes(REAL, inside):
            after = ORACLE({**inside, change.fact: change.after})
            assert (after.score, after.raw_grade) == (change.score_after, change.grade_after)
            index = order.index(change.point)
            moved = evaluate(REAL, {**inside, change.fact: change.after})[index].tier
            assert moved == change.tier_after != change.tier_before == before[index].tier
            short = change.after - 1 if change.up else change.after + 1
            if short != change.before:
                assert evaluate(REAL, {**inside, change.fact: short})[index].tier == change.tier_before
            checked += 1
    assert checked > 500


def test_nothing_nearer_changes_anything_in_a_small_range() -> None:
    facts = {
        **quiet(),
        "unsigned": 7,
        "staff": 90,
        "cases": 4,
        "overdue_days": 3,
        "has_union": 0,
        "agreements": 0,
    }
    found = {(c.point, c.fact, c.up): c.after for c in changes(REAL, facts)}
    order = [point.id for point in REAL.points]
    start = evaluate(REAL, facts)
    for fact in ("unsigned", "staff", "cases", "overdue_days"):
        for up in (True, False):
            first: dict[str, int] = {}
            for step in range(1, 1_500):
                value = facts[fact] + (step if up else -step)
                for i, state in enumerate(evaluate(REAL, {**facts, fact: value}) if value > -3 else ()):
                    if state.tier != start[i].tier:
                        first.setdefault(order[i], value)
            for name, value in first.items():
                assert found[name, fact, up] == value, (name, fact, up)
