"""Unknown, zero and not applicable are three things: staleness, absence by kind, gaps, later events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from api.risk.facts import FactParameters, compute_facts, dictionary
from api.risk.facts.datasets import DATASETS
from tests.unit.risk_facts.accepted import DAY, PARAMETERS, District, facts, subjects


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_a_stale_dataset_makes_exactly_its_facts_unknown(dataset: str) -> None:
    district = District().staff(30)
    before = facts(district)
    district.stale.add(dataset)
    after = facts(district)
    for name, fact in dictionary().items():
        if dataset in fact.datasets:
            assert after[name] is None, name
        else:
            assert after[name] == before[name], name
        if fact.sure:
            assert after[f"{name}_sure"] == after[name]


@pytest.mark.parametrize("dataset", sorted(DATASETS))
def test_a_dataset_that_never_came_is_unknown_too(dataset: str) -> None:
    district = District()
    district.ends[dataset] = None
    found = facts(district)
    assert all(found[name] is None for name, fact in dictionary().items() if dataset in fact.datasets)


def test_absence_is_zero_none_or_unknown_by_kind() -> None:
    found = facts(District())
    for name, fact in dictionary().items():
        partial = [code for code in fact.datasets if DATASETS[code].kind == "partial"]
        if partial and name != "outsourcing_score":
            assert found[name] is None, name
        elif not partial:
            assert found[name] == 0, name
    assert found["outsourcing_score"] == 0  # the tax return says: nothing is outsourced


@pytest.mark.parametrize(
    ("dataset", "fact"),
    [
        ("si_month", "insurance_arrears_months"),
        ("tax_month", "tax_arrears_months"),
        ("hr_filing", "contract_staff"),
        ("water", "water_meter"),
        ("bank_payroll", "wage_overdue_days"),
        ("contract_check", "contracts_new_12m"),
    ],
)
def test_one_missing_month_is_unknown_two_are_an_end(dataset: str, fact: str) -> None:
    assert facts(District().add(dataset, month=202609))[fact] is None
    assert facts(District().add(dataset, month=202608))[fact] == 0


def test_staff_takes_the_month_before_in_a_gap() -> None:
    district = District().staff(40, month=202609).add("si_month", insured_persons=30)
    district.add("hr_filing", roster_persons=25)
    assert facts(district)["staff"] == 40
    assert facts(District().staff(40, month=202608))["staff"] == 0


def test_staff_is_the_largest_of_insurance_payroll_and_roster() -> None:
    for column, dataset in (
        ("insured_persons", "si_month"),
        ("due_persons", "bank_payroll"),
        ("paid_persons", "bank_payroll"),
        ("roster_persons", "hr_filing"),
    ):
        assert facts(District().staff(10).change(dataset, **{column: 12}))["staff"] == 12


def test_a_null_cell_is_unknown() -> None:
    district = District().staff(10).change("hr_filing", valid_contracts=None)
    assert facts(district)["contract_missing"] is None
    assert facts(district)["contract_staff"] == 10


def test_a_late_source_is_read_at_its_own_newest_month() -> None:
    district = District().add("si_month", month=202609, arrears_months=2, deferral_approved=False)
    district.ends["si_month"] = date(2026, 9, 30)
    assert facts(district)["insurance_arrears_months"] == 2


def test_a_month_that_is_covered_in_part_is_not_read() -> None:
    district = District().add("si_month", month=202609, arrears_months=2, deferral_approved=False)
    district.add("si_month", arrears_months=3, deferral_approved=False)
    district.ends["si_month"] = date(2026, 10, 30)
    assert facts(district)["insurance_arrears_months"] == 2


def test_the_past_does_not_know_the_future() -> None:
    """September as of its last day, though October's rows and events are there."""
    district = District().add("si_month", month=202609, arrears_months=1, deferral_approved=False)
    district.add("si_month", arrears_months=9, deferral_approved=False)
    district.add("group_event", occurred_on=date(2026, 10, 1), kind="street", persons=50)
    found = facts(district, month=202609, as_of=date(2026, 9, 30))
    assert found["insurance_arrears_months"] == 1
    assert found["street_online_events"] == 0


def test_rows_are_read_as_they_were_known() -> None:
    district = District().add("group_event", occurred_on=date(2026, 9, 1), kind="street", persons=50)
    known = district.rows["group_event"][0]["_known"]
    for moment, events in ((known, 1), (known - timedelta(seconds=1), 0)):
        parameters = FactParameters(average_wage_fen=1, known_at=moment)
        frame = compute_facts(district, subjects(1), 202610, DAY, parameters)
        assert frame["street_online_events"].to_list() == [events]


def test_days_are_counted_to_what_the_data_can_know() -> None:
    district = District().add(
        "dispute_case", accepted_on=date(2026, 3, 1), dispute_ref="a", perform_due_on=date(2026, 10, 1)
    )
    assert facts(district)["award_overdue_days"] == 30
    assert facts(district, as_of=date(2026, 11, 20))["award_overdue_days"] == 30
    district.ends["dispute_case"] = date(2026, 10, 11)
    assert facts(district)["award_overdue_days"] == 10


def test_each_dataset_is_planned_once() -> None:
    district = District().staff(10)
    known = replace(PARAMETERS, known_at=datetime(2026, 10, 31, 15, tzinfo=UTC))
    facts(district, parameters=known)
    assert sorted(district.scanned) == sorted(DATASETS)


def test_a_register_is_read_as_it_stood_on_the_day() -> None:
    """A backtest of October knows November's deliveries; the enterprise was struck off in November."""
    district = District().add("market_registry", status="open").add("market_registry", status="revoked")
    before, after = district.rows["market_registry"]
    before["_known"] = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # before midnight in China
    after["_known"] = datetime(2026, 10, 31, 16, 1, tzinfo=UTC)
    november = replace(PARAMETERS, known_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert facts(district, parameters=november)["registry_revoked"] == 0
    assert facts(district, as_of=date(2026, 11, 1), parameters=november)["registry_revoked"] == 1
    before["_known"] = after["_known"]
    assert facts(district, parameters=november)["registry_revoked"] == 1  # only later deliveries know it


def test_the_frame_is_as_the_subjects_stand_and_all_whole_numbers() -> None:
    frame = compute_facts(District().staff(3, enterprise=7), subjects(9, 7, 8), 202610, DAY, PARAMETERS)
    assert frame["enterprise"].to_list() == [9, 7, 8]
    assert frame["staff"].to_list() == [0, 3, 0]
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "Int32", *["Int64"] * (frame.width - 2)]


def test_rows_of_an_enterprise_that_is_no_subject_are_left_out() -> None:
    district = District().staff(3).staff(5, enterprise=2)
    frame = compute_facts(district, subjects(1), 202610, DAY, PARAMETERS)
    assert frame["enterprise"].to_list() == [1]


def test_parameters_are_checked() -> None:
    for wrong in (
        {"average_wage_fen": 0},
        {"average_wage_fen": 1, "base_floor_bp": 0},
        {"average_wage_fen": 1, "base_floor_bp": 20_000, "base_ceiling_bp": 10_000},
        {"average_wage_fen": 1, "paid_share_bp": 10_001},
        {"average_wage_fen": 1, "injury_ppm": {"C": -1}},
    ):
        with pytest.raises(ValueError):
            FactParameters(**wrong)
    assert FactParameters(average_wage_fen=1, known_at=datetime(2026, 1, 1, tzinfo=UTC)).known_at is not None
