"""The rule-set editor in a real browser: the way from a draft to a publication, two who save at once, keyboard, no JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.bootstrap.risk import Names
from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base, UnitOfWork
from api.kernel.clock import SystemClock
from api.risk import router
from api.risk.rulesets.service import RuleSetService
from api.risk.spec.delivered import delivered_document
from api.risk.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.integration.risk_rulesets.test_versions import ANNA, BO, Measurements, Staff
from tests.support import slice_application
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]


class Stage:
    """The slice's pages over the delivered rule set, behind a real server."""

    def __init__(
        self, origin: str, rule_sets: RuleSetService, measured: Measurements, site: SliceApplication
    ):
        self.origin, self.rule_sets, self.measured, self._site = origin, rule_sets, measured, site
        self.at = f"{origin}/risk/rule-sets"

    def enter(self, visit: Visit, who: object) -> None:
        log_in(visit, self.origin, str(self._site.as_(who).cookies[SESSION_COOKIE]))  # type: ignore[arg-type]

    def draft(self, version: str, note: str = "试行：欠薪提前三天亮黄") -> str:
        return self.rule_sets.copy(ANNA, "delivered", version, note).row_id


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("rulesets")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        measured = Measurements(passes=False)
        rule_sets = RuleSetService(
            UnitOfWork(database), SystemClock(), delivered_document(), Names(), measured, Staff()
        )
        services = {"risk_rulesets": rule_sets, "risk": SimpleNamespace()}
        with (
            slice_application.slice_application(database, router, TEXTS, **services) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, rule_sets, measured, site)


def test_every_page_in_both_languages(browser_for: Open, stage: Stage) -> None:
    row = stage.draft("1.1-pages")
    document = stage.rule_sets.get(row).document.model_dump(mode="json")
    next(p for p in document["points"] if p["id"] == "GZ01")["weight_bp"] = 1_500
    next(p for p in document["points"] if p["id"] == "JY04")["tiers"]["yellow"] = {
        "op": "ge", "fact": "tax_arrears_months", "value": 5,
    }  # fmt: skip
    stage.rule_sets.change(ANNA, row, 1, document, None)
    for lang in ("zh", "en"):
        with browser_for(PHONE) as visit:
            stage.enter(visit, ANNA)
            for path, name in (
                ("", "list"), (f"/{row}", "version"), (f"/{row}/weights", "weights"), (f"/{row}/frame", "frame"),
                (f"/{row}/points/JY02", "point"), (f"/{row}/points/JY04", "point-wrong"),
                ("/delivered", "delivered"),
            ):  # fmt: skip
                visit.page.goto(f"{stage.at}{path}?lang={lang}")
                visit.shot(f"rule-set-{name}-{lang}")
                visit.axe(name)


def test_an_analyst_edits_by_keyboard_and_a_director_publishes(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, ANNA)
        page = visit.page
        page.goto(f"{stage.at}/delivered")
        page.fill("#version", "1.2-way")
        page.fill("#note", "提前三天")
        page.get_by_role("button", name="新建草稿").click()
        page.wait_for_selector("text=草稿已建立")
        row = page.url.rpartition("/")[2].partition("?")[0]
        page.goto(f"{stage.at}/{row}/weights")
        assert page.locator("[data-total-text]").inner_text() == "合计正确"
        page.locator("#f-weight-LY01").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("450")
        assert page.locator("[data-total-sum]").inner_text() == "10,050"
        assert "多出 50" in page.locator("[data-total-text]").inner_text()
        assert page.locator('[data-sum="LY"]').inner_text() == "1,550"
        page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type("200")
        assert page.locator("[data-total-text]").inner_text() == "合计正确"
        page.keyboard.press("Enter")
        page.wait_for_selector("text=已保存")
        page.goto(f"{stage.at}/{row}/points/GZ01")
        page.fill("#f-yellow-1-value", "5")
        page.get_by_role("button", name="保存").click()
        page.wait_for_selector("text=已保存")
        page.goto(f"{stage.at}/{row}")
        assert page.locator("#differences").get_by_text("≥ 5 天").count() == 1
        page.get_by_role("button", name="校验").click()
        page.wait_for_selector("text=已通过校验")
        assert page.get_by_role("button", name="发布").count() == 0
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, BO)
        visit.expect_error("409")
        page = visit.page
        page.goto(f"{stage.at}/{row}")
        visit.shot("rule-set-publish-zh")
        visit.axe("publish")
        page.get_by_role("button", name="发布").click()
        page.wait_for_selector("text=还没有针对这一版本")
        page.fill("#reason", "试行一个月，节前欠薪高发，先收紧阈值。")
        page.get_by_role("button", name="发布").click()
        page.wait_for_selector("text=现行")
        visit.shot("rule-set-published-zh")
        visit.axe("published")
    assert stage.rule_sets.get(row).waiver is not None


def test_two_who_save_at_once_see_both_and_lose_nothing(browser_for: Open, stage: Stage) -> None:
    row = stage.draft("1.3-both")
    with browser_for(PHONE) as anna, browser_for(DESKTOP) as bo:
        for visit, who in ((anna, ANNA), (bo, BO)):
            stage.enter(visit, who)
            visit.page.goto(f"{stage.at}/{row}/points/GZ01")
        bo.page.fill("#f-orange-1-value", "25")
        bo.page.fill("#f-red-1-value", "55")
        bo.page.get_by_role("button", name="保存").click()
        bo.page.wait_for_selector("text=已保存")
        anna.expect_error("409")
        anna.page.fill("#f-yellow-1-value", "6")
        anna.page.fill("#f-red-1-value", "50")
        anna.page.get_by_role("button", name="保存").click()
        anna.page.wait_for_selector("text=他人改为：55")
        anna.shot("rule-set-conflict-zh")
        anna.axe("conflict")
        anna.page.get_by_role("button", name="保存").click()
        anna.page.wait_for_selector("text=已保存")
    tiers = next(p for p in stage.rule_sets.get(row).document.points if p.id == "GZ01").tiers
    assert [tiers.yellow.of[0].value, tiers.orange.of[0].value, tiers.red.of[0].value] == [6, 25, 50]  # type: ignore[union-attr]


def test_without_javascript_everything_still_works(browser_for: Open, stage: Stage) -> None:
    row = stage.draft("1.4-plain")
    with browser_for(PHONE) as visit:
        context = visit.context.browser.new_context(  # type: ignore[union-attr]
            java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        context.add_cookies(
            [
                {
                    "name": SESSION_COOKIE,
                    "value": str(stage._site.as_(ANNA).cookies[SESSION_COOKIE]),
                    "url": stage.origin,
                }
            ]
        )
        page = context.new_page()
        page.goto(f"{stage.at}/{row}/weights")
        assert page.locator("[data-total-text]").inner_text() == "合计正确"
        page.fill("#f-weight-LY01", "500")
        page.click("button.button-primary")
        assert "权重合计为 10100" in page.content()
        page.goto(f"{stage.at}/{row}/frame")
        page.click('button[value="pattern"]')
        page.select_option("#f-pattern-2-1-point", "GZ03")
        page.click('button[value="drop:2-2"]')
        page.select_option("#f-pattern-2-1-colour", "red")
        page.click('button[value="drop:1"]')
        page.click("button.button-primary")
        assert (page.input_value("#f-pattern-1-1-point"), page.input_value("#f-pattern-1-grade")) == (
            "GZ03",
            "orange",
        )
        page.goto(f"{stage.at}/{row}")
        with page.expect_download() as download:
            page.click("text=导出表格")
        content = Path(str(download.value.path())).read_bytes()
        page.set_input_files("#file", {"name": "r.xlsx", "mimeType": router_xlsx(), "buffer": content})
        page.get_by_role("button", name="上传并替换").click()
        assert "已按表格更新" in page.content()
        context.close()


def parts_of(stage: Stage, row: str, point: str, colour: str) -> list[object]:
    found = next(p for p in stage.rule_sets.get(row).document.points if p.id == point)
    return list(getattr(found.tiers, colour).of)


def test_parts_are_added_and_removed_by_keyboard(browser_for: Open, stage: Stage) -> None:
    row = stage.draft("1.5-parts")
    before = parts_of(stage, row, "JY05", "orange")
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, ANNA)
        page = visit.page
        page.goto(f"{stage.at}/{row}/points/JY05")
        page.fill("#f-yellow-value", "28")
        page.select_option("#f-new-orange", "fact")
        page.locator('button[value="add:orange"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=已调整，尚未保存")
        assert page.evaluate("document.activeElement.id") == "p-orange-3"
        assert page.input_value("#f-yellow-value") == "28"
        visit.shot("rule-set-part-new-zh")
        visit.axe("a new part")
        page.select_option("#f-orange-3-fact", "wage_overdue_fen")
        assert page.locator('[data-unit-of="f-orange-3-fact"]').inner_text() == "元"
        page.fill("#f-orange-3-value", "1000000")
        page.keyboard.press("Enter")  # saves, and presses no other button
        page.wait_for_selector("text=已保存")
        assert page.input_value("#f-yellow-value") == "28"
        page.locator('button[value="remove:orange-1"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=已调整，尚未保存")
        page.locator('button[value="add:blue"]').click()
        page.select_option("#f-blue-2-fact", "tax_arrears_months")
        page.get_by_role("button", name="保存").click()
        page.wait_for_selector("text=有 1 处需要修改")
        visit.shot("rule-set-part-wrong-zh")
        visit.axe("a part without a number")
        page.fill("#f-blue-2-value", "2")
        page.get_by_role("button", name="保存").click()
        page.wait_for_selector("text=已保存")
        visit.expect_error("422")
    assert parts_of(stage, row, "JY05", "orange")[:-1] == before[1:]
    assert parts_of(stage, row, "JY05", "blue")[1].fact == "tax_arrears_months"  # type: ignore[attr-defined]


def test_parts_on_a_phone_without_javascript(browser_for: Open, stage: Stage) -> None:
    row = stage.draft("1.6-phone")
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANNA)
        for lang in ("zh", "en"):
            page = visit.page
            page.goto(f"{stage.at}/{row}/points/LY05?lang={lang}")
            page.select_option("#f-new-yellow", "share")
            page.click('button[value="add:yellow"]')
            page.wait_for_selector("#f-yellow-3-num")
            visit.shot(f"rule-set-part-phone-{lang}")
            visit.axe(f"a share on a phone {lang}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context = visit.context.browser.new_context(  # type: ignore[union-attr]
            java_script_enabled=False, viewport={"width": 360, "height": 740}
        )
        session = str(stage._site.as_(ANNA).cookies[SESSION_COOKIE])
        context.add_cookies([{"name": SESSION_COOKIE, "value": session, "url": stage.origin}])
        page = context.new_page()
        page.goto(f"{stage.at}/{row}/points/LY05")
        assert page.locator('button[value="remove:blue"]').bounding_box()["height"] >= 24  # type: ignore[index]
        page.click('button[value="remove:blue"]')
        page.select_option("#f-new-blue", "copy-orange")
        page.click('button[value="add:blue"]')
        page.fill("#f-blue-bp", "4.5")
        page.click('button[value="choose:blue"]')
        assert page.input_value("#f-blue-bp") == "4.5"
        assert page.input_value("#f-blue-num") == "overtime_persons"
        page.locator("button.button-primary").click()
        assert page.input_value("#f-blue-bp") == "4.5"
        context.close()
    blue = next(p for p in stage.rule_sets.get(row).document.points if p.id == "LY05").tiers.blue
    assert (blue.num, blue.bp) == ("overtime_persons", 450)  # type: ignore[union-attr]


def router_xlsx() -> str:
    from api.risk.rulesets.router import XLSX

    return XLSX
