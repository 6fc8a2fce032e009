"""Days that say the same again: what lets a daily run pass over a standing unread."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, State
from tests.support.risk_story import GRADING, coverage, tiers

POINTS = ("GZ01", "SB01", "JY02", "QY01", "LY01")
SAID = st.lists(
    st.tuples(st.lists(st.integers(0, 6), min_size=len(POINTS), max_size=len(POINTS)), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(SAID, st.integers(1, 400))
def test_what_is_quiet_today_is_quiet_on_every_later_day(
    said: list[tuple[list[int], bool]], later: int
) -> None:
    """A standing is marked quiet when the same day again changes nothing that lasts; the mark holds whatever day it is."""
    state, day, month = State(), date(2026, 1, 5), 202512
    for values, monthly in said:
        given_tiers = tiers("") | dict(zip(POINTS, values, strict=True))
        day += timedelta(days=30)
        month = month + 1 if month % 100 < 12 else month + 89
        last = Observation(day, given_tiers, coverage(given_tiers), month if monthly else None)
        state = observe(state, last, GRADING).state
    today = replace(last, month=None)
    if observe(state, today, GRADING).state != state:
        state = observe(state, today, GRADING).state  # looked at once more, as a run does
        if observe(state, today, GRADING).state != state:
            return  # not quiet: looked at every day
    again = observe(state, replace(today, as_of=day + timedelta(days=later)), GRADING)
    assert replace(again.state, as_of=state.as_of) == state
    assert (again.opened, again.raised_from, again.moved) == (False, None, False)
