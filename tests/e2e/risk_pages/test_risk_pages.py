"""The analyst's pages in a real browser: list and file at both widths and in both languages, by keyboard, with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.infra.auth import SESSION_COOKIE, Principal
from api.infra.db import Base
from api.risk import router
from api.risk.tables import WarningRow
from api.risk.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.risk_district import START, District
from tests.support.risk_file import risk_of
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication, person

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
ANALYST = person("risk_analyst", display_name="示例分析员")
STREET = person("street_officer", attributes={"towns": "500107002"})


class Stage:
    """The slice behind a real server."""

    def __init__(self, origin: str, site: SliceApplication, risk: SimpleNamespace) -> None:
        self.origin, self._site, self.risk = origin, site, risk

    def enter(self, visit: Visit, who: Principal) -> None:
        log_in(visit, self.origin, str(self._site.as_(who).cookies[SESSION_COOKIE]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("risk-pages")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        district = District(database, folder, firms=40)
        for number in range(1, 37):
            district.departments.say(
                START, number, ("GZ01 R", "SB01 O, LY01 B", "JY02 Y", "GZ04 B, ZZ01 -, AQ01 ?")[number % 4]
            )
        district.month(202601, date(2026, 2, 5))
        district.departments.say(START, 4, "GZ01 ?, SB01 O, QY01 Y", first=date(2026, 2, 6))
        district.today(date(2026, 2, 6))
        risk = risk_of(district)
        with database.read() as session:
            warning = session.query(WarningRow).where(WarningRow.enterprise == 4).one()
        risk.warnings.sign(ANALYST, warning.id, warning.pending)
        risk.cases.write(4, warning.id, district.clock.now(), over=True, measure="催办")
        risk.warnings.judge(ANALYST, 4, "override", 3, "已约谈负责人，承诺三日内补发", date(2026, 3, 1))
        risk.sources.opened = frozenset({"bank_payroll"})
        with (
            slice_application.slice_application(database, router, TEXTS, risk=risk) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, site, risk)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_list_and_file_in_both_languages(browser_for: Open, stage: Stage, lang: str) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANALYST)
        page = visit.page
        for path, name in (
            ("/risk", "list"),
            ("/risk?q=无此企业", "list-empty"),
            ("/risk?q=40号", "list-others"),
            ("/risk/enterprises/4", "file"),
            ("/risk/enterprises/4/points/SB01", "point"),
        ):
            page.goto(f"{stage.origin}{path}{'&' if '?' in path else '?'}lang={lang}")
            if name == "file":
                page.wait_for_selector(".chart[data-drawn]")
            visit.shot(f"risk-{name}-{lang}")
            visit.axe(name)


def test_the_tree_opens_by_keyboard_down_to_the_raw_file(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANALYST)
        page = visit.page
        page.goto(f"{stage.origin}/risk/enterprises/4")
        point = page.locator("#point-SB01 > summary")
        point.focus()
        page.keyboard.press("Enter")
        link = page.locator("#point-SB01 a.button")
        assert link.is_visible()
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#rows-SB01 >> text=代发工资-十月.csv")
        rows = page.locator("#rows-SB01")
        assert "第 7 行" in rows.inner_text()
        assert (
            rows.get_by_role("link", name="打开批次").get_attribute("href") == f"/exchange/batches/{'b' * 26}"
        )
        assert page.url.endswith("/risk/enterprises/4")  # without leaving the file
        visit.shot("risk-file-rows-zh")
        visit.axe("rows")


def test_filters_search_signature_and_export(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, ANALYST)
        page = visit.page
        page.goto(f"{stage.origin}/risk")
        page.get_by_role("link", name="黄色").click()
        page.wait_for_url("**/risk?grade=yellow")
        page.get_by_label("企业名称或统一社会信用代码").fill("企业1号")
        page.get_by_role("button", name="筛选").click()
        page.wait_for_url("**q=*")
        assert page.locator("tbody tr").count() == 1
        page.get_by_role("button", name="签发: 示例企业1号").click()
        page.wait_for_selector("text=预警已签发")
        page.goto(f"{stage.origin}/risk?grade=red")
        page.get_by_text("导出这张清单").click()
        page.get_by_label("用途").fill("晨会")
        with page.expect_download() as download:
            page.get_by_role("button", name="导出 XLSX").click()
        assert "晨会" not in page.url
        assert download.value.suggested_filename == "concord-morning-20260206.xlsx"
        with page.expect_download() as download:
            page.get_by_role("button", name="导出 PDF").click()
        assert download.value.suggested_filename == "concord-morning-20260206.pdf"
        visit.shot("risk-list-export-zh")
        visit.axe("export of the list")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_is_taken_out_by_keyboard(browser_for: Open, stage: Stage, lang: str) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANALYST)
        page = visit.page
        page.goto(f"{stage.origin}/risk/enterprises/4?lang={lang}")
        page.locator('a.button[href="#export"]').focus()
        page.keyboard.press("Enter")
        summary = page.locator("#export summary")
        summary.focus()
        page.keyboard.press("Enter")
        page.locator("#purpose").fill("专题会商")
        visit.shot(f"risk-file-export-{lang}")
        visit.axe("export of the file")
        pdf = page.locator('#export button[value="pdf"]')
        pdf.focus()
        with page.expect_download() as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == "concord-enterprise-4-20260206.pdf"
        assert page.locator("#purpose").is_enabled()


def test_a_snooze_is_entered_refused_corrected_and_withdrawn(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, STREET)
        visit.expect_error("422")
        page = visit.page
        page.goto(f"{stage.origin}/risk/enterprises/7")
        page.get_by_text("登记人工调整或暂缓提醒").click()
        assert page.locator("#kind option").all_inner_texts() == ["暂缓提醒"]
        page.fill("#reason", "季节性停工，已上门核实")
        page.fill("#expires_on", "2020-01-01")
        page.get_by_role("button", name="登记", exact=True).click()
        page.wait_for_selector("text=有效期应在今天之后")
        assert page.locator("#reason").input_value() == "季节性停工，已上门核实"
        visit.axe("refused snooze")
        visit.shot("risk-file-refused-zh")
        page.fill("#expires_on", "2026-02-20")
        page.get_by_role("button", name="登记", exact=True).click()
        page.wait_for_selector("text=已登记")
        assert "季节性停工" in page.locator("#judgements").inner_text()
        page.get_by_role("button", name="撤回: 暂缓提醒").click()
        page.wait_for_selector("#judgements >> text=已撤回")


def test_another_street_is_not_there(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, STREET)
        visit.expect_error("404")
        for path in ("/risk/enterprises/5", "/risk/enterprises/5/points/SB01"):
            answer = visit.page.goto(stage.origin + path)
            assert answer is not None
            assert answer.status == 404
        visit.page.goto(f"{stage.origin}/risk")
        assert visit.page.locator('a[href="/risk/enterprises/5"]').count() == 0
