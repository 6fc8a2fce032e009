"""The month's reference table: injuries per million staff and the season of each utility, of the whole district."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from api.risk.facts import FactParameters, reference
from api.risk.facts.reference import PEERS_LEAST
from tests.unit.risk_facts.accepted import DAY, PARAMETERS, District, subjects


def _table(district: District, firms: pl.DataFrame) -> FactParameters:
    return reference(district, firms, 202610, DAY, PARAMETERS)


def test_the_industrys_mean_is_cases_per_million_staff() -> None:
    district = District()
    for enterprise, staff, cases in ((1, 100, 1), (2, 200, 2), (3, 300, 1), (4, 0, 5)):
        if staff:
            district.staff(staff, enterprise=enterprise)
        for _ in range(cases):
            district.add("si_injury", enterprise=enterprise, occurred_on=DAY, kind="injury")
    firms = subjects(1, 2, 3, 4).with_columns(industry=pl.Series(["C18", "C20", "F51", "C18"]))
    assert _table(district, firms).injury_ppm == {"": 6666, "C": 10_000, "F": 3333}
    district.stale.add("si_injury")
    assert _table(district, firms).injury_ppm == {}


def _metered(firms: int, now: int, first: int = 1, dataset: str = "power") -> District:
    district = District()
    for enterprise in range(first, first + firms):
        for month, usage in ((202607, 100), (202608, 100), (202609, 100), (202610, now)):
            row: dict[str, Any] = {"has_meter": True, "usage": usage, "arrears_months": 0, "cut_off": False}
            district.add(dataset, enterprise=enterprise, month=month, **row)
    return district


@pytest.mark.parametrize(
    ("firms", "expected"), [(PEERS_LEAST, {"power": 7200, "power:C": 7200}), (PEERS_LEAST - 1, {})]
)
def test_the_season_is_the_median_of_enough_enterprises(firms: int, expected: dict[str, int]) -> None:
    district = _metered(firms, 72)
    assert _table(district, subjects(*range(1, firms + 1))).season_bp == expected


def test_each_section_has_its_own_and_the_district_serves_the_others() -> None:
    district = _metered(20, 50)
    district.rows["power"] += _metered(21, 90, first=21).rows["power"]
    firms = subjects(*range(1, 42)).with_columns(industry=pl.Series(["C18"] * 20 + ["F51"] * 21))
    assert _table(district, firms).season_bp == {"power": 9000, "power:C": 5000, "power:F": 9000}


def test_of_an_even_number_the_two_in_the_middle_are_halved() -> None:
    district = _metered(10, 50)
    district.rows["gas"] = _metered(10, 51, first=1, dataset="gas").rows["gas"]
    district.rows["gas"] += _metered(10, 60, first=11, dataset="gas").rows["gas"]
    assert _table(district, subjects(*range(1, 21))).season_bp == {"gas": 5550, "gas:C": 5550}


def test_who_has_no_history_or_used_nothing_has_no_season() -> None:
    district = _metered(20, 50)
    for row in district.rows["power"]:
        if row["month"] in (202608, 202609):
            row["usage"] = None
    assert _table(district, subjects(*range(1, 21))).season_bp == {}
    for row in district.rows["power"]:
        row["usage"] = 0
    assert _table(district, subjects(*range(1, 21))).season_bp == {}


def test_a_stale_utility_has_no_season() -> None:
    district = _metered(20, 50)
    district.stale.add("power")
    assert _table(district, subjects(*range(1, 21))).season_bp == {}
