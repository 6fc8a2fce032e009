"""The clocks of disposal against the worked examples: issued on Friday 2026-02-13, before the Spring Festival."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from api.disposal.model import Colour, Step
from api.disposal.rules.calendar import DayCount, statutory_days
from api.disposal.rules.clocks import (
    DELIVERED,
    HOUR,
    OFFICE_HOUR,
    WORKDAY,
    Period,
    deadlines,
    due,
    next_feedback,
    overdue_by,
    read_rules,
)
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError
from api.parameters.holidays import published_years, workdays

DAYS = DayCount(workdays(date(2025, 1, 1), date(2027, 12, 31), ()), frozenset(published_years()))
ISSUED = datetime(2026, 2, 13, 16, 0, tzinfo=SHANGHAI)


def at(month: int, day: int, hour: int = 18, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("number", "day"), [(1, (2, 14)), (5, (2, 27)), (10, (3, 5)), (15, (3, 12))])
def test_working_days_skip_the_festival_and_count_the_worked_saturdays(
    number: int, day: tuple[int, int]
) -> None:
    found = due(ISSUED, Period(number, WORKDAY), DELIVERED, DAYS)
    assert found.at == at(*day)
    assert len(found.counted) == number
    assert not found.provisional


def test_the_day_is_the_one_in_china() -> None:
    late = datetime(2026, 2, 12, 16, 30, tzinfo=UTC)  # already the 13th in China
    assert due(late, Period(1, WORKDAY), DELIVERED, DAYS).at == at(2, 14)


def test_red_counts_two_hours_round_the_clock() -> None:
    night = at(2, 17, 23, 30)
    assert deadlines(night, Colour.RED, DELIVERED, DAYS)[Step.SIGN_IN].at == at(2, 18, 1, 30)


@pytest.mark.parametrize(
    ("issued", "ends"),
    [
        (at(2, 11, 9), at(2, 11, 15)),  # 3 hours before noon, 1 after two
        (at(2, 11, 8), at(2, 11, 15)),  # before office: from nine
        (at(2, 11, 12, 30), at(2, 11, 18)),  # at lunch: the whole afternoon
        (at(2, 13, 16), at(2, 14, 11)),  # 2 on Friday, 2 on the worked Saturday
        (at(2, 14, 17), at(2, 24, 12)),  # 1, then the festival, 3 on Tuesday morning
        (at(2, 17, 3), at(2, 24, 15)),  # on a holiday: the whole period after it
    ],
)
def test_orange_counts_four_office_hours(issued: datetime, ends: datetime) -> None:
    assert deadlines(issued, Colour.ORANGE, DELIVERED, DAYS)[Step.SIGN_IN].at == ends


def test_every_colour_has_its_row() -> None:
    table = {
        colour: [found[step].at for step in (Step.VERIFY, Step.ACT, Step.CLOSE)]
        for colour in Colour
        if (found := deadlines(ISSUED, colour, DELIVERED, DAYS))
    }
    assert table[Colour.RED] == [at(2, 14), at(2, 14), at(3, 12)]
    assert table[Colour.ORANGE] == [at(2, 24), at(2, 25), at(3, 19)]
    assert table[Colour.YELLOW] == [at(2, 27), at(3, 5), at(4, 2)]
    assert table[Colour.BLUE] == [at(3, 5), at(3, 5), at(4, 24)]


def test_feedback_follows_the_colour() -> None:
    acted = at(2, 14, 10)
    found = {colour: next_feedback(ISSUED, acted, colour, DELIVERED, DAYS).at for colour in Colour}
    assert found == {
        Colour.RED: at(2, 15),  # also on a Sunday
        Colour.ORANGE: at(2, 26),
        Colour.YELLOW: at(2, 24),  # a week on is inside the festival
        Colour.BLUE: at(4, 24),
    }


def test_a_year_without_a_notice_is_provisional_and_changes_with_it() -> None:
    issued = at(12, 30, 10)
    before = due(issued, Period(3, WORKDAY), DELIVERED, DAYS)
    assert before.provisional
    assert before.at == at(1, 5, year=2027)  # 31 December, 4 and 5 January: the 1st is statutory
    notice = DayCount(DAYS.workdays, DAYS.known_years | {2027})
    after = due(issued, Period(3, WORKDAY), DELIVERED, notice)
    assert not after.provisional
    assert after.at == at(1, 4, year=2027)  # the notice (here: an empty one) names the 1st a working day


def test_statutory_days_of_an_unknown_year() -> None:
    days = statutory_days(2027)
    assert {date(2027, 1, 1), date(2027, 2, 5), date(2027, 2, 8), date(2027, 4, 5), date(2027, 6, 9)} <= days
    assert len(days) == 13
    assert date(2028, 4, 4) in statutory_days(2028)


def test_the_parameter_replaces_what_it_names_and_nothing_else() -> None:
    rules = read_rules(
        {
            "office": [["08:30", "12:00"], ["13:00", "17:30"]],
            "orange": {"sign_in": [2, OFFICE_HOUR], "feedback": "daily"},
        }
    )
    assert rules.closes.isoformat() == "17:30:00"
    assert rules.colours[Colour.ORANGE].sign_in == Period(2, OFFICE_HOUR)
    assert rules.colours[Colour.ORANGE].close == Period(20, WORKDAY)
    assert rules.colours[Colour.RED] == DELIVERED.colours[Colour.RED]
    assert read_rules(None) is DELIVERED


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"pink": {}}, "pink"),
        ({"red": {"sign_in": [0, HOUR]}}, "red.sign_in"),
        ({"red": {"sign_in": [True, HOUR]}}, "red.sign_in"),
        ({"red": {"sign_in": [2, "day"]}}, "red.sign_in"),
        ({"red": {"feedback": "never"}}, "red.feedback"),
        ({"red": 3}, "red"),
        ({"office": []}, "office"),
        ({"office": [["12:00", "09:00"]]}, "office"),
        ({"office": [["09:00", "12:00"], ["11:00", "17:00"]]}, "office"),
        ({"office": "always"}, "office"),
    ],
)
def test_a_malformed_parameter_is_refused_by_its_field(document: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_rules(document)
    assert refused.value.code == "disposal.clocks_malformed"
    assert refused.value.facts["field"] == field


def test_minutes_over() -> None:
    assert overdue_by(ISSUED, ISSUED - timedelta(minutes=5)) == 0
    assert overdue_by(ISSUED, ISSUED + timedelta(seconds=150)) == 2


def test_a_count_needs_a_day() -> None:
    with pytest.raises(ValueError, match="at least one"):
        DAYS.count(date(2026, 2, 13), 0)
