"""Desks of disposal and the enterprise's own pages in a real browser: both widths, both languages, axe, and their forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.anchoring import tables as _anchoring  # noqa: F401  the recorder's tables
from api.disposal import router
from api.disposal.model import Action, Capacity
from api.disposal.ports import Incident
from api.disposal.rules.attachments import Given
from api.disposal.texts import TEXTS
from api.infra.auth import Principal
from api.infra.db import Base
from api.notification import repository as _notification  # noqa: F401
from api.parameters import repository as _parameters  # noqa: F401
from tests.e2e.conftest import PHONE, Profile, Visit
from tests.e2e.disposal_pages.test_disposal_pages import PNG, Stage
from tests.support import slice_application
from tests.support.disposal_world import OPERATOR, S1, S2, World, staff
from tests.support.served_slice import loopback, serving

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
ORG = "ab" * 32
EMPLOYER = Principal(
    kind="employer", account_id="agent-1", org_id=ORG, roles=frozenset({"agent"}), csrf_token="csrf",
    session_id="session-agent-1",
)  # fmt: skip
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("desks")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        world = World(database, datetime.now(UTC))
        world.register.organisations = {ORG: 1}
        world.register.accounts = {1: ["agent-1"]}
        with (
            slice_application.slice_application(database, router, TEXTS, disposal=world.disposal) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, world, site)


@pytest.fixture(scope="module")
def case_id(stage: Stage) -> str:
    """A district with something on every page."""
    world, disposal = stage.world, stage.world.disposal
    today = disposal.context.today()
    made = world.warn(grade=2)
    world.visit("officer1", made)
    disposal.papers.contact(staff("officer1"), made, "前台", "13800000007")
    notice = disposal.papers.issue(staff("officer1"), made, "warning", "请核对近三个月工资发放情况。")
    disposal.papers.serve(
        staff("officer1"), notice.id, "left", world.clock.now(), note="负责人拒绝签收", witness="社区工作人员"
    )
    disposal.tasks.open(staff("officer1"), made, "union", "走访职工，了解欠薪情况", today + timedelta(days=5))
    disposal.tasks.open(staff("bureau"), made, "federation", "联系行业协会", today + timedelta(days=9))
    disposal.own.state(EMPLOYER, made, "appeal", "银行系统故障，工资已于当日补发。", [Given("回单.pdf", PDF)])
    disposal.own.state(EMPLOYER, made, "question", "请说明为什么发出提示。")
    disposal.statutory.enter(staff("officer1"), made, "filing", today, note="收到职工投诉")
    disposal.statutory.enter(staff("officer1"), made, "look_back", today)
    disposal.statutory.enter(staff("bureau"), made, "list_term", today)
    moved = world.warn(enterprise=3, grade=3, town=S2)
    world.do("officer2", moved, Action.OFFER, to=S1, note="实际经营地在一街道")
    red = world.warn(enterprise=2, grade=4, auto=True, town=S1)
    disposal.tasks.open(staff("bureau"), red, "tax", "核对个税申报", today + timedelta(days=2))
    disposal.papers.contact(staff("bureau"), red, "负责人", "13800000008")
    start = world.clock.now()
    disposal.desk.put_duty(staff("lead1"), S1, "officer1", "13800000002", start, start + timedelta(days=1))
    disposal.desk.put_duty(
        staff("bureau"), "hr", "head", "13800000003", start + timedelta(hours=8), start + timedelta(days=2)
    )
    disposal.desk.give_post(OPERATOR, "second1", S1, Capacity.LEAD, today, deputy_of="lead1")
    world.risk.quiet = {1: S1, 2: S1, 3: S2}
    month = today.year * 100 + today.month
    # All three are drawn: which streets have an inspection is no matter of luck.
    disposal.measures.draw(staff("bureau"), month, 3)
    world.risk.happened = [
        Incident(3, "fled", today, 0, S2, "act-1"),
        Incident(1, "arrears", today, 8, S1, "clue-1"),
    ]
    late = world.warn(enterprise=1, grade=2, issued_at=start - timedelta(days=9), warning_id="w-late")
    assert late
    while disposal.watch.run_due():
        pass
    return made


PAGES = [
    ("bureau", "/disposal"), ("bureau", "/disposal?overdue=1"), ("union", "/disposal/tasks"),
    ("officer1", "/disposal/transfers"), ("bureau", "/disposal/supervision"), ("bureau", "/disposal/statements"),
    ("bureau", "/disposal/inspections"), ("lead1", "/disposal/duty"), ("bureau", "/disposal/command"),
    ("bureau", "/disposal/measures"), ("operator", "/disposal/units"), ("operator", "/disposal/posts"),
    ("employer", "/employer/warnings"), ("employer", "/employer/warnings/CASE"), ("officer1", "/disposal/cases/CASE"),
]  # fmt: skip


def enter(stage: Stage, visit: Visit, who: str) -> None:
    """The visit's browser is this person's."""
    if who == "operator":
        stage.enter_as(visit, OPERATOR)
    elif who == "employer":
        stage.enter_as(visit, EMPLOYER)
    else:
        stage.enter(visit, who)


@pytest.mark.parametrize(("who", "path"), PAGES, ids=[f"{who}{path}" for who, path in PAGES])
def test_every_desk_at_both_widths_and_in_both_languages(
    browser_for: Open, stage: Stage, case_id: str, who: str, path: str
) -> None:
    for lang in ("zh", "en"):
        with browser_for(PHONE) as visit:
            enter(stage, visit, who)
            url = f"{stage.origin}{path.replace('CASE', case_id)}"
            answer = visit.page.goto(f"{url}{'&' if '?' in url else '?'}lang={lang}")
            assert answer is not None
            assert answer.status == 200
            name = path.replace("CASE", "id").replace("/", "-").replace("?", "-").strip("-")
            visit.shot(f"desk-{name}-{lang}")
            for fold in visit.page.locator("details").all():
                fold.evaluate("e => { e.open = true }")
            visit.axe(path)
            visit.shot(f"desk-{name}-open-{lang}")


def test_clocks_count_on_the_page(browser_for: Open, stage: Stage, case_id: str) -> None:
    with browser_for(PHONE) as visit:
        stage.enter(visit, "bureau")
        visit.page.clock.install()
        visit.page.goto(f"{stage.origin}/disposal/command")
        left = visit.page.locator("[data-left]").first
        expect(left).to_contain_text("还剩")
        before = left.inner_text()
        visit.page.clock.run_for(61_000 if "小时" in before else 1_500)
        assert left.inner_text() != before
        assert visit.page.locator('a[href="tel:13800000008"]').count() == 1
        assert visit.page.locator('a[href="tel:13800000002"]').count() == 1


def test_the_employer_appeals_with_a_file_and_keyboard_alone(
    browser_for: Open, stage: Stage, case_id: str
) -> None:
    with browser_for(PHONE) as visit:
        visit.expect_error("422")
        enter(stage, visit, "employer")
        page = visit.page
        page.goto(f"{stage.origin}/employer/warnings")
        page.get_by_role("link", name="劳动关系风险提示书").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/employer/warnings/{case_id}")
        page.get_by_label("提出申诉").focus()
        page.keyboard.press("Space")
        page.fill("#text", "数据有误，请更正。")
        page.set_input_files("#files", {"name": "x.html", "mimeType": "text/html", "buffer": b"<p>hi</p>"})
        page.get_by_role("button", name="提交", exact=True).press("Enter")
        expect(page.get_by_text("附件只接收 PDF、JPEG、PNG 或 WebP").first).to_be_visible()
        assert page.locator("#text").input_value() == "数据有误，请更正。"
        visit.axe("refused")
        page.set_input_files("#files", {"name": "现场.png", "mimeType": "image/png", "buffer": PNG})
        page.get_by_role("button", name="提交", exact=True).press("Enter")
        expect(page.get_by_text("工作人员会在五个工作日内书面答复")).to_be_visible()
        expect(page.get_by_role("link", name="现场.png")).to_be_visible()


def test_forms_of_the_desks(browser_for: Open, stage: Stage, case_id: str) -> None:
    world = stage.world
    with browser_for(PHONE) as visit:
        stage.enter(visit, "union")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/tasks")
        page.get_by_text("报告办理结果").first.click()
        page.fill("#result-1", "职工反映已补发")
        page.get_by_role("button", name="办结").click()
        expect(page.get_by_text("任务已办结。")).to_be_visible()
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/transfers")
        page.get_by_role("button", name="接收", exact=True).click()
        expect(page.get_by_text("已登记。")).to_be_visible()
        page.goto(f"{stage.origin}/disposal/inspections")
        page.get_by_text("登记检查结果").first.click()
        page.select_option("#finding-1", "false_alarm")
        page.get_by_role("button", name="登记结果").first.click()
        expect(page.get_by_text("检查结果已登记。")).to_be_visible()
        page.goto(f"{stage.origin}/disposal/cases/{case_id}#law")
        page.get_by_text("登记法定期限的起算事件").click()
        page.select_option("#law-code", "investigation")
        page.check("#extended")
        page.get_by_role("button", name="登记并计算").click()
        expect(page.get_by_text("90 个工作日").first).to_be_visible()
        page.get_by_text("登记办结").first.click()
        page.get_by_role("button", name="登记办结").first.click()
        expect(page.get_by_text("已登记办结日期。")).to_be_visible()
        page.get_by_text("登记送达", exact=True).first.click()
        page.select_option("#way-1", "hand-refused")
        page.fill("#service-note-1", "负责人不在，前台拒收")
        page.get_by_role("button", name="登记送达").first.click()
        expect(page.get_by_text("前台拒收")).to_be_visible()
    with browser_for(PHONE) as visit:
        stage.enter(visit, "bureau")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/statements?kind=appeal")
        page.get_by_text("书面答复", exact=True).first.click()
        page.fill("#answer-1", "经核对回单，更正认定。")
        page.get_by_role("button", name="答复", exact=True).first.click()
        expect(page.get_by_text("已答复。")).to_be_visible()
        page.goto(f"{stage.origin}/disposal/inspections")
        page.get_by_text("安排一次检查").click()
        page.fill("#uscc", world.register.known[2].uscc)
        page.get_by_role("button", name="安排检查").click()
        expect(page.get_by_text("检查已安排。")).to_be_visible()
    with browser_for(PHONE) as visit:
        stage.enter(visit, "lead1")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/duty")
        page.select_option("#unit", S1)
        page.select_option("#account_id", "second1")
        page.fill("#phone", "13800000006")
        page.fill("#starts_at", "2030-01-07T08:00")
        page.fill("#ends_at", "2030-01-08T08:00")
        page.get_by_role("button", name="登记值班").click()
        expect(page.get_by_text("值班已登记。")).to_be_visible()
        page.get_by_role("button", name="结束或取消 示例一街道 的值班").last.click()
        expect(page.get_by_text("值班已取消或结束。")).to_be_visible()
    with browser_for(PHONE) as visit:
        enter(stage, visit, "operator")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/units")
        page.fill("#code", "water")
        page.select_option("#kind", "department")
        page.fill("#name", "示例水务部门")
        page.fill("#name_en", "Example water")
        page.get_by_role("button", name="保存单位").click()
        expect(page.get_by_text("单位已保存。")).to_be_visible()
        page.goto(f"{stage.origin}/disposal/posts")
        page.select_option("#account_id", "tax")
        page.select_option("#unit", "water")
        page.fill("#valid_to", date(2030, 1, 1).isoformat())
        page.get_by_role("button", name="登记岗位").click()
        expect(page.get_by_text("岗位已登记。")).to_be_visible()
    assert [post.account_id for post in world.disposal.desk.posts("water")] == ["tax"]
