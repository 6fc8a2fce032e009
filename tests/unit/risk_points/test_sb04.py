"""SB04: net leavers ÷ insured at the start from 5 / 8 / 10 / 30 %, by persons from 20 and 50; a report takes red away."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(leavers: int, start: int, *, joiners: int = 0, reported: bool | None = False) -> District:
    district = District().staff(start)
    district.change("si_month", leavers=leavers, joiners=joiners)
    return district.change("hr_filing", layoff_reported=reported)


@pytest.mark.parametrize(
    ("leavers", "start", "expected"),
    [
        (4, 100, "none"),
        (5, 100, "blue"),
        (7, 100, "blue"),
        (8, 100, "yellow"),
        (9, 100, "yellow"),
        (10, 100, "orange"),
        (29, 100, "orange"),
        (30, 100, "red"),
        (20, 1000, "orange"),  # article 41: twenty persons and two percent here
        (19, 950, "none"),
        (20, 1001, "none"),
        (50, 1000, "red"),
        (49, 980, "orange"),
        (50, 1001, "orange"),
        (1, 2, "blue"),
        (2, 4, "yellow"),
        (4, 8, "orange"),
        (5, 10, "red"),
    ],
)
def test_edges(leavers: int, start: int, expected: str) -> None:
    assert colour(_firm(leavers, start), "SB04") == expected


def test_joiners_count_against_leavers() -> None:
    assert colour(_firm(40, 100, joiners=36), "SB04") == "none"


def test_a_reported_layoff_is_orange() -> None:
    assert colour(_firm(60, 100, reported=True), "SB04") == "orange"


def test_unknown_when_the_report_is_unknown() -> None:
    assert colour(_firm(60, 100, reported=None), "SB04") == "unknown"
