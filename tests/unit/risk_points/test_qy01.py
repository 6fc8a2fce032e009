"""QY01: disputes per 100 staff in 12 months from 1 / 2 / 4 / 8, at least three."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour, facts


def _firm(cases: int, staff: int, persons: int = 1) -> District:
    district = District().staff(staff)
    for number in range(cases):
        district.add(
            "dispute_case",
            accepted_on=date(2026, 5, 1),
            dispute_ref=f"d{number}",
            persons=persons,
            claim=f"c{number}",
        )
    return district


@pytest.mark.parametrize(
    ("cases", "staff", "expected"),
    [
        (2, 10, "none"),
        (3, 301, "none"),
        (3, 300, "blue"),
        (3, 151, "blue"),
        (3, 150, "yellow"),
        (3, 76, "yellow"),
        (3, 75, "orange"),
        (5, 63, "orange"),
        (5, 62, "red"),
        (3, 3, "orange"),  # three persons are not yet red
    ],
)
def test_edges(cases: int, staff: int, expected: str) -> None:
    assert colour(_firm(cases, staff), "QY01") == expected


def test_one_dispute_through_all_stages_counts_once() -> None:
    district = District().staff(10)
    for dispute in ("a", "b"):
        for stage in ("mediation", "arbitration"):
            district.add(
                "dispute_case", accepted_on=date(2026, 5, 1), dispute_ref=dispute, stage=stage, persons=2
            )
        district.add("court_event", kind="labour", filed_on=date(2026, 8, 1), dispute_ref=dispute, persons=3)
    assert facts(district)["dispute_cases_12m"] == 2
    assert facts(district)["dispute_persons_12m"] == 6
    assert colour(district, "QY01") == "none"


def test_a_court_case_without_reference_is_a_dispute_of_its_own_and_debts_are_none() -> None:
    district = District().staff(10)
    district.add("court_event", kind="labour", filed_on=date(2026, 8, 1))
    district.add("court_event", kind="debt", filed_on=date(2026, 8, 1), dispute_ref="x")
    assert facts(district)["dispute_cases_12m"] == 1


@pytest.mark.parametrize(
    ("day", "count"), [(date(2025, 11, 1), 1), (date(2025, 10, 31), 0), (date(2026, 11, 1), 0)]
)
def test_edges_of_twelve_months(day: date, count: int) -> None:
    district = District().add("dispute_case", accepted_on=day, dispute_ref="a", persons=1)
    assert facts(district)["dispute_cases_12m"] == count
