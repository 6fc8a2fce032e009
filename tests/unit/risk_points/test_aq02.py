"""AQ02: penalties 1 / 2 / ≥3; hazards overdue to 15 days yellow, above orange; a stop orange; a closure red."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour


def _penalties(*kinds: str, dataset: str = "safety_penalty", day: date = date(2026, 5, 1)) -> District:
    district = District()
    for kind in kinds:
        district.add(dataset, decided_on=day, kind=kind)
    return district


@pytest.mark.parametrize("dataset", ["safety_penalty", "environment_penalty"])
@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), "none"),
        (("penalty",), "blue"),
        (("penalty",) * 2, "yellow"),
        (("penalty",) * 3, "orange"),
        (("stop",), "orange"),
        (("shut",), "red"),
        (("hazard",) * 3, "none"),  # no deadline yet
    ],
)
def test_edges(dataset: str, kinds: tuple[str, ...], expected: str) -> None:
    assert colour(_penalties(*kinds, dataset=dataset), "AQ02") == expected


def test_both_authorities_are_added() -> None:
    district = _penalties("penalty").add("environment_penalty", decided_on=date(2026, 5, 2), kind="penalty")
    assert colour(district, "AQ02") == "yellow"


@pytest.mark.parametrize(("days", "expected"), [(0, "none"), (1, "yellow"), (15, "yellow"), (16, "orange")])
def test_edges_of_overdue_hazards(days: int, expected: str) -> None:
    due = DAY - timedelta(days=days)
    district = District().add("safety_penalty", decided_on=date(2025, 1, 1), kind="hazard", due_on=due)
    assert colour(district, "AQ02") == expected
    fixed = District().add(
        "safety_penalty", decided_on=date(2025, 1, 1), kind="hazard", due_on=due, fixed_on=DAY
    )
    assert colour(fixed, "AQ02") == "none"


def test_a_closure_is_red_though_the_other_authority_is_late() -> None:
    district = _penalties("shut", dataset="environment_penalty")
    district.stale.add("safety_penalty")
    assert colour(district, "AQ02") == "red"
    district.stale.add("environment_penalty")
    assert colour(district, "AQ02") == "unknown"


def test_a_year_later_it_is_over() -> None:
    assert colour(_penalties("shut", day=date(2025, 10, 31)), "AQ02") == "none"
