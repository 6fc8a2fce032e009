"""Screens one and two and the worker's contracts in a real browser, at both widths, in WeChat, with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import expect

from api.econtract.views import Access
from api.infra.auth import ANONYMOUS, Principal
from api.kernel.errors import DomainError, ErrorKind
from tests.e2e.conftest import DESKTOP, PHONE, WECHAT_OLD, Profile, Visit
from tests.e2e.signing_page.peer import NODE_MODULES, serving
from tests.e2e.worker_pages.stage import AT, CODE, PK, SHORT, WORKER, Script, build, sample_pdf, sample_png

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="node_modules is not installed (npm ci)"),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def files() -> tuple[bytes, bytes]:
    pdf = sample_pdf()
    return pdf, sample_png(pdf)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def who() -> dict[str, Principal]:
    return {"is": ANONYMOUS}


@pytest.fixture
def origin(script: Script, who: dict[str, Principal], files: tuple[bytes, bytes]) -> Iterator[str]:
    with serving(build(script, *files, who)) as address:
        yield address


@pytest.mark.parametrize("profile", [PHONE, WECHAT_OLD], ids=lambda p: p.name)
def test_from_the_link_to_the_signature(
    browser_for: Opener, script: Script, origin: str, profile: Profile
) -> None:
    with browser_for(profile) as visit:
        page = visit.page
        page.goto(f"{origin}/s/{CODE}")
        expect(page.get_by_text("先看这里：个人信息怎样使用")).to_be_visible()
        expect(page.locator("input:visible")).to_have_count(0)  # the notice stands before any field
        visit.reload()
        page.get_by_role("button", name="我已看过，开始核对身份").click()
        visit.reload()
        page.get_by_label("姓名").fill("张小明")
        page.get_by_label("证件号码").fill("500199199001010010")
        page.get_by_role("button", name="获取验证码").click()
        expect(page.get_by_text("验证码已发到 140****0012")).to_be_visible()
        visit.reload()
        page.get_by_role("button", name="没收到？再发一次").click()
        expect(page.get_by_text("验证码已再次发送")).to_be_visible()
        page.get_by_label("短信里的 6 位验证码").fill("123456")
        page.get_by_role("button", name="核对身份").click()
        expect(page.get_by_role("heading", name="阅读并同意")).to_be_visible()
        visit.reload()
        expect(page.get_by_text("每月 8000.00 元").first).to_be_visible()
        boxes = page.get_by_role("checkbox")
        expect(boxes).to_have_count(2)
        assert not any(box.is_checked() for box in boxes.all())
        page.get_by_text("全文到此结束").scroll_into_view_if_needed()
        page.wait_for_timeout(300)
        for box in boxes.all():
            box.check()
        page.get_by_role("button", name="同意，去签名").click()
        page.wait_for_url(f"**/signing-page/*/index.html#{CODE}")
        assert ("identity", "ack1", "张小明", "500199199001010010", None) in script.asked
        assert script.asked[-1] == (
            "consent",
            {"notice": True, "electronic": True, "notice_version": "econtract-notice/1"},
        )
        assert any(r["finished"] for r in script.readings)
        visit.expect_error("")  # the signing page finds no round behind this stage


def test_screen_one_looks_and_reads_well(browser_for: Opener, script: Script, origin: str) -> None:
    script.late = True
    with browser_for(PHONE) as visit:
        page = visit.page
        page.goto(f"{origin}/s/{CODE}")
        visit.axe("notice")
        visit.shot("sign-1-notice")
        page.get_by_role("button", name="我已看过，开始核对身份").click()
        visit.axe("fields")
        visit.shot("sign-1-fields")
        page.get_by_role("button", name="这不是我办的").click()
        visit.axe("this was not me")
        visit.shot("sign-1-not-me")
        page.get_by_role("button", name="关闭").click()
        page.get_by_label("姓名").fill("张小明")
        page.get_by_label("证件号码").fill("500199199001010010")
        page.get_by_role("button", name="获取验证码").click()
        visit.axe("code")
        visit.shot("sign-1-code")
        script.refuse = DomainError(ErrorKind.INVALID, "identity.not_confirmed", attempts_left=4)
        visit.expect_error("422")
        page.get_by_label("短信里的 6 位验证码").fill("000000")
        page.get_by_role("button", name="核对身份").click()
        expect(page.get_by_text("还可以试 4 次")).to_be_visible()
        expect(page.get_by_text("12333").first).to_be_visible()
        visit.axe("refused")
        visit.shot("sign-1-refused")


def test_screen_two_looks_and_reads_well(browser_for: Opener, script: Script, origin: str) -> None:
    script.step, script.session, script.identified = "notice", "mine", True
    with browser_for(PHONE) as visit:
        page = visit.page
        page.goto(f"{origin}/s/{CODE}/text")
        visit.axe("read")
        visit.shot("sign-2-read")
        size = page.evaluate("getComputedStyle(document.querySelector('.contract-text p')).fontSize")
        assert float(size.removesuffix("px")) >= 18
        page.get_by_text("看 PDF 原件").click()
        expect(page.locator(".pdf-pages canvas").first).to_be_visible(timeout=30_000)
        visit.axe("read, PDF")
        visit.shot("sign-2-pdf")
        page.get_by_role("button", name="同意，去签名").click()  # the browser holds the form back
        assert not [asked for asked in script.asked if asked[0] == "consent"]
        page.evaluate("document.getElementById('consent').noValidate = true")
        visit.expect_error("422")
        page.get_by_role("button", name="同意，去签名").click()
        expect(page.get_by_text("请先勾选下面两项").first).to_be_visible()


def test_zoomed_to_two_hundred_percent_nothing_needs_sideways_scrolling(
    browser_for: Opener, script: Script, origin: str
) -> None:
    script.step, script.session, script.identified = "notice", "mine", True
    with browser_for(Profile("zoomed", 320, 640)) as visit:
        for path in (f"/s/{CODE}/text", "/me", f"/me/contracts/{PK}"):
            visit.page.goto(origin + path)
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320, path


@pytest.mark.parametrize(
    ("button", "label", "action", "said"),
    [
        ("要求修改", "要改哪里", ("change", "工资写错了"), "修改要求已转给单位"),
        ("拒绝签署", "为什么不签", ("reject", "工资写错了"), "已拒绝签署"),
        ("这不是我办的", "简单说明情况", ("not-me", "工资写错了"), "已记录在案"),
    ],
)
def test_ways_out(
    browser_for: Opener,
    script: Script,
    origin: str,
    button: str,
    label: str,
    action: tuple[str, str],
    said: str,
) -> None:
    script.step, script.session, script.identified = "notice", "mine", True
    with browser_for(PHONE) as visit:
        page = visit.page
        page.goto(f"{origin}/s/{CODE}/text")
        page.get_by_role("button", name=button).click()
        dialog = page.locator("dialog[open]")
        dialog.get_by_label(label).fill("工资写错了")
        dialog.locator("button[type=submit]").click()
        expect(page.get_by_text(said).first).to_be_visible()
        assert script.asked[-1] == action
        visit.axe(f"after {action[0]}")
        visit.shot(f"sign-closed-{action[0]}")


def test_states_of_a_link(browser_for: Opener, script: Script, origin: str) -> None:
    script.identified = True
    with browser_for(PHONE) as visit:
        for name, values, text in [
            ("elsewhere", {"session": "elsewhere"}, "已在另一处继续办理"),
            ("expired-session", {"session": "expired"}, "已超过 60 分钟"),
            ("waiting", {"step": "waiting", "session": "mine", "state": "WORKER_SIGNED"}, "等待单位签署"),
            ("done", {"step": "done", "session": "mine", "state": "EFFECTIVE"}, "合同生效"),
            ("recalled", {"step": "closed", "closed_as": "RECALLED"}, "单位已撤回这份合同"),
        ]:
            for key, value in values.items():
                setattr(script, key, value)
            visit.page.goto(f"{origin}/s/{CODE}")
            expect(visit.page.get_by_text(text).first).to_be_visible()
            visit.axe(name)
            visit.shot(f"link-{name}")


def test_short_code(browser_for: Opener, script: Script, origin: str) -> None:
    with browser_for(PHONE) as visit:
        page = visit.page
        page.goto(f"{origin}/s")
        visit.axe("short code")
        visit.shot("short-code")
        visit.expect_error("422")
        page.get_by_label("8 位短码").fill("XXXX XXXX")
        page.get_by_role("button", name="打开").click()
        expect(page.locator(".field-error")).to_be_visible()
        page.get_by_label("8 位短码").fill("k7m4-q2xz")
        page.get_by_role("button", name="打开").click()
        page.wait_for_url(f"{origin}/s/{SHORT}")


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=lambda p: p.name)
def test_my_contracts(
    browser_for: Opener, script: Script, who: dict[str, Principal], origin: str, profile: Profile
) -> None:
    who["is"] = WORKER
    script.state, script.accesses = "EFFECTIVE", (Access(AT, "示例区劳动监察（测试）"),)
    with browser_for(profile) as visit:
        page = visit.page
        page.goto(f"{origin}/me")
        visit.axe("my contracts")
        visit.shot("my-contracts")
        page.get_by_role("link", name="示例机械（测试）").click()
        expect(page.get_by_text("示例区劳动监察（测试）")).to_be_visible()
        visit.axe("my contract")
        visit.shot("my-contract")
        with page.expect_download() as download:
            page.get_by_role("link", name="下载 PDF").click()
        assert download.value.suggested_filename.endswith(".pdf")
        with page.expect_download() as download:
            page.get_by_role("link", name="下载证据包").click()
        assert download.value.suggested_filename == "证据包.zip"
        assert ("pdf", "download") in script.asked
        section = page.locator("#one-clause")
        expect(section.get_by_text("不会通知单位")).to_be_visible()
        section.get_by_label("哪一条").select_option("2")
        with page.expect_download() as download:
            section.get_by_role("button", name="下载这一条的证明").click()
        assert download.value.suggested_filename == "clause-2.zip"
        assert ("clause", "2") in script.asked
        page.get_by_role("link", name="打印文字版").click()
        visit.axe("print")
        visit.shot("my-contract-print")
        page.goto(f"{origin}/me/contracts/{PK}/paper-copy")
        visit.shot("my-paper-empty")
        page.get_by_role("button", name="要一份纸质副本").click()
        expect(page.get_by_text("免费")).to_be_visible()
        visit.axe("paper copies")
        visit.shot("my-paper")
        script.state = "NONE"
        page.goto(f"{origin}/me")
        expect(page.get_by_text("还没有合同")).to_be_visible()
        visit.axe("no contracts")
        visit.shot("my-contracts-none")


def test_the_employer_has_not_signed_yet(
    browser_for: Opener, script: Script, who: dict[str, Principal], origin: str
) -> None:
    who["is"] = WORKER
    script.state, script.overdue = "WORKER_SIGNED", True
    with browser_for(PHONE) as visit:
        page = visit.page
        page.goto(f"{origin}/me/contracts/{PK}")
        expect(page.get_by_text("您已签署，单位还没有签").first).to_be_visible()
        expect(page.get_by_role("link", name="下载证据包")).to_have_count(0)
        visit.shot("my-contract-overdue")
        page.get_by_role("button", name="撤回我的签名").click()
        page.locator("dialog[open]").get_by_label("原因").fill("等太久了")
        page.locator("dialog[open] button[type=submit]").click()
        expect(page.get_by_text("已撤回您的签名").first).to_be_visible()
        assert script.asked[-1] == ("withdraw", "等太久了")


def test_wechat_never_shows_a_dead_button(
    browser_for: Opener, script: Script, who: dict[str, Principal], origin: str
) -> None:
    who["is"] = WORKER
    script.state = "EFFECTIVE"
    with browser_for(WECHAT_OLD) as visit:
        page = visit.page
        page.goto(f"{origin}/me/contracts/{PK}")
        expect(page.get_by_text("您正在微信里打开")).to_be_visible()
        page.get_by_role("button", name="复制链接").click()
        expect(page.get_by_role("button", name="已复制")).to_be_visible()
        expect(page.locator("#one-clause")).to_have_count(0)
        page.get_by_role("link", name="下载 PDF").click()
        expect(page.get_by_text("办法一：在浏览器打开")).to_be_visible()
        visit.axe("WeChat download")
        visit.shot("wechat-download")
        page.get_by_role("link", name="按页看图片").click()
        expect(page.locator("figure img").first).to_be_visible()
        expect(page.locator("figure img").first).to_have_js_property("complete", True, timeout=60_000)
        assert page.evaluate("document.querySelector('figure img').naturalWidth") > 300
        visit.axe("pictures")
        visit.shot("my-pictures")
        page.goto(f"{origin}/me/contracts/{PK}")
        page.get_by_role("link", name="下载证据包").click()
        expect(page.get_by_role("heading", name="下载证据包")).to_be_visible()
        expect(page.get_by_text("办法二：复制链接")).to_be_visible()


def test_english_has_no_chinese_left_over(
    browser_for: Opener, script: Script, who: dict[str, Principal], origin: str
) -> None:
    script.step, script.session, script.identified = "notice", "mine", True
    script.state = "EFFECTIVE"
    with browser_for(PHONE) as visit:
        visit.page.goto(f"{origin}/me?lang=en")
        for path, part in [
            (f"/s/{CODE}/text", "#notice-text"),
            (f"/me/contracts/{PK}", ".actions-grid"),
            (f"/me/contracts/{PK}", "#one-clause > p"),
            (f"/me/contracts/{PK}/paper-copy", "main"),
            ("/s", "main"),
        ]:
            visit.page.goto(origin + path)
            text: Any = visit.page.locator(part).inner_text()
            assert not any("\u4e00" <= c <= "\u9fff" for c in text.replace("示例机械（测试）", "")), (
                f"{path}: {text}"
            )


def test_portal_pages(browser_for: Opener, origin: str) -> None:
    with browser_for(PHONE) as visit:
        for path in (
            "/",
            "/help",
            "/privacy",
            "/accessibility",
            "/design",
            "/help/errors",
            "/s/unknown-link-1",
        ):
            if path.startswith("/s/"):
                visit.expect_error("404")
            visit.page.goto(origin + path)
            visit.axe(path)
            visit.shot("portal" + path.replace("/", "-").rstrip("-"))
