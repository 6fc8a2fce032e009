"""Whatever the rows: some enterprises computed again are what the whole district gives, and a year of changes is found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.risk.facts import affected_months, compute_facts, merge_month
from api.risk.facts.datasets import DATASETS
from api.risk.facts.window import month_index, month_of
from tests.unit.risk_facts.accepted import COLUMNS, DAY, PARAMETERS, District, subjects

FIRMS = (1, 2, 3, 4)
KINDS: dict[str, list[Any]] = {
    "kind": [
        "injury",
        "street",
        "wages",
        "fled",
        "labour",
        "hazard",
        "shut",
        "abnormal",
        "grade_c",
        "bankruptcy",
    ],
    "state": ["late", "corrected", "police"],
    "status": ["open", "revoked"],
    "grade": ["A", "D"],
    "claim": ["wages", "overtime"],
    "dispute_ref": ["a", "b"],
    "unpaid_period": [202606, 202607],
}


@st.composite
def _values(draw: st.DrawFn, dataset: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in COLUMNS[dataset].items():
        if kind == pl.Int64:
            found[name] = draw(st.one_of(st.none(), st.integers(0, 40)))
        elif kind == pl.Boolean:
            found[name] = draw(st.one_of(st.none(), st.booleans()))
        elif kind == pl.Date:
            found[name] = draw(
                st.one_of(st.none(), st.integers(0, 500).map(lambda days: DAY - timedelta(days=days)))
            )
        elif name in KINDS:
            found[name] = draw(st.one_of(st.none(), st.sampled_from(KINDS[name])))
    return found


@st.composite
def _districts(draw: st.DrawFn) -> District:
    district = District()
    for _ in range(draw(st.integers(0, 25))):
        _row(draw, district)
    for dataset in draw(st.sets(st.sampled_from(sorted(DATASETS)), max_size=2)):
        district.stale.add(dataset)
    return district


def _row(draw: st.DrawFn, district: District) -> tuple[str, int, int]:
    dataset = draw(st.sampled_from(sorted(DATASETS)))
    enterprise = draw(st.sampled_from(FIRMS))
    values = draw(_values(dataset))
    month = draw(st.integers(0, 17).map(lambda n: month_of(month_index(202610) - n)))
    if DATASETS[dataset].grain == "month":
        taken = [(row["enterprise"], row["month"]) for row in district.rows[dataset]]
        if (enterprise, month) in taken and dataset != "construction_site":
            return dataset, enterprise, month
        values["month"] = month
    district.add(
        dataset, enterprise=enterprise, probable=draw(st.sampled_from([False, False, True])), **values
    )
    dated = values.get(DATASETS[dataset].dated)
    if isinstance(dated, date):
        month = dated.year * 100 + dated.month
    return dataset, enterprise, month


SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(_districts(), st.sets(st.sampled_from(FIRMS), min_size=1))
def test_a_part_is_the_part_of_the_whole(district: District, chosen: set[int]) -> None:
    whole = compute_facts(district, subjects(*FIRMS), 202610, DAY, PARAMETERS)
    part = compute_facts(district, subjects(*sorted(chosen)), 202610, DAY, PARAMETERS)
    assert part.equals(whole.filter(pl.col("enterprise").is_in(sorted(chosen))))
    assert merge_month(whole, part).equals(whole)


@SLOW
@given(st.data())
def test_a_changed_row_is_found_in_every_month_that_it_changes(data: st.DataObject) -> None:
    district = data.draw(_districts())
    district.stale.clear()
    months = {202610: DAY, 202604: date(2026, 4, 30), 202511: date(2025, 11, 30)}
    before = {m: compute_facts(district, subjects(*FIRMS), m, day, PARAMETERS) for m, day in months.items()}
    dataset, enterprise, month = _row(data.draw, district)  # type: ignore[arg-type]
    affected = affected_months(dataset, [(enterprise, month)], months)
    for m, day in months.items():
        after = compute_facts(district, subjects(*FIRMS), m, day, PARAMETERS)
        changed = after.join(before[m], on=after.columns, how="anti", nulls_equal=True)[
            "enterprise"
        ].to_list()
        assert set(changed) <= set(affected.get(m, [])), (dataset, month, m)


@SLOW
@given(_districts(), st.sampled_from(sorted(DATASETS)))
def test_row_order_does_not_matter(district: District, dataset: str) -> None:
    first = compute_facts(district, subjects(*FIRMS), 202610, DAY, PARAMETERS)
    district.rows[dataset].reverse()
    again = compute_facts(district, subjects(*FIRMS), 202610, DAY, PARAMETERS)
    assert again.equals(first)
