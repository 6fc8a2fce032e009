"""The clocks of a case per colour: sign-in, verification, first action, feedback, closure. Pure.

Clocks start at issue. In working days the day of issue is not counted and the last day ends at office close; office
hours count only while offices are open; hours run round the clock. Which number holds for which colour is a dated
parameter (`disposal.clocks`), delivered below as proposed by the project: no law fixes them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from api.disposal.model import Colour, Due, Step
from api.disposal.rules.calendar import DayCount
from api.kernel.clock import SHANGHAI, shanghai_day
from api.kernel.errors import invalid

HOUR, OFFICE_HOUR, WORKDAY = "hour", "office_hour", "workday"
DAILY, EVERY_3_WORKDAYS, WEEKLY, AT_END = "daily", "every_3_workdays", "weekly", "at_end"
_UNITS = frozenset({HOUR, OFFICE_HOUR, WORKDAY})
_RHYTHMS = frozenset({DAILY, EVERY_3_WORKDAYS, WEEKLY, AT_END})
_MOST = 1000


@dataclass(frozen=True)
class Period:
    """A length of time: `number` hours, office hours or working days."""

    number: int
    unit: str


@dataclass(frozen=True)
class ColourClocks:
    """One row of the table."""

    sign_in: Period
    verify: Period
    act: Period
    close: Period
    feedback: str


@dataclass(frozen=True)
class ClockRules:
    """All colours, the offices' hours (Asia/Shanghai, in order), what a transfer has, when a red phone rings again.

    urge, supervise and red card follow an overdue step at once, after `supervise_after` and after `card_after`.
    """

    colours: Mapping[Colour, ColourClocks]
    office: Sequence[tuple[time, time]]
    transfer: Period = Period(1, WORKDAY)
    supervise_after: Period = Period(1, WORKDAY)
    card_after: Period = Period(2, WORKDAY)
    red_supervise_minutes: int = 30
    red_card_minutes: int = 120
    red_phone_minutes: Sequence[int] = (30, 60, 90)

    @property
    def closes(self) -> time:
        """When offices close."""
        return self.office[-1][1]


def _row(sign_in: Period, verify: int, act: int, close: int, feedback: str) -> ColourClocks:
    return ColourClocks(
        sign_in, Period(verify, WORKDAY), Period(act, WORKDAY), Period(close, WORKDAY), feedback
    )


DELIVERED = ClockRules(
    colours={
        Colour.RED: _row(Period(2, HOUR), 1, 1, 15, DAILY),
        Colour.ORANGE: _row(Period(4, OFFICE_HOUR), 2, 3, 20, EVERY_3_WORKDAYS),
        Colour.YELLOW: _row(Period(1, WORKDAY), 5, 10, 30, WEEKLY),
        Colour.BLUE: _row(Period(2, WORKDAY), 10, 10, 45, AT_END),
    },
    office=((time(9), time(12)), (time(14), time(18))),
)


def read_rules(document: Mapping[str, Any] | None) -> ClockRules:
    """The rules from the parameter's structure; what it does not name stays as delivered.

    `{"office": [["09:00","12:00"],…], "red": {"sign_in": [2,"hour"], "verify": [1,"workday"], …, "feedback": "daily"}}`.
    Raises DomainError invalid `disposal.clocks_malformed` naming the field.
    """
    if document is None:
        return DELIVERED
    names = {colour.name.lower(): colour for colour in Colour}
    unknown = set(document) - set(names) - {"office"}
    if unknown:
        raise invalid("disposal.clocks_malformed", field=sorted(unknown)[0])
    colours = dict(DELIVERED.colours)
    for name, colour in names.items():
        if name in document:
            colours[colour] = _colour(name, document[name], colours[colour])
    office = _office(document["office"]) if "office" in document else DELIVERED.office
    return replace(DELIVERED, colours=colours, office=office)


def _colour(name: str, given: Any, before: ColourClocks) -> ColourClocks:
    if not isinstance(given, Mapping):
        raise invalid("disposal.clocks_malformed", field=name)
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key == "feedback" and value in _RHYTHMS:
            found[key] = value
        elif key in ("sign_in", "verify", "act", "close"):
            found[key] = _period(f"{name}.{key}", value)
        else:
            raise invalid("disposal.clocks_malformed", field=f"{name}.{key}")
    return replace(before, **found)


def _period(where: str, value: Any) -> Period:
    match value:
        case [int(number), str(unit)] if unit in _UNITS and 1 <= number <= _MOST and number is not True:
            return Period(number, unit)
    raise invalid("disposal.clocks_malformed", field=where)


def _office(value: Any) -> tuple[tuple[time, time], ...]:
    try:
        spans = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in value)
    except (TypeError, ValueError):
        raise invalid("disposal.clocks_malformed", field="office") from None
    edges = [edge for span in spans for edge in span]
    if not spans or any(edge.tzinfo is not None for edge in edges) or edges != sorted(set(edges)):
        raise invalid("disposal.clocks_malformed", field="office")
    return spans


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)


def due(start: datetime, period: Period, rules: ClockRules, days: DayCount) -> Due:
    """When a period that starts at `start` ends, and which days were counted.

    Issued Friday 2026-02-13, 1 working day ends on 02-14: a Saturday that is worked for the Spring Festival.
    """
    if period.unit == HOUR:
        return Due(start + timedelta(hours=period.number))
    if period.unit == OFFICE_HOUR:
        return _office_hours(start, timedelta(hours=period.number), rules, days)
    day, counted, skipped = days.count(shanghai_day(start), period.number)
    return Due(_at(day, rules.closes), days.provisional([*counted, *skipped]), tuple(counted), tuple(skipped))


def _office_hours(start: datetime, left: timedelta, rules: ClockRules, days: DayCount) -> Due:
    now = start.astimezone(SHANGHAI)
    day = now.date()
    counted: list[date] = []
    skipped: list[date] = []
    while True:
        if not days.is_workday(day):
            skipped.append(day)
            day += timedelta(days=1)
            continue
        for opens, closes in rules.office:
            begin, end = max(now, _at(day, opens)), _at(day, closes)
            if begin >= end:
                continue
            if day not in counted:
                counted.append(day)
            if left <= end - begin:
                return Due(
                    begin + left, days.provisional([*counted, *skipped]), tuple(counted), tuple(skipped)
                )
            left -= end - begin
        day += timedelta(days=1)


def deadlines(issued: datetime, colour: Colour, rules: ClockRules, days: DayCount) -> dict[Step, Due]:
    """The four deadlines that run from issue (or from a raise or a reopening, which start the clocks again)."""
    row = rules.colours[colour]
    steps = {Step.SIGN_IN: row.sign_in, Step.VERIFY: row.verify, Step.ACT: row.act, Step.CLOSE: row.close}
    return {step: due(issued, period, rules, days) for step, period in steps.items()}


def next_feedback(issued: datetime, last: datetime, colour: Colour, rules: ClockRules, days: DayCount) -> Due:
    """When the next feedback is due after `last` (the first action or the last feedback).

    Red: the next calendar day. Orange: the third working day. Yellow: the same weekday a week on, or the next working
    day. Blue: with closure.
    """
    row = rules.colours[colour]
    today = shanghai_day(last)
    if row.feedback == AT_END:
        return due(issued, row.close, rules, days)
    if row.feedback == DAILY:
        return Due(_at(today + timedelta(days=1), rules.closes))
    if row.feedback == EVERY_3_WORKDAYS:
        return due(last, Period(3, WORKDAY), rules, days)
    week = today + timedelta(days=7)
    day = days.on_or_after(week)
    moved = [week + timedelta(days=n) for n in range((day - week).days)]
    return Due(_at(day, rules.closes), days.provisional([*moved, day]), (day,), tuple(moved))


def overdue_by(at: datetime, now: datetime) -> int:
    """Whole minutes by which `now` is past `at`, 0 before."""
    return max(0, math.floor((now - at).total_seconds() / 60))
