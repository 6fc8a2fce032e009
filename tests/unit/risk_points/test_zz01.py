"""ZZ01: no union from 25 staff / and no collective contract from 100 / and QY01 yellow."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour


def _firm(staff: int, *, union: bool | None = False, until: date | None = None) -> District:
    return District().staff(staff).add("union_state", has_union=union, collective_contract_until=until)


@pytest.mark.parametrize(
    ("staff", "expected"), [(24, "n/a"), (25, "blue"), (99, "blue"), (100, "yellow"), (5000, "yellow")]
)
def test_edges(staff: int, expected: str) -> None:
    assert colour(_firm(staff), "ZZ01") == expected


def test_a_union_is_enough() -> None:
    assert colour(_firm(500, union=True), "ZZ01") == "none"


def test_a_collective_contract_counts_to_its_last_day() -> None:
    assert colour(_firm(100, until=DAY), "ZZ01") == "blue"
    assert colour(_firm(100, until=date(2026, 10, 30)), "ZZ01") == "yellow"


@pytest.mark.parametrize(("cases", "expected"), [(3, "yellow"), (4, "orange")])
def test_orange_with_disputes(cases: int, expected: str) -> None:
    """QY01 is yellow from 2 cases per 100 staff: 4 of 200."""
    district = _firm(200)
    for number in range(cases):
        district.add(
            "dispute_case", accepted_on=date(2026, 5, 1), dispute_ref=f"d{number}", persons=1, claim="c"
        )
    assert colour(district, "ZZ01") == expected


def test_an_enterprise_that_the_unions_do_not_name_has_none() -> None:
    assert colour(District().staff(30), "ZZ01") == "blue"


def test_unknown() -> None:
    assert colour(_firm(30, union=None), "ZZ01") == "unknown"
