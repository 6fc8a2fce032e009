"""Reopening takes a closure back: its rows count again, one grade up, and never beside a newer episode."""

from __future__ import annotations

from datetime import date

import pytest

from api.risk.episodes.force import Force, Outcome, Row, Settled, force_of
from api.risk.episodes.reopening import NotReopenable, reopen, reopened_episode, taken_back
from tests.support.risk_story import GRADING, Firm, tiers

DAY = date(2026, 2, 20)
A = Row("GZ04", "clue-a", 3, "aa")


def closed(text: str = "GZ04 O") -> Firm:
    firm = Firm()
    firm.month(202601, text, (A,))
    firm.close_all(date(2026, 2, 10))
    assert firm.shown == "none"
    return firm


def again(firm: Firm, text: str, grade: int = 2, number: int = 1) -> None:
    episode = reopened_episode(number, date(2026, 2, 5), grade, 0, DAY)
    taken = taken_back(firm.settled)
    firm.settled += taken
    firm.state = reopen(firm.state, episode, tiers(text), (A,), firm.settled, GRADING)


def test_the_shown_grade_is_what_it_was_and_the_warning_a_grade_higher() -> None:
    firm = closed()
    again(firm, "GZ04 O")
    assert (firm.shown, firm.episode) == ("yellow", "orange")
    assert firm.state.episode is not None
    assert (firm.state.episode.lift, firm.state.episode.clocks_from) == (1, DAY)
    assert [row.key for row in firm.open_rows()] == ["clue-a"]
    firm.month(202602, "GZ04 O", (A,))
    assert (firm.shown, firm.episode) == ("yellow", "orange")


def test_facts_that_fell_meanwhile_are_not_shown_again() -> None:
    firm = closed()
    again(firm, "")
    assert (firm.shown, firm.episode) == ("none", "orange")


def test_a_shown_grade_never_falls_by_reopening() -> None:
    firm = closed()
    firm.state = firm.state.__class__(
        **{**firm.state.__dict__, "shown": 3, "held": {"SB01": 3}, "supports": {"SB01": 3}}
    )
    again(firm, "GZ04 B")
    assert firm.shown == "orange"


def test_red_stays_red() -> None:
    assert reopened_episode(1, DAY, 4, 1, DAY).grade == 4
    assert reopened_episode(1, DAY, 1, 0, DAY).grade == 2


def test_a_newer_episode_stands_in_the_way() -> None:
    firm = closed()
    firm.today(date(2026, 2, 15), "GZ04 O", (A, Row("GZ04", "clue-b", 3, "bb")))
    assert firm.state.episodes == 2
    with pytest.raises(NotReopenable):
        again(firm, "GZ04 O")
    firm.close_all(date(2026, 2, 18))
    with pytest.raises(NotReopenable):
        again(firm, "GZ04 O")  # the second one is closed as well, and is the one to reopen


def test_what_was_taken_back_counts_whatever_the_closure_said() -> None:
    for outcome in Outcome:
        settled = Settled("GZ04", "clue-a", 3, outcome, "aa")
        (back,) = taken_back([settled]) or [Settled("GZ04", "clue-a", 3, Outcome.REOPENED)]
        assert force_of(A, back, DAY) is Force.ACTIVE
    assert taken_back([Settled("GZ04", "clue-a", 3, Outcome.REOPENED)]) == []
