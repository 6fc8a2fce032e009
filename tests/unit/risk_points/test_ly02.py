"""LY02: expired over 30 days and still paid ÷ staff, from 1 / 3 / 5 / 10 %."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(expired: int, staff: int, extended: int = 0) -> District:
    district = District().staff(staff)
    return district.change("hr_filing", expired_unsigned_persons=expired, extension_persons=extended)


@pytest.mark.parametrize(
    ("expired", "staff", "expected"),
    [
        (0, 100, "none"),
        (9, 1000, "none"),
        (10, 1000, "blue"),
        (29, 1000, "blue"),
        (30, 1000, "yellow"),
        (49, 1000, "yellow"),
        (50, 1000, "orange"),
        (99, 1000, "orange"),
        (100, 1000, "red"),
        (1, 5, "blue"),
        (2, 5, "yellow"),
        (4, 20, "orange"),
        (5, 20, "red"),
    ],
)
def test_edges(expired: int, staff: int, expected: str) -> None:
    assert colour(_firm(expired, staff), "LY02") == expected


def test_statutory_extensions_do_not_count() -> None:
    assert colour(_firm(6, 20, extended=6), "LY02") == "none"
    assert colour(_firm(6, 20, extended=5), "LY02") == "blue"


def test_unknown_when_payroll_is_stale_because_staff_is() -> None:
    district = _firm(6, 20)
    district.stale.add("bank_payroll")
    assert colour(district, "LY02") == "unknown"
