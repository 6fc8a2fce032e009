"""Incidents out of accepted rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from api.bootstrap.disposal_risk import OUTCOMES, incidents_among
from api.disposal.model import Outcome

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAY = date(2026, 6, 1)


def among(**rows: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    every = {"arrears_clue": [], "inspection_act": [], "dispute_case": [], "court_event": [], **rows}
    found = incidents_among(every, {1: "500107001"}, FIRST, LAST)
    assert all(one.town == "500107001" for one in found)
    return [(one.kind, one.on.month, one.persons) for one in found]


def act(kind: str, settled: date | None = None, found_on: date = DAY) -> dict[str, Any]:
    return {
        "enterprise": 1, "act_no": f"a-{kind}", "kind": kind, "found_on": found_on, "persons": 6, "settled_on": settled,
    }  # fmt: skip


def court(kind: str) -> dict[str, Any]:
    return {"enterprise": 1, "case_no": "c", "kind": kind, "filed_on": date(2026, 7, 1), "persons": None}


def test_only_verified_clues_count() -> None:
    clues = [
        {"enterprise": 1, "clue_no": str(n), "received_on": DAY, "persons": 8, "verified": verified}
        for n, verified in enumerate((1, 0, None, True))
    ]
    assert among(arrears_clue=clues) == [("arrears", 6, 8)] * 2


def test_a_dispute_counts_once_through_its_stages() -> None:
    stages = [
        {
            "enterprise": 1,
            "case_no": str(n),
            "accepted_on": date(2026, 6 + n, 1),
            "persons": 12,
            "dispute_ref": "d",
        }
        for n in range(3)
    ]
    assert among(dispute_case=stages) == [("dispute", 6, 12)]


def test_flight_and_closure_with_unpaid_wages() -> None:
    assert among(inspection_act=[act("fled")]) == [("fled", 6, 6)]
    assert among(court_event=[court("missing")]) == [("fled", 7, 0)]
    assert among(court_event=[court("bankruptcy")]) == []
    unpaid = among(inspection_act=[act("wages")], court_event=[court("bankruptcy")])
    assert unpaid == [("arrears", 6, 6), ("closure", 7, 0)]
    paid = among(inspection_act=[act("wages", date(2026, 6, 9))], court_event=[court("bankruptcy")])
    assert paid == [("arrears", 6, 6)]


def test_other_times_do_not_count() -> None:
    assert among(inspection_act=[act("fled", found_on=date(2025, 12, 31))]) == []


def test_every_outcome_has_the_risk_slices_word() -> None:
    assert set(OUTCOMES) == set(Outcome)
