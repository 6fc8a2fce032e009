"""ZZ02: no mediation committee from 300 staff / rules not published either / and QY01 yellow."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(staff: int, *, committee: bool = False, rules: bool | None = True) -> District:
    return District().staff(staff).add("union_state", mediation_committee=committee, rules_published=rules)


@pytest.mark.parametrize(
    ("staff", "rules", "expected"),
    [(299, False, "n/a"), (300, True, "blue"), (300, False, "yellow"), (300, None, "unknown")],
)
def test_edges(staff: int, rules: bool | None, expected: str) -> None:
    assert colour(_firm(staff, rules=rules), "ZZ02") == expected


def test_a_committee_is_enough() -> None:
    assert colour(_firm(900, committee=True, rules=False), "ZZ02") == "none"


@pytest.mark.parametrize(("cases", "expected"), [(5, "yellow"), (6, "orange")])
def test_orange_with_disputes(cases: int, expected: str) -> None:
    """QY01 is yellow from 2 cases per 100 staff: 6 of 300."""
    district = _firm(300, rules=False)
    for number in range(cases):
        district.add(
            "dispute_case", accepted_on=date(2026, 5, 1), dispute_ref=f"d{number}", persons=1, claim="c"
        )
    assert colour(district, "ZZ02") == expected
