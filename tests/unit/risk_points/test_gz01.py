"""GZ01: days of wage arrears 1–7 / to 30 / to 60 / above, or ≥10 persons and ≥30,000 yuan, or the boss fled."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour, facts


def _unpaid(days: int, *, persons: int = 9, amount: int = 2_000_000) -> District:
    due = DAY - timedelta(days=days)
    return (
        District()
        .add(
            "bank_payroll",
            month=due.year * 100 + due.month,
            due_on=due,
            due_amount=amount,
            due_persons=persons,
            paid_amount=0,
            paid_persons=0,
        )
        .add(
            "bank_payroll",
            month=202609 if due.month == 10 else 202610,
            due_on=date(2026, 10, 15),
            due_amount=amount,
            due_persons=persons,
            paid_amount=amount,
            paid_persons=persons,
            paid_on=date(2026, 10, 15),
        )
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "none"),
        (1, "blue"),
        (7, "blue"),
        (8, "yellow"),
        (30, "yellow"),
        (31, "orange"),
        (60, "orange"),
        (61, "red"),
    ],
)
def test_edges_of_the_days(days: int, expected: str) -> None:
    assert colour(_unpaid(days), "GZ01") == expected


@pytest.mark.parametrize(
    ("persons", "amount", "expected"),
    [
        (10, 3_000_000, "red"),
        (9, 3_000_000, "blue"),
        (10, 2_999_999, "blue"),
    ],
)
def test_edges_of_persons_and_amount(persons: int, amount: int, expected: str) -> None:
    assert colour(_unpaid(1, persons=persons, amount=amount), "GZ01") == expected


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "none"), (1, "blue"), (7, "blue"), (8, "yellow"), (31, "orange"), (61, "red")]
)
def test_edges_of_an_order_of_the_inspection(days: int, expected: str) -> None:
    act: dict[str, Any] = {"kind": "wages", "state": "late", "persons": 2, "amount": 100_000}
    district = District().add(
        "inspection_act", found_on=DAY - timedelta(days=90), due_on=DAY - timedelta(days=days), **act
    )
    assert colour(district, "GZ01") == expected


def test_an_order_that_was_settled_or_corrected_is_over() -> None:
    act: dict[str, Any] = {"kind": "wages", "found_on": date(2026, 7, 1), "persons": 20, "amount": 9_000_000}
    assert colour(District().add("inspection_act", state="late", **act), "GZ01") == "red"
    settled = District().add("inspection_act", state="late", settled_on=date(2026, 9, 1), **act)
    assert colour(settled, "GZ01") == "none"
    assert colour(District().add("inspection_act", state="corrected", **act), "GZ01") == "none"


def test_an_order_of_ten_persons_and_thirty_thousand_is_red_at_once() -> None:
    act: dict[str, Any] = {"kind": "wages", "state": "punished", "found_on": DAY - timedelta(days=1)}
    assert colour(District().add("inspection_act", persons=10, amount=3_000_000, **act), "GZ01") == "red"
    assert colour(District().add("inspection_act", persons=10, amount=2_999_999, **act), "GZ01") == "blue"


def test_a_boss_who_fled_is_red_even_when_the_banks_are_late() -> None:
    district = District().add("inspection_act", kind="fled", state="police", found_on=date(2026, 10, 30))
    assert colour(district, "GZ01") == "red"
    district.stale.add("bank_payroll")
    assert colour(district, "GZ01") == "red"


def test_a_stale_bank_is_unknown() -> None:
    district = _unpaid(8)
    district.stale.add("bank_payroll")
    assert colour(district, "GZ01") == "unknown"


def test_ninety_percent_by_then_is_paid() -> None:
    district = _unpaid(20)
    (row, _) = district.rows["bank_payroll"]
    row.update(paid_amount=1_800_000, paid_persons=9, paid_on=DAY - timedelta(days=2))
    assert colour(district, "GZ01") == "none"
    row.update(paid_amount=1_799_999)
    assert colour(district, "GZ01") == "yellow"
    found = facts(district)
    assert found["wage_overdue_persons"] == 9  # everybody got a part, everybody waits
    assert found["wage_overdue_fen"] == 200_001
