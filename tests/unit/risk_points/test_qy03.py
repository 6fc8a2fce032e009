"""QY03: acts 1–2 corrected / one punished or late / ≥3 or grade C / publicised, listed, referred."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _acts(*states: str) -> District:
    district = District()
    for state in states:
        district.add("inspection_act", found_on=date(2026, 6, 1), kind="contract", state=state)
    return district


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "none"),
        (("corrected",), "blue"),
        (("corrected", "corrected"), "blue"),
        (("punished",), "yellow"),
        (("late",), "yellow"),
        (("corrected",) * 3, "orange"),
        (("publicised",), "red"),
        (("listed",), "red"),
        (("police",), "red"),
    ],
)
def test_edges(states: tuple[str, ...], expected: str) -> None:
    assert colour(_acts(*states), "QY03") == expected


@pytest.mark.parametrize(
    ("kind", "removed", "expected"),
    [
        ("grade_a", None, "none"),
        ("grade_c", None, "orange"),
        ("grade_c", date(2026, 10, 31), "none"),
        ("grade_c", date(2026, 11, 1), "orange"),
        ("wage_dishonest", None, "red"),
        ("wage_dishonest", date(2026, 1, 1), "none"),
    ],
)
def test_lists_count_while_they_last(kind: str, removed: date | None, expected: str) -> None:
    district = District().add("credit_list", kind=kind, listed_on=date(2024, 1, 1), removed_on=removed)
    assert colour(district, "QY03") == expected


def test_acts_count_for_twelve_months() -> None:
    act: dict[str, Any] = {"kind": "other", "state": "police"}
    assert colour(District().add("inspection_act", found_on=date(2025, 11, 1), **act), "QY03") == "red"
    assert colour(District().add("inspection_act", found_on=date(2025, 10, 31), **act), "QY03") == "none"
