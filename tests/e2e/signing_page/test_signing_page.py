"""The third screen in a real browser: sign with OTP and passkey, resume, refuse what a cheating server hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Route, expect

from signing.p256 import is_low_s
from signing.webauthn_check import registration_options, verify_registration
from tests.e2e.conftest import DESKTOP, PHONE, PHONE_PASSKEY, WECHAT_OLD, Profile, Visit
from tests.e2e.signing_page.peer import CODE, NODE_MODULES, OTP, Peer, Round, build, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="node_modules is not installed (npm ci)"),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def made() -> Round:
    return Round()


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def origin(peer: Peer, made: Round) -> Iterator[str]:
    with serving(build(peer, made)) as address:
        peer.origin = address
        yield address


def address(origin: str, made: Round, code: str = CODE) -> str:
    return f"{origin}/signing-page/{made.release.digest}/index.html#{code}"


def open_screen(visit: Visit, origin: str, made: Round) -> None:
    visit.page.goto(address(origin, made))
    visit.page.locator("#sign").wait_for(timeout=90_000)


def sign_with_otp(visit: Visit, otp: str = OTP) -> None:
    visit.page.get_by_role("button", name="获取验证码").click()
    expect(visit.page.get_by_text("验证码已发到 138****0000")).to_be_visible()
    visit.page.get_by_label("短信里的 6 位验证码").fill(otp)
    visit.page.locator("#sign").click()


@pytest.mark.parametrize("profile", [PHONE, DESKTOP, WECHAT_OLD], ids=lambda p: p.name)
def test_sign_with_a_one_time_password(
    browser_for: Opener, peer: Peer, origin: str, made: Round, profile: Profile
) -> None:
    with browser_for(profile) as visit:
        open_screen(visit, origin, made)
        if profile.reload:
            visit.page.reload()
            visit.page.locator("#sign").wait_for(timeout=90_000)
        expect(visit.page.get_by_role("heading", name="签名", exact=True)).to_be_visible()
        expect(visit.page.get_by_text("每月 8000.00 元").first).to_be_visible()
        sign_with_otp(visit)
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=60_000)
        assert is_low_s(peer.signatures["attributes"])
        assert is_low_s(peer.signatures["consent"])
        assert peer.state["page_release"] == made.release.digest
        assert {h["x-csrf-token"] for h in peer.headers} == {"csrf-1"}
        assert len({h["idempotency-key"] for h in peer.headers}) == len(peer.headers)
        visit.page.reload()
        visit.page.wait_for_url(f"{origin}/s/{CODE}")


def test_how_it_looks_and_axe(browser_for: Opener, peer: Peer, origin: str, made: Round) -> None:
    with browser_for(PHONE) as visit:
        open_screen(visit, origin, made)
        visit.axe("signing page, text")
        visit.shot("sign-3-text")
        visit.page.get_by_role("tab", name="PDF 原件").click()
        expect(visit.page.locator("canvas").first).to_be_visible()
        drawn = visit.page.evaluate(
            "() => { const c = document.querySelector('canvas');"
            " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            " let dark = 0; for (let i = 0; i < d.length; i += 4) if (d[i] < 128) dark++; return dark; }"
        )
        assert drawn > 1000, "the PDF's page is blank"
        visit.axe("signing page, PDF")
        visit.shot("sign-3-pdf")
        visit.page.get_by_role("button", name="拒绝签署").click()
        visit.axe("signing page, dialog")
        visit.page.get_by_role("button", name="返回").click()
        sign_with_otp(visit)
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        visit.axe("signing page, done")
        visit.shot("sign-3-done")


def test_english(browser_for: Opener, peer: Peer, origin: str, made: Round) -> None:
    peer.state["language"] = "en"
    with browser_for(PHONE) as visit:
        open_screen(visit, origin, made)
        expect(visit.page.get_by_role("button", name="Sign and submit")).to_be_visible()
        assert visit.page.locator("html").get_attribute("lang") == "en"


def test_a_wrong_password_can_be_corrected_with_the_same_key(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    with browser_for(PHONE) as visit:
        visit.expect_error("422")
        open_screen(visit, origin, made)
        visit.page.locator("#sign").click()
        expect(visit.page.get_by_text("请先填写 6 位验证码。")).to_be_visible()
        sign_with_otp(visit, "000000")
        expect(visit.page.get_by_text("验证码不对或已过期")).to_be_visible()
        first = peer.state["spki"]["attempt1"].spki
        visit.page.get_by_label("短信里的 6 位验证码").fill(OTP)
        visit.page.locator("#sign").click()
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        assert peer.state["spki"]["attempt1"].spki == first
        assert peer.called("enter") == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    with browser_for(PHONE) as visit:
        visit.expect_error("Failed to load resource")
        open_screen(visit, origin, made)
        visit.page.route("**/finish", lose_once)
        sign_with_otp(visit)
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        assert peer.called("finish") == 2
        assert {h["idempotency-key"] for h in peer.headers[-2:]} == set(lost)


def test_a_failure_at_the_timestamp_signs_nothing_and_can_be_tried_again(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    peer.cheat = "tsa_down"
    with browser_for(PHONE) as visit:
        visit.expect_error("503")
        open_screen(visit, origin, made)
        sign_with_otp(visit)
        expect(visit.page.get_by_text("时间戳服务暂时不可用")).to_be_visible(timeout=30_000)
        assert peer.signatures == {}
        peer.cheat = ""
        visit.page.get_by_label("短信里的 6 位验证码").fill(OTP)
        visit.page.locator("#sign").click()
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        assert peer.called("certificate") == 1  # the same two signatures, sent once more


@pytest.mark.parametrize(
    ("code", "shown"),
    [("signing.attempt_expired", "重新准备文件"), ("signing.session_superseded", "回到办理页面")],
)
def test_a_refusal_leads_on(
    browser_for: Opener, peer: Peer, origin: str, made: Round, code: str, shown: str
) -> None:
    peer.state["refuse_finish"] = code
    with browser_for(PHONE) as visit:
        visit.expect_error("409")
        open_screen(visit, origin, made)
        sign_with_otp(visit)
        way = visit.page.locator("#messages").get_by_text(shown)
        expect(way).to_be_visible(timeout=30_000)
        del peer.state["refuse_finish"]
        if code == "signing.session_superseded":
            way.click()
            visit.page.wait_for_url(f"{origin}/s/{CODE}")
            return
        way.click()
        expect(visit.page.locator("#messages")).to_be_empty(timeout=30_000)
        sign_with_otp(visit)
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        assert peer.called("enter") == 2


def register_passkey(visit: Visit, peer: Peer, origin: str) -> None:
    visit.page.goto(f"{origin}/s/{CODE}")
    options = registration_options(
        rp_id="localhost",
        rp_name="Concord TEST",
        user_id=b"user-1",
        user_name="worker",
        challenge=b"\x07" * 32,
    )
    response = visit.page.evaluate(
        "async o => (await navigator.credentials.create({publicKey:"
        " PublicKeyCredential.parseCreationOptionsFromJSON(o)})).toJSON()",
        options,
    )
    peer.credential = verify_registration(response, challenge=b"\x07" * 32, origin=origin, rp_id="localhost")
    peer.passkey = {"rp_id": "localhost", "credential_ids": [response["id"]]}


def test_sign_with_a_passkey(browser_for: Opener, peer: Peer, origin: str, made: Round) -> None:
    with browser_for(PHONE_PASSKEY) as visit:
        register_passkey(visit, peer, origin)
        open_screen(visit, origin, made)
        visit.shot("sign-3-passkey")
        visit.page.get_by_role("button", name="用通行密钥签署并提交").click()
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)
        assert peer.state["factor"] == "passkey"
        assert peer.called("intent") == 0


def test_a_web_view_that_never_answers_falls_back_to_the_password(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    peer.passkey = {"rp_id": "localhost", "credential_ids": ["AQID"]}
    with browser_for(PHONE) as visit:
        visit.page.add_init_script(
            "Object.defineProperty(navigator.credentials, 'get', { value: () => new Promise(() => {}) });"
            "const real = window.setTimeout; window.setTimeout = (f, ms, ...a) => real(f, ms === 20000 ? 200 : ms, ...a);"
        )
        open_screen(visit, origin, made)
        visit.page.get_by_role("button", name="用通行密钥签署并提交").click()
        expect(visit.page.get_by_text("通行密钥没有完成")).to_be_visible(timeout=10_000)
        sign_with_otp(visit)
        expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("cheat", ["other_pdf", "other_base", "other_installation"])
def test_a_file_that_is_not_the_promised_one_is_never_offered(
    browser_for: Opener, peer: Peer, origin: str, made: Round, cheat: str
) -> None:
    peer.cheat = cheat
    with browser_for(PHONE) as visit:
        visit.page.goto(address(origin, made))
        if cheat == "other_installation":
            visit.page.locator("#sign").wait_for(timeout=30_000)
            sign_with_otp(visit)
        expect(visit.page.get_by_text("页面拒绝签名")).to_be_visible(timeout=30_000)
        expect(visit.page.locator("#sign")).to_have_count(0)
        assert peer.called("certificate") == 0


@pytest.mark.parametrize(
    "cheat",
    [
        "request_for_another_key",
        "request_first_byte",
        "request_is_a_transaction",
        "other_consent",
        "attributes_of_another_file",
        "attributes_first_byte",
        "certificate_for_another_key",
    ],
)
def test_the_page_refuses_to_sign_what_a_cheating_server_hands_over(
    browser_for: Opener, peer: Peer, origin: str, made: Round, cheat: str
) -> None:
    peer.cheat = cheat
    with browser_for(PHONE) as visit:
        open_screen(visit, origin, made)
        sign_with_otp(visit)
        expect(visit.page.get_by_text("页面拒绝签名")).to_be_visible(timeout=30_000)
        if cheat == "attributes_of_another_file":
            visit.shot("sign-3-refused")
        assert peer.called("finish") == 0
        assert peer.signatures == {}


def test_a_passkey_challenge_over_something_else_is_refused(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    peer.cheat = "other_challenge"
    with browser_for(PHONE_PASSKEY) as visit:
        register_passkey(visit, peer, origin)
        open_screen(visit, origin, made)
        visit.page.get_by_role("button", name="用通行密钥签署并提交").click()
        expect(visit.page.get_by_text("页面拒绝签名")).to_be_visible(timeout=30_000)
        assert peer.called("certificate") == 0


@pytest.mark.parametrize(
    ("button", "action", "body"),
    [
        ("要求修改", "change-request", {"text": "工资写错了"}),
        ("拒绝签署", "reject", {"reason": "工资写错了"}),
        ("这不是我办的", "not-me", {"note": "工资写错了"}),
    ],
)
def test_the_ways_out(
    browser_for: Opener, peer: Peer, origin: str, made: Round, button: str, action: str, body: dict[str, str]
) -> None:
    with browser_for(PHONE) as visit:
        open_screen(visit, origin, made)
        visit.page.get_by_role("button", name=button).click()
        visit.page.get_by_role("textbox").last.fill("工资写错了")
        visit.page.get_by_role("button", name="提交", exact=True).click()
        expect(visit.page.get_by_text("已提交，并已通知单位。")).to_be_visible()
        assert peer.actions == [(action, body)]


def test_a_newer_session_elsewhere_is_said(browser_for: Opener, peer: Peer, origin: str, made: Round) -> None:
    peer.state["taken_over"] = True
    with browser_for(PHONE) as visit:
        visit.expect_error("401")
        visit.page.goto(address(origin, made))
        expect(visit.page.get_by_text("已在另一处继续办理")).to_be_visible()
        expect(visit.page.get_by_role("link", name="回到办理页面")).to_be_visible()


def test_a_browser_without_web_crypto_gets_a_way_on(
    browser_for: Opener, peer: Peer, origin: str, made: Round
) -> None:
    with browser_for(WECHAT_OLD) as visit:
        visit.page.add_init_script(
            "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });"
        )
        visit.page.goto(address(origin, made))
        expect(visit.page.get_by_text("这个浏览器不能签名")).to_be_visible(timeout=60_000)
        expect(visit.page.get_by_text("在浏览器打开").first).to_be_visible()
        visit.shot("sign-3-unable")
        visit.page.get_by_role("button", name="复制链接").click()
        expect(visit.page.get_by_text("已复制，请粘贴到手机浏览器打开")).to_be_visible()


def test_an_incomplete_link_is_said(browser_for: Opener, origin: str, made: Round) -> None:
    with browser_for(PHONE) as visit:
        visit.page.goto(address(origin, made, ""))
        expect(visit.page.get_by_text("链接不完整")).to_be_visible()
