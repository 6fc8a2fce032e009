"""The worked examples of the scoring rules, and each rule of the score at its edge, said alike by all three executors."""

from __future__ import annotations

import pytest

from api.risk.scoring.decision import pack, unpack
from api.risk.spec.document import parse
from api.risk.spec.model import FACT_LIMIT, RuleSet, Tier
from tests.unit.risk_scoring.agreement import one
from tests.unit.risk_scoring.rule_sets import (
    WEIGHTS,
    at,
    checked,
    levels,
    plain,
    plain_document,
    real,
    share,
)

PLAIN = plain()
REAL = real()
B, Y, O, R = 1, 2, 3, 4  # noqa: E741 - the letters of the colours


@pytest.mark.parametrize(
    ("tiers", "score", "grade"),
    [
        ({"GZ01": Y, "SB01": Y, "JY02": O, "QY01": B}, 1312, Y),
        ({"GZ01": R}, 1400, R),
        ({"LY01": B, "ZZ01": B}, 162, 0),
        ({}, 0, 0),
        (dict.fromkeys(WEIGHTS, R), 10_000, R),
        ({"LY01": R}, 400, O),
        ({"LY01": O}, 300, Y),
        ({"LY01": Y}, 200, B),
        ({"LY01": B}, 100, 0),
        ({"GZ01": B, "GZ03": B, "QY02": B, "GZ02": B, "LY03": B}, 812, B),
        ({"GZ03": Y, "JY02": Y, "SB01": Y}, 725, O),
        ({"GZ03": Y, "JY02": Y, "SB01": B}, 600, B),
        ({"GZ04": R}, 500, R),
        ({"SB01": R}, 500, R),
        ({"QY02": R}, 500, R),
        ({"JY03": R}, 300, R),
    ],
)
def test_tiers_give_the_score_and_the_grade(tiers: dict[str, int], score: int, grade: int) -> None:
    decision = one(PLAIN, levels(**tiers))
    assert (decision.score, decision.raw_grade) == (score, grade)
    assert decision.missing == 0
    assert decision.coverage_bp == 10_000


def test_half_points_are_rounded_down() -> None:
    assert one(PLAIN, levels(LY02=B)).score == 62  # 62.5


@pytest.mark.parametrize(("level", "grade"), [("blue", B), ("yellow", Y), ("orange", O), ("red", R)])
def test_a_base_level_begins_at_its_score(level: str, grade: int) -> None:
    frame = plain_document(overrides={}, red_points=[], patterns=[])
    names = ("blue", "yellow", "orange", "red")
    for score, expected in ((1400, grade), (1401, grade - 1)):
        exact = {n: score + 1_000 * (i - grade + 1) for i, n in enumerate(names)}
        frame["base_levels"] = {n: max(v, 0) for n, v in exact.items()}
        assert one(parse(checked(frame)), levels(GZ01=R)).raw_grade == expected


def test_unknown_is_not_zero_and_not_not_applicable() -> None:
    unknown = one(PLAIN, levels(GZ01=None, LY01=9))
    assert unknown.missing == 1 << 5
    assert unknown.coverage_bp == 10_000 - 1_400
    tiers = unpack(unknown.tiers_a, unknown.tiers_b, 27)
    assert (tiers[5], tiers[0]) == (Tier.UNKNOWN, Tier.NOT_APPLICABLE)
    assert (unknown.score, unknown.raw_grade) == (0, 0)


def test_a_fact_outside_the_domain_is_unknown_and_counted() -> None:
    inside = one(PLAIN, levels(GZ01=FACT_LIMIT, GZ02=-FACT_LIMIT))
    assert (inside.out_of_range, inside.missing) == (0, 0)
    outside = one(PLAIN, levels(GZ01=FACT_LIMIT + 1, GZ02=-FACT_LIMIT - 1, GZ03=2**63 - 1, GZ04=-(2**63)))
    assert outside.out_of_range == 4
    assert outside.missing == 0b1111 << 5


def quiet() -> dict[str, int | None]:
    return dict.fromkeys(REAL.facts, 0) | {
        "staff": 1_000, "has_union": 1, "agreements": 1, "payroll": 100, "payroll_median": 100,
        "declared": 100, "due_base": 100, "has_loan": 1,
    }  # fmt: skip


def tier(name: str, ruleset: RuleSet = REAL, **facts: int | None) -> Tier:
    decision = one(ruleset, {**quiet(), **facts})
    found = unpack(decision.tiers_a, decision.tiers_b, len(ruleset.points))
    return found[[point.id for point in ruleset.points].index(name)]


@pytest.mark.parametrize(
    ("days", "expected"), [(0, 0), (1, B), (7, B), (8, Y), (30, Y), (31, O), (60, O), (61, R)]
)
def test_days_overdue(days: int, expected: int) -> None:
    assert tier("GZ01", overdue_days=days) == expected


def test_many_persons_and_much_money_are_red_only_together() -> None:
    assert tier("GZ01", overdue_days=1, arrears_persons=10, arrears_fen=3_000_000) == R
    assert tier("GZ01", overdue_days=1, arrears_persons=9, arrears_fen=3_000_000) == B
    assert tier("GZ01", overdue_days=1, arrears_persons=10, arrears_fen=2_999_999) == B


def test_red_stands_although_a_needed_fact_is_unknown_and_nothing_below_does() -> None:
    assert tier("GZ01", boss_fled=1, arrears_fen=None, overdue_days=None) == R
    assert tier("GZ01", overdue_days=60, arrears_fen=None) == Tier.UNKNOWN


@pytest.mark.parametrize(
    ("unsigned", "staff", "expected"),
    [
        (20, 1_000, 0), (21, 1_000, B), (50, 1_000, B), (51, 1_000, Y), (100, 1_000, Y), (101, 1_000, O),
        (200, 1_000, O), (201, 1_000, R),
        (1, 4, B), (2, 4, Y), (3, 4, O), (4, 4, O), (5, 6, R),
    ],
)  # fmt: skip
def test_a_share_needs_its_number_of_persons(unsigned: int, staff: int, expected: int) -> None:
    assert tier("LY01", unsigned=unsigned, staff=staff) == expected


def test_nobody_of_nobody_is_none_and_somebody_of_nobody_colours_nothing() -> None:
    assert tier("LY01", unsigned=0, staff=0) == Tier.NONE
    assert tier("LY01", unsigned=9, staff=0) == Tier.NONE
    assert tier("LY01", unsigned=9, staff=-1) == Tier.NONE


def test_negation_of_something_unknown_is_not_true() -> None:
    document = plain_document()
    document["points"][0]["needs"] = []
    document["points"][0]["tiers"] = {"blue": {"op": "not", "of": at("ge", "level_ly01", 5)}}
    document["points"][0]["not_applicable"] = None
    ruleset = parse(checked(document))
    assert one(ruleset, levels(LY01=4)).tiers_a & 15 == B
    assert one(ruleset, levels(LY01=5)).tiers_a & 15 == 0
    assert one(ruleset, levels(LY01=None)).tiers_a & 15 == 0


@pytest.mark.parametrize(
    ("num", "den", "expected"),
    [(0, 0, B), (5, 0, 0), (0, -1, 0), (None, 5, 0), (0, None, 0), (1, 10, 0), (1, 11, B), (-1, 5, B)],
)
def test_not_a_share_tells_false_from_unknown(num: int | None, den: int | None, expected: int) -> None:
    """0 of 0 is no share, so its opposite holds; a share of nothing or less is unknown, and so is its opposite."""
    document = plain_document()
    tiers = {"blue": {"op": "not", "of": share("ge", "n", "d", 1_000)}}
    document["points"][0] |= {"needs": [], "tiers": tiers, "not_applicable": None}
    made = one(parse(checked(document)), {**levels(), "n": num, "d": den})
    assert made.tiers_a & 15 == expected


@pytest.mark.parametrize(("cases", "expected"), [(0, B), (19, B), (20, O), (None, B)])
def test_a_point_reads_anothers_tier(cases: int | None, expected: int) -> None:
    """QY01 turns yellow at 20 cases of 1,000; where it is unknown the part that reads it counts as false."""
    made = tier("ZZ01", cases=cases, has_union=0, agreements=0)
    assert made == (Y if expected == B else O)
    assert tier("ZZ01", staff=24, has_union=0) == Tier.NOT_APPLICABLE


def test_packing_is_undone() -> None:
    tiers = [i % 7 for i in range(27)]
    assert [int(t) for t in unpack(*pack(tiers), 27)] == tiers
