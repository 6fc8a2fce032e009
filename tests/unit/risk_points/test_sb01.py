"""SB01: months in arrears 1 / 2 / 3–5 / ≥6, or ≥500,000 yuan and ≥2 months; deferrals are none."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(months: int, amount: int = 100, *, deferred: bool | None = False) -> District:
    district = District().staff(20)
    return district.change(
        "si_month", arrears_months=months, arrears_amount=amount, deferral_approved=deferred
    )


@pytest.mark.parametrize(
    ("months", "amount", "expected"),
    [
        (0, 0, "none"),
        (1, 100, "blue"),
        (2, 100, "yellow"),
        (3, 100, "orange"),
        (5, 100, "orange"),
        (6, 100, "red"),
        (2, 50_000_000, "red"),
        (2, 49_999_999, "yellow"),
        (1, 50_000_000, "blue"),
    ],
)
def test_edges(months: int, amount: int, expected: str) -> None:
    assert colour(_firm(months, amount), "SB01") == expected


def test_an_approved_deferral_is_no_arrears() -> None:
    assert colour(_firm(6, 90_000_000, deferred=True), "SB01") == "none"


def test_whether_it_was_deferred_matters_only_with_arrears() -> None:
    assert colour(_firm(6, deferred=None), "SB01") == "unknown"
    assert colour(_firm(0, 0, deferred=None), "SB01") == "none"
