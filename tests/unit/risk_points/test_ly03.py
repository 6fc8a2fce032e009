"""LY03: contracts failing a blocking rule ÷ new contracts of 12 months, from 0.5 / 2 / 5 / 10 %."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _firm(failing: int, new: int) -> District:
    return District().add("contract_check", new_contracts_12m=new, failing_contracts_12m=failing)


@pytest.mark.parametrize(
    ("failing", "new", "expected"),
    [
        (0, 50, "none"),
        (4, 1000, "none"),
        (5, 1000, "blue"),
        (19, 1000, "blue"),
        (20, 1000, "yellow"),
        (49, 1000, "yellow"),
        (50, 1000, "orange"),
        (99, 1000, "orange"),
        (100, 1000, "red"),
        (1, 1, "blue"),
        (2, 2, "yellow"),
        (4, 4, "orange"),
        (5, 5, "red"),
    ],
)
def test_edges(failing: int, new: int, expected: str) -> None:
    assert colour(_firm(failing, new), "LY03") == expected


def test_unknown_until_the_source_delivers() -> None:
    district = District()
    district.ends["contract_check"] = None
    assert colour(district, "LY03") == "unknown"
