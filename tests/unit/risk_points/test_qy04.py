"""QY04: days an award or agreement is overdue 1–7 / 8–15 / 16–30 / above, or an enforcement that ended unpaid."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.risk_facts.accepted import DAY, District, colour


def _award(days: int, performed: date | None = None, ref: str = "a") -> District:
    return District().add(
        "dispute_case",
        accepted_on=date(2026, 3, 1),
        dispute_ref=ref,
        perform_due_on=DAY - timedelta(days=days),
        performed_on=performed,
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-5, "none"),
        (0, "none"),
        (1, "blue"),
        (7, "blue"),
        (8, "yellow"),
        (15, "yellow"),
        (16, "orange"),
        (30, "orange"),
        (31, "red"),
    ],
)
def test_edges(days: int, expected: str) -> None:
    assert colour(_award(days), "QY04") == expected


def test_performed_is_over() -> None:
    assert colour(_award(31, DAY), "QY04") == "none"
    assert colour(_award(31, DAY + timedelta(days=1)), "QY04") == "red"


def test_a_later_award_of_the_dispute_sets_a_later_day() -> None:
    district = _award(60).add(
        "dispute_case", accepted_on=date(2026, 9, 1), dispute_ref="a", perform_due_on=DAY - timedelta(days=3)
    )
    assert colour(district, "QY04") == "blue"


@pytest.mark.parametrize(
    ("ended", "unpaid", "expected"),
    [(date(2026, 2, 1), True, "red"), (date(2026, 2, 1), False, "none"), (date(2025, 10, 31), True, "none")],
)
@pytest.mark.parametrize("what", [{"kind": "enforcement", "dispute_ref": "a"}, {"kind": "labour"}])
def test_an_enforcement_that_ended_unpaid(
    what: dict[str, str], ended: date, unpaid: bool, expected: str
) -> None:
    district = District().add(
        "court_event", filed_on=date(2025, 2, 1), ended_on=ended, unpaid_end=unpaid, **what
    )
    assert colour(district, "QY04") == expected


def test_a_commercial_creditors_enforcement_is_no_award() -> None:
    row: dict[str, Any] = {"kind": "enforcement", "ended_on": date(2026, 10, 1), "unpaid_end": True}
    district = District().add("court_event", filed_on=date(2026, 6, 1), **row)
    assert (colour(district, "QY04"), colour(district, "JY03")) == ("none", "yellow")
