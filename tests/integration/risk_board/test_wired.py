"""The board as the container wires it: cases of the real disposal, freshness of the real exchange board, reports on paper."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.bootstrap import risk as bootstrap
from api.disposal.model import Action
from api.exchange.freshness.model import Kind, Promise
from api.exchange.freshness.service import Freshness
from api.infra.db import Database
from api.infra.reports import Asked, Exporter, Format
from api.kernel.clock import shanghai_day
from api.kernel.events import Bus
from api.risk.board.exports import Kind as Report
from api.risk.board.exports import Wanted
from api.risk.board.model import OpenCases, Step
from tests.support.board_scene import Paper
from tests.support.disposal_world import S1, S2, World
from tests.support.report_files import text_of
from tests.support.risk_district import Record
from tests.support.slice_application import person

ROOT = Path(__file__).resolve().parents[3]
DIRECTOR = person("risk_director")


class Catalogue:
    """Three datasets: one fresh, one stale, one that never came; one control point reads each."""

    def promises(self) -> list[Promise]:
        return [
            Promise(code, f"示例{code}", f"Example {code}", "示例局", "Example office", Kind.EVENT, 31, 10)
            for code in "abc"
        ]

    def points_of(self) -> dict[str, list[str]]:
        return {"a": ["GZ01"], "b": ["SB01"], "c": ["LY03"]}

    def covered(self, known_at: Any = None) -> dict[str, date]:
        return {"a": self.today, "b": date(2020, 1, 1)}

    today = date(2026, 1, 1)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def container(world: World, folder: Path, **parts: Any) -> Any:
    made = SimpleNamespace(
        uow=world.uow, clock=world.clock, bus=Bus(), recorder=Record(), anchoring=SimpleNamespace(),
        settings=SimpleNamespace(
            data_dir=folder, node_modules=ROOT / "node_modules", font_dirs=[], test_installation=True
        ),
        **parts,
    )  # fmt: skip
    made.risk = bootstrap.build(made)
    return made


def test_overview_and_funnel_over_the_neighbours(world: World, tmp_path: Path) -> None:
    catalogue = Catalogue()
    catalogue.today = shanghai_day(world.clock.now())
    exchange = SimpleNamespace(
        freshness=Freshness(
            world.clock, catalogue, catalogue, catalogue, Exporter(world.uow, world.clock, Paper())
        )
    )
    board = container(world, tmp_path, disposal=world.disposal, exchange=exchange).risk.board
    first = world.warn(enterprise=1, grade=2)
    world.visit("officer1", first)
    world.do("officer1", first, Action.ACT, note="责令整改")
    world.warn(enterprise=3, grade=4, town=S2)
    month = board.district.month()
    found = board.district.funnel(DIRECTOR, month, month)
    assert [found.reached(step) for step in Step] == [2, 1, 1, 1, 0, 0]
    assert {line.unit for line in found.lines} == {S1, S2}
    assert all(line.unit_zh and line.unit_en for line in found.lines)
    officer = person("street_officer", attributes={"towns": S2})
    assert {line.unit for line in board.district.funnel(officer, month, month).lines} == {S2}
    world.clock.advance(timedelta(hours=3))  # past red's two hours
    over = board.district.overview(DIRECTOR)
    assert over.cases == OpenCases(2, {Step.SIGNED: 1})
    assert (over.confirmed.hits, over.confirmed.total) == (1, 1)
    assert (over.sources.fresh, over.sources.stale, over.sources.never) == (1, 1, 1)
    assert set(over.sources.unknown) == {"SB01", "LY03"}
    file = board.exports.make(DIRECTOR, Wanted(Report.FUNNEL, Format.PDF, "周例会"))
    assert file.body.startswith(b"%PDF-")


def test_an_installation_without_neighbours_says_so(world: World, tmp_path: Path) -> None:
    board = container(world, tmp_path).risk.board
    over = board.district.overview(DIRECTOR)
    assert (over.cases, over.confirmed, over.sources) == (None, None, None)
    assert not board.district.funnel(DIRECTOR).connected


def test_a_rule_set_goes_out_of_the_wired_installation(world: World, tmp_path: Path) -> None:
    risk = container(world, tmp_path).risk
    file = risk.rule_set_exports.version(DIRECTOR, "delivered", Asked(Format.PDF, "评审"))
    assert "GZ01 拖欠工资" in text_of(file.body)
