"""The board in a real browser: every page at both widths and in both languages, charts drawn under the policy, the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from python_calamine import CalamineWorkbook

from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base
from api.risk import router
from api.risk.board.model import Town
from api.risk.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.board_scene import BoardScene, lived_in, seeded_towns
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication, person

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
PAGES = {
    "overview": "/risk/board",
    "map": "/risk/map",
    "map-share": "/risk/map?shade=share&colour=red&month=202609",
    "town": "/risk/map/towns/500107010",
    "trend": "/risk/trend",
    "index": "/risk/index",
    "industry": "/risk/index?by=industry",
    "funnel": "/risk/funnel",
    "towns": "/risk/towns",
}


class Stage:
    """The slice behind a real server."""

    def __init__(self, origin: str, scene: BoardScene, site: SliceApplication) -> None:
        self.origin, self.scene, self._site = origin, scene, site

    def enter(self, visit: Visit, role: str, **attributes: str) -> None:
        token = self._site.as_(person(role, attributes=attributes)).cookies[SESSION_COOKIE]
        log_in(visit, self.origin, str(token))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("board")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        scene = BoardScene(database)
        lived_in(scene)
        with (
            slice_application.slice_application(
                database, router, TEXTS, risk=SimpleNamespace(board=scene)
            ) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, scene, site)


def drawn(visit: Visit) -> None:
    """Every chart of the page is on its canvas."""
    waiting = ".chart:not([data-drawn]):not([data-failed])"
    visit.page.wait_for_selector(waiting, state="detached", timeout=15_000)
    assert visit.page.locator(".chart[data-failed]").count() == 0
    visit.page.wait_for_timeout(450)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_at_both_widths(browser_for: Open, stage: Stage, lang: str) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, "risk_director")
        for name, path in PAGES.items():
            joint = "&" if "?" in path else "?"
            visit.page.goto(f"{stage.origin}{path}{joint}lang={lang}")
            drawn(visit)
            visit.axe(name)
            visit.shot(f"board-{name}-{lang}")
            if lang == "en":
                left = visit.page.evaluate(
                    "[...document.querySelectorAll('main, nav')].map((one) => one.innerText).join(' ')"
                )
                known = [town.name_zh for town in seeded_towns()] + ["示例", "虚拟", "中文"]
                for word in known:
                    left = left.replace(word, "")
                assert not [
                    c
                    for c in left
                    if "\u4e00" <= c <= "\u9fff" and c not in "区高新企业号街道镇一二三四五六七八九十"
                ], name


def test_without_the_library_the_tables_stay(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        visit.expect_error("ERR_FAILED")
        visit.context.route("**/echarts.mjs", lambda route: route.abort())
        stage.enter(visit, "risk_analyst")
        visit.page.goto(f"{stage.origin}/risk/trend")
        visit.page.wait_for_selector(".chart[data-failed]", state="attached")
        assert visit.page.locator(".chart:visible").count() == 0
        assert visit.page.locator(".figures tbody tr").count() == 48


def test_a_chart_follows_its_frame(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, "risk_analyst")
        visit.page.goto(f"{stage.origin}/risk/index")
        drawn(visit)
        canvas = visit.page.locator("#line canvas")
        wide = canvas.bounding_box()
        visit.page.set_viewport_size({"width": 360, "height": 740})
        visit.page.wait_for_timeout(300)
        narrow = canvas.bounding_box()
        assert wide is not None
        assert narrow is not None
        assert narrow["width"] < 330 < wide["width"]
        colours = visit.page.evaluate("""() => {
            const canvas = document.querySelector("#line canvas");
            const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return new Set(Array.from({length: bytes.length / 4}, (_, at) => bytes.slice(4 * at, 4 * at + 4).join())).size;
        }""")
        assert colours > 20  # something is drawn


def test_a_tile_leads_to_its_list_by_keyboard(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, "risk_analyst")
        visit.page.goto(f"{stage.origin}/risk/map")
        visit.page.locator(".tile a").first.focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/risk/map/towns/500107001")
        visit.page.goto(f"{stage.origin}/risk/map")
        visit.page.select_option("#month", "202609")
        visit.page.get_by_role("button", name="按此查看").click()
        visit.page.wait_for_url("**month=202609**")
        assert "2026-09 月末的情况" in visit.page.locator(".map-caption").inner_text()


def test_a_street_officer_sees_his_towns_on_the_phone(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, "street_officer", towns="500107003,500107010")
        visit.page.goto(f"{stage.origin}/risk/map")
        assert visit.page.locator(".tile").count() == 2
        visit.axe("officer's map")
        visit.shot("board-officer-zh")


def test_a_report_is_saved_twice_from_one_page(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, "risk_analyst")
        visit.page.goto(f"{stage.origin}/risk/map")
        visit.page.get_by_text("导出这张报表").click()
        visit.page.fill("#purpose", "周例会")
        for _time in range(2):
            with visit.page.expect_download() as waiting:
                visit.page.get_by_role("button", name="导出 XLSX").click()
            body = Path(waiting.value.path()).read_bytes()
        rows = CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(0).to_python()
        assert any("周例会" in str(cell) for row in rows for cell in row)


def test_two_editors_of_the_towns(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        visit.expect_error("409")
        visit.expect_error("422")
        stage.enter(visit, "operator")
        page = visit.page
        page.goto(f"{stage.origin}/risk/towns")
        page.locator('input[name="column"]').first.fill("3")
        page.fill("#reason", "换格子")
        page.get_by_role("button", name="保存为新的一版").click()
        page.wait_for_selector("text=占了同一个格子")
        assert page.locator('[aria-invalid="true"]').count() == 1
        visit.axe("refused towns")
        visit.shot("board-towns-refused")
        stage.scene.towns.save(
            person("risk_director"), 1, stage.scene.clock.now().date(), "别人先改了",
            [Town(t.code, t.name_zh, t.name_en, t.column, t.row, "示例新区") for t in seeded_towns()],
        )  # fmt: skip
        page.locator('input[name="column"]').first.fill("1")
        page.locator('input[name="row"]').first.fill("1")
        page.get_by_role("button", name="保存为新的一版").click()
        page.wait_for_selector("text=刚刚被别人改过")
        visit.shot("board-towns-conflict")
        page.get_by_role("link", name="打开最新一版").click()
        page.locator('input[name="column"]').first.fill("1")
        page.locator('input[name="row"]').first.fill("1")
        page.fill("#reason", "换格子")
        page.get_by_role("button", name="保存为新的一版").click()
        page.wait_for_selector("text=镇街表已保存")
        assert page.locator('input[name="administered_by"]').first.input_value() == "示例新区"
