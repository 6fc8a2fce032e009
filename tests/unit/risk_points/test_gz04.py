"""GZ04: persons of verified clues in 30 days 1 / 2–4 / 5–9 / ≥10; three on one unpaid period in 90 days; unverified blue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour


def _clue(
    district: District, persons: int | None, *, days: int = 0, verified: bool | None = True, **more: Any
) -> District:
    return district.add(
        "arrears_clue", received_on=DAY - timedelta(days=days), persons=persons, verified=verified, **more
    )


@pytest.mark.parametrize(
    ("persons", "expected"),
    [(1, "blue"), (2, "yellow"), (4, "yellow"), (5, "orange"), (9, "orange"), (10, "red")],
)
def test_edges_of_verified_persons(persons: int, expected: str) -> None:
    assert colour(_clue(District(), persons), "GZ04") == expected


def test_clues_add_up() -> None:
    assert colour(_clue(_clue(District(), 4), 6), "GZ04") == "red"


def test_edges_of_thirty_days() -> None:
    assert colour(_clue(District(), 10, days=29), "GZ04") == "red"
    assert colour(_clue(District(), 10, days=30), "GZ04") == "none"


@pytest.mark.parametrize("verified", [False, None])
def test_unverified_clues_are_blue_at_most(verified: bool | None) -> None:
    assert colour(_clue(District(), 500, verified=verified), "GZ04") == "blue"


def test_a_refuted_clue_does_not_count() -> None:
    district = _clue(District(), 500, verified=False, closed_on=date(2026, 10, 31))
    assert colour(district, "GZ04") == "none"


@pytest.mark.parametrize(("count", "days", "expected"), [(2, 89, "none"), (3, 89, "red"), (3, 90, "none")])
def test_edges_of_one_unpaid_period(count: int, days: int, expected: str) -> None:
    district = District()
    for _ in range(count):
        _clue(district, 1, days=days, unpaid_period=202606)
    assert colour(district, "GZ04") == expected


def test_different_periods_and_unverified_clues_are_no_series() -> None:
    district = District()
    for period, verified in ((202606, True), (202606, True), (202605, True), (202606, False)):
        _clue(district, 1, days=60, unpaid_period=period, verified=verified)
    assert colour(district, "GZ04") == "none"


def test_a_clue_without_a_number_is_one_person() -> None:
    assert colour(_clue(District(), None), "GZ04") == "blue"


def test_stale_clues_are_unknown() -> None:
    district = _clue(District(), 9)
    district.stale.add("arrears_clue")
    assert colour(district, "GZ04") == "unknown"
