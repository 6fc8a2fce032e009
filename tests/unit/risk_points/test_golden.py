"""Whole firms through facts and rule set: what C.3 of the scoring rules expects of combinations of tiers."""

from __future__ import annotations

from datetime import date
from typing import Any

from api.risk.facts import dictionary, dictionary_names
from api.risk.spec.delivered import delivered
from api.risk.spec.lint import lint
from tests.unit.risk_facts.accepted import DAY, District, colour, decide

BLUE, YELLOW, RED = 1, 2, 4


def _sound() -> District:
    """A firm of ten in good order, of which every source but three speaks."""
    district = District().staff(10).add("tax_month", **_TAX).add("union_state", has_union=True)
    district.add("attendance", staff=10, overtime36_persons=0, unpermitted_special=False)
    district.add("dispatch_month", has_dispatch=False)
    return district.add("bank_credit", has_loan=False, wage_account_frozen=False, base_account_frozen=False)


_TAX: dict[str, Any] = {
    "late_filing": False,
    "arrears_months": 0,
    "grade": "B",
    "non_normal": False,
    "payroll_total": 0,
    "paid_persons": 10,
    "below_min_persons": 0,
    "has_outsourcing": False,
}


def test_a_sound_firm_is_dark_and_covered() -> None:
    decision = decide(_sound())
    assert (decision.score, decision.raw_grade, decision.coverage_bp, decision.missing) == (0, 0, 10_000, 0)


def test_arrears_and_a_falling_supply_are_yellow() -> None:
    """GZ01 yellow, SB01 yellow, JY02 orange, QY01 blue give 1312 and yellow."""
    district = District().staff(300)
    district.add("tax_month", **{**_TAX, "paid_persons": 300}).add(
        "union_state", has_union=True, mediation_committee=True
    )
    district.change("si_month", arrears_months=2, arrears_amount=100)
    district.change(
        "bank_payroll", due_on=date(2026, 10, 20), due_amount=2_000_000, due_persons=9, paid_amount=0
    )
    for month, usage in ((202607, 100), (202608, 100), (202609, 100), (202610, 50)):
        district.add("power", month=month, has_meter=True, usage=usage, arrears_months=0, cut_off=False)
    for number in range(3):
        district.add(
            "dispute_case",
            accepted_on=date(2026, 5, 1),
            dispute_ref=f"d{number}",
            persons=1,
            claim=f"c{number}",
        )
    lit = {
        p.id: seen
        for p in delivered().points
        if (seen := colour(district, p.id)) not in ("none", "n/a", "unknown")
    }
    assert lit == {"GZ01": "yellow", "SB01": "yellow", "JY02": "orange", "QY01": "blue"}
    decision = decide(district)
    assert (decision.score, decision.raw_grade) == (1312, YELLOW)


def test_two_months_of_unpaid_wages_are_red() -> None:
    district = _sound().change("bank_payroll", paid_amount=6_000_000, paid_persons=10)
    district.add(
        "bank_payroll",
        month=202608,
        due_on=date(2026, 8, 15),
        due_amount=600_000,
        due_persons=1,
        paid_amount=0,
        paid_persons=0,
    )
    decision = decide(district)
    assert (decision.score, decision.raw_grade) == (1400, RED)


def test_contracts_and_union_alone_lift_only_by_override() -> None:
    """LY01 blue and ZZ01 blue give 162 and no grade."""
    district = District().staff(50).add("tax_month", **{**_TAX, "paid_persons": 50})
    district.change("hr_filing", valid_contracts=48)
    assert (colour(district, "LY01"), colour(district, "ZZ01")) == ("blue", "blue")
    decision = decide(district)
    assert (decision.score, decision.raw_grade) == (162, 0)


def test_a_stale_bank_takes_its_points_out_of_coverage_and_says_so() -> None:
    district = _sound()
    district.stale.add("bank_payroll")
    decision = decide(district, as_of=DAY)
    unknown = {p.id for i, p in enumerate(delivered().points) if decision.missing >> i & 1}
    assert unknown == {"LY02", "GZ01", "GZ02", "GZ03", "QY01", "AQ03", "ZZ01", "ZZ02"}
    assert decision.coverage_bp == 10_000 - 250 - 1400 - 500 - 600 - 400 - 200 - 250 - 250


def test_the_lint_finds_nothing_to_correct() -> None:
    flags = {name for name, fact in dictionary().items() if fact.unit == "flag"}
    found = lint(delivered(), dictionary_names(), flags | {f"{name}_sure" for name in flags})
    assert [(finding.code, finding.where) for finding in found] == []
