"""A real browser for tests: profiles, screenshots of every page at both widths, axe, and no silent errors.

`browser_for(profile)` opens a context; at its end the test fails if a page logged an error, broke the content security
policy or threw. Use http://localhost (not 127.0.0.1): passkeys and WebCrypto need a secure context. With
CONCORD_TEST_PICTURES=1 screenshots go to `var/screenshots/` (not committed).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.phone_line import PhoneLine

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "var" / "screenshots"
WIDTHS = {360: 740, 1280: 860}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

WECHAT_AGENT = (
    "Mozilla/5.0 (Linux; Android 10; TEST) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0.0.0 "
    "Mobile Safari/537.36 XWEB/5317 MMWEBSDK/20230504 MicroMessenger/8.0.37 WeChat/arm64 Weixin NetType/3gnet"
)
NO_WEBAUTHN = """
delete window.PublicKeyCredential;
Object.defineProperty(Navigator.prototype, "credentials", { get: () => undefined });
window.open = () => null;
"""


@dataclass(frozen=True)
class Profile:
    """What kind of browser: size, agent, passkey authenticator, bandwidth, what it blocks, a line that can be cut."""

    name: str
    width: int = 360
    height: int = 740
    agent: str | None = None
    passkey: bool = False
    kilobits: int | None = None
    blocks: bool = False
    reload: bool = False
    mobile: bool = False


PHONE = Profile("phone")
PHONE_MOBILE = Profile("phone-mobile", mobile=True)
PHONE_PASSKEY = Profile("phone-passkey", passkey=True)
DESKTOP = Profile("desktop", 1280, 860)
WECHAT_OLD = Profile("wechat-old", 360, 640, WECHAT_AGENT, kilobits=400, blocks=True, reload=True)


@dataclass
class Visit:
    """One person's browser: pages, what went wrong on them, screenshots and axe."""

    profile: Profile
    context: BrowserContext
    page: Page
    expected_errors: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    authenticator: str = ""
    cdp: CDPSession | None = None
    line: PhoneLine | None = None

    def lose_network(self) -> None:
        """A mobile profile's line is cut, and the browser says that it is offline."""
        assert self.line, "this profile has no line of its own"
        self.expected_errors += ["ERR_INTERNET_DISCONNECTED", "ERR_SOCKS_CONNECTION_FAILED"]
        self.line.cut()
        self.context.set_offline(True)

    def find_network(self) -> None:
        """The line carries again, and the page is told."""
        assert self.line, "this profile has no line of its own"
        self.line.mend()
        self.context.set_offline(False)
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    def expect_error(self, text: str) -> None:
        """Errors of the console that hold this text are part of the test."""
        self.expected_errors.append(text)

    def unexpected(self) -> list[str]:
        return [e for e in self.errors if not any(part in e for part in self.expected_errors)]

    def shot(self, name: str) -> None:
        """`fits`, and where somebody wants to look (CONCORD_TEST_PICTURES) pictures of the page at both widths."""
        self.fits(name)
        if not os.environ.get("CONCORD_TEST_PICTURES"):
            return
        SHOTS.mkdir(parents=True, exist_ok=True)
        for width, height in WIDTHS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(80)
            whole = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": width, "height": max(height, min(whole, 8000))})
            self.page.screenshot(path=str(SHOTS / f"{name}-{width}.png"), full_page=True)
        self.page.set_viewport_size({"width": self.profile.width, "height": self.profile.height})

    def fits(self, name: str) -> None:
        """The present page needs no sideways scrolling at either width."""
        for width, height in WIDTHS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(80)  # charts follow the new width a frame later
            found = self.page.evaluate("document.documentElement.scrollWidth")
            assert found <= width, f"{name} is {found} px wide at {width} px"
        self.page.set_viewport_size({"width": self.profile.width, "height": self.profile.height})

    def axe(self, name: str) -> None:
        """No violation of WCAG 2.2 A and AA, nor of axe's best practices, at both widths."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for width, height in WIDTHS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            result = self.page.evaluate(
                "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
                AXE_TAGS,
            )
            found = [
                f"{v['id']} ({v['impact']}): {v['help']} at {[n['target'] for n in v['nodes']][:4]}"
                for v in result["violations"]
            ]
            assert not found, f"axe on {name} at {width} px:\n" + "\n".join(found)
        self.page.set_viewport_size({"width": self.profile.width, "height": self.profile.height})

    def reload(self) -> None:
        """What the profile demands after each step."""
        if self.profile.reload:
            self.page.reload()


def _open(browser: Browser, profile: Profile, line: PhoneLine | None) -> Visit:
    options: dict[str, Any] = {
        "viewport": {"width": profile.width, "height": profile.height},
        "locale": "zh-CN",
    }
    if profile.agent:
        options["user_agent"] = profile.agent
    if profile.blocks:
        options["accept_downloads"] = False
    if line:
        options["proxy"] = {"server": line.address, "bypass": "<-loopback>"}
    context = browser.new_context(**options)
    if profile.blocks:
        context.add_init_script(NO_WEBAUTHN)
    visit = Visit(profile, context, context.new_page(), line=line)
    page = visit.page
    page.on("console", lambda m: visit.errors.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda e: visit.errors.append(f"uncaught: {e}"))
    if profile.passkey or profile.kilobits:
        visit.cdp = context.new_cdp_session(page)
    if profile.passkey and visit.cdp:
        visit.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        visit.authenticator = visit.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
            "authenticatorId"
        ]
    if profile.kilobits and visit.cdp:
        rate = profile.kilobits * 1000 / 8
        visit.cdp.send("Network.enable")
        visit.cdp.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 120, "downloadThroughput": rate, "uploadThroughput": rate},
        )
    return visit


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless. Per module: while it runs its event loop is the thread's, and no other test's can be."""
    assert CHROMIUM.exists(), "Chromium is not installed at /usr/bin/chromium: ./scripts/test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browser_for(chromium: Browser) -> Callable[[Profile], AbstractContextManager[Visit]]:
    """`with browser_for(PHONE) as visit:` a fresh browser of that profile."""

    @contextmanager
    def opened(profile: Profile) -> Iterator[Visit]:
        with PhoneLine() if profile.mobile else nullcontext() as line:
            visit = _open(chromium, profile, line)
            try:
                yield visit
            finally:
                visit.context.close()
        assert not visit.unexpected(), "\n".join(visit.unexpected())

    return opened
