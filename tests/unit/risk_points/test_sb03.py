"""SB03: declared base ÷ the bounded base, below 95 / 90 / 80 / 60 %."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import AVERAGE_FEN, District, colour, facts


def _firm(declared: int, due: int, persons: int = 1000) -> District:
    district = District().staff(persons)
    return district.change("si_month", base_declared_total=declared, base_due_total=due)


FULL = 1000 * AVERAGE_FEN


@pytest.mark.parametrize(
    ("percent_of_ten_thousand", "expected"),
    [
        (10_000, "none"),
        (9_500, "none"),
        (9_499, "blue"),
        (9_000, "blue"),
        (8_999, "yellow"),
        (8_000, "yellow"),
        (7_999, "orange"),
        (6_000, "orange"),
        (5_999, "red"),
        (12_000, "none"),
    ],
)
def test_edges(percent_of_ten_thousand: int, expected: str) -> None:
    assert colour(_firm(FULL * percent_of_ten_thousand // 10_000, FULL), "SB03") == expected


def test_the_floor_is_sixty_percent_of_the_local_average() -> None:
    assert facts(_firm(0, 100))["base_due_fen"] == FULL * 6 // 10
    assert colour(_firm(FULL * 6 // 10, 100), "SB03") == "none"


def test_the_ceiling_is_three_times_the_local_average() -> None:
    assert facts(_firm(0, FULL * 9))["base_due_fen"] == FULL * 3
    assert colour(_firm(FULL * 3, FULL * 9), "SB03") == "none"


@pytest.mark.parametrize(
    ("persons", "expected"), [(1, "none"), (2, "blue"), (4, "yellow"), (6, "orange"), (10, "red")]
)
def test_a_short_base_counts_as_many_persons_as_it_is_worth(persons: int, expected: str) -> None:
    due = persons * AVERAGE_FEN
    assert colour(_firm(due // 2, due, persons), "SB03") == expected
