"""QY02: persons with the same claim 3–4 / 5–9 / ≥10 / ≥30; a street or online event is red."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour

EDGES = [
    (2, "none"),
    (3, "blue"),
    (4, "blue"),
    (5, "yellow"),
    (9, "yellow"),
    (10, "orange"),
    (29, "orange"),
    (30, "red"),
]


@pytest.mark.parametrize(("persons", "expected"), EDGES)
def test_edges_of_one_dispute(persons: int, expected: str) -> None:
    district = District().add(
        "dispute_case", accepted_on=date(2026, 9, 1), dispute_ref="a", persons=persons, claim="wages"
    )
    assert colour(district, "QY02") == expected


@pytest.mark.parametrize(("persons", "expected"), EDGES)
def test_edges_of_a_petition(persons: int, expected: str) -> None:
    district = District().add("group_event", occurred_on=date(2026, 9, 1), kind="petition", persons=persons)
    assert colour(district, "QY02") == expected


@pytest.mark.parametrize("kind", ["street", "online"])
def test_a_street_or_online_event_is_red(kind: str) -> None:
    assert (
        colour(District().add("group_event", occurred_on=date(2026, 9, 1), kind=kind, persons=2), "QY02")
        == "red"
    )


def test_same_claims_add_up_different_ones_do_not() -> None:
    district = District()
    for number, claim in enumerate(["wages", "wages", "overtime", "overtime"]):
        district.add(
            "dispute_case", accepted_on=date(2026, 9, 1), dispute_ref=f"d{number}", persons=2, claim=claim
        )
    assert colour(district, "QY02") == "blue"  # four, not eight


def test_the_same_persons_in_arbitration_and_court_count_once() -> None:
    district = District()
    for stage in ("mediation", "arbitration"):
        district.add(
            "dispute_case",
            accepted_on=date(2026, 9, 1),
            dispute_ref="a",
            persons=8,
            claim="wages",
            stage=stage,
        )
    district.add("court_event", kind="labour", filed_on=date(2026, 10, 1), dispute_ref="a", persons=9)
    assert colour(district, "QY02") == "yellow"


def test_a_year_later_it_is_over() -> None:
    assert (
        colour(District().add("group_event", occurred_on=date(2025, 10, 31), kind="street"), "QY02") == "none"
    )


def test_disputes_without_a_claim_are_not_added() -> None:
    district = District()
    for ref in ("a", "b"):
        district.add("dispute_case", accepted_on=date(2026, 9, 1), dispute_ref=ref, persons=2)
    assert colour(district, "QY02") == "none"
