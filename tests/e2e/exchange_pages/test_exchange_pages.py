"""The exchange's pages in a real browser, wired as in the installation: both widths, both languages, axe, keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from api.bootstrap import exchange as wiring
from api.exchange import repository, router
from api.exchange.model import Channel, Mode, Request
from api.exchange.model import Stage as At
from api.exchange.rules.catalogue import dataset_of
from api.exchange.texts import TEXTS
from api.infra.auth import SESSION_COOKIE, Principal
from api.infra.db import Base, UnitOfWork
from api.infra.settings import Settings
from api.kernel.clock import SystemClock
from api.kernel.events import Bus, RowsChanged
from api.parameters.service import ParametersService
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.integration.exchange.conftest import code, firm, water
from tests.support import slice_application
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication, person

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
LAST = f"{datetime.now(UTC).year - 1}-12"
HR = person("regulator", account_id="hr-data-manager")
OTHER = person("regulator", account_id="another-regulator")
OPERATOR, ANALYST = person("operator"), person("risk_analyst")
STARS = [
    firm(41, name="星河科技有限公司", address="重庆市九龙坡区西郊路1号"),
    firm(42, name="星河科技有限公司", address="重庆市九龙坡区东林街9号"),
]


def csv(dataset: str, rows: list[dict[str, object]]) -> bytes:
    names = dataset_of(dataset).names
    lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


class Stage:
    """The slice behind a real server, with a register and a few deliveries."""

    def __init__(
        self, origin: str, exchange: Any, site: SliceApplication, told: list[RowsChanged], uow: UnitOfWork
    ) -> None:
        self.origin, self.exchange, self._site, self.told, self.uow = origin, exchange, site, told, uow
        exchange.grant(OPERATOR, "hr-data-manager", "*")
        self.send("market_registry", [*(firm(number) for number in range(1, 41)), *STARS])
        self.send("water", [water(number, LAST) for number in range(1, 31)])
        self.send(
            "tax_month",
            [
                {
                    "uscc": code(1), "name": "x", "month": LAST, "arrears_months": 0, "payroll_total": "1234567.89",
                    "paid_persons": 12, "below_min_persons": 0, "full_time_persons": 12, "grade": "B",
                }
            ],
        )  # fmt: skip

    def send(self, dataset: str, rows: list[dict[str, object]]) -> Any:
        asked = Request(dataset, Mode.APPEND, False, Channel.UPLOAD, f"{dataset}-{LAST}.csv")
        return self.exchange.receive(HR, asked, [csv(dataset, rows)])

    def enter(self, visit: Visit, who: Principal) -> None:
        token = self._site.as_(who).cookies[SESSION_COOKIE]
        log_in(visit, self.origin, str(token))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("exchange")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        uow, clock, bus = UnitOfWork(database), SystemClock(), Bus()
        told: list[RowsChanged] = []
        bus.subscribe(RowsChanged, lambda _session, event: told.append(event))
        manager = SimpleNamespace(
            account_id="hr-data-manager", display_name="试样一", login="hr-data", state="active"
        )
        container: Any = SimpleNamespace(
            identity=SimpleNamespace(accounts=SimpleNamespace(staff=lambda: [manager])),
            settings=Settings(data_dir=folder),
            uow=uow,
            clock=clock,
            bus=bus,
            parameters=ParametersService(uow, clock),
            risk=SimpleNamespace(points_of_datasets=lambda: {"tax_month": ["SB02"], "court_event": ["JY03"]}),
        )
        made = wiring.build(container)
        services = {
            "exchange": made,
            "exchange_matching": made.matching,
            "exchange_freshness": made.freshness,
            "exchange_sharing": made.sharing,
        }
        with (
            slice_application.slice_application(database, router, TEXTS, **services) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, made, site, told, uow)


def seen(visit: Visit, stage: Stage, path: str, name: str) -> None:
    """The page in both languages: no page is wider than the screen, and none violates axe."""
    for lang in ("en", "zh"):
        mark = "&" if "?" in path else "?"
        answer = visit.page.goto(f"{stage.origin}{path}{mark}lang={lang}")
        assert answer is not None
        assert answer.status == 200, path
        visit.shot(f"exchange-{name}-{lang}")
        visit.axe(f"{name} {lang}")


def taken_out(visit: Visit, name: str) -> None:
    """The present page as a spreadsheet and on paper."""
    page = visit.page
    page.get_by_text("导出这张报表").click()
    page.fill("#purpose", "周例会")
    visit.shot(f"exchange-{name}-export-zh")
    visit.axe(f"export of {name}")
    for button, ending in (("导出 XLSX", "xlsx"), ("导出 PDF", "pdf")):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert download.value.suggested_filename.startswith(f"concord-{name}-")
        assert download.value.suggested_filename.endswith(ending)


def test_a_file_from_the_desk_to_accepted_rows_and_back(
    browser_for: Open, stage: Stage, tmp_path: Path
) -> None:
    rows = [
        water(31, LAST, usage=-4),
        water(32, LAST, usage="很多"),
        *(water(n, LAST) for n in range(33, 39)),
    ]
    file = tmp_path / "五月用水.csv"
    file.write_bytes(csv("water", rows))
    with browser_for(DESKTOP) as visit:
        visit.expect_error("422")  # the row that is still wrong
        stage.enter(visit, HR)
        page = visit.page
        seen(visit, stage, "/exchange", "desk")
        page.select_option("#send-dataset", "water")
        page.set_input_files("#send-file", str(file))
        page.get_by_label("只试运行，不提交").check()
        page.get_by_role("button", name="发送").click()
        page.wait_for_url("**/exchange/batches/*")
        assert page.get_by_text("试运行结果，还没有接收任何数据").count()
        seen(visit, stage, page.url.removeprefix(stage.origin), "batch-tried")
        page.get_by_role("button", name="提交批次").click()
        page.wait_for_selector("text=批次已提交")
        batch = page.url.removeprefix(stage.origin).partition("?")[0]
        seen(visit, stage, batch, "batch-committed")
        with page.expect_download() as download:
            page.get_by_role("link", name="下载 XLSX").click()
        assert download.value.suggested_filename.startswith("rejected-")
        seen(visit, stage, "/exchange/quarantine?dataset=water", "quarantine")
        taken_out(visit, "quarantine")
        page.get_by_role("link", name="修改").first.click()
        page.wait_for_selector("#c_usage")
        seen(visit, stage, page.url.removeprefix(stage.origin).partition("?")[0], "row")
        page.fill("#c_usage", "-7")
        page.get_by_role("button", name="检查并接收这一行").click()
        page.wait_for_selector("text=还不能接收")
        visit.axe("row still wrong")
        visit.shot("exchange-row-wrong-zh")
        page.fill("#c_usage", "7")
        page.get_by_role("button", name="检查并接收这一行").click()
        page.wait_for_selector("text=这一行已修正并接收")
        page.goto(f"{stage.origin}/exchange/quarantine?dataset=water")
        page.get_by_text("搁置", exact=True).first.click()
        page.get_by_label("原因").fill("表具故障，无法读数")
        page.get_by_role("button", name="搁置这一行").click()
        page.wait_for_selector("text=这一行已搁置")
        stage.told.clear()
        page.goto(stage.origin + batch)
        page.get_by_text("撤回批次", exact=True).first.click()
        page.get_by_label("原因").fill("月份报错")
        page.get_by_role("button", name="撤回批次").click()
        page.wait_for_selector("text=受影响的企业会重新计算")
        visit.shot("exchange-batch-withdrawn-zh")
    [event] = stage.told
    assert event.dataset == "water"
    assert len(event.pairs) == 6, "the enterprises of the batch, and no other"


def test_a_file_that_is_refused_says_what_to_do(browser_for: Open, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "cut.csv"
    file.write_bytes(csv("water", [water(1, LAST)]).replace(b"usage", b"usages", 1))
    with browser_for(PHONE) as visit:
        stage.enter(visit, HR)
        page = visit.page
        page.goto(f"{stage.origin}/exchange")
        page.select_option("#send-dataset", "water")
        page.set_input_files("#send-file", str(file))
        page.get_by_role("button", name="发送").click()
        page.wait_for_selector("text=文件已退回")
        seen(visit, stage, page.url.removeprefix(stage.origin), "batch-refused")
        page.get_by_role("link", name="改好后重新发送").click()
        assert page.locator("#send-dataset").input_value() == "water"


def test_a_large_file_goes_with_progress_and_a_broken_line_is_said(
    browser_for: Open, stage: Stage, tmp_path: Path
) -> None:
    rows = pl.read_csv(csv("water", [water(n, LAST) for n in range(1, 4)]), infer_schema=False)
    file = tmp_path / "三十兆.parquet"
    rows.write_parquet(file, metadata={"padding": "x" * 30_000_000})
    with browser_for(PHONE) as visit:
        visit.expect_error("Failed to load resource")
        stage.enter(visit, HR)
        page = visit.page
        page.goto(f"{stage.origin}/exchange")
        page.select_option("#send-dataset", "water")
        page.set_input_files("#send-file", str(file))
        page.route("**/files/*", lambda route: route.abort())
        page.get_by_role("button", name="发送", exact=True).click()
        page.wait_for_selector("text=重复发送不会产生重复数据")
        visit.axe("a broken line")
        visit.shot("exchange-line-broken")
        page.unroute("**/files/*")
        page.evaluate("document.querySelector('[data-progress]').dataset.limit = '29999999'")
        page.get_by_role("button", name="发送", exact=True).click()
        page.wait_for_selector("text=请按月分开发送")
        page.evaluate("document.querySelector('[data-progress]').dataset.limit = '1000000000'")
        held: list[Any] = []
        page.route("**/files/*", lambda route: held.append(route))
        page.get_by_role("button", name="发送", exact=True).click()
        page.wait_for_selector("[data-progress]:not([hidden])")
        assert page.get_by_role("button", name="发送", exact=True).is_disabled()
        visit.axe("sending")
        visit.shot("exchange-sending")
        held[0].continue_()
        page.wait_for_url("**/exchange/batches/*")
        followed(visit, stage)


def followed(visit: Visit, stage: Stage) -> None:
    """The page of a large file: how far the worker is, with and without scripts, and the result by itself."""
    page = visit.page
    assert page.get_by_text("排队等待后台检查").count()
    visit.axe("waiting for the worker")
    visit.shot("exchange-checking-queued-zh")
    number = page.url.rsplit("/", 1)[1]
    with stage.uow() as session:
        repository.note(session, number, (At.VALIDATING, 1_250_000, 3_400_000), datetime.now(UTC))
    page.wait_for_selector("text=1,250,000 / 3,400,000 行")
    assert page.locator("progress.progress-bar").get_attribute("value") == "1250000"
    visit.axe("being checked")
    visit.shot("exchange-checking-rows-zh")
    page.get_by_role("link", name="刷新").focus()
    browser = visit.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=visit.context.storage_state())
    try:
        without = plain.new_page()
        without.goto(page.url)
        assert without.get_by_text("1,250,000 / 3,400,000").count()
        assert stage.exchange.intake.resume() == 1
        page.wait_for_selector("#batch:not([hx-trigger])")
        assert page.get_by_text("已接收", exact=True).count()
        without.wait_for_selector("text=已接收", timeout=20_000)
    finally:
        plain.close()


def test_the_catalogue_and_its_templates(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANALYST)
        seen(visit, stage, "/exchange/datasets", "catalogue")
        visit.page.get_by_role("link", name="企业用水").click()
        seen(visit, stage, "/exchange/datasets/water", "dataset")
        assert visit.page.get_by_text("第三十八条第二款").count()
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="下载 XLSX 模板").click()
        assert download.value.suggested_filename == "water.xlsx"


def test_credentials_of_a_departments_system(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, HR)
        page = visit.page
        page.goto(f"{stage.origin}/exchange/credentials")
        page.fill("#label", "抄表系统")
        page.locator("#set-water").check()
        page.get_by_role("button", name="生成凭证").click()
        secret = page.locator("#secret").inner_text()
        assert secret.startswith("cxk_")
        visit.shot("exchange-credential-issued-zh")
        visit.axe("credential issued")
        seen(visit, stage, "/exchange/credentials", "credentials")
        assert secret not in page.content()
        page.get_by_role("button", name="停用 抄表系统").click()
        page.wait_for_selector("text=凭证已停用")


def test_a_review_is_decided_by_keyboard(browser_for: Open, stage: Stage) -> None:
    nameless = {"uscc": "", "month": LAST, "has_meter": 1, "usage": 3, "arrears_months": 0}
    stage.send("power", [{**nameless, "name": "星河科技有限公司"}, {**nameless, "name": "试样企业3有限公司"}])
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, ANALYST)
        seen(visit, stage, "/exchange/reviews", "reviews-analyst")
        stage.enter(visit, OTHER)
        page = visit.page
        page.goto(f"{stage.origin}/exchange/reviews?kind=ambiguous")
        page.get_by_role("link", name="星河科技有限公司").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#decide")
        labels = page.locator("label[for^=choice-]").all_inner_texts()
        assert len(labels) == len(set(labels)) == 4, "two enterprises of one name are told apart"
        seen(visit, stage, page.url.removeprefix(stage.origin).partition("?")[0], "review")
        page.locator("input[name=choice]").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("地址核实")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=以后的批次照此办理")
    assert stage.exchange.intake.resume() == 1, "its rows are matched again"


def test_the_freshness_board(browser_for: Open, stage: Stage) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, ANALYST)
        seen(visit, stage, "/exchange/freshness", "freshness")
        taken_out(visit, "freshness")


def test_sharing_takes_two_people_and_leaves_a_trail(browser_for: Open, stage: Stage) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, ANALYST)
        page = visit.page
        seen(visit, stage, "/exchange/shares", "shares-empty")
        seen(visit, stage, "/exchange/shares/new?dataset=tax_month", "share-ask")
        for name in ("name", "month", "payroll_total"):
            page.locator(f"input[name=fields][value={name}]").check()
        page.get_by_label("用途").fill("核对欠薪线索涉及企业的工资总额")
        page.get_by_label("依据").fill("《保障农民工工资支付条例》第三十八条")
        page.get_by_label("接收方").fill("劳动监察大队")
        page.get_by_role("button", name="提交申请").click()
        page.wait_for_url("**/exchange/shares/*")
        path = page.url.removeprefix(stage.origin).partition("?")[0]
        assert page.locator("#decide").count() == 0, "who asked does not approve"
        stage.enter(visit, OTHER)
        seen(visit, stage, path, "share-decide")
        page.get_by_label("批准", exact=True).check()
        page.get_by_label("理由").first.fill("用途明确")
        page.get_by_role("button", name="保存决定").click()
        page.wait_for_load_state()
        stage.enter(visit, ANALYST)
        seen(visit, stage, f"{path}/rows", "share-rows")
        assert "1234567.89" not in page.content(), "masked"
        seen(visit, stage, path, "share-trail")
        seen(visit, stage, "/exchange/shares", "shares")


def test_the_operators_desks(browser_for: Open, stage: Stage, tmp_path: Path) -> None:
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, OPERATOR)
        page = visit.page
        seen(visit, stage, "/exchange/officers", "officers")
        assert "试样一（hr-data）" in page.inner_text("tbody")
        assert "试样一（hr-data）" in page.inner_text("#account_id")
        page.goto(f"{stage.origin}/exchange/sources")
        page.select_option("#dataset", "water")
        page.fill("#label", "供水公司收件夹")
        page.fill("#place", str(tmp_path))
        page.get_by_role("button", name="登记来源").click()
        page.wait_for_selector("text=来源已登记")
        assert stage.exchange.sources.run_due() == 1
        seen(visit, stage, "/exchange/sources", "sources")
