"""AQ01: the worst accident of 12 months: minor / a serious injury / 1–2 deaths / ≥3 deaths, ≥10 serious, ≥10 M yuan."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _accident(deaths: int = 0, serious: int = 0, loss: int = 0, day: date = date(2026, 4, 1)) -> District:
    return District().add(
        "accident", occurred_on=day, deaths=deaths, serious=serious, loss_amount=loss, minor=1
    )


@pytest.mark.parametrize(
    ("deaths", "serious", "loss", "expected"),
    [
        (0, 0, 0, "blue"),
        (0, 1, 0, "yellow"),
        (0, 9, 0, "yellow"),
        (0, 10, 0, "red"),
        (1, 0, 0, "orange"),
        (2, 0, 0, "orange"),
        (3, 0, 0, "red"),
        (0, 0, 999_999_999, "blue"),
        (0, 0, 1_000_000_000, "red"),
    ],
)
def test_edges(deaths: int, serious: int, loss: int, expected: str) -> None:
    assert colour(_accident(deaths, serious, loss), "AQ01") == expected


def test_none_without_accident_and_after_a_year() -> None:
    assert colour(District(), "AQ01") == "none"
    assert colour(_accident(3, day=date(2025, 10, 31)), "AQ01") == "none"


def test_deaths_of_two_accidents_are_not_added() -> None:
    district = _accident(2).add("accident", occurred_on=date(2026, 5, 1), deaths=2, serious=0, loss_amount=0)
    assert colour(district, "AQ01") == "orange"
