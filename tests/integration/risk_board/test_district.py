"""Map, lists, trend, index, funnel and overview over a real database: who sees what, of which moment, in how many statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete

from api.infra.db import Database
from api.kernel.errors import DomainError
from api.risk import tables as t
from api.risk.board import charts
from api.risk.board.model import Confirmed, Group, OpenCases, Shade, Sources, Step
from tests.support.board_scene import MONTH, NOW, BoardScene, flow_line, seeded_towns
from tests.support.slice_application import person

ANALYST = person("risk_analyst")
OFFICER = person("street_officer", attributes={"towns": "500107001, 500107002"})
FIRST, SECOND, THIRD = "500107001", "500107002", "500107003"


def refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code


def counts(scene: BoardScene, code: str, month: int | None = None) -> tuple[int, ...]:
    found = scene.district.map(ANALYST, month)
    return next(tile.counts for tile in found.tiles if tile.town and tile.town.code == code)


def test_the_migration_enters_nineteen_invented_towns(scene: BoardScene) -> None:
    found = scene.district.map(ANALYST)
    assert [tile.town for tile in found.tiles] == seeded_towns()
    assert len(found.tiles) == 19
    assert all("示例" in tile.town.name_zh for tile in found.tiles if tile.town)
    assert found.columns == 5


def test_the_map_counts_what_is_open_now(scene: BoardScene) -> None:
    scene.warn(FIRST, 4)
    scene.warn(FIRST, 2, pending=3)  # a raise waits: it counts with the grade that waits
    scene.warn(FIRST, 0, None, pending=1)
    scene.warn(FIRST, 4, closed=NOW - timedelta(hours=1))
    scene.warn("500107999", 2)
    scene.month(MONTH, {("all", ""): (0, 1, [50, 0, 0, 0, 0]), ("town", FIRST): (0, 1, [40, 0, 0, 0, 0])})
    found = scene.district.map(ANALYST)
    tile = found.tiles[0]
    assert tile.counts == (1, 1, 0, 1)
    assert (tile.total, tile.waiting, tile.firms, tile.tenths_per_thousand) == (3, 2, 40, 750)
    assert found.elsewhere is not None
    assert found.elsewhere.counts == (0, 0, 1, 0)
    assert list(found.counts) == [1, 1, 1, 1]


def test_a_past_month_is_shown_as_it_was(scene: BoardScene) -> None:
    end = datetime(2026, 10, 31, 16, tzinfo=UTC)  # midnight in China
    scene.warn(FIRST, 1, end - timedelta(seconds=1))
    scene.warn(FIRST, 1, end)  # November's
    scene.warn(FIRST, 2, end - timedelta(days=5), closed=end)
    scene.warn(FIRST, 2, end - timedelta(days=5), closed=end - timedelta(seconds=1))
    scene.warn(FIRST, 0, None, pending=4)  # nobody has issued it yet
    scene.warn(
        FIRST, 4, end - timedelta(days=9), raised=end + timedelta(days=2),
        shown=[(end - timedelta(days=9), 3), (end + timedelta(days=2), 4)],
    )  # fmt: skip
    assert counts(scene, FIRST, MONTH) == (0, 1, 1, 1)
    assert counts(scene, FIRST) == (2, 0, 0, 2)
    refused("risk.month_not_over", lambda: scene.district.map(ANALYST, 202611))
    refused("risk.month_malformed", lambda: scene.district.map(ANALYST, 202613))


def test_shades_are_equal_parts_of_the_highest_value(scene: BoardScene) -> None:
    for code, number in ((FIRST, 8), (SECOND, 2), (THIRD, 1)):
        for _one in range(number):
            scene.warn(code, 4)
    found = scene.district.map(ANALYST, None, Shade.COUNT, "red")
    assert [tile.level for tile in found.tiles[:4]] == [4, 1, 1, 0]
    assert list(found.steps) == [(1, 1, 2), (2, 3, 4), (3, 5, 6), (4, 7, 8)]
    assert {tile.level for tile in scene.district.map(ANALYST, None, Shade.COUNT, "blue").tiles} == {0}


def test_a_street_officer_sees_his_towns_and_nothing_else(scene: BoardScene) -> None:
    scene.warn(FIRST, 4)
    scene.warn(THIRD, 4)
    scene.warn("500107999", 4)  # in no row of the table: not his either
    found = scene.district.map(OFFICER)
    assert [tile.town.code for tile in found.tiles if tile.town] == [FIRST, SECOND]
    assert list(found.counts) == [1, 0, 0, 0]
    assert found.elsewhere is None
    for path in (THIRD, "other", "500107998"):
        refused("not_found", lambda path=path: scene.district.town(OFFICER, path))
    refused("not_found", lambda: scene.district.trend(OFFICER, THIRD))
    refused("not_found", lambda: scene.district.index(OFFICER, None, Group.INDUSTRY))
    refused("not_found", lambda: scene.district.overview(OFFICER))
    scene.district.funnel(OFFICER)
    assert scene.cases.asked[-1][2] == frozenset({FIRST, SECOND})
    refused("role_required", lambda: scene.district.map(person("worker")))


def test_a_towns_list_is_worst_first_and_paged(scene: BoardScene) -> None:
    blue = [scene.warn(FIRST, 1) for _one in range(3)]
    red = scene.warn(FIRST, 0, None, pending=4)
    orange = scene.warn(FIRST, 3)
    scene.warn(SECOND, 4)
    pages, after = [], ""
    while not pages or after:
        found = scene.district.town(ANALYST, FIRST, None, after, 2)
        pages.append([line.enterprise for line in found.rows])
        after = found.next
    assert pages == [[red, orange], [blue[2], blue[1]], [blue[0]]]
    first = scene.district.town(ANALYST, FIRST).rows[0]
    assert (first.name, first.waiting, first.issued_at) == (f"虚拟企业{red}号", True, None)
    assert scene.district.town(ANALYST, "500107019").rows == []
    refused("risk.cursor_malformed", lambda: scene.district.town(ANALYST, FIRST, None, "9.x"))


def test_places_outside_the_table_have_a_list_of_their_own(scene: BoardScene) -> None:
    strange = scene.warn("500107999", 2)
    nameless = scene.warn("", 1)
    scene.warn(FIRST, 4)
    found = scene.district.town(ANALYST, "other")
    assert [line.enterprise for line in found.rows] == [strange, nameless]
    assert found.town is None


def test_the_trend_counts_by_chinese_months(scene: BoardScene) -> None:
    turn = datetime(2026, 9, 30, 16, tzinfo=UTC)  # 1 October in China
    scene.warn(FIRST, 4, turn - timedelta(seconds=1), closed=turn)
    scene.warn(SECOND, 1, turn)
    scene.warn(SECOND, 0, None, pending=4)
    scene.month(202609, {("all", ""): (0, 1, [5, 4, 3, 2, 1]), ("town", FIRST): (0, 1, [1, 1, 0, 0, 1])})
    found = scene.district.trend(ANALYST, "", 3)
    assert [row.month for row in found.rows] == [202609, 202610, 202611]
    assert [row.issued for row in found.rows] == [(1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 0, 0)]
    assert [row.closed for row in found.rows] == [(0, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)]
    assert [row.firms for row in found.rows] == [[5, 4, 3, 2, 1], None, None]
    town = scene.district.trend(ANALYST, FIRST, 3)
    assert [row.issued for row in town.rows][:2] == [(1, 0, 0, 0), (0, 0, 0, 0)]
    assert town.rows[0].firms == [1, 1, 0, 0, 1]
    refused("not_found", lambda: scene.district.trend(ANALYST, "500107998"))


def test_an_old_district_ends_with_its_newest_index(scene: BoardScene) -> None:
    scene.month(202401, {("all", ""): (0, 1, [5, 0, 0, 0, 0])})
    assert [row.month for row in scene.district.trend(ANALYST, "", 2).rows] == [202312, 202401]


def test_the_index_weighs_by_staff_and_compares_with_the_last_quarter(scene: BoardScene) -> None:
    scene.month(
        202610,
        {
            ("all", ""): (900, 400, [10, 2, 1, 1, 0]),
            ("town", FIRST): (600, 100, [5, 1, 0, 0, 0]),
            ("town", SECOND): (1000, 300, [5, 1, 1, 1, 0]),
        },
    )
    scene.month(
        202607, {("all", ""): (950, 400, [14, 0, 0, 0, 0]), ("town", FIRST): (500, 100, [6, 0, 0, 0, 0])}
    )
    found = scene.district.index(ANALYST)
    assert found.month == 202610
    assert [(one.group, one.mean, one.change) for one in found.groups] == [
        (SECOND, 1000, None),
        (FIRST, 600, 100),
    ]
    assert found.whole is not None
    assert (found.whole.mean, found.whole.change, found.whole.firms) == (900, -50, 14)
    assert list(found.line) == [(202607, 950), (202610, 900)]
    own = scene.district.index(OFFICER)
    assert own.whole is not None
    assert (own.whole.mean, own.whole.counts) == (900, [10, 2, 1, 1, 0])  # (600·100 + 1000·300) / 400
    refused("not_found", lambda: scene.district.index(ANALYST, 202609))


def test_without_any_run_there_is_an_empty_index(scene: BoardScene) -> None:
    assert scene.district.index(ANALYST).month is None


def test_the_funnel_asks_for_whole_months(scene: BoardScene) -> None:
    scene.cases.lines = [flow_line(FIRST, 4, 9, {Step.VERIFIED: 2}), flow_line(SECOND, 1, 5)]
    found = scene.district.funnel(ANALYST)
    assert scene.cases.asked[-1] == (date(2026, 9, 1), date(2026, 11, 30), None)
    assert [found.reached(step) for step in Step] == [14, 10, 6, 3, 1, 0]
    assert (found.reached(Step.ISSUED, 4), found.reached(Step.ISSUED, None, SECOND)) == (9, 5)
    assert (found.late(), found.late(Step.VERIFIED), found.late(Step.SIGNED)) == (2, 2, 0)
    assert charts.funnel(found, "zh")["told"] == ["14 件", "10 件", "6 件", "3 件", "1 件", "0 件"]
    assert charts.funnel(found, "en")["told"][-2:] == ["1 case", "0 cases"]
    refused("risk.period_malformed", lambda: scene.district.funnel(ANALYST, 202611, 202610))
    refused("risk.period_malformed", lambda: scene.district.funnel(ANALYST, 202311, 202611))
    scene.cases.lines = None
    assert not scene.district.funnel(ANALYST).connected


def test_the_overview_says_what_is_late_and_what_is_not_known(scene: BoardScene) -> None:
    scene.warn(FIRST, 4)
    scene.warn(FIRST, 0, None, pending=2)
    scene.cases.lines = [flow_line(FIRST, 4, 9, {Step.VERIFIED: 2})]
    scene.cases.share = Confirmed(3, 4, 7500, 3000, 9600)
    scene.fresh.found = Sources(20, 1, 2, 3, [], ["LY03"])
    found = scene.district.overview(person("risk_director"))
    assert list(found.map.counts) == [1, 0, 1, 0]
    assert list(found.standing) == [0, 0, 1, 0, 1, 0]
    assert found.cases == OpenCases(9, {Step.VERIFIED: 2})
    assert found.confirmed == Confirmed(3, 4, 7500, 3000, 9600)
    scene.cases.lines, scene.cases.share, scene.fresh.found = None, None, None
    bare = scene.district.overview(person("auditor"))
    assert (bare.cases, bare.confirmed, bare.sources) == (None, None, None)


def test_statements_do_not_grow_with_the_district(scene: BoardScene, database: Database) -> None:
    def statements() -> dict[str, int]:
        found = {}
        for name, call in {
            "map": lambda: scene.district.map(ANALYST),
            "month": lambda: scene.district.map(ANALYST, 202609),
            "town": lambda: scene.district.town(ANALYST, FIRST),
            "trend": lambda: scene.district.trend(ANALYST),
            "index": lambda: scene.district.index(ANALYST),
            "overview": lambda: scene.district.overview(ANALYST),
        }.items():
            before = database.traffic.statements
            call()
            found[name] = int(database.traffic.statements - before)
        return found

    scene.warn(FIRST, 4)
    scene.month(MONTH, {("all", ""): (0, 1, [1, 0, 0, 0, 0])})
    small = statements()
    with scene.uow() as session:
        for table in (t.WarningRow, t.EpisodeRow, t.StandingRow, t.IndexRow):
            session.execute(delete(table))
    scene.many(4_000, 300)
    assert statements() == small
    assert max(small.values()) <= 8
