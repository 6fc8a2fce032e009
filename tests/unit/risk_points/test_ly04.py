"""LY04: dispatched ÷ (own + dispatched) from 9 %, above 10 / 15 / 25 %; fake-outsourcing score from 40 / 60 / 80."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(dispatched: int, own: int, score: int = 0, *, outsources: bool = True) -> District:
    return (
        District()
        .add(
            "dispatch_month",
            has_dispatch=True,
            dispatched=dispatched,
            own_staff=own,
            fake_outsourcing_score=score,
        )
        .add("tax_month", has_outsourcing=outsources)
    )


@pytest.mark.parametrize(
    ("dispatched", "own", "expected"),
    [
        (89, 911, "none"),
        (90, 910, "blue"),
        (100, 900, "blue"),  # exactly 10 % is the law's limit, not above it
        (101, 899, "yellow"),
        (150, 850, "yellow"),
        (151, 849, "orange"),
        (250, 750, "orange"),
        (251, 749, "red"),
        (1, 1, "blue"),
        (2, 2, "yellow"),
        (4, 1, "orange"),
        (5, 1, "red"),
    ],
)
def test_edges_of_the_share(dispatched: int, own: int, expected: str) -> None:
    assert colour(_firm(dispatched, own), "LY04") == expected


@pytest.mark.parametrize(
    ("score", "expected"),
    [(39, "none"), (40, "yellow"), (59, "yellow"), (60, "orange"), (79, "orange"), (80, "red")],
)
def test_edges_of_the_score(score: int, expected: str) -> None:
    assert colour(_firm(0, 100, score), "LY04") == expected


def test_not_applicable_without_dispatch_and_outsourcing() -> None:
    district = District().add("dispatch_month", has_dispatch=False).add("tax_month", has_outsourcing=False)
    assert colour(district, "LY04") == "n/a"


def test_outsourcing_without_dispatch_is_judged_by_its_score() -> None:
    district = District().add("dispatch_month", has_dispatch=False, fake_outsourcing_score=60)
    assert colour(district.add("tax_month", has_outsourcing=True), "LY04") == "orange"


def test_unknown_until_the_source_delivers_and_without_a_row() -> None:
    nobody = District().add("tax_month", has_outsourcing=False)
    assert colour(nobody, "LY04") == "unknown"  # partial: no row is no answer
    nobody.ends["dispatch_month"] = None
    assert colour(nobody, "LY04") == "unknown"
