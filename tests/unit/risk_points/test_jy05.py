"""JY05: loan overdue to 30 / 60 / 90 days / above; wage account frozen orange, base account red."""

from __future__ import annotations

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _bank(days: int | None, *, loan: bool = True, wage: bool = False, base: bool = False) -> District:
    return District().add(
        "bank_credit", has_loan=loan, overdue_days=days, wage_account_frozen=wage, base_account_frozen=base
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "none"),
        (1, "blue"),
        (30, "blue"),
        (31, "yellow"),
        (60, "yellow"),
        (61, "orange"),
        (90, "orange"),
        (91, "red"),
    ],
)
def test_edges(days: int, expected: str) -> None:
    assert colour(_bank(days), "JY05") == expected


def test_frozen_accounts() -> None:
    assert colour(_bank(0, wage=True), "JY05") == "orange"
    assert colour(_bank(0, base=True), "JY05") == "red"
    assert colour(_bank(None, loan=False, base=True), "JY05") == "red"


def test_not_applicable_without_a_loan() -> None:
    assert colour(_bank(None, loan=False), "JY05") == "n/a"


def test_unknown_without_a_row() -> None:
    assert colour(District(), "JY05") == "unknown"
    assert colour(_bank(None), "JY05") == "unknown"
