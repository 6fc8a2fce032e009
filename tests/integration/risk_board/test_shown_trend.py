"""The trend of shown grades is read from the log: what people saw at the end of each month, in one statement on both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, insert

from api.infra.db import Database, UnitOfWork
from api.infra.reports import Format
from api.risk import tables as t
from api.risk.board import repository
from api.risk.board.district import District as Board
from api.risk.board.exports import Kind, Wanted
from tests.support.board_scene import NOW, BoardScene, change, standing
from tests.support.report_files import named, real_printer, rows_of, sheets, text_of
from tests.support.risk_district import START, District
from tests.support.slice_application import SliceApplication, person

ANALYST = person("risk_analyst")
FIRST, SECOND = "500107001", "500107002"
TURN = datetime(2026, 9, 30, 16, tzinfo=UTC)
"""1 October in China."""


def say(scene: BoardScene, enterprise: int, town: str, *lines: tuple[datetime, int]) -> None:
    """What an enterprise showed, one after the other."""
    grades = [5, *(after for _at, after in lines)]
    made = [change(enterprise, at, after, before) for before, (at, after) in zip(grades, lines, strict=False)]
    with scene.uow() as session:
        session.execute(insert(t.StandingRow), [standing(enterprise, town, 0)])
        session.execute(insert(t.ChangeRow), made)


def shown(scene: BoardScene, town: str = "", span: int = 4, who: Any = ANALYST) -> list[Sequence[int] | None]:
    return [row.shown for row in scene.district.trend(who, town, span).rows]


def test_the_last_grade_before_the_end_of_a_month_counts(scene: BoardScene) -> None:
    say(scene, 1, FIRST, (TURN - timedelta(days=3), 2), (TURN - timedelta(seconds=1), 4), (TURN, 3))
    say(scene, 2, SECOND, (TURN - timedelta(days=1), 0), (TURN + timedelta(days=40), 1))
    say(
        scene, 3, SECOND, (TURN - timedelta(days=9), 1), (TURN + timedelta(days=2), 1)
    )  # only the computed one moved
    say(scene, 4, SECOND, (TURN + timedelta(days=1), 5))  # not enough data: no grade
    assert shown(scene) == [None, [1, 1, 0, 0, 1], [1, 1, 0, 1, 0], [0, 2, 0, 1, 0]]
    assert shown(scene, FIRST) == [None, [0, 0, 0, 0, 1], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]]
    officer = person("street_officer", attributes={"towns": SECOND})
    assert shown(scene, who=officer)[1:] == [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 2, 0, 0, 0]]


def test_what_was_shown_before_the_first_month_goes_on(scene: BoardScene) -> None:
    say(scene, 1, FIRST, (TURN - timedelta(days=900), 3))
    assert shown(scene, span=2) == [[0, 0, 0, 1, 0]] * 2
    assert [row.firms for row in scene.district.trend(ANALYST, "", 2).rows] == [None, None]


def test_a_log_that_begins_later_says_nothing_about_earlier(scene: BoardScene) -> None:
    assert shown(scene) == [None] * 4
    say(scene, 1, FIRST, (NOW - timedelta(days=1), 0))
    assert shown(scene) == [None, None, None, [1, 0, 0, 0, 0]]


def test_the_newest_month_agrees_with_the_standings_that_runs_wrote(
    database: Database, tmp_path: Path
) -> None:
    """The log is whole: summed up it gives what stands."""
    district = District(database, tmp_path, 12)
    for number, text in ((1, "GZ01 R"), (2, "SB01 Y"), (3, "JY02 O"), (4, "GZ04 O")):
        district.departments.say(START, number, text)
    district.month(202601, date(2026, 2, 5))
    for number in (2, 3):
        district.departments.say(datetime(2026, 2, 20, tzinfo=UTC), number, "")
    district.departments.say(datetime(2026, 2, 20, tzinfo=UTC), 5, "GZ01 R")
    district.month(202602, date(2026, 3, 5))
    district.month(202603, date(2026, 4, 5))
    other = BoardScene(database)
    board = Board(UnitOfWork(database), district.clock, other.names, other.cases, other.fresh)
    rows = board.trend(ANALYST, "", 3).rows
    with UnitOfWork(database).read() as session:
        now = repository.standing_counts(session, None)
    assert rows[-1].shown == [now.get(grade, 0) for grade in range(5)]
    assert rows[-1].shown != rows[0].shown
    assert sum(rows[-1].shown or ()) == 12


def test_the_log_is_read_in_one_statement_however_long_it_is(scene: BoardScene, database: Database) -> None:
    asked: list[str] = []

    def heard(_c: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if "risk_change" in sql:
            asked.append(sql)

    event.listen(database.engine, "before_cursor_execute", heard)
    try:
        say(scene, 1, FIRST, (NOW - timedelta(days=1), 4))
        few = _answer(asked, lambda: shown(scene, span=36))
        with scene.uow() as session:
            session.execute(delete(t.ChangeRow))
            session.execute(
                insert(t.ChangeRow),
                [
                    change(1 + n % 700, NOW - timedelta(days=900 - 40 * (n // 700), seconds=-n), n % 6)
                    for n in range(7_000)
                ],
            )
        many = _answer(asked, lambda: shown(scene, span=36))
    finally:
        event.remove(database.engine, "before_cursor_execute", heard)
    assert len(few[1]) == len(many[1]) == 1
    assert "SELECT" in few[1][0]
    assert sum(many[0][-1]) > 500


def _answer(asked: list[str], call: Callable[[], Any]) -> tuple[Any, list[str]]:
    asked.clear()
    found = call()
    return found, list(asked)


def test_page_interface_and_files_say_the_same_and_which_is_which(
    site: SliceApplication, database: Database
) -> None:
    scene = BoardScene(database, real_printer())
    site.app.state.container.risk.board = scene
    say(scene, 1, FIRST, (TURN - timedelta(days=3), 2), (TURN, 3))
    for number in range(2, 1237):
        say(scene, number, SECOND, (TURN, 1))
    scene.month(202609, {("all", ""): (0, 1, [7, 6, 5, 4, 3])})
    analyst = site.as_("risk_analyst")
    rows = analyst.get("/api/v1/risk/board/trend", params={"span": 3}).json()["rows"]
    assert rows[0]["shown"] == {"none": 0, "blue": 0, "yellow": 1, "orange": 0, "red": 0}
    assert rows[0]["firms"] == {"none": 7, "blue": 6, "yellow": 5, "orange": 4, "red": 3}
    assert (rows[1]["shown"]["blue"], rows[1]["firms"]) == (1235, None)
    page = analyst.get("/risk/trend?span=3").text
    assert "人们在月末看到的等级" in page
    assert "当月评估只凭当月数据算出的等级" in page
    assert '"values": [0, 1235, 1235]' in page.partition('id="shown-data"')[2].partition("</script>")[0]
    english = analyst.get("/risk/trend?span=3&lang=en").text
    assert "The grade that people saw at the end of the month" in english
    wanted = Wanted(Kind.TREND, Format.XLSX, "周例会", span=3)
    found = sheets(scene.exports.make(ANALYST, wanted).body)
    assert named(found, "各显示等级企业数")[4:7] == [
        ["2026-09", 0.0, 0.0, 1.0, 0.0, 0.0],
        ["2026-10", 0.0, 1.0, 0.0, 1235.0, 0.0],
        ["2026-11", 0.0, 1.0, 0.0, 1235.0, 0.0],
    ]
    assert named(found, "各计算等级企业数")[4] == ["2026-09", 3.0, 4.0, 5.0, 6.0, 7.0]
    text = text_of(scene.exports.make(ANALYST, Wanted(Kind.TREND, Format.PDF, "周例会", span=3)).body)
    first, _title, second = text.partition("各计算等级企业数")
    assert ["2026-10", "0", "1", "0", "1,235", "0"] in rows_of(first)
    assert ["2026-09", "3", "4", "5", "6", "7"] in rows_of(second)
    assert ["2026-10", *["—"] * 5] in rows_of(second)


@pytest.mark.parametrize("span", [1, 36])
def test_any_span_is_answered(scene: BoardScene, span: int) -> None:
    say(scene, 1, FIRST, (NOW - timedelta(days=1200), 4))
    assert shown(scene, span=span) == [[0, 0, 0, 0, 1]] * span
