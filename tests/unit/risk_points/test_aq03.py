"""AQ03: cases ÷ staff against the industry's mean ×1.2 / 1.5 / 2 / 3, at least two; three within 30 days are red."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour, facts


def _firm(cases: int, staff: int, apart: int = 31) -> District:
    district = District().staff(staff)
    for number in range(cases):
        district.add("si_injury", occurred_on=DAY - timedelta(days=apart * number), kind="injury")
    return district


# Industry C has a mean of 20,000 per million: 2 per 100 staff.
@pytest.mark.parametrize(
    ("cases", "staff", "expected"),
    [
        (0, 100, "none"),
        (1, 1, "none"),  # at least two
        (6, 251, "none"),
        (6, 250, "blue"),
        (6, 201, "blue"),
        (6, 200, "yellow"),
        (6, 151, "yellow"),
        (6, 150, "orange"),
        (6, 101, "orange"),
        (6, 100, "red"),
        (2, 10, "yellow"),  # two persons are not orange
        (4, 10, "orange"),
    ],
)
def test_edges(cases: int, staff: int, expected: str) -> None:
    assert colour(_firm(cases, staff), "AQ03") == expected


def test_another_industry_has_the_districts_mean() -> None:
    assert colour(_firm(6, 250), "AQ03", industry="C18") == "blue"
    assert colour(_firm(6, 250), "AQ03", industry="F51") == "orange"


@pytest.mark.parametrize(("apart", "expected"), [(14, "red"), (15, "none")])
def test_three_within_thirty_days_are_a_cluster(apart: int, expected: str) -> None:
    """Days 0, 14, 28 lie within thirty days; days 0, 15, 30 are thirty-one."""
    assert colour(_firm(3, 10_000, apart), "AQ03") == expected


def test_the_same_diseases_of_fund_and_commission_count_once() -> None:
    district = District().staff(100).add("si_injury", occurred_on=date(2026, 5, 1), kind="occupational")
    district.add("occupational_disease", diagnosed_on=date(2026, 5, 1), persons=2)
    district.add("si_injury", occurred_on=date(2026, 7, 1), kind="injury")
    assert facts(district)["injury_cases_12m"] == 3
    assert facts(district)["injury_cluster_30d"] == 2


def test_unknown_without_staff_figures() -> None:
    district = _firm(6, 100)
    district.stale.add("hr_filing")
    assert colour(district, "AQ03") == "unknown"
