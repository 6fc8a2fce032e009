"""Runs, corrections, backtests and shadow runs in a real browser: both languages, both widths, axe, and the way through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest

from api.anchoring import tables as _anchoring  # noqa: F401  the recorder's tables
from api.exchange import tables as _exchange  # noqa: F401
from api.infra.auth import SESSION_COOKIE
from api.infra.db import Base
from api.risk import repository, router
from api.risk.texts import TEXTS
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.integration.risk_backtests.conftest import STRICT
from tests.support import slice_application
from tests.support.risk_district import START, District
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
FIRMS = 80


class Stage:
    """The slice behind a real server."""

    def __init__(self, origin: str, district: District, site: SliceApplication) -> None:
        self.origin, self.district, self._site = origin, district, site

    def enter(self, visit: Visit, role: str) -> None:
        log_in(visit, self.origin, str(self._site.as_(role).cookies[SESSION_COOKIE]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("risk-runs")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        district = District(database, folder, FIRMS, batch=500)
        for number in range(1, FIRMS):
            text = ("", "GZ01 R", "SB01 Y, JY02 O", "GZ02 B", "QY01 B, LY01 B")[number % 5]
            if text:
                first = date(2026, 2, 1) if text == "GZ02 B" else date(2000, 1, 1)
                district.departments.say(START, number, text, first)
        district.departments.say(START, 5, "GZ02 B, LY04 ?", first=date(2026, 2, 1))
        district.month(202601, date(2026, 2, 5))
        district.rulesets.others["strict"] = district.scorer.checked(STRICT)
        district.departments.say(district.later(hours=1), 10, "GZ01 O")
        with database.transaction() as session:
            repository.add_pending(session, {202601: [10]}, district.clock.now())
        correction = district.runs.start_correction()
        assert correction is not None
        district.runs.complete(correction.id)
        with (
            slice_application.slice_application(database, router, TEXTS, risk=district.services()) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, district, site)


def test_a_backtest_from_the_form_to_the_second_person(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, "risk_analyst")
        page = visit.page
        page.goto(f"{stage.origin}/risk/backtests")
        visit.shot("risk-backtests-none-zh")
        page.get_by_role("link", name="新的回测").click()
        page.wait_for_selector("#rule_set")
        visit.axe("backtest form")
        visit.shot("risk-backtest-new-zh")
        page.select_option("#rule_set", "strict")
        page.fill("#first", "2025-11")
        page.fill("#last", "2026-02")
        page.fill("#capacity", "3")
        page.get_by_role("button", name="开始回测").click()
        page.wait_for_selector("#progress")
        visit.axe("backtest at work")
        visit.shot("risk-backtest-running-zh")
        url = page.url
        worker = threading.Thread(target=stage.district.backtests().complete, args=(url.rpartition("/")[2],))
        worker.start()
        page.wait_for_selector("#matrix", timeout=30_000)  # the page finds out by itself
        worker.join()
        page.wait_for_selector(".chart canvas")
        visit.axe("backtest")
        visit.shot("risk-backtest-zh")
        assert page.locator("text=须由另一个人复核").count() == 1
        page.select_option("#direction", "up")
        page.fill("#point", "GZ02")
        page.get_by_role("button", name="筛选").click()
        page.wait_for_selector("#differences")
        page.get_by_text("导出这张报表").click()
        page.fill("#purpose", "发布前评审")
        visit.axe("export of the backtest")
        visit.shot("risk-backtest-export-zh")
        for name, ending in (("导出 XLSX", ".xlsx"), ("导出 PDF", ".pdf")):
            with page.expect_download() as download:
                page.get_by_role("button", name=name).click()
            assert download.value.suggested_filename.endswith(ending)
    with browser_for(PHONE) as visit:
        stage.enter(visit, "risk_director")
        visit.page.goto(f"{url}?lang=en")
        visit.page.fill("#reason", "Joint checks before the holidays")
        visit.shot("risk-backtest-director-en")
        visit.page.get_by_role("button", name="Accept more visits than the capacity").click()
        visit.page.wait_for_selector("text=Joint checks before the holidays")
        visit.axe("accepted")
        visit.page.goto(f"{stage.origin}/risk/backtests?lang=en")
        visit.axe("backtests")
        visit.shot("risk-backtests-en")


def test_a_shadow_run_from_start_to_stop(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, "risk_analyst")
        page = visit.page
        page.goto(f"{stage.origin}/risk/shadows/new")
        page.select_option("#rule_set", "strict")
        page.fill("#first", "2026-02-05")
        page.fill("#last", "2026-03-31")
        page.fill("#reason", "发布前试行两个月")
        visit.axe("shadow form")
        visit.shot("risk-shadow-new-zh")
        page.get_by_role("button", name="开始并行试算").click()
        page.wait_for_selector("text=还没有评估")
        stage.district.today(date(2026, 2, 10))
        stage.district.runs.resume()
        for lang in ("zh", "en"):
            page.goto(f"{page.url.partition('?')[0]}?lang={lang}")
            page.wait_for_selector("#differences")
            visit.axe("shadow")
            visit.shot(f"risk-shadow-{lang}")
        page.goto(f"{page.url.partition('?')[0]}?lang=zh")
        page.get_by_role("button", name="停止").click()
        page.wait_for_selector("text=已停止")
        page.goto(f"{stage.origin}/risk/shadows")
        visit.axe("shadows")
        visit.shot("risk-shadows-zh")


def test_runs_are_read_and_replayed(browser_for: Open, stage: Stage) -> None:
    for lang in ("zh", "en"):
        with browser_for(DESKTOP) as visit:
            stage.enter(visit, "risk_analyst")
            page = visit.page
            for path, name in (("runs", "runs"), ("corrections", "corrections")):
                page.goto(f"{stage.origin}/risk/{path}?lang={lang}")
                visit.axe(name)
                visit.shot(f"risk-{name}-{lang}")
            page.goto(f"{stage.origin}/risk/runs?kind=monthly")
            page.locator("table a").first.click()
            page.wait_for_selector("#replays")
            page.get_by_role("button", name="现在重算" if lang == "zh" else "Replay now").click()
            page.wait_for_selector("#replays table")
            visit.axe("run")
            visit.shot(f"risk-run-{lang}")


def test_what_waits_for_a_correction_is_said_on_a_phone_and_at_a_desk(
    browser_for: Open, stage: Stage
) -> None:
    district = stage.district
    with district.database.transaction() as session:
        repository.add_pending(session, {202601: range(1, FIRMS)}, district.clock.now())
    for profile, lang, text in (
        (DESKTOP, "zh", f"共 {FIRMS - 1} 个户月等待更正"),
        (PHONE, "en", f"Still to be corrected: {FIRMS - 1} enterprise-months"),
    ):
        with browser_for(profile) as visit:
            stage.enter(visit, "risk_analyst")
            visit.page.goto(f"{stage.origin}/risk/runs?lang={lang}")
            visit.page.wait_for_selector(f".alert >> text={text}")
            visit.axe("runs that wait")
            visit.shot(f"risk-runs-waiting-{lang}")
    with district.database.transaction() as session:
        repository.take_pending(session, {}, 0, 0)
