"""Which row answers, what may be entered, and which days are working days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.kernel.errors import DomainError
from api.parameters.holidays import workdays
from api.parameters.model import KEYS, CalendarDay, Certainty, Figure
from api.parameters.rules import check_period, checked_value, choose, places
from api.parameters.service import delivered

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _row(row_id: str, place: str, **changes: Any) -> Figure:
    values: dict[str, Any] = {
        "key": "hotline",
        "value": row_id,
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "known_from": datetime(2021, 1, 1, tzinfo=UTC),
        "source": "s",
        "certainty": Certainty.FOUND,
    }
    return Figure(row_id=row_id, place=place, **{**values, **changes})


def test_places_lead_from_street_to_country() -> None:
    assert places("500107001") == ["500107001", "500107", "500100", "500000", "000000"]
    assert places("500000") == ["500000", "000000"]
    for wrong in ("5001", "50010700", "abcdef", "5001070011"):
        with pytest.raises(DomainError):
            places(wrong)


def test_the_nearest_place_wins_then_entered_before_delivered_then_the_latest_known() -> None:
    rows = [_row("country", "000000"), _row("province", "500000"), _row("district", "500107", delivered=True)]
    on = date(2026, 1, 1)
    assert choose(rows, "500107001", on, NOW).row_id == "district"  # type: ignore[union-attr]
    rows.append(_row("entered", "500107", known_from=datetime(2020, 1, 1, tzinfo=UTC)))
    assert choose(rows, "500107", on, NOW).row_id == "entered"  # type: ignore[union-attr]
    rows.append(_row("newer", "500107", known_from=datetime(2022, 1, 1, tzinfo=UTC)))
    assert choose(rows, "500107", on, NOW).row_id == "newer"  # type: ignore[union-attr]
    assert choose(rows, "110000", on, NOW).row_id == "country"  # type: ignore[union-attr]


def test_validity_and_knowledge_have_edges() -> None:
    row = _row("a", "500107", valid_to=date(2020, 12, 31), withdrawn_at=datetime(2022, 1, 1, tzinfo=UTC))
    seen = datetime(2021, 6, 1, tzinfo=UTC)
    assert choose([row], "500107", date(2020, 12, 31), seen) is row
    assert choose([row], "500107", date(2021, 1, 1), seen) is None
    assert choose([row], "500107", date(2019, 12, 31), seen) is None
    assert choose([row], "500107", date(2020, 6, 1), datetime(2020, 12, 31, tzinfo=UTC)) is None
    assert choose([row], "500107", date(2020, 6, 1), datetime(2022, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("min_wage.monthly.1", "2,330", "2330.00"),
        ("min_wage.monthly.1", "2330.005", "2330.01"),
        ("min_wage.monthly.1", "", None),
        ("econtract.retention_years", " 2 ", 2),
        ("min_wage.tier", "1", "1"),
        ("hotline", " 12333 ", "12333"),
    ],
)
def test_values_are_kept_in_one_form(key: str, given: Any, kept: Any) -> None:
    assert checked_value(key, given) == kept


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("min_wage.monthly.1", "a lot"),
        ("min_wage.monthly.1", "-1"),
        ("min_wage.monthly.1", "NaN"),
        ("min_wage.monthly.1", "1e20"),
        ("econtract.retention_years", "2.5"),
        ("econtract.retention_years", "²"),
        ("min_wage.tier", "3"),
        ("hotline", "a\u202eb"),
        ("retirement.male", "60"),
        ("no.such.key", "1"),
    ],
)
def test_values_of_another_form_are_refused(key: str, given: Any) -> None:
    with pytest.raises(DomainError):
        checked_value(key, given)


def test_a_period_may_be_one_day_but_not_reversed() -> None:
    check_period(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(DomainError):
        check_period(date(2026, 1, 2), date(2026, 1, 1))


def test_delivered_rows_are_well_formed_and_do_not_overlap() -> None:
    rows = delivered()
    assert rows
    for row in rows:
        assert row.key in KEYS
        assert checked_value(row.key, row.value) == row.value, row
        assert row.source
        places(row.place)
        check_period(row.valid_from, row.valid_to)
        for other in rows:
            if other is not row and (other.key, other.place) == (row.key, row.place):
                assert not row.in_force(other.valid_from), (row, other)


def test_published_holidays_and_the_operators_days() -> None:
    # National Day 2025 and Mid-Autumn: 1 to 8 October off, 28 September and 11 October worked.
    plain = workdays(date(2025, 9, 20), date(2025, 10, 20), [])
    assert plain.add(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert plain.is_workday(date(2025, 9, 28))
    assert plain.is_workday(date(2025, 10, 11))
    own = [
        CalendarDay(date(2025, 10, 9), "holiday", "", "s"),
        CalendarDay(date(2025, 10, 1), "workday", "", "s"),
        CalendarDay(date(2025, 9, 28), "holiday", "", "s"),
    ]
    changed = workdays(date(2025, 9, 20), date(2025, 10, 20), own)
    assert changed.add(date(2025, 10, 1), 1) == date(2025, 10, 10)
    assert changed.is_workday(date(2025, 10, 1))
    assert not changed.is_workday(date(2025, 9, 28))
