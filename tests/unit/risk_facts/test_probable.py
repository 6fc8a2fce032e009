"""A row that was matched by its name only never raises a red light, and never hides a certain one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from api.risk.facts import compute_facts, dictionary
from tests.unit.risk_facts.accepted import DAY, PARAMETERS, District, colour, facts, subjects

_UTILITY = {"has_meter": True, "usage": 1000, "arrears_months": 0, "cut_off": True}
REDS: list[tuple[str, str, dict[str, Any]]] = [
    ("GZ01", "inspection_act", {"found_on": date(2026, 10, 1), "kind": "fled", "state": "police"}),
    ("GZ04", "arrears_clue", {"received_on": date(2026, 10, 20), "persons": 12, "verified": True}),
    ("SB01", "si_month", {"arrears_months": 8, "arrears_amount": 1, "deferral_approved": False}),
    ("QY02", "group_event", {"occurred_on": date(2026, 10, 1), "kind": "street", "persons": 40}),
    ("QY03", "credit_list", {"listed_on": date(2026, 1, 1), "kind": "wage_dishonest"}),
    ("AQ01", "accident", {"occurred_on": date(2026, 5, 1), "deaths": 4, "serious": 0, "loss_amount": 0}),
    ("JY01", "market_registry", {"status": "revoked"}),
    ("JY02", "power", _UTILITY),
    ("JY03", "court_event", {"filed_on": date(2026, 9, 1), "kind": "bankruptcy"}),
    ("JY04", "tax_month", {"late_filing": False, "arrears_months": 0, "grade": "B", "non_normal": True}),
]


def _before(dataset: str) -> District:
    """A fall of consumption is unknown without certain months before it."""
    district = District()
    for month in (202608, 202609) if dataset == "power" else ():
        district.add(dataset, month=month, **{**_UTILITY, "cut_off": False})
    return district


@pytest.mark.parametrize(("point", "dataset", "row"), REDS)
def test_a_probable_row_raises_no_red(point: str, dataset: str, row: dict[str, Any]) -> None:
    assert colour(_before(dataset).add(dataset, **row), point) == "red"
    probable = colour(_before(dataset).add(dataset, probable=True, **row), point)
    assert probable in ("none", "blue", "yellow", "orange", "n/a")


@pytest.mark.parametrize(("point", "dataset", "row"), REDS)
def test_a_probable_row_hides_no_certain_red(point: str, dataset: str, row: dict[str, Any]) -> None:
    district = District().add(dataset, **row).add(dataset, probable=True, **row)
    assert colour(district, point) == "red"


def test_below_red_a_probable_row_counts() -> None:
    district = District().add(
        "arrears_clue", probable=True, received_on=date(2026, 10, 20), persons=12, verified=True
    )
    assert colour(district, "GZ04") == "orange"


def test_leaving_out_a_probable_denominator_raises_nothing() -> None:
    """Insurance known by name only: without it nobody were insured, and that must not be red either."""
    district = District().add("tax_month", paid_persons=20)
    district.add("si_month", probable=True, insured_persons=20, excluded_persons=0)
    found = facts(district)
    assert (found["uninsured_persons"], found["uninsured_persons_sure"]) == (0, 0)
    assert colour(district, "SB02") == "none"


def test_the_certain_row_of_a_month_goes_first() -> None:
    row: dict[str, Any] = {"arrears_amount": 1, "deferral_approved": False}
    district = District().add("si_month", probable=True, arrears_months=9, **row)
    district.add("si_month", arrears_months=1, **row)
    assert facts(district)["insurance_arrears_months"] == 1


def test_the_certain_row_of_a_snapshot_goes_first() -> None:
    district = (
        District().add("union_state", has_union=True).add("union_state", probable=True, has_union=False)
    )
    assert facts(district)["union_has"] == 1


def test_of_two_probable_rows_the_larger_values_count() -> None:
    district = District()
    for persons in (7, 5):
        district.add("hr_filing", probable=True, roster_persons=persons)
        district.add("bank_payroll", probable=True, due_persons=persons, paid_amount=0, due_amount=0)
    assert facts(district)["staff"] == 7


def test_the_twin_is_the_milder_and_unknown_if_one_is() -> None:
    district = District().staff(10)
    district.add("arrears_clue", received_on=date(2026, 10, 20), persons=3, verified=True)
    district.add("arrears_clue", probable=True, received_on=date(2026, 10, 20), persons=9, verified=True)
    district.add("bank_credit", probable=True, has_loan=True, overdue_days=200)
    found = facts(district)
    assert (found["clue_verified_persons_30d"], found["clue_verified_persons_30d_sure"]) == (12, 3)
    assert (found["loan_overdue_days"], found["loan_overdue_days_sure"]) == (200, None)


def test_other_enterprises_stay_as_they_are() -> None:
    district = District()
    for enterprise in (1, 2, 3):
        district.staff(10 * enterprise, enterprise=enterprise)
    plain = compute_facts(district, subjects(1, 2, 3), 202610, DAY, PARAMETERS)
    district.add(
        "group_event", enterprise=2, probable=True, occurred_on=date(2026, 10, 1), kind="street", persons=9
    )
    again = compute_facts(district, subjects(1, 2, 3), 202610, DAY, PARAMETERS)
    assert again["enterprise"].to_list() == [1, 2, 3]
    assert again.filter(again["enterprise"] != 2).equals(plain.filter(plain["enterprise"] != 2))
    changed = again.row(1, named=True)
    assert (changed["street_online_events"], changed["street_online_events_sure"]) == (1, 0)
    assert changed["staff"] == 20


def test_every_fact_of_a_red_condition_has_a_direction() -> None:
    assert all(fact.worse != "neutral" for fact in dictionary().values() if fact.sure)
