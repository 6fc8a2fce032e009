"""Golden stories of the shown grade: a table of months and days, and what people see after each."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.risk_story import GRADING, NAMES, Firm, tiers

WORKED_EXAMPLES = [
    ("GZ01 Y, SB01 Y, JY02 O, QY01 B", 1312, "yellow", {"JY02"}),
    ("GZ01 R", 1400, "red", {"GZ01"}),
    ("LY01 B, ZZ01 B", 162, "none", set()),
    ("GZ03 Y, JY02 Y, SB01 Y", 725, "orange", {"GZ03", "JY02", "SB01"}),
    ("AQ01 R", 300, "orange", {"AQ01"}),
    ("GZ01 Y, GZ02 B, LY01 B", 925, "blue", {"GZ01", "GZ02", "LY01"}),
    ("GZ01 ?, LY03 -", 0, "none", set()),
]


@pytest.mark.parametrize(("given", "score", "grade", "carried"), WORKED_EXAMPLES)
def test_score_grade_and_what_carries_it(given: str, score: int, grade: str, carried: set[str]) -> None:
    graded = GRADING.grade(tiers(given))
    assert (graded.score, NAMES[graded.grade], set(graded.supports)) == (score, grade, carried)


STORIES = {
    "rises at once, falls after two fresh lower months": [
        (202601, "", "none", None),
        (202602, "GZ01 R", "red", "red"),
        (202603, "", "red", "red"),
        (202604, "", "none", "red"),
    ],
    "one lower month is not enough, the second must follow it": [
        (202601, "SB01 Y", "blue", "blue"),
        (202602, "", "blue", "blue"),
        (202603, "SB01 Y", "blue", "blue"),
        (202604, "", "blue", "blue"),
        (202605, "", "none", "blue"),
    ],
    "unknown keeps the light, however long": [
        (202601, "GZ01 R", "red", "red"),
        (202602, "GZ01 ?", "red", "red"),
        (202603, "GZ01 ?", "red", "red"),
        (202604, "GZ01 ?", "red", "red"),
    ],
    "unknown between two lower months starts the count again": [
        (202601, "GZ01 R", "red", "red"),
        (202602, "", "red", "red"),
        (202603, "GZ01 ?", "red", "red"),
        (202604, "", "red", "red"),
        (202605, "", "none", "red"),
    ],
    "a staircase is followed one confirmed step behind": [
        (202601, "GZ01 R", "red", "red"),
        (202602, "GZ01 Y", "red", "red"),
        (202603, "", "blue", "red"),
        (202604, "", "none", "red"),
    ],
    "every supporting point must be lower, one is not": [
        (202601, "GZ01 R, GZ04 R", "red", "red"),
        (202602, "GZ04 R", "red", "red"),
        (202603, "GZ04 R", "red", "red"),
        (202604, "GZ04 B", "red", "red"),
        (202605, "GZ04 B", "none", "red"),
    ],
    "a grade by score is carried by every coloured point": [
        (202601, "GZ01 Y, GZ02 B, LY01 B", "blue", "blue"),
        (202602, "GZ02 B, LY01 B", "blue", "blue"),
        (202603, "GZ02 B, LY01 B", "blue", "blue"),
        (202604, "", "blue", "blue"),
        (202605, "", "none", "blue"),
    ],
    "a point beside the carriers does not hold the grade": [
        (202601, "GZ01 R, LY01 B", "red", "red"),
        (202602, "LY01 B", "red", "red"),
        (202603, "LY01 B", "none", "red"),
    ],
    "a rise inside raises the episode, a fall does not": [
        (202601, "SB01 Y", "blue", "blue"),
        (202602, "SB01 R", "red", "red"),
        (202603, "SB01 Y", "red", "red"),
        (202604, "SB01 Y", "blue", "red"),
        (202605, "SB01 O", "yellow", "red"),
    ],
    "not applicable is fresh and lower": [
        (202601, "JY05 R", "orange", "orange"),
        (202602, "JY05 -", "orange", "orange"),
        (202603, "JY05 -", "none", "orange"),
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_story(story: str) -> None:
    firm = Firm()
    for month, given, shown, episode in STORIES[story]:
        firm.month(month, given)
        assert (firm.shown, firm.episode) == (shown, episode), (story, month)


def test_a_skipped_month_is_no_second_cycle() -> None:
    firm = Firm()
    firm.month(202601, "GZ01 R")
    firm.month(202602, "")
    firm.month(202604, "")
    assert firm.shown == "red"


def test_a_daily_run_raises_at_once_and_never_lowers() -> None:
    firm = Firm()
    firm.month(202601, "")
    firm.today(date(2026, 2, 10), "QY02 R")
    assert (firm.shown, firm.episode) == ("red", "red")
    for day in range(11, 25):
        firm.today(date(2026, 2, day), "")
    assert firm.shown == "red"
    firm.month(202602, "")
    firm.today(date(2026, 3, 20), "QY02 R")  # support that is there again ends the waiting
    firm.month(202603, "")
    assert firm.shown == "red"
    firm.month(202604, "")
    assert firm.shown == "none"


def test_unknown_since_is_the_first_day_and_ends_with_fresh_data() -> None:
    firm = Firm()
    firm.month(202601, "GZ01 R")
    firm.month(202602, "GZ01 ?")
    firm.month(202603, "GZ01 ?")
    assert firm.state.unknown_since == {"GZ01": date(2026, 3, 5)}
    firm.month(202604, "GZ01 Y")
    assert firm.state.unknown_since == {}


ALMOST_ALL = ", ".join(f"{point} ?" for point in tiers("") if point not in ("LY01", "GZ01"))


def test_too_little_data_is_never_none_and_never_lowers() -> None:
    firm = Firm()
    firm.month(202601, ALMOST_ALL)
    assert firm.shown == "insufficient"
    firm.month(202602, ALMOST_ALL)
    assert (firm.shown, firm.episode) == ("insufficient", None)
    firm.month(202603, ALMOST_ALL + ", GZ01 R")
    assert (firm.shown, firm.episode) == ("red", "red")
    for month in (202604, 202605, 202606):
        firm.month(month, ALMOST_ALL)
        assert firm.shown == "red"  # lower and fresh, but too little is covered
    firm.month(202607, "")
    assert firm.shown == "none"


def test_an_enterprise_with_history_keeps_its_last_grade() -> None:
    firm = Firm()
    firm.month(202601, "")
    firm.month(202602, ALMOST_ALL)
    assert firm.shown == "none"


def test_coverage_at_the_floor_is_enough() -> None:
    low, enough = Firm(), Firm()
    low.month(202601, "", covered=5999)
    enough.month(202601, "", covered=6000)
    assert (low.shown, enough.shown) == ("insufficient", "none")


def test_clocks_start_again_at_a_rise_only() -> None:
    firm = Firm()
    firm.month(202601, "SB01 Y")
    opened = firm.state.episode
    firm.today(date(2026, 2, 20), "SB01 O")
    raised = firm.state.episode
    firm.month(202602, "SB01 Y")
    firm.month(202603, "SB01 Y")
    fallen = firm.state.episode
    assert opened is not None
    assert opened.clocks_from == date(2026, 2, 5)
    assert raised is not None
    assert (raised.clocks_from, raised.opened, raised.number) == (date(2026, 2, 20), date(2026, 2, 5), 1)
    assert fallen == raised
    assert firm.shown == "blue"
