"""Freshness only ends with time and only begins with newer data."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.exchange.freshness.model import Absence, Kind, Promise, State
from api.exchange.freshness.rules import absence, fresh, standing

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
SPAN = st.integers(0, 400)


@given(DAYS, DAYS, SPAN, SPAN, SPAN)
def test_a_later_day_is_never_fresher_and_newer_data_never_staler(
    as_of: date, end: date, interval: int, grace: int, step: int
) -> None:
    later = timedelta(days=step)
    if fresh(as_of + later, end, interval, grace):
        assert fresh(as_of, end, interval, grace)
    if fresh(as_of, end, interval, grace):
        assert fresh(as_of, end + later, interval, grace)
        assert fresh(as_of, end, interval + step, grace)
        assert fresh(as_of, end, interval, grace + step)


@given(DAYS, st.none() | DAYS, SPAN, SPAN)
def test_the_board_says_what_the_rule_says(as_of: date, end: date | None, interval: int, grace: int) -> None:
    found = standing(Promise("x", "", "", "", "", Kind.EVENT, interval, grace), end, as_of, ["P"])
    is_fresh = fresh(as_of, end, interval, grace)
    assert is_fresh == (found.state in (State.FRESH, State.DUE)) == (found.points == ())
    if found.since is not None and end is not None:
        assert not fresh(found.since, end, interval, grace)
        assert fresh(found.since - timedelta(days=1), end, interval, grace)
        assert (as_of - found.since).days + 1 == found.days_stale


@given(st.sampled_from(Kind), st.booleans())
def test_stale_data_never_says_that_nothing_was_there(kind: Kind, covered: bool) -> None:
    assert absence(kind, is_fresh=False, covered=covered) is Absence.UNKNOWN
