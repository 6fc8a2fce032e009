"""R04–R08, R11, R13, R16, R17, R20 at their edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from api.econtract import figures
from api.econtract.model import Finding, Form, History, Severity
from api.econtract.rules.r17_over_age import retirement_day, track_name

Run = Callable[..., list[Finding]]
TRACKS = figures.resolve(figures.LocalFigures(), date(2026, 1, 1)).retirement


def severities(findings: list[Finding]) -> list[str]:
    return [finding.severity.value for finding in findings]


@pytest.mark.parametrize(
    ("pay", "grade", "contract", "expected"),
    [
        ("6300", "8000", "8000", ["BLOCK"]),
        ("6399.99", None, "8000", ["BLOCK"]),
        ("6400", None, "8000", []),
        ("6000", "7500", "8000", ["WARN"]),
        ("5999.99", "7500", "8000", ["BLOCK"]),
        ("6400", "9000", "8000", []),
        ("2329.99", "2000", "2500", ["BLOCK"]),
        ("2330", "2000", "2500", []),
    ],
)
def test_r04_probation_pay(run: Run, pay: str, grade: str | None, contract: str, expected: list[str]) -> None:
    findings = run(
        "R04",
        probation_pay=Decimal(pay),
        lowest_grade_pay=Decimal(grade) if grade else None,
        monthly_pay=Decimal(contract),
    )
    assert severities(findings) == expected


def test_r04_names_the_floor(run: Run) -> None:
    (finding,) = run("R04", probation_pay=Decimal(6300), lowest_grade_pay=Decimal(8000))
    assert finding.facts["floor"] == "6400.00"
    assert run("R04", probation_end=None, probation_pay=Decimal(1)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"monthly_pay": Decimal("2330")}, []),
        ({"monthly_pay": Decimal("2329.99")}, ["BLOCK"]),
        ({"monthly_pay": Decimal("2500"), "pay_excluded": Decimal("170")}, []),
        ({"monthly_pay": Decimal("2500"), "pay_excluded": Decimal("170.01")}, ["BLOCK"]),
        ({"pay_kind": "piece"}, ["BLOCK"]),
        ({"pay_kind": "annual", "guaranteed_monthly": Decimal("2330")}, []),
        ({"pay_kind": "commission", "guaranteed_monthly": Decimal("2329")}, ["BLOCK"]),
    ],
)
def test_r05_minimum_wage(run: Run, changes: dict[str, Any], expected: list[str]) -> None:
    assert severities(run("R05", **changes)) == expected


def test_r05_the_seat_counts_only_if_higher_and_agreed(run: Run) -> None:
    local = figures.LocalFigures(minimum_monthly=Decimal(2200), seat_minimum_monthly=Decimal(2330))
    low = {"monthly_pay": Decimal(2200), "local": local}
    assert run("R05", **low) == []
    assert severities(run("R05", **low, seat_standard_agreed=True)) == ["BLOCK"]
    lower_seat = figures.LocalFigures(minimum_monthly=Decimal(2330), seat_minimum_monthly=Decimal(2200))
    assert severities(run("R05", monthly_pay=Decimal(2200), local=lower_seat, seat_standard_agreed=True)) == [
        "BLOCK"
    ]


def test_r05_without_a_figure_says_that_it_did_not_check(run: Run) -> None:
    (finding,) = run("R05", local=figures.LocalFigures())
    assert finding.severity is Severity.INFO
    assert "未检查" in finding.zh


def test_r06_part_time_is_not_offered_and_its_limits_are_named(run: Run) -> None:
    assert run("R06") == []
    (refused,) = run(
        "R06", form=Form.PART_TIME, hours_per_day=Decimal(4), hours_per_week=Decimal(24), probation_end=None
    )
    assert "暂未开放" in refused.zh
    assert "not offered yet" in refused.en
    bad = run(
        "R06",
        form=Form.PART_TIME,
        hours_per_day=Decimal("4.5"),
        hours_per_week=Decimal(25),
        hourly_pay=Decimal("22.99"),
        pay_cycle_days=16,
    )
    assert severities(bad) == ["BLOCK"] * 6


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 0),
        ({"hours_per_day": Decimal("8.5")}, 1),
        ({"hours_per_week": Decimal("40.5")}, 1),
        ({"rest_days_per_week": Decimal(1)}, 0),
        ({"rest_days_per_week": Decimal("0.5")}, 1),
        ({"hours_per_day": Decimal(12), "hours_per_week": Decimal(72), "rest_days_per_week": Decimal(0)}, 3),
    ],
)
def test_r07_standard_hours(run: Run, changes: dict[str, Any], count: int) -> None:
    assert severities(run("R07", **changes)) == ["BLOCK"] * count


def test_r07_special_hours_need_a_permit_in_force(run: Run) -> None:
    permit = {"permit_number": "TEST-1", "permit_from": date(2026, 1, 1), "permit_until": date(2026, 12, 1)}
    assert severities(run("R07", hours_system="comprehensive")) == ["BLOCK"]
    assert severities(run("R07", hours_system="comprehensive", **permit)) == ["WARN"]
    ended = permit | {"permit_until": date(2026, 11, 30)}
    assert severities(run("R07", hours_system="flexible", **ended)) == ["BLOCK"]


@pytest.mark.parametrize(
    ("day", "month", "expected"),
    [
        (None, None, []),
        ("1", "36", []),
        ("1.5", None, ["WARN"]),
        ("3", None, ["WARN"]),
        ("3.5", None, ["BLOCK"]),
        ("1", "36.5", ["BLOCK"]),
        ("4", "40", ["BLOCK", "BLOCK"]),
    ],
)
def test_r08_overtime(run: Run, day: str | None, month: str | None, expected: list[str]) -> None:
    findings = run(
        "R08",
        overtime_per_day=Decimal(day) if day else None,
        overtime_per_month=Decimal(month) if month else None,
    )
    assert severities(findings) == expected


@pytest.mark.parametrize(
    ("months", "role", "pay", "expected"),
    [
        (None, "", None, []),
        (24, "senior_manager", Decimal(3000), []),
        (25, "senior_manager", Decimal(3000), ["BLOCK"]),
        (12, "ordinary", Decimal(3000), ["WARN"]),
        (12, "confidential", None, ["WARN"]),
        (36, "", Decimal(0), ["BLOCK", "WARN", "WARN"]),
    ],
)
def test_r11_noncompete(
    run: Run, months: int | None, role: str, pay: Decimal | None, expected: list[str]
) -> None:
    findings = run("R11", noncompete_months=months, noncompete_role=role, noncompete_monthly=pay)
    assert severities(findings) == expected


@pytest.mark.parametrize(
    ("damages", "cost", "months", "prorated", "count"),
    [
        (None, None, None, True, 0),
        ("10000", "10000", 24, True, 0),
        ("10000.01", "10000", 24, True, 1),
        ("10000", None, 24, True, 1),
        ("10000", "10000", None, True, 1),
        ("10000", "10000", 24, False, 1),
    ],
)
def test_r13_training(
    run: Run, damages: str | None, cost: str | None, months: int | None, prorated: bool, count: int
) -> None:
    findings = run(
        "R13",
        training_damages=Decimal(damages) if damages else None,
        training_cost=Decimal(cost) if cost else None,
        training_service_months=months,
        training_prorated=prorated,
    )
    assert severities(findings) == ["BLOCK"] * count


def test_r16_minors_at_their_birthdays(run: Run) -> None:
    def on(birth: date, first: date) -> list[str]:
        return severities(
            run("R16", worker_id_kind="passport", worker_birth=birth, worker_sex="male", start_date=first)
        )

    assert on(date(2010, 12, 2), date(2026, 12, 1)) == ["BLOCK"]
    assert on(date(2010, 12, 1), date(2026, 12, 1)) == ["WARN"]
    assert on(date(2008, 12, 2), date(2026, 12, 1)) == ["WARN"]
    assert on(date(2008, 12, 1), date(2026, 12, 1)) == []
    assert on(date(2008, 2, 29), date(2024, 2, 28)) == ["BLOCK"]
    assert on(date(2008, 2, 29), date(2024, 2, 29)) == ["WARN"]


def test_r16_counts_from_the_first_working_day(run: Run) -> None:
    young = {"worker_id_kind": "passport", "worker_birth": date(2010, 11, 25), "worker_sex": "female"}
    assert severities(
        run("R16", **young, start_date=date(2026, 12, 1), employment_start=date(2026, 11, 20))
    ) == ["BLOCK"]


@pytest.mark.parametrize(
    ("track", "birth", "day"),
    [
        ("male", date(1964, 12, 31), date(2024, 12, 31)),
        ("male", date(1965, 4, 10), date(2025, 5, 10)),
        ("male", date(1965, 5, 10), date(2025, 7, 10)),
        ("male", date(1976, 9, 1), date(2039, 9, 1)),
        ("male", date(1980, 1, 1), date(2043, 1, 1)),
        ("female", date(1984, 11, 1), date(2039, 11, 1)),
        ("female", date(1974, 12, 1), date(2024, 12, 1)),
        ("female_management", date(1970, 1, 15), date(2025, 2, 15)),
        ("male", date(1965, 1, 31), date(2025, 2, 28)),
    ],
)
def test_r17_retirement_days(track: str, birth: date, day: date) -> None:
    assert retirement_day(birth, TRACKS[track]) == day


def over(run: Run, birth: date, sex: str = "male", **changes: Any) -> list[str]:
    return severities(
        run(
            "R17",
            worker_id_kind="passport",
            worker_birth=birth,
            worker_sex=sex,
            start_date=date(2026, 12, 1),
            **changes,
        )
    )


def test_r17_the_birthday_counts_as_reached(run: Run) -> None:
    # Born August 1965: 60 years and 2 months; born 1965-10: m = 9, three months of delay.
    assert over(run, date(1965, 10, 1)) == ["BLOCK"]
    assert retirement_day(date(1966, 6, 1), TRACKS["male"]) == date(2026, 11, 1)
    assert retirement_day(date(1966, 7, 1), TRACKS["male"]) == date(2026, 12, 1)
    assert over(run, date(1966, 7, 1)) == ["BLOCK"]
    assert over(run, date(1966, 7, 2)) == []


def test_r17_an_agreed_delay_keeps_the_labour_contract(run: Run) -> None:
    assert over(run, date(1965, 10, 1), delay_until=date(2027, 10, 1)) == []
    assert over(run, date(1965, 10, 1), delay_until=date(2026, 12, 1)) == ["BLOCK"]


def test_r17_pension_or_form_is_refused(run: Run) -> None:
    assert over(run, date(1990, 1, 1), drawing_pension=True) == ["BLOCK"]
    assert severities(run("R17", form=Form.OVER_AGE)) == ["BLOCK"]


def test_r17_women_near_fifty_need_the_kind_of_post(run: Run) -> None:
    born = date(1975, 6, 1)  # 50 years and 3 months
    assert over(run, born, "female") == ["BLOCK"]
    assert over(run, born, "female", worker_post_kind="other") == ["BLOCK"]
    assert over(run, born, "female", worker_post_kind="management_technical") == []
    assert over(run, date(1990, 1, 1), "female") == []
    assert track_name("female", "") == "female"


def test_r20_dispatch_is_not_offered_and_its_limits_are_named(run: Run) -> None:
    assert run("R20") == []
    assert severities(run("R20", form=Form.DISPATCH, dispatch_post_kind="auxiliary")) == ["BLOCK"]
    short = run("R20", form=Form.DISPATCH, end_date=date(2028, 11, 29), dispatch_post_kind="main")
    assert severities(short) == ["BLOCK"] * 3
    assert "not offered yet" in short[0].en


def test_national_figures_are_dated_and_can_be_overridden() -> None:
    assert figures.national("retirement.male", date(2024, 12, 31)) is None
    assert figures.national("hours.week", date(2026, 1, 1)) == "40"
    changed = figures.resolve(figures.LocalFigures(overrides={"hours.week": "44"}), date(2026, 1, 1))
    assert changed.week_hours == Decimal(44)


def test_history_is_plain_data() -> None:
    assert replace(History(), had_probation=True).had_probation
