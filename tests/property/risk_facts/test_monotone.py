"""More staff with the same cases never raises a rate, and one more bad row never lowers a light."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.risk.scoring.decision import unpack
from api.risk.spec.delivered import delivered
from tests.unit.risk_facts.accepted import DAY, District, decide

RATES = ("LY02", "GZ02", "QY01", "AQ03")
DAYS = st.integers(0, 400).map(lambda days: DAY - timedelta(days=days))
BAD = st.one_of(
    st.tuples(
        st.just("arrears_clue"),
        st.fixed_dictionaries(
            {
                "received_on": DAYS,
                "persons": st.integers(1, 12),
                "verified": st.booleans(),
                "unpaid_period": st.just(202606),
            }
        ),
    ),
    st.tuples(
        st.just("inspection_act"),
        st.fixed_dictionaries(
            {
                "found_on": DAYS,
                "kind": st.sampled_from(["wages", "contract", "fled"]),
                "state": st.sampled_from(["corrected", "late", "police"]),
                "persons": st.integers(0, 20),
                "amount": st.integers(0, 9_000_000),
            }
        ),
    ),
    st.tuples(
        st.just("group_event"),
        st.fixed_dictionaries(
            {
                "occurred_on": DAYS,
                "kind": st.sampled_from(["petition", "street"]),
                "persons": st.integers(1, 40),
            }
        ),
    ),
    st.tuples(
        st.just("dispute_case"),
        st.fixed_dictionaries(
            {
                "accepted_on": DAYS,
                "dispute_ref": st.sampled_from(list("abcdef")),
                "persons": st.integers(1, 12),
                "claim": st.just("wages"),
            }
        ),
    ),
    st.tuples(
        st.just("court_event"),
        st.fixed_dictionaries(
            {
                "filed_on": DAYS,
                "kind": st.sampled_from(["debt", "enforcement", "seizure", "bankruptcy", "labour"]),
            }
        ),
    ),
    st.tuples(
        st.just("safety_penalty"),
        st.fixed_dictionaries(
            {
                "decided_on": DAYS,
                "kind": st.sampled_from(["penalty", "hazard", "stop", "shut"]),
                "due_on": DAYS,
            }
        ),
    ),
    st.tuples(
        st.just("si_injury"),
        st.fixed_dictionaries({"occurred_on": DAYS, "kind": st.sampled_from(["injury"])}),
    ),
    st.tuples(
        st.just("market_penalty"),
        st.fixed_dictionaries({"decided_on": DAYS, "amount": st.integers(0, 9_000_000)}),
    ),
)


def _tiers(district: District) -> dict[str, int]:
    decision = decide(district)
    points = delivered().points
    return dict(
        zip(
            [point.id for point in points],
            map(int, unpack(decision.tiers_a, decision.tiers_b, len(points))),
            strict=True,
        )
    )


def _firm(staff: int, rows: list[tuple[str, dict[str, Any]]]) -> District:
    district = District().staff(staff)
    for dataset, values in rows:
        district.add(dataset, **values)
    return district


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 12))
def test_more_staff_with_the_same_cases_never_raises(staff: int, more: int, cases: int) -> None:
    rows: list[tuple[str, dict[str, Any]]] = [("tax_month", {"below_min_persons": cases})]
    for number in range(cases):
        day = date(2026, 1, 5) + timedelta(days=20 * number)
        rows.append(("dispute_case", {"accepted_on": day, "dispute_ref": f"d{number}", "persons": 1}))
        rows.append(("si_injury", {"occurred_on": day, "kind": "injury"}))
    few = _firm(staff, rows).change("hr_filing", expired_unsigned_persons=cases)
    many = _firm(staff + more, rows).change("hr_filing", expired_unsigned_persons=cases)
    before, after = _tiers(few), _tiers(many)
    assert all(after[point] <= before[point] for point in RATES)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.lists(BAD, max_size=8), BAD, st.booleans())
def test_one_more_bad_row_never_lowers_a_light(
    staff: int, rows: list[tuple[str, dict[str, Any]]], more: tuple[str, dict[str, Any]], probable: bool
) -> None:
    district = _firm(staff, rows)
    before, score = _tiers(district), decide(district).score
    district.add(more[0], probable=probable, **more[1])
    after = _tiers(district)
    assert all(after[point] >= tier for point, tier in before.items() if tier <= 4)
    assert decide(district).score >= score
