"""Periods fixed by law, with their explanation."""

from __future__ import annotations

from datetime import date

import pytest

from api.disposal.rules.calendar import DayCount
from api.disposal.rules.law_periods import BY_CODE, PERIODS, compute
from api.kernel.errors import DomainError
from api.parameters.holidays import published_years, workdays

DAYS = DayCount(workdays(date(2025, 1, 1), date(2027, 12, 31), ()), frozenset(published_years()))
START = date(2026, 2, 13)


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("filing", date(2026, 2, 27)),
        ("confirm_complaint", date(2026, 3, 5)),
        ("supplement_complaint", date(2026, 3, 12)),
        ("transfer", date(2026, 2, 25)),
        ("investigation", date(2026, 5, 19)),
        ("mediation", date(2026, 3, 5)),
        ("hearing", date(2026, 2, 27)),
        ("look_back", date(2024, 2, 13)),
        ("list_objection", date(2026, 2, 27)),
        ("list_check", date(2026, 2, 27)),
        ("list_decision", date(2026, 3, 19)),
        ("list_term", date(2029, 2, 13)),
        ("list_early_removal", date(2026, 8, 13)),
    ],
)
def test_each_period(code: str, last: date) -> None:
    found = compute(code, START, DAYS)
    assert found.last == last
    assert last.isoformat() in found.zh
    assert last.isoformat() in found.en
    assert not found.provisional


def test_every_period_is_tested_and_names_its_law() -> None:
    assert len(PERIODS) == len(BY_CODE) == 13
    assert "第25条" in compute("filing", START, DAYS).zh
    assert "art. 25" in compute("filing", START, DAYS).en


def test_extensions_are_added_where_the_law_has_one() -> None:
    assert compute("investigation", START, DAYS, extended=True).last == date(2026, 7, 1)
    assert compute("filing", START, DAYS, extended=True).last == compute("filing", START, DAYS).last


def test_the_explanation_says_what_was_skipped() -> None:
    found = compute("filing", START, DAYS)
    assert len(found.skipped) == 9  # 15 to 23 February
    assert "跳过 9 个" in found.zh
    assert "2026-02-14 起算" in found.zh


def test_a_year_without_notice_makes_it_provisional() -> None:
    found = compute("investigation", date(2026, 12, 1), DAYS)
    assert found.provisional
    assert "暂定" in found.zh
    assert "provisional" in found.en


def test_two_years_back_from_a_leap_day() -> None:
    found = compute("look_back", date(2028, 2, 29), DAYS)
    assert found.last == date(2026, 2, 28)
    assert "终了之日" in found.zh
    assert "ended" in found.en


def test_an_unknown_period_is_not_found() -> None:
    with pytest.raises(DomainError) as refused:
        compute("lunch", START, DAYS)
    assert refused.value.code == "disposal.period_unknown"
