"""GZ02: full-month full-timers below the minimum wage: one person, then from 1 / 3 / 5 % of staff."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(below: int, staff: int) -> District:
    return District().staff(staff).add("tax_month", below_min_persons=below, paid_persons=staff)


@pytest.mark.parametrize(
    ("below", "staff", "expected"),
    [
        (0, 1000, "none"),
        (1, 1000, "blue"),
        (9, 1000, "blue"),
        (10, 1000, "yellow"),
        (29, 1000, "yellow"),
        (30, 1000, "orange"),
        (49, 1000, "orange"),
        (50, 1000, "red"),
        (1, 2, "blue"),
        (2, 2, "yellow"),
        (4, 4, "orange"),
        (5, 5, "red"),
    ],
)
def test_edges(below: int, staff: int, expected: str) -> None:
    assert colour(_firm(below, staff), "GZ02") == expected


def test_stale_tax_is_unknown() -> None:
    district = _firm(5, 5)
    district.stale.add("tax_month")
    assert colour(district, "GZ02") == "unknown"
