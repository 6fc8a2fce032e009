"""JY03: ≥3 debt suits / enforcement / dishonest, restricted, seized / bankruptcy, missing, within 6 months."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _court(*kinds: str, filed: date = date(2026, 8, 1), ended: date | None = None) -> District:
    district = District()
    for kind in kinds:
        district.add("court_event", kind=kind, filed_on=filed, ended_on=ended)
    return district


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((), "none"),
        (("debt",) * 2, "none"),
        (("debt",) * 3, "blue"),
        (("labour",) * 9, "none"),
        (("enforcement",), "yellow"),
        (("dishonest",), "orange"),
        (("limit",), "orange"),
        (("seizure",), "orange"),
        (("bankruptcy",), "red"),
        (("missing",), "red"),
    ],
)
def test_edges(kinds: tuple[str, ...], expected: str) -> None:
    assert colour(_court(*kinds), "JY03") == expected


@pytest.mark.parametrize(("filed", "expected"), [(date(2026, 5, 1), "red"), (date(2026, 4, 30), "none")])
def test_edges_of_six_months(filed: date, expected: str) -> None:
    assert colour(_court("bankruptcy", filed=filed), "JY03") == expected


def test_a_status_that_ended_is_over_a_suit_was_filed_all_the_same() -> None:
    assert colour(_court("missing", ended=date(2026, 10, 31)), "JY03") == "none"
    assert colour(_court("missing", ended=date(2026, 11, 1)), "JY03") == "red"
    assert colour(_court("debt", "debt", "debt", ended=date(2026, 9, 1)), "JY03") == "blue"


def test_an_enforcement_that_ended_unpaid_goes_on() -> None:
    district = _court("enforcement", ended=date(2026, 9, 1))
    assert colour(district, "JY03") == "none"
    district.rows["court_event"][0]["unpaid_end"] = True
    assert colour(district, "JY03") == "yellow"
