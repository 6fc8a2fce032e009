"""JY04: late filing / arrears ≥1 month / ≥3 months or grade D / non-normal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _tax(**values: Any) -> District:
    row: dict[str, Any] = {
        "late_filing": False,
        "arrears_months": 0,
        "grade": "B",
        "non_normal": False,
        **values,
    }
    return District().add("tax_month", **row)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "none"),
        ({"late_filing": True}, "blue"),
        ({"arrears_months": 1}, "yellow"),
        ({"arrears_months": 2}, "yellow"),
        ({"arrears_months": 3}, "orange"),
        ({"grade": "C"}, "none"),
        ({"grade": "D"}, "orange"),
        ({"non_normal": True}, "red"),
        ({"late_filing": None}, "unknown"),
        ({"grade": None}, "unknown"),
    ],
)
def test_edges(values: dict[str, object], expected: str) -> None:
    assert colour(_tax(**values), "JY04") == expected


def test_one_missing_month_is_unknown_two_are_none() -> None:
    assert colour(District().add("tax_month", month=202609, non_normal=True), "JY04") == "unknown"
    assert colour(District().add("tax_month", month=202608, non_normal=True), "JY04") == "none"
