"""Closure settles rows; what comes back opens a new episode, a level up within 90 days."""

from __future__ import annotations

from datetime import date

import pytest

from api.risk.episodes.closure import Decided, NotClosable
from api.risk.episodes.force import Outcome, Row
from tests.support.risk_story import Firm

A, B = Row("GZ04", "clue-a", 4, "aa"), Row("GZ04", "clue-b", 4, "bb")


def lit(text: str = "GZ04 R", rows: tuple[Row, ...] = (A, B)) -> Firm:
    firm = Firm()
    firm.month(202601, text, rows)
    return firm


def test_a_row_that_is_not_settled_forbids_closure() -> None:
    firm = lit()
    with pytest.raises(NotClosable) as refused:
        firm.close(date(2026, 2, 10), [Decided("GZ04", "clue-a", Outcome.CONFIRMED)])
    assert (refused.value.code, refused.value.rows) == ("rows_open", (B,))
    assert firm.state.episode is not None


def test_a_row_that_does_not_exist_cannot_be_settled() -> None:
    firm = lit()
    with pytest.raises(NotClosable, match="row_unknown"):
        firm.close(date(2026, 2, 10), [Decided("GZ04", "clue-x", Outcome.CONFIRMED)])


def test_nothing_to_close_without_an_episode() -> None:
    with pytest.raises(NotClosable, match="no_episode"):
        Firm().close(date(2026, 2, 10), [])


def test_settled_rows_are_without_force_while_no_higher() -> None:
    firm = lit("GZ04 O", (Row("GZ04", "clue-a", 3), Row("GZ04", "clue-b", 3)))
    firm.close_all(date(2026, 2, 10))
    assert (firm.shown, firm.episode) == ("none", None)
    firm.month(202602, "GZ04 O", (Row("GZ04", "clue-a", 3), Row("GZ04", "clue-b", 2)))
    assert firm.shown == "none"
    firm.month(202603, "GZ04 R", (Row("GZ04", "clue-a", 4), Row("GZ04", "clue-b", 3)))
    assert (firm.shown, firm.episode) == ("red", "red")
    assert [row.key for row in firm.open_rows()] == ["clue-a"]


def test_a_new_row_within_ninety_days_opens_a_level_up() -> None:
    firm = lit("GZ04 O", (Row("GZ04", "clue-a", 3),))
    assert firm.episode == "yellow"
    firm.close_all(date(2026, 2, 10))
    firm.today(date(2026, 5, 11), "GZ04 O", (Row("GZ04", "clue-a", 3), Row("GZ04", "clue-c", 3)))
    assert (firm.shown, firm.episode) == ("yellow", "orange")  # 90 days after closure


def test_after_ninety_days_it_is_an_episode_like_the_first() -> None:
    firm = lit("GZ04 O", (Row("GZ04", "clue-a", 3),))
    firm.close_all(date(2026, 2, 10))
    firm.today(date(2026, 5, 12), "GZ04 O", (Row("GZ04", "clue-c", 3),))
    assert (firm.shown, firm.episode) == ("yellow", "yellow")


def test_red_stays_red_and_a_rise_keeps_the_lift() -> None:
    firm = lit()
    firm.close_all(date(2026, 2, 10))
    firm.today(date(2026, 2, 20), "GZ04 Y", (Row("GZ04", "clue-c", 2),))
    assert (firm.shown, firm.episode) == ("blue", "yellow")
    firm.today(date(2026, 2, 21), "GZ04 O", (Row("GZ04", "clue-c", 3),))
    assert (firm.shown, firm.episode) == ("yellow", "orange")
    firm.today(date(2026, 2, 22), "GZ04 R", (Row("GZ04", "clue-c", 4),))
    assert (firm.shown, firm.episode) == ("red", "red")


def test_what_did_not_carry_the_grade_shows_after_closure_and_opens_the_next_episode() -> None:
    firm = lit("GZ04 R, JY02 O", (A, B))
    firm.close_all(date(2026, 2, 10))
    assert (firm.shown, firm.episode) == ("yellow", None)
    firm.today(date(2026, 2, 11), "GZ04 R, JY02 O", (A, B))
    assert (firm.shown, firm.episode) == ("yellow", "orange")
    assert firm.state.episodes == 2


@pytest.mark.parametrize("outcome", [Outcome.UNFOUNDED, Outcome.WRONG_DATA])
def test_unfounded_and_wrong_data_settle_the_row_until_it_changes(outcome: Outcome) -> None:
    firm = lit("GZ04 R", (A,))
    firm.close_all(date(2026, 2, 10), outcome)
    firm.month(202602, "GZ04 R", (A,))
    assert firm.shown == "none"
    firm.month(202603, "GZ04 O", (Row("GZ04", "clue-a", 3, "a2"),))  # lower, but another content
    assert (firm.shown, firm.episode) == ("yellow", "orange")


def test_resolved_needs_lower_facts_or_a_reason_with_expiry() -> None:
    firm = lit("GZ04 R", (A,))
    for more in ({}, {"reason": "paid"}, {"until": date(2026, 3, 31)},
                 {"reason": "  ", "until": date(2026, 3, 31)},
                 {"reason": "paid", "until": date(2026, 2, 9)}):  # fmt: skip
        with pytest.raises(NotClosable, match="facts_not_lower"):
            firm.close_all(date(2026, 2, 10), Outcome.RESOLVED, **more)
    firm.close_all(date(2026, 2, 10), Outcome.RESOLVED, reason="paid in instalments", until=date(2026, 3, 31))
    assert firm.shown == "none"
    firm.today(date(2026, 3, 31), "GZ04 R", (A,))
    assert (firm.shown, firm.episode) == ("none", None)
    firm.today(date(2026, 4, 1), "GZ04 O", (Row("GZ04", "clue-a", 3),))
    assert (firm.shown, firm.episode) == ("yellow", "yellow")  # counts again, without the level-up


def test_an_expired_reason_beside_a_new_row_is_a_repetition() -> None:
    firm = lit("GZ04 O", (Row("GZ04", "clue-a", 3),))
    firm.close_all(date(2026, 2, 10), Outcome.RESOLVED, reason="paid", until=date(2026, 3, 1))
    firm.today(date(2026, 4, 1), "GZ04 O", (Row("GZ04", "clue-a", 3), Row("GZ04", "clue-c", 3)))
    assert (firm.shown, firm.episode) == ("yellow", "orange")


def test_resolved_with_lower_facts_is_settled_at_what_they_are_now() -> None:
    firm = lit("SB01 R", ())
    firm.month(202602, "SB01 Y")
    assert firm.shown == "red"  # one month lower only
    firm.close_all(date(2026, 3, 10), Outcome.RESOLVED)
    assert firm.shown == "none"
    firm.today(date(2026, 3, 11), "SB01 Y")
    assert firm.shown == "none"
    firm.today(date(2026, 3, 12), "SB01 O")
    assert (firm.shown, firm.episode) == ("yellow", "orange")


def test_a_point_that_is_unknown_is_settled_as_itself_and_not_by_lower_facts() -> None:
    firm = lit("SB01 R", ())
    firm.month(202602, "SB01 ?")
    assert firm.open_rows() == [Row("SB01", "", 4)]
    with pytest.raises(NotClosable, match="facts_not_lower"):
        firm.close_all(date(2026, 3, 10), Outcome.RESOLVED)
    firm.close_all(date(2026, 3, 10), Outcome.CONFIRMED)
    assert (firm.shown, firm.state.unknown_since) == ("none", {})
    firm.month(202603, "SB01 R")
    assert firm.shown == "none"  # the same point, no higher


def test_an_unknown_point_that_was_not_dealt_with_stays_held() -> None:
    firm = lit("GZ04 R, JY02 O", (A, B))
    firm.today(date(2026, 2, 9), "GZ04 R, JY02 ?", (A, B))
    firm.close_all(date(2026, 2, 10))
    assert firm.shown == "yellow"
    assert firm.state.unknown_since == {"JY02": date(2026, 2, 9)}


def test_closing_an_enterprise_without_history_shows_insufficient_data() -> None:
    firm = Firm()
    firm.month(202601, "GZ04 R", (A,), covered=3000)
    firm.close_all(date(2026, 2, 10))
    assert firm.shown == "insufficient"
