"""SB02: (paid − insured) ÷ paid without the excluded, from 3 / 5 / 10 / 20 %."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour, facts


def _firm(paid: int, insured: int, excluded: int = 0) -> District:
    district = District().staff(insured).add("tax_month", paid_persons=paid)
    return district.change("si_month", excluded_persons=excluded)


@pytest.mark.parametrize(
    ("paid", "insured", "expected"),
    [
        (1000, 1000, "none"),
        (1000, 971, "none"),
        (1000, 970, "blue"),
        (1000, 951, "blue"),
        (1000, 950, "yellow"),
        (1000, 901, "yellow"),
        (1000, 900, "orange"),
        (1000, 801, "orange"),
        (1000, 800, "red"),
        (2, 1, "blue"),
        (4, 2, "yellow"),
        (8, 4, "orange"),
        (10, 5, "red"),
        (5, 9, "none"),
    ],
)
def test_edges(paid: int, insured: int, expected: str) -> None:
    assert colour(_firm(paid, insured), "SB02") == expected


def test_the_excluded_leave_both_sides() -> None:
    found = facts(_firm(100, 60, excluded=40))
    assert (found["uninsured_persons"], found["insurable_persons"]) == (0, 60)
    assert colour(_firm(100, 80, excluded=20), "SB02") == "none"
    assert colour(_firm(100, 72, excluded=20), "SB02") == "orange"  # 8 of 80


def test_nobody_insured_for_two_months_is_zero_not_unknown() -> None:
    assert colour(District().add("tax_month", paid_persons=10), "SB02") == "red"


def test_months_of_different_ends_are_not_compared() -> None:
    """Insurance is a month behind: both are read in September."""
    district = District().add("tax_month", month=202609, paid_persons=50).add("tax_month", paid_persons=90)
    district.add("si_month", month=202609, insured_persons=50, excluded_persons=0)
    district.ends["si_month"] = date(2026, 9, 30)
    assert facts(district)["uninsured_persons"] == 0
    assert colour(district, "SB02") == "none"
