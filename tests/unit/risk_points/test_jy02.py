"""JY02: water, power or gas down by 20 / 30 / 50 / 70 % against 3 months, adjusted by the season; arrears 1 / 2 / 3; cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from api.risk.facts import FactParameters
from tests.unit.risk_facts.accepted import PARAMETERS, District, colour, facts

UTILITIES = ("water", "power", "gas")


def _meter(district: District, dataset: str, usage: int | None, month: int = 202610, **more: Any) -> District:
    row: dict[str, Any] = {"has_meter": True, "arrears_months": 0, "cut_off": False, **more}
    return district.add(dataset, month=month, usage=usage, **row)


def _firm(dataset: str, now: int | None, **more: Any) -> District:
    district = District()
    for month in (202607, 202608, 202609):
        _meter(district, dataset, 1000, month)
    return _meter(district, dataset, now, **more)


@pytest.mark.parametrize("dataset", UTILITIES)
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (1500, "none"),
        (801, "none"),
        (800, "blue"),
        (701, "blue"),
        (700, "yellow"),
        (501, "yellow"),
        (500, "orange"),
        (301, "orange"),
        (300, "red"),
        (0, "red"),
    ],
)
def test_edges_of_the_fall(dataset: str, now: int, expected: str) -> None:
    assert colour(_firm(dataset, now), "JY02") == expected


@pytest.mark.parametrize("dataset", UTILITIES)
@pytest.mark.parametrize(
    ("arrears", "expected"), [(0, "none"), (1, "blue"), (2, "yellow"), (3, "orange"), (9, "orange")]
)
def test_edges_of_arrears(dataset: str, arrears: int, expected: str) -> None:
    assert colour(_firm(dataset, 1000, arrears_months=arrears), "JY02") == expected


@pytest.mark.parametrize("dataset", UTILITIES)
def test_cut_off_is_red(dataset: str) -> None:
    assert colour(_firm(dataset, 1000, cut_off=True), "JY02") == "red"


def _year(district: District, dataset: str, last: int, usage: tuple[int, int, int, int]) -> District:
    """Four months that end with `last`."""
    year, month = divmod(last, 100)
    for back, value in zip((3, 2, 1, 0), usage, strict=True):
        index = year * 12 + month - 1 - back
        _meter(district, dataset, value, index // 12 * 100 + index % 12 + 1)
    return district


def test_last_years_season_is_no_fall() -> None:
    """Last year's October was half of the months before, too."""
    district = _year(_firm("power", 500), "power", 202510, (2000, 2000, 2000, 1000))
    found = facts(district)
    assert (found["power_season_bp"], found["power_expected"], found["power_drop"]) == (5000, 500, 0)
    assert colour(district, "JY02") == "none"


def test_a_season_never_raises_what_is_expected() -> None:
    """Who did not grow with the summer has not fallen."""
    district = _year(_firm("power", 1000), "power", 202510, (100, 100, 100, 200))
    assert facts(district, parameters=_peers(C=13_000))["power_expected"] == 1000


def _peers(**sections: int) -> FactParameters:
    season = {f"power:{section}": value for section, value in sections.items()}
    return replace(PARAMETERS, season_bp={"power": 9000, **season})


@pytest.mark.parametrize(("industry", "expected"), [("C18", 720), ("F51", 900), ("", 900)])
def test_what_the_section_does_is_expected(industry: str, expected: int) -> None:
    found = facts(_firm("power", 700), industry=industry, parameters=_peers(C=7200))
    assert found["power_expected"] == expected


def test_the_milder_of_peers_and_last_year_counts() -> None:
    own = _year(_firm("power", 500), "power", 202510, (100, 100, 100, 60))
    assert facts(own, parameters=_peers(C=7200))["power_season_bp"] == 6000
    assert facts(own, parameters=_peers(C=5000))["power_season_bp"] == 5000


@pytest.mark.parametrize(
    ("fall", "expected"), [(19, "none"), (20, "blue"), (30, "yellow"), (50, "orange"), (70, "red")]
)
def test_edges_beyond_the_season(fall: int, expected: str) -> None:
    district = _firm("power", 8 * (100 - fall))
    found = colour(district, "JY02", parameters=_peers(C=8000))
    assert found == expected


# The Spring Festival: 10 February 2024, 29 January 2025, 17 February 2026.


def _festive(month: int, now: int, before: int = 1000) -> District:
    return _year(District(), "power", month, (1000, 1000, before, now))


def _seen(district: District, month: int, **options: Any) -> str:
    day = date(month // 100, month % 100, 28)
    return colour(district, "JY02", month=month, as_of=day, **options)


@pytest.mark.parametrize(("month", "expected"), [(202602, "none"), (202603, "red"), (202601, "red")])
def test_one_month_of_the_festival_is_no_sign_by_itself(month: int, expected: str) -> None:
    """Nothing used at all: in the festival's month a fall waits for the month after."""
    assert _seen(_festive(month, 0), month) == expected


def test_what_stopped_before_the_festival_is_seen_in_it() -> None:
    assert _seen(_festive(202602, 100, before=300), 202602) == "orange"  # 300 of 766
    assert _seen(_festive(202602, 300, before=100), 202602) == "orange"  # 300 of 700


def test_what_stopped_in_the_festival_is_seen_after_it() -> None:
    assert _seen(_festive(202603, 100, before=700), 202603) == "red"


def test_the_festival_that_moved_from_january_to_february() -> None:
    """2025's was in January and February, 2026's in February: January is compared with nobody's, February with both."""
    district = _year(_festive(202602, 500, before=520), "power", 202502, (1000, 1000, 700, 600))
    _meter(district, "power", 1000, 202410)
    found = facts(district, month=202602, as_of=date(2026, 2, 28))
    assert found["power_season_bp"] == 6666  # February 2025: 600 of 900; January 2025: 700 of 1000
    january = _year(_festive(202601, 1000), "power", 202501, (1000, 1000, 1000, 400))
    found = facts(january, month=202601, as_of=date(2026, 1, 31))
    assert found["power_season_bp"] == 10_000  # not the 4,000 of the festival's January


def test_the_festival_that_moved_from_february_to_january() -> None:
    district = _year(_festive(202501, 600, before=600), "power", 202402, (1000, 1000, 1000, 500))
    found = facts(district, month=202501, as_of=date(2025, 1, 31))
    assert found["power_season_bp"] == 5000
    assert _seen(district, 202501) == "none"


def test_a_month_before_that_is_not_known_confirms_nothing() -> None:
    district = _festive(202602, 100)
    district.rows["power"] = [row for row in district.rows["power"] if row["month"] != 202601]
    assert _seen(district, 202602) == "unknown"


def test_two_of_three_months_are_history() -> None:
    district = _firm("power", 500)
    district.rows["power"].pop(0)
    assert facts(district)["power_expected"] == 1000
    assert colour(district, "JY02") == "orange"
    district.rows["power"].pop(0)
    assert facts(district)["power_drop"] is None
    assert colour(district, "JY02") == "unknown"


def test_a_cut_off_is_red_without_history() -> None:
    assert colour(_meter(District(), "power", 1000, cut_off=True), "JY02") == "red"


def test_who_never_used_anything_cannot_fall() -> None:
    district = _year(District(), "power", 202610, (0, 0, 0, 0))
    found = facts(district)
    assert (found["power_expected"], found["power_drop"], found["power_season_bp"]) == (0, 0, 0)
    assert colour(district, "JY02") == "none"


def test_not_applicable_without_any_meter() -> None:
    assert colour(District(), "JY02") == "n/a"
    district = District()
    for dataset in UTILITIES:
        district.add(dataset, has_meter=False)
    assert colour(district, "JY02") == "n/a"


def test_unknown_when_one_is_stale_or_a_month_is_missing() -> None:
    district = _firm("water", 1000)
    district.stale.add("gas")
    assert colour(district, "JY02") == "unknown"
    gap = _firm("water", 1000)
    gap.rows["water"].pop()
    assert colour(gap, "JY02") == "unknown"
    assert colour(_firm("water", None), "JY02") == "unknown"
