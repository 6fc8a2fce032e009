"""Disposal in a real browser: the case at both widths and in both languages, and a phone that loses its network on site."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from api.anchoring import tables as _anchoring  # noqa: F401  the recorder's tables
from api.disposal import router
from api.disposal.model import Action
from api.disposal.texts import TEXTS
from api.infra.auth import SESSION_COOKIE, Principal
from api.infra.db import Base
from api.notification import repository as _notification  # noqa: F401
from api.parameters import repository as _parameters  # noqa: F401
from tests.e2e.conftest import PHONE, PHONE_MOBILE, Profile, Visit
from tests.support import slice_application
from tests.support.disposal_world import S1, S2, World, staff
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication

pytestmark = pytest.mark.browser
Open = Callable[[Profile], AbstractContextManager[Visit]]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Stage:
    """The slice behind a real server."""

    def __init__(self, origin: str, world: World, site: SliceApplication) -> None:
        self.origin, self.world, self._site = origin, world, site

    def enter(self, visit: Visit, account: str) -> None:
        self.enter_as(visit, staff(account))

    def enter_as(self, visit: Visit, who: Principal) -> None:
        token = self._site.as_(who).cookies[SESSION_COOKIE]
        log_in(visit, self.origin, str(token))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("disposal")
    with loopback() as (sock, origin):
        database = slice_application.make_database(folder)
        Base.metadata.create_all(database.engine)
        world = World(database, datetime.now(UTC))  # a phone has no other clock
        with (
            slice_application.slice_application(database, router, TEXTS, disposal=world.disposal) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, world, site)


def wait_saved(visit: Visit) -> None:
    visit.page.wait_for_selector('#sync:is([data-state="saved"], [data-state="empty"])', timeout=15_000)


def test_the_case_page_in_both_languages(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(grade=3)
    world.visit("officer1", case_id)
    world.do("officer1", case_id, Action.ACT, note="已约谈负责人，责令三日内补发。")
    world.disposal.papers.issue(staff("officer1"), case_id, "self_correction", "请自查近三个月工资。")
    world.disposal.voices.take(staff("officer1"), case_id, "appeal", "银行系统故障，工资已于当日补发。")
    red = world.warn(enterprise=3, grade=4, auto=True)
    for lang in ("zh", "en"):
        with browser_for(PHONE) as visit:
            stage.enter(visit, "officer1")
            visit.page.goto(f"{stage.origin}/disposal/cases/{case_id}?lang={lang}")
            assert visit.page.locator("h1").inner_text().startswith("YJ2026")
            visit.shot(f"disposal-case-{lang}")
            visit.axe("case")
            visit.page.goto(f"{stage.origin}/disposal?lang={lang}")
            visit.shot(f"disposal-list-{lang}")
            visit.axe("list")
        with browser_for(PHONE) as visit:
            stage.enter(visit, "bureau")
            visit.page.goto(f"{stage.origin}/disposal/command?lang={lang}")
            assert visit.page.locator(f'a[href="/disposal/cases/{red}"]').count() == 1
            visit.shot(f"disposal-command-{lang}")
            visit.axe("command")
            visit.page.goto(f"{stage.origin}/disposal/measures?lang={lang}")
            visit.shot(f"disposal-measures-{lang}")
            visit.axe("measures")


def test_a_phone_without_network_keeps_everything_and_sends_it_later(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=2)
    world.do("officer1", case_id, Action.SIGN_IN)
    url = f"{stage.origin}/disposal/cases/{case_id}/site"
    with browser_for(PHONE_MOBILE) as visit:
        stage.enter(visit, "officer1")
        page = visit.page
        page.goto(url)
        wait_saved(visit)
        expect(page.locator("#sync")).to_have_text("还没有填写；填写时随时保存，不用提交。")
        # The first visit began before there was a worker.
        expect(page.locator("#kept")).to_be_visible(timeout=20_000)
        visit.lose_network()
        page.locator('input[name="premises"][value="yes"]').check()
        page.locator('input[name="operating"][value="no"]').check()
        page.locator('input[name="wages_paid"][value="no"]').check()
        page.fill("#arrears_persons", "12")
        page.fill("#remark", "大门关闭，无人办公")
        page.locator("#remark").blur()
        page.set_input_files("#photo", {"name": "gate.png", "mimeType": "image/png", "buffer": PNG})
        expect(page.locator("#sync")).to_contain_text("6")
        assert page.locator("#sync").get_attribute("data-state") == "waiting"
        page.reload()  # without a network: the page and what was typed are still there
        page.wait_for_selector('#sync[data-state="waiting"]')
        assert page.locator("#remark").input_value() == "大门关闭，无人办公"
        assert page.locator('input[name="operating"][value="no"]').is_checked()
        assert page.locator("#photos img").count() == 1
        assert world.disposal.field.read(staff("officer1"), case_id)[0].answers == {}
        visit.find_network()
        wait_saved(visit)
        visit.shot("disposal-site-zh")
        visit.axe("site")
    form, received = world.disposal.field.read(staff("officer1"), case_id)
    assert {name: answer.value for name, answer in form.answers.items()} == {
        "premises": "yes", "operating": "no", "wages_paid": "no", "arrears_persons": 12,
        "remark": "大门关闭，无人办公",
    }  # fmt: skip
    assert received == set(form.photos)
    assert len(received) == 1
    (sha256,) = received
    assert world.disposal.field.photo(staff("officer1"), case_id, sha256) == ("image/png", PNG)


def test_a_photo_taken_while_answers_are_sent_goes_with_the_next_round(
    browser_for: Open, stage: Stage
) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=2, warning_id="w-site-round")
    world.do("officer1", case_id, Action.SIGN_IN)
    held: list[Route] = []

    def first_waits(route: Route) -> None:
        if route.request.method == "PUT" and not held:
            held.append(route)
        else:
            route.continue_()

    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/cases/{case_id}/site")
        page.route("**/form", first_waits)
        with page.expect_request(lambda request: request.method == "PUT"):
            page.locator('input[name="premises"][value="yes"]').check()
        page.set_input_files("#photo", {"name": "gate.png", "mimeType": "image/png", "buffer": PNG})
        expect(page.locator("#photos img")).to_have_count(1)
        held[0].continue_()
        wait_saved(visit)
    form, received = world.disposal.field.read(staff("officer1"), case_id)
    assert form.answers["premises"].value == "yes"
    assert len(received) == 1


def test_the_site_form_says_what_it_does_not_take(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=3, warning_id="w-site-bad")
    world.visit("officer1", case_id)
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        page = visit.page
        page.goto(f"{stage.origin}/disposal/cases/{case_id}/site")
        wait_saved(visit)
        page.fill("#workers_seen", "-5")
        page.locator("#workers_seen").blur()
        expect(page.locator("#sync")).to_have_text("没有保存，请填 0 或正整数：现场看到的职工人数")
        expect(page.locator("#workers_seen")).to_have_attribute("aria-invalid", "true")
        page.fill("#workers_seen", "5")
        page.locator("#workers_seen").blur()
        wait_saved(visit)
        expect(page.locator("#workers_seen")).not_to_have_attribute("aria-invalid", "true")
        note = {"name": "note.png", "mimeType": "image/png", "buffer": b"no picture"}
        page.set_input_files("#photo", [note, {"name": "gate.png", "mimeType": "image/png", "buffer": PNG}])
        expect(page.locator("#sync")).to_contain_text("note.png 不是照片，没有加入")
        expect(page.locator("#photos img")).to_have_count(2)  # the visit's photo and this one
        page.reload()
        wait_saved(visit)  # nothing waits for ever
    form, received = world.disposal.field.read(staff("officer1"), case_id)
    assert form.answers["workers_seen"].value == 5
    assert received == set(form.photos)


def test_an_officer_sees_what_a_colleague_changed(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=3, warning_id="w-site-two")
    world.visit("officer1", case_id)
    url = f"{stage.origin}/disposal/cases/{case_id}/site"
    with browser_for(PHONE) as mine, browser_for(PHONE) as theirs:
        for visit in (mine, theirs):
            stage.enter(visit, "officer1")
            visit.page.goto(url)
            wait_saved(visit)
        mine.page.fill("#workers_seen", "3")
        mine.page.locator("#workers_seen").blur()
        wait_saved(mine)
        theirs.page.reload()
        wait_saved(theirs)
        theirs.page.fill("#workers_seen", "8")
        theirs.page.locator("#workers_seen").blur()
        wait_saved(theirs)
        mine.page.reload()
        expect(mine.page.locator("#sync")).to_have_text(
            "别人后来改了这几项，已显示新的内容：现场看到的职工人数"
        )
        expect(mine.page.locator("#workers_seen")).to_have_value("8")


def test_what_was_typed_survives_a_refusal(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=3, warning_id="w-typed")
    url = f"{stage.origin}/disposal/cases/{case_id}"
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        visit.expect_error("422")
        page = visit.page
        page.goto(url)
        page.locator("summary", has_text="登记联系人").click()
        page.fill("#contact-name", "张三")
        page.fill("#contact-phone", "123")
        page.get_by_role("button", name="保存联系人").click()
        expect(page.locator("main")).to_contain_text("请填写 11 位手机号码")
        visit.axe("refused form")
        page.get_by_role("link", name="返回填写").click()
        expect(page.locator("#contact-name")).to_have_value("张三")
        expect(page.locator("#contact-phone")).to_be_focused()
        expect(page.locator("form .alert")).to_contain_text("上次没有保存")
        visit.axe("restored form")
        page.fill("#contact-phone", "13800000000")
        page.get_by_role("button", name="保存联系人").click()
        expect(page.locator("#messages")).to_contain_text("联系人已保存")
        page.goto(url)  # nothing is left to restore
        expect(page.locator("form .alert")).to_have_count(0)


def test_paper_shows_the_case_and_no_forms(browser_for: Open, stage: Stage) -> None:
    case_id = stage.world.warn(enterprise=1, grade=3, warning_id="w-paper")
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        visit.page.goto(f"{stage.origin}/disposal/cases/{case_id}")
        visit.page.emulate_media(media="print")
        expect(visit.page.locator("#clocks")).to_be_visible()
        assert visit.page.locator("main form:visible, main summary:visible", has_text="登记").count() == 0
        expect(visit.page.locator("#actions")).to_be_hidden()


def test_the_way_of_a_case_through_the_pages(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=2, warning_id="w-pages")
    url = f"{stage.origin}/disposal/cases/{case_id}"
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        page = visit.page
        page.goto(url)
        page.get_by_role("button", name="签收这个预警").click()
        page.wait_for_selector("text=已登记")
        world.fill("officer1", case_id)
        page.goto(url)
        page.select_option("#finding", "confirmed")
        page.get_by_role("button", name="登记核查结论").click()
        page.get_by_text("生成告知书").click()
        page.fill("#notice-text", "请核对工资发放情况")
        page.get_by_role("button", name="生成并编号").click()
        page.get_by_text("登记送达").first.click()
        page.fill("#receiver-1", "前台收发")
        page.get_by_role("button", name="登记送达").click()
        page.wait_for_selector("text=直接送达")
        page.fill("#act-note", "责令整改")
        page.get_by_role("button", name="登记处置").click()
        page.get_by_text("交办联合任务").click()
        page.select_option("#unit", "union")
        page.fill("#task-text", "走访职工")
        page.fill("#due_on", "2027-01-04")
        page.get_by_role("button", name="交办", exact=True).click()
        page.wait_for_selector("text=任务已交办")
    with browser_for(PHONE) as visit:
        stage.enter(visit, "union")
        visit.page.goto(url)
        visit.page.fill("#result-1", "职工反映已补发")
        visit.page.get_by_role("button", name="办结").click()
        visit.page.wait_for_selector("text=任务已办结")
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        visit.page.goto(url)
        visit.page.select_option("#outcome", "resolved")
        visit.page.get_by_role("button", name="提出销号").click()
        visit.page.wait_for_selector("text=待复核")
    with browser_for(PHONE) as visit:
        stage.enter(visit, "lead1")
        visit.page.goto(url)
        visit.page.get_by_role("button", name="复核通过，销号").click()
        visit.page.wait_for_selector("text=已销号")
    assert world.closed[-1].case_id == case_id
    assert world.disposal.cases.get(staff("lead1"), case_id).unit == S1


def test_a_reopened_case_begins_with_an_empty_form_on_the_same_phone(browser_for: Open, stage: Stage) -> None:
    world = stage.world
    case_id = world.warn(enterprise=1, grade=1)
    world.do("officer1", case_id, Action.SIGN_IN)
    address = f"{stage.origin}/disposal/cases/{case_id}/site"
    with browser_for(PHONE) as visit:
        stage.enter(visit, "officer1")
        visit.page.goto(address)
        for name in ("premises", "operating", "wages_paid"):
            visit.page.locator(f'input[name="{name}"][value="yes"]').check()
        visit.page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": PNG})
        wait_saved(visit)
        visit.page.wait_for_selector("#photos li")
        world.do("officer1", case_id, Action.VERIFY, finding="false_alarm")
        world.do("officer1", case_id, Action.OFFER, to=S2, note="实际经营地在二街道")
        visit.page.goto(f"{stage.origin}/disposal/cases/{case_id}")
        visit.shot("disposal-case-offered")
        visit.page.fill("#withdraw-note", "仍由本街道办理")
        visit.page.get_by_role("button", name="收回", exact=True).click()
        expect(visit.page.locator("#withdraw-note")).to_have_count(0)
        world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
        world.do("lead1", case_id, Action.APPROVE)
        world.do("bureau", case_id, Action.REOPEN, note="又有职工反映")
        world.do("officer1", case_id, Action.SIGN_IN)
        visit.page.goto(address)
        wait_saved(visit)
        assert visit.page.locator('input[value="yes"]:checked').count() == 0
        assert visit.page.locator("#photos li").count() == 0
        assert world.disposal.field.read(staff("officer1"), case_id)[0].answers == {}
        visit.page.locator('input[name="premises"][value="no"]').check()
        wait_saved(visit)
        visit.page.wait_for_timeout(1500)
    found = world.disposal.field.read(staff("officer1"), case_id)[0].answers
    assert {name: answer.value for name, answer in found.items()} == {"premises": "no"}
