"""The report's figures on a case small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from scripts.district.report import (
    Planted,
    ReportError,
    Warned,
    at_level,
    quartiles,
    read_habits,
    read_stories,
    read_warnings,
    report,
    whole_report,
    wilson,
)
from tests.unit.district.conftest import Made

D = dt.date
HARM = D(2026, 6, 30)
STORIES = [
    Planted("A", "wage_arrears", D(2026, 1, 1), HARM, True),
    Planted("B", "wage_arrears", D(2026, 1, 1), HARM, True),
    Planted("C", "fled_boss", D(2026, 3, 1), HARM, True),
    Planted("H", "fled_boss", D(2026, 9, 1), D(2026, 12, 8), False),
    Planted("E", "insurance_arrears", D(2026, 1, 1), None, False),
    Planted("F", "seasonal_false_alarm", D(2026, 1, 1), None, False),
    Planted("G", "cluster_address", D(2026, 1, 1), None, False),
]
WARNINGS = [
    Warned("A", D(2026, 5, 1), None, 2, ("JY02", "GZ03")),  # found, 60 days before
    Warned("A", D(2026, 8, 1), None, 4, ("GZ01",)),  # late
    Warned(
        "B", D(2026, 2, 1), D(2026, 3, 1), 3, ("JY02",)
    ),  # closed 121 days before: a hit by 180 days, but not standing
    Warned("C", D(2026, 6, 30), None, 1, ("JY02",)),  # only blue
    Warned("E", D(2026, 5, 1), None, 2, ("SB01",)),
    Warned("F", D(2026, 2, 20), None, 2, ("JY02",)),
    Warned("nobody", D(2026, 2, 20), None, 2, ("QY01",)),
    Warned("H", D(2026, 10, 1), None, 2, ("GZ01",)),  # harm outside the months: counts for precision only
]


def test_recall_and_lead_time() -> None:
    made = report(STORIES, WARNINGS)
    assert made["all"]["recall"]["of"] == 3
    assert made["all"]["recall"]["n"] == 1
    assert made["all"]["lead_days"] == [60, 60, 60]
    assert made["stories"]["wage_arrears"]["recall"]["n"] == 1
    assert made["stories"]["fled_boss"]["recall"]["n"] == 0


def test_a_warning_from_before_the_story_is_told_apart() -> None:
    story = Planted("A", "wage_arrears", D(2026, 4, 1), HARM, True)
    early, own = Warned("A", D(2026, 3, 31), None, 2, ()), Warned("A", D(2026, 4, 1), None, 2, ())
    assert report([story], [early])["all"]["recall"]["n"] == 1
    assert report([story], [early])["all"]["recall_since_onset"]["n"] == 0
    assert report([story], [early, own])["all"]["recall_since_onset"]["n"] == 1


def test_a_lower_level_finds_more() -> None:
    made = report(STORIES, WARNINGS, level="blue")
    assert made["all"]["recall"]["n"] == 2
    assert made["all"]["lead_days"] == [0, 0, 60]


def test_precision_and_what_the_others_were() -> None:
    made = report(STORIES, WARNINGS)
    assert made["warnings"] == 7
    assert made["all"]["kinds"] == {
        "hit": 3,
        "late": 1,
        "other_planted": 1,
        "habit": 0,
        "harmless_story": 1,
        "unplanted": 1,
    }
    assert made["all"]["precision"]["share"] == round(3 / 7, 4)


def test_by_control_point() -> None:
    points = report(STORIES, WARNINGS)["points"]
    assert points["JY02"]["precision"]["of"] == 3
    assert points["JY02"]["precision"]["n"] == 2
    assert points["JY02"]["recall"]["n"] == 1
    assert points["SB01"]["kinds"]["other_planted"] == 1


def test_harmless_stories_are_reported() -> None:
    harmless = report(STORIES, WARNINGS)["harmless"]
    assert harmless["seasonal_false_alarm"]["share"] == 1.0
    assert harmless["cluster_address"]["share"] == 0.0
    assert "insurance_arrears" not in harmless


@pytest.mark.parametrize(("issued", "found"), [(0, 1), (-1, 1), (1, 0)])
def test_a_warning_counts_up_to_the_day_of_the_harm(issued: int, found: int) -> None:
    made = report(STORIES[:1], [Warned("A", HARM + dt.timedelta(days=issued), None, 2, ())])
    assert made["all"]["recall"]["n"] == found


@pytest.mark.parametrize(("days", "found"), [(90, 1), (91, 0)])
def test_a_closed_warning_must_have_stood_in_the_ninety_days(days: int, found: int) -> None:
    made = report(STORIES[:1], [Warned("A", D(2026, 1, 2), HARM - dt.timedelta(days=days), 2, ())])
    assert made["all"]["recall"]["n"] == found


@pytest.mark.parametrize(
    ("ahead", "kind"), [(180, "hit"), (181, "unplanted"), (-90, "late"), (-91, "unplanted")]
)
def test_edges_of_a_hit(ahead: int, kind: str) -> None:
    made = report(STORIES[:1], [Warned("A", HARM - dt.timedelta(days=ahead), None, 2, ())])
    assert made["all"]["kinds"][kind] == 1


def test_wilson_against_published_values() -> None:
    # 8 of 10: 0.4902 to 0.9433 (Wilson 1927, as tabulated)
    low, high = wilson(8, 10) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) is None
    assert (wilson(0, 5) or (1, 1))[0] == 0.0


def test_quartiles_are_members() -> None:
    assert quartiles([5, 1, 9, 3]) == [1, 3, 5]
    assert quartiles([]) is None


def test_it_says_who_wrote_both() -> None:
    assert "share their authors" in report([], [])["caveat"]
    assert report([], [])["all"]["precision"]["share"] is None


def test_files_are_read_or_refused(made: Made, tmp_path: Path) -> None:
    stories = read_stories(made.folder / "labels")
    assert len(stories) == len(made.labels("stories.csv")) > 20
    path = tmp_path / "warnings.csv"
    path.write_text("uscc,issued_on,closed_on,grade,points\nA,2026-05-01,,yellow,JY02 GZ03\n", "utf-8")
    assert read_warnings(path) == [Warned("A", D(2026, 5, 1), None, 2, ("JY02", "GZ03"))]
    path.write_text("uscc,issued_on,closed_on,grade,points\nA,2026-05-01,,green,\n", "utf-8")
    with pytest.raises(ReportError):
        read_warnings(path)
    with pytest.raises(ReportError):
        read_stories(tmp_path)
    with pytest.raises(ReportError, match="level"):
        report([], [], level="green")


def test_an_episode_is_one_warning_from_the_day_it_reached_the_level() -> None:
    lines = [
        Warned("A", D(2026, 5, 1), None, 2, ("JY02",), "e1"),
        Warned("A", D(2026, 6, 1), None, 4, ("GZ01",), "e1"),
        Warned("A", D(2026, 6, 2), None, 4, ("GZ01",), "e2"),
        Warned("A", D(2026, 6, 3), None, 4, ("GZ01",)),
        Warned("A", D(2026, 6, 4), None, 4, ("GZ01",)),
    ]
    assert [item.issued_on for item in at_level(lines, "yellow")] == [
        D(2026, 5, 1), D(2026, 6, 2), D(2026, 6, 3), D(2026, 6, 4),
    ]  # fmt: skip
    assert next(item.issued_on for item in at_level(lines, "orange")) == D(2026, 6, 1)


def test_what_a_visitor_would_have_found_true() -> None:
    made = report(STORIES, WARNINGS)
    assert made["all"]["confirmed"]["n"] == 5  # three hits, one late, one of insurance


def test_a_habit_is_no_false_alarm_where_a_point_says_it(tmp_path: Path) -> None:
    (tmp_path / "habits.csv").write_text("uscc,habit\nnobody,unsigned\nF,below\nA,uninsured\n", "utf-8")
    habits = read_habits(tmp_path)
    assert habits == {"nobody": {"LY01"}, "F": {"GZ02"}, "A": {"SB02"}}
    lines = [
        Warned("nobody", D(2026, 2, 20), None, 2, ("LY01", "QY01")),  # says what it does
        Warned("nobody", D(2026, 2, 20), None, 2, ("QY01",)),  # says something else
        Warned("F", D(2026, 2, 20), None, 2, ("GZ02",)),
        Warned("A", D(2026, 5, 1), None, 2, ("SB02",)),
    ]
    made = report(STORIES, lines, habits=habits)["all"]
    assert {kind: count for kind, count in made["kinds"].items() if count} == {
        "hit": 1, "habit": 2, "unplanted": 1,
    }  # fmt: skip
    assert made["confirmed"]["n"] == 3
    assert read_habits(tmp_path / "elsewhere") == {}
    (tmp_path / "habits.csv").write_text("uscc,habit\nA,smokes\n", "utf-8")
    with pytest.raises(ReportError, match="smokes"):
        read_habits(tmp_path)


def test_every_level_and_what_untidiness_colours() -> None:
    coloured = {
        "firms": 100,
        "months": 2,
        "grades": [180, 10, 6, 4, 0],
        "points": {"JY02": [90, 6, 4, 0, 0, 40, 60], "LY04": [0, 0, 0, 0, 0, 0, 200]},
    }
    made = whole_report(STORIES, WARNINGS, coloured=coloured)
    assert [made["levels"][name]["warnings"] for name in ("blue", "yellow", "orange", "red")] == [8, 7, 2, 1]
    found = made["untidiness"]
    assert (found["coloured"]["n"], found["coloured"]["of"], found["coloured"]["share"]) == (10, 100, 0.1)
    assert found["grades"]["yellow"]["share"] == 0.03
    jy02, ly04 = found["points"]["JY02"], found["points"]["LY04"]
    assert (jy02["coloured"]["n"], jy02["coloured"]["of"]) == (5, 50)
    assert jy02["tiers"] == {"blue": 0.06, "yellow": 0.04, "orange": 0.0, "red": 0.0}
    assert (jy02["unknown"], jy02["not_applicable"]) == (0.2, 0.3)
    assert ly04["coloured"]["interval"] is None
    assert "untidiness" not in whole_report(STORIES, WARNINGS)
