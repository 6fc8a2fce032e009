"""The first sentence of a file: what people see, why in facts, and how it differs from what the newest data compute to."""

from __future__ import annotations

from typing import Any

from api.risk.scoring import python_executor
from api.risk.scoring.explanation import explain
from api.risk.service.explaining import words
from api.risk.service.spoken import Seen, spoken
from api.risk.spec.delivered import delivered
from scripts.bench.risk_facts import quiet

RULES = delivered()
CALM = quiet(RULES)
ORACLE = python_executor.compile(RULES)


def say(
    displayed: int, shown: int, memory: dict[str, Any] | None = None, **facts: int | None
) -> dict[str, str]:
    values = {**CALM, **facts}
    tree = {**explain(RULES, values), "facts": {name: words(name) for name in RULES.facts}}
    raw = ORACLE(values).raw_grade
    kept = {"held": {}, "unknown_since": {}, "supports": {}, **(memory or {})}
    return spoken(tree, Seen(displayed, shown, raw, raw, kept))


def test_why_in_facts_and_not_in_points_of_a_score() -> None:
    said = say(
        2, 2, {"supports": {"GZ01": 3}, "held": {"GZ01": 3}}, wage_overdue_days=45, wage_overdue_days_sure=45
    )
    assert said == {
        "zh": "风险等级：黄色。原因：拖欠工资（橙色，拖欠工资天数(代发) 45 天）。",
        "en": "Risk grade: yellow. Because of: Wage arrears (orange, Days of wage arrears (payroll) 45 days).",
    }


def test_a_light_that_is_kept_is_never_told_as_none() -> None:
    """The feed went silent: computed is none, people see red, and the sentence says so."""
    memory = {"supports": {"GZ01": 4}, "held": {"GZ01": 4}, "unknown_since": {"GZ01": "2026-09-01"}}
    said = say(4, 4, memory, wage_overdue_days=None, wage_overdue_days_sure=None)
    assert said["zh"].startswith(
        "风险等级：红色。原因：拖欠工资（自2026年9月1日起没有新数据，保留红色）。仅按最新数据计算为无。1 个控制点缺少数据"
    )
    lower = say(4, 4, {"supports": {"GZ01": 4}, "held": {"GZ01": 4}})
    assert (
        lower["zh"] == "风险等级：红色。原因：拖欠工资（红色，待连续两个月确认降低）。仅按最新数据计算为无。"
    )


def test_who_set_the_grade() -> None:
    assert say(1, 0)["zh"] == "风险等级：蓝色，由人工调整（原为无）。没有亮灯的控制点。"
    assert say(5, 5)["en"].startswith("Risk grade: not enough data. No")


def test_a_share_has_its_percent_and_many_points_are_counted() -> None:
    share = {"expired_unsigned": 3, "expired_unsigned_sure": 0, "staff": 40, "staff_sure": 40}
    assert "到期续用未签（橙色，" in (said := say(2, 2, **share)["zh"])
    assert "占 7.5 %" in said
    every = {f"{name}_12m": 1 for name in ("inspection_acts", "market_penalties", "safety_penalties")}
    many = say(1, 1, None, **every, court_debt_suits_6m=3, tax_late_filing=1, loan_has=1, loan_overdue_days=1)
    assert "；等6项。" in many["zh"]
    assert "; and 2 more." in many["en"]
