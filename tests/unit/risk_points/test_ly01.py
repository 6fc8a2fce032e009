"""LY01: valid contracts ÷ staff with tenure over 30 days, below 98 / 95 / 90 / 80 %."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(valid: int, tenure: int) -> District:
    return District().add("hr_filing", tenure30_persons=tenure, valid_contracts=valid)


@pytest.mark.parametrize(
    ("valid", "tenure", "expected"),
    [
        (100, 100, "none"),
        (98, 100, "none"),  # exactly 98 % is not below
        (979, 1000, "blue"),
        (95, 100, "blue"),
        (949, 1000, "yellow"),
        (90, 100, "yellow"),
        (899, 1000, "orange"),
        (80, 100, "orange"),
        (799, 1000, "red"),
        (0, 1, "blue"),  # one person is at most blue
        (0, 2, "yellow"),
        (0, 3, "orange"),
        (0, 4, "orange"),
        (0, 5, "red"),
        (5, 3, "none"),  # more contracts than staff: nobody is missing
        (0, 0, "none"),
    ],
)
def test_edges(valid: int, tenure: int, expected: str) -> None:
    assert colour(_firm(valid, tenure), "LY01") == expected


def test_without_filing_for_two_months_there_is_nobody_to_count() -> None:
    assert colour(District(), "LY01") == "none"


def test_a_stale_filing_is_unknown() -> None:
    district = _firm(0, 100)
    district.stale.add("hr_filing")
    assert colour(district, "LY01") == "unknown"


def test_more_staff_with_the_same_missing_never_raises() -> None:
    order = ["red", "orange", "yellow", "blue", "none"]
    seen = [order.index(colour(_firm(tenure - 6, tenure), "LY01")) for tenure in (10, 30, 50, 80, 200, 400)]
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
