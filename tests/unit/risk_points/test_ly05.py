"""LY05: over 36 hours of overtime ÷ staff from 5 / 10 / 20 / 30 %; unpermitted special hours are yellow."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(over: int, staff: int, *, unpermitted: bool | None = False) -> District:
    return District().add("attendance", staff=staff, overtime36_persons=over, unpermitted_special=unpermitted)


@pytest.mark.parametrize(
    ("over", "staff", "expected"),
    [
        (49, 1000, "none"),
        (50, 1000, "blue"),
        (99, 1000, "blue"),
        (100, 1000, "yellow"),
        (199, 1000, "yellow"),
        (200, 1000, "orange"),
        (299, 1000, "orange"),
        (300, 1000, "red"),
        (1, 1, "blue"),
        (2, 2, "yellow"),
        (4, 4, "orange"),
        (5, 5, "red"),
    ],
)
def test_edges(over: int, staff: int, expected: str) -> None:
    assert colour(_firm(over, staff), "LY05") == expected


def test_unpermitted_special_hours_are_yellow() -> None:
    assert colour(_firm(0, 100, unpermitted=True), "LY05") == "yellow"


def test_unknown_without_an_answer() -> None:
    assert colour(District(), "LY05") == "unknown"
    assert colour(_firm(0, 100, unpermitted=None), "LY05") == "unknown"
