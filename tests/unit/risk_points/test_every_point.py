"""What holds for every control point: a stale source or a missing fact is unknown, few persons are no high colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.risk.facts import dictionary_names, fact_of
from api.risk.facts.datasets import DATASETS
from api.risk.scoring import python_executor
from api.risk.scoring.decision import unpack
from api.risk.spec.delivered import delivered, delivered_frame
from api.risk.spec.model import Point, Ratio, Tier, atoms
from tests.unit.risk_facts.accepted import District, colour

POINTS = {point.id: point for point in delivered().points}
ORDER = [point.id for point in delivered().points]
UNKNOWN = 5
COLOURS = (Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED)


def _tier(point: str, **values: int | None) -> int:
    """The point's state when every fact is 0 but these."""
    decision = python_executor.compile(delivered())(dict.fromkeys(dictionary_names(), 0) | values)
    return unpack(decision.tiers_a, decision.tiers_b, len(ORDER))[ORDER.index(point)]


def test_there_is_a_rule_file_and_a_test_for_each_of_the_27() -> None:
    here = Path(__file__).parent
    assert len(ORDER) == 27
    assert {f"test_{point.lower()}.py" for point in ORDER} == {
        path.name for path in here.glob("test_*.py") if re.fullmatch(r"test_[a-z]{2}\d{2}\.py", path.name)
    }


@pytest.mark.parametrize("point", ORDER)
def test_a_missing_fact_is_unknown_and_never_none(point: str) -> None:
    """Each needed fact alone, where the point applies at all."""
    applies = {"LY04": {"dispatch_has": 1}, "JY02": {"power_meter": 1}, "JY05": {"loan_has": 1}}.get(
        point, {}
    )
    small = {"ZZ01": {"staff": 30}, "ZZ02": {"staff": 400}}.get(point, {})
    for fact in POINTS[point].needs:
        twin = {f"{fact}_sure": None} if f"{fact}_sure" in dictionary_names() else {}
        assert _tier(point, **{**applies, **small, fact: None, **twin}) == UNKNOWN, fact


@pytest.mark.parametrize("point", sorted(set(ORDER) - {"ZZ01", "ZZ02"}))
def test_each_stale_source_is_unknown(point: str) -> None:
    """ZZ01 and ZZ02 don't apply to a small enterprise, whose size the other sources know."""
    for dataset in {code for fact in POINTS[point].needs for code in fact_of(fact).datasets}:
        district = District().staff(10).add("tax_month", has_outsourcing=True)
        district.add("power", has_meter=True)
        district.stale.add(dataset)
        assert colour(district, point) == "unknown", dataset


def _floored() -> Iterator[tuple[str, Tier, Ratio]]:
    for point in POINTS.values():
        for tier, condition in point.tiers.items():
            for atom in atoms(condition):
                if isinstance(atom, Ratio) and atom.persons is not None:
                    yield point.id, tier, atom


@pytest.mark.parametrize(
    ("point", "tier", "atom"), list(_floored()), ids=lambda value: getattr(value, "num", str(value))
)
def test_a_rate_colours_from_its_floor_on(point: str, tier: Tier, atom: Ratio) -> None:
    """The worst rate there is, among one person less than the colour asks for, is a lower colour."""
    floor = delivered_frame()["person_floors"][tier.name.lower()]
    assert delivered_frame()["person_floors"] == {"blue": 1, "yellow": 2, "orange": 3, "red": 5}
    if point == "AQ03":
        floor = max(floor, 2)  # domain C.2: at least two cases
    for persons, reached in ((floor - 1, False), (floor, True)):
        assert (_tier(point, **_worst(POINTS[point], atom, persons)) >= tier) is reached, persons


def _worst(point: Point, atom: Ratio, persons: int) -> dict[str, int | None]:
    """Both the facts and their twins: `persons` persons, everything else as bad as it can be."""
    values: dict[str, int | None] = {}
    plain = {name: name.removesuffix("_sure") for name in (atom.num, atom.den, str(atom.persons))}
    for name in (plain[atom.den], plain[atom.num], plain[str(atom.persons)]):
        values[name] = values[f"{name}_sure"] = persons
    if (
        plain[atom.num] != plain[str(atom.persons)]
    ):  # money or scaled rates: a hundred times the threshold's share
        values[plain[atom.num]] = values[f"{plain[atom.num]}_sure"] = 1_000_000
        values[plain[atom.den]] = values[f"{plain[atom.den]}_sure"] = 1
    if point.id == "QY01":
        values |= {"dispute_cases_12m": 100, "dispute_cases_12m_sure": 100}
    if point.id == "LY04":
        values["dispatch_has"] = 1
    if point.id == "AQ03":
        values |= {"injury_scaled_12m": persons * 1_000_000, "injury_expected_12m": 1}
        values |= {"injury_scaled_12m_sure": persons * 1_000_000, "injury_expected_12m_sure": 1}
    known = dictionary_names()
    return {name: value for name, value in values.items() if name in known}


def test_a_dispatch_agency_is_a_subject_like_any_other() -> None:
    """It pays and insures those whom it places: they are its staff. Placing is not using: LY04 is for the user unit."""
    agency = District().staff(200).add("tax_month", has_outsourcing=False, paid_persons=200)
    agency.add("dispatch_month", has_dispatch=False)
    assert colour(agency, "LY04", industry="L72") == "n/a"
    assert colour(agency, "GZ01", industry="L72") == "none"
    agency.change("bank_payroll", paid_amount=0, paid_persons=0, paid_on=None)
    assert colour(agency, "GZ01", industry="L72") == "red"


def test_every_dataset_of_a_point_is_one_that_facts_know() -> None:
    for point in POINTS.values():
        assert all(code in DATASETS for fact in point.needs for code in fact_of(fact).datasets)
