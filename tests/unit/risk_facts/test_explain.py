"""From a fact to its rows and their files."""

from __future__ import annotations

import json
from datetime import date

import pytest

from api.risk.facts import dictionary, source_rows
from api.risk.facts.explain import SCHEMA
from tests.unit.risk_facts.accepted import DAY, District


def test_the_rows_of_a_fact_with_batch_and_line() -> None:
    district = District().staff(10)
    for day in (date(2026, 10, 5), date(2026, 10, 20), date(2026, 8, 1), date(2026, 11, 2)):
        district.add("arrears_clue", received_on=day, persons=3, verified=True)
    district.add("arrears_clue", enterprise=2, received_on=date(2026, 10, 6), persons=9, verified=True)
    found = source_rows(district, "clue_verified_persons_30d", 1, 202610)
    assert found.schema == SCHEMA
    assert found["when"].to_list() == ["2026-10-20", "2026-10-05"]
    assert found["row"].to_list() == [2, 1]
    assert found["key"].to_list() == ["arrears_clue-2", "arrears_clue-1"]
    values = json.loads(found["values"][0])
    assert (values["persons"], values["verified"]) == (3, True)
    assert not any(name.startswith("_") or name == "enterprise" for name in values)


def test_a_fact_of_several_datasets_shows_all_and_a_twin_its_fact() -> None:
    district = District().staff(10).staff(9, month=202609).staff(8, month=202608)
    found = source_rows(district, "staff_sure", 1, 202610)
    assert {row["dataset"] for row in found.to_dicts()} == {"si_month", "bank_payroll", "hr_filing"}
    months = found.filter(found["dataset"] == "si_month")["when"].to_list()
    assert months == ["202610", "202609"]


def test_a_late_source_shows_the_months_that_were_read() -> None:
    district = District().staff(9, month=202609).staff(10)
    district.ends["si_month"] = date(2026, 9, 30)
    assert source_rows(district, "net_leavers", 1, 202610)["when"].to_list() == ["202609"]


def test_probable_rows_are_marked() -> None:
    district = District().add("credit_list", probable=True, kind="grade_c", listed_on=date(2020, 1, 1))
    assert source_rows(district, "credit_grade_c", 1, 202610)["probable"].to_list() == [True]


@pytest.mark.parametrize("fact", sorted(dictionary()))
def test_every_fact_can_be_explained(fact: str) -> None:
    district = District().staff(10)
    assert source_rows(district, fact, 1, 202610, as_of=DAY).schema == SCHEMA


def test_no_such_fact() -> None:
    with pytest.raises(KeyError):
        source_rows(District(), "nothing", 1, 202610)
