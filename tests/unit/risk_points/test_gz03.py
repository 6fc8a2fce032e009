"""GZ03: payroll against the median of the six months before, down by 15 / 25 / 40 / 60 %."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.risk_facts.accepted import District, colour, facts

BEFORE = (202604, 202605, 202606, 202607, 202608, 202609)


def _firm(now: int, usual: int = 1_000_000, persons: int = 100, dataset: str = "bank_payroll") -> District:
    district = District()
    columns = (
        ("paid_amount", "paid_persons") if dataset == "bank_payroll" else ("payroll_total", "paid_persons")
    )
    for month, amount in (*((month, usual) for month in BEFORE), (202610, now)):
        values: dict[str, Any] = dict(zip(columns, (amount, persons), strict=True))
        district.add(dataset, month=month, **values)
    return district


@pytest.mark.parametrize("dataset", ["bank_payroll", "tax_month"])
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (1_200_000, "none"),
        (850_001, "none"),
        (850_000, "blue"),
        (750_001, "blue"),
        (750_000, "yellow"),
        (600_001, "yellow"),
        (600_000, "orange"),
        (400_001, "orange"),
        (400_000, "red"),
        (0, "red"),
    ],
)
def test_edges(now: int, expected: str, dataset: str) -> None:
    assert colour(_firm(now, dataset=dataset), "GZ03") == expected


@pytest.mark.parametrize(
    ("persons", "expected"),
    [(1, "none"), (2, "blue"), (4, "yellow"), (7, "orange"), (8, "orange"), (9, "red")],
)
def test_a_fall_counts_as_many_persons_as_it_is_worth(persons: int, expected: str) -> None:
    # 60 % of 1, 2, 4, 7, 8, 9 persons is 0, 1, 2, 4, 4, 5 whole persons.
    assert colour(_firm(400_000, persons=persons), "GZ03") == expected


def test_the_banks_series_goes_before_the_tax_return() -> None:
    district = _firm(400_000)
    for month in (*BEFORE, 202610):
        district.add("tax_month", month=month, payroll_total=5_000_000, paid_persons=100)
    assert colour(district, "GZ03") == "red"


def test_a_new_firm_has_no_median() -> None:
    district = District().add("bank_payroll", month=202609, paid_amount=900_000, paid_persons=50)
    district.add("bank_payroll", paid_amount=0, paid_persons=0)
    assert facts(district)["payroll_median_fen"] == 0
    assert colour(district, "GZ03") == "none"


def test_one_missing_month_is_unknown_two_are_a_fall() -> None:
    district = _firm(1_000_000)
    district.rows["bank_payroll"] = [r for r in district.rows["bank_payroll"] if r["month"] != 202610]
    assert colour(district, "GZ03") == "unknown"
    district.rows["bank_payroll"] = [r for r in district.rows["bank_payroll"] if r["month"] != 202609]
    assert colour(district, "GZ03") == "red"


@pytest.mark.parametrize(
    ("status", "expected"), [("open", "red"), ("revoked", "red"), ("cancelled", "n/a"), ("moved", "n/a")]
)
def test_who_left_the_register_lawfully_pays_nobody_any_more(status: str, expected: str) -> None:
    """Whom the authority struck off may still owe wages."""
    assert colour(_firm(0).add("market_registry", status=status), "GZ03") == expected


def test_a_register_that_is_not_known_excuses_nobody() -> None:
    district = _firm(0)
    district.stale.add("market_registry")
    assert colour(district, "GZ03") == "red"
