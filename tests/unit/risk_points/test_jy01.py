"""JY01: a penalty / listed as abnormal / ≥2 penalties and ≥100,000 yuan / serious list or licence revoked."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.risk_facts.accepted import District, colour


def _fined(*amounts: int | None, day: date = date(2026, 5, 1)) -> District:
    district = District()
    for amount in amounts:
        district.add("market_penalty", decided_on=day, amount=amount)
    return district


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ((), "none"),
        ((1,), "blue"),
        ((99_000_000,), "blue"),
        ((5_000_000, 4_999_999), "blue"),
        ((5_000_000, 5_000_000), "orange"),
    ],
)
def test_edges_of_penalties(amounts: tuple[int, ...], expected: str) -> None:
    assert colour(_fined(*amounts), "JY01") == expected


@pytest.mark.parametrize(
    ("kind", "removed", "expected"),
    [
        ("abnormal", None, "yellow"),
        ("abnormal", date(2026, 10, 31), "none"),
        ("abnormal", date(2026, 11, 1), "yellow"),
        ("serious", None, "red"),
        ("serious", date(2026, 1, 1), "none"),
        ("revoked", None, "red"),
    ],
)
def test_lists_count_while_they_last(kind: str, removed: date | None, expected: str) -> None:
    district = District().add("market_abnormal", kind=kind, listed_on=date(2023, 1, 1), removed_on=removed)
    assert colour(district, "JY01") == expected


@pytest.mark.parametrize(
    ("status", "expected"), [("open", "none"), ("cancelled", "none"), ("revoked", "red")]
)
def test_the_register(status: str, expected: str) -> None:
    assert colour(District().add("market_registry", status=status), "JY01") == expected


def test_a_year_later_a_penalty_is_over() -> None:
    assert colour(_fined(1, day=date(2025, 11, 1)), "JY01") == "blue"
    assert colour(_fined(1, day=date(2025, 10, 31)), "JY01") == "none"
