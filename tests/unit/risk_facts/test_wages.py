"""Wage arrears: whose due day, whose due amount, and when a month is settled."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.risk_facts.accepted import DAY, District, facts

HISTORY = (202604, 202605, 202606, 202607, 202608, 202609)


def _firm(**unpaid: Any) -> District:
    """Six paid months, on changing days, and an October without a contract's day and amount."""
    district = District()
    for month, day, amount in zip(HISTORY, (3, 5, 5, 8, 20, 28), (1, 2, 3, 900, 500, 700), strict=True):
        district.add(
            "bank_payroll",
            month=month,
            due_on=date(month // 100, month % 100, 25),
            due_amount=amount,
            due_persons=4,
            paid_amount=amount,
            paid_persons=4,
            paid_on=date(month // 100, month % 100, day),
        )
    return district.add("bank_payroll", **{"paid_amount": 0, "paid_persons": 0, **unpaid})


def test_the_contracts_day_and_amount_go_first() -> None:
    found = facts(_firm(due_on=date(2026, 10, 20), due_amount=1000, due_persons=6))
    assert (found["wage_overdue_days"], found["wage_overdue_fen"], found["wage_overdue_persons"]) == (
        11,
        1000,
        6,
    )


def test_else_the_median_pay_day_of_six_months_and_the_median_of_three() -> None:
    """Days 3 5 5 8 20 28: floor((5 + 8) / 2) = 6; amounts 900 500 700: 700."""
    found = facts(_firm())
    assert (found["wage_overdue_days"], found["wage_overdue_fen"], found["wage_overdue_persons"]) == (
        25,
        700,
        4,
    )


def test_a_pay_day_in_the_next_month_keeps_its_distance() -> None:
    district = District()
    for month in HISTORY:
        paid = date(2026, month % 100 + 1, 5)
        district.add("bank_payroll", month=month, due_amount=10, paid_amount=10, paid_on=paid, due_persons=1)
    district.add("bank_payroll", month=202609, enterprise=2)
    district.add("bank_payroll", due_amount=10, paid_amount=0, due_persons=1)
    found = facts(district, as_of=date(2026, 11, 10))
    assert found["wage_overdue_days"] == 0  # due on 4 November, known to the end of October


def test_without_any_history_the_months_last_day_counts() -> None:
    district = District().add("bank_payroll", month=202609, due_amount=10, paid_amount=0, due_persons=1)
    district.add("bank_payroll", due_amount=0, paid_amount=0, due_persons=0)
    assert facts(district)["wage_overdue_days"] == 31


@pytest.mark.parametrize(
    ("paid_on", "days"),
    [(date(2026, 10, 30), 0), (DAY, 0), (date(2026, 11, 1), 30), (None, 0)],
)
def test_late_pay_settles_from_the_day_it_comes(paid_on: date | None, days: int) -> None:
    district = _firm(due_on=date(2026, 10, 1), due_amount=1000, due_persons=4)
    district.change("bank_payroll", paid_amount=1000, paid_persons=4, paid_on=paid_on)
    assert facts(district)["wage_overdue_days"] == days


def test_a_payment_after_the_covered_end_is_known_all_the_same() -> None:
    district = _firm(due_on=date(2026, 10, 1), due_amount=1000)
    district.change("bank_payroll", paid_amount=1000, paid_on=date(2026, 11, 5))
    assert facts(district, as_of=date(2026, 11, 10))["wage_overdue_days"] == 0


def test_months_add_up_and_the_oldest_sets_the_days() -> None:
    district = District()
    for month, paid in ((202608, 0), (202609, 400), (202610, 0)):
        district.add(
            "bank_payroll",
            month=month,
            due_on=date(2026, month % 100, 15),
            due_amount=1000,
            due_persons=5,
            paid_amount=paid,
            paid_persons=2 if paid else 0,
        )
    found = facts(district)
    assert found["wage_overdue_days"] == 77
    assert found["wage_overdue_fen"] == 2600
    assert found["wage_overdue_persons"] == 5


def test_twelve_months_back_and_no_more() -> None:
    row: dict[str, Any] = {"due_amount": 10, "paid_amount": 0, "due_persons": 1}
    for month, days in ((202511, True), (202510, False)):
        district = District().add("bank_payroll", month=month, **row)
        district.add("bank_payroll", due_amount=0, paid_amount=0)
        assert (facts(district)["wage_overdue_days"] != 0) is days


def test_a_gap_keeps_known_arrears_and_says_nothing_of_none() -> None:
    row: dict[str, Any] = {"month": 202609, "due_on": date(2026, 9, 10), "due_amount": 10, "due_persons": 1}
    assert facts(District().add("bank_payroll", paid_amount=0, **row))["wage_overdue_days"] == 51
    assert facts(District().add("bank_payroll", paid_amount=10, **row))["wage_overdue_days"] is None


def test_nothing_is_due_where_nothing_was_ever_paid() -> None:
    assert facts(District().add("bank_payroll", paid_amount=0, paid_persons=0))["wage_overdue_days"] == 0


@pytest.mark.parametrize(("paid", "overdue"), [(630, 0), (629, 71)])
def test_ninety_percent_of_a_usual_month_is_paid(paid: int, overdue: int) -> None:
    assert facts(_firm(paid_amount=paid, paid_persons=1))["wage_overdue_fen"] == overdue


def test_of_two_known_months_the_smaller_one_is_usual() -> None:
    district = District()
    for month, paid in ((202608, 900), (202609, 500)):
        district.add("bank_payroll", month=month, due_amount=paid, paid_amount=paid, paid_persons=1)
    district.add("bank_payroll", due_on=date(2026, 10, 1), paid_amount=0)
    assert facts(district)["wage_overdue_fen"] == 500


@pytest.mark.parametrize(("oldest", "expected"), [(100, 351), (None, None)])
def test_the_payrolls_median_of_six_different_months(oldest: int | None, expected: int | None) -> None:
    district = District().add("bank_payroll", paid_amount=1)
    for month, paid in zip(HISTORY, (oldest, 200, 302, 401, 500, 600), strict=True):
        district.add("bank_payroll", month=month, paid_amount=paid)
    assert facts(district)["payroll_median_fen"] == expected
