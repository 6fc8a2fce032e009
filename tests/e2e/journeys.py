"""The main job in real browsers: what agent and worker do on their pages, from login to the evidence package."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from scripts.installation import Installation
from scripts.journey.client import ApiClient
from scripts.journey.contract import draft_fields
from scripts.journey.people import CODE, LINK, Login, Person
from scripts.journey.stage import Employer, Stage, wait_until
from tests.e2e.conftest import Visit

SLOW = 60_000


@dataclass
class Scene:
    """An installation with one verified employer and its agent, for the browser tests of one worker process."""

    installation: Installation
    stage: Stage
    employer: Employer
    clients: dict[str, ApiClient] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where the pages are, on `localhost` (passkeys refuse addresses)."""
        return self.installation.public_origin

    def person(self) -> Person:
        """A generated person of working age that nobody has used yet."""
        return self.stage.newcomers(1)[0]


def set_scene(installation: Installation) -> Scene:
    """Register, review and equip an employer through the API, the agent's wallet held by the platform."""
    stage = Stage(installation, lambda: ApiClient(installation.public_origin, patience=30))
    return Scene(installation, stage, stage.employer(external_wallet=False))


def log_in(visit: Visit, scene: Scene, login: Login) -> None:
    """Name, password, second factor; waits for the next code where the present one was used already."""
    page = visit.page
    for _ in range(2):
        page.goto(f"{scene.origin}/login")
        page.get_by_label("账号").fill(login.login)
        page.get_by_label("密码").fill(login.password)
        page.get_by_role("button", name="下一步").click()
        page.get_by_label(re.compile("动态码|验证码")).fill(login.code())
        page.get_by_role("button", name=re.compile("登录|确认")).last.click()
        page.wait_for_load_state()
        if "/login" not in page.url:
            return
        page.wait_for_timeout(int((30 - time.time() % 30 + 0.5) * 1000))
    raise AssertionError("the agent could not log in")


def draft_and_send(visit: Visit, scene: Scene, worker: Person, shots: bool = False) -> tuple[str, int]:
    """Choose a template, fill in the form, watch the check, send; returns the contract's id and the messages seen."""
    page = visit.page
    page.goto(f"{scene.origin}/agent/contracts/new")
    if shots:
        visit.axe("agent: templates")
        visit.shot("agent-new")
    page.locator(".card", has_text="最常见").get_by_role("button").click()
    page.wait_for_url("**/edit")
    start = (datetime.now(UTC) + timedelta(days=40)).date().replace(day=1)
    for name, value in draft_fields(worker, start).items():
        fill(page, name, value)
    page.wait_for_timeout(1500)
    if shots:
        visit.axe("agent: draft")
        visit.shot("agent-draft")
    page.get_by_role("button", name="检查并发送").click()
    page.wait_for_url("**/review")
    if shots:
        visit.axe("agent: review")
        visit.shot("agent-review")
    seen = len(scene.stage.town.messages(worker.phone))
    page.locator("form[action$='/send'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/agent/contracts/[a-z2-7]{26}$"))
    if shots:
        visit.axe("agent: sent")
        visit.shot("agent-sent")
    return page.url.rsplit("/", 1)[-1], seen


def fill(page: Page, name: str, value: Any) -> None:
    """Fill a field of the draft, whatever its control."""
    control = page.locator(f"[name='f_{name}']").first
    kind = control.evaluate("e => e.tagName")
    if kind == "SELECT":
        control.select_option(str(value))
    else:
        control.fill(str(value))


def open_link(visit: Visit, scene: Scene, worker: Person, seen: int) -> str:
    """Wait for the message and open its link; returns the invitation's code."""
    code = scene.stage.town.wait(worker.phone, LINK, seen)
    visit.page.goto(f"{scene.origin}/s/{code}")
    return code


def identify(visit: Visit, scene: Scene, worker: Person) -> None:
    """Screen one."""
    page = visit.page
    page.get_by_role("button", name="我已看过，开始核对身份").click()
    visit.reload()
    page.get_by_label("姓名").fill(worker.name)
    page.get_by_label("证件号码").fill(worker.id_number)
    seen = len(scene.stage.town.messages(worker.phone))
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_label("短信里的 6 位验证码")).to_be_visible(timeout=SLOW)
    visit.reload()
    page.get_by_label("短信里的 6 位验证码").fill(scene.stage.town.wait(worker.phone, CODE, seen))
    page.get_by_role("button", name="核对身份").click()
    expect(page.get_by_role("heading", name="阅读并同意")).to_be_visible(timeout=SLOW)
    visit.reload()


def read_and_agree(visit: Visit) -> None:
    """Screen two."""
    page = visit.page
    page.get_by_text("全文到此结束").scroll_into_view_if_needed()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="同意，去签名").click()
    page.locator("#sign").wait_for(timeout=120_000)
    if visit.profile.reload:
        page.reload()
        page.locator("#sign").wait_for(timeout=120_000)


def sign_with_otp(visit: Visit, scene: Scene, worker: Person) -> None:
    """Screen three without a passkey."""
    page = visit.page
    seen = len(scene.stage.town.messages(worker.phone))
    page.get_by_role("button", name="获取验证码").click()
    otp = scene.stage.town.wait(worker.phone, CODE, seen)
    page.get_by_label("短信里的 6 位验证码").fill(otp)
    page.locator("#sign").click()
    expect(page.get_by_text("您已签署")).to_be_visible(timeout=SLOW)


def sign_with_passkey(visit: Visit) -> None:
    """Screen three with a passkey: one tap."""
    visit.page.get_by_role("button", name="用通行密钥签署并提交").click()
    expect(visit.page.get_by_text("您已签署")).to_be_visible(timeout=SLOW)


def countersign(visit: Visit, scene: Scene, contract: str, shots: bool = False) -> None:
    """The agent's page: wallet and seal."""
    page = visit.page
    page.goto(f"{scene.origin}/agent/contracts/{contract}/sign")
    if shots:
        visit.axe("agent: sign")
        visit.shot("agent-sign")
    page.get_by_role("button", name="准备签署").click()
    page.get_by_label("钱包口令").fill(scene.employer.wallet_passphrase)
    page.get_by_label("印章口令").fill(scene.employer.seal_passphrase)
    page.get_by_role("button", name="签署合同").click()
    page.wait_for_url(re.compile(rf"/agent/contracts/{contract}$"), timeout=SLOW)
    if shots:
        visit.axe("agent: signed")
        visit.shot("agent-signed")


def effective(visit: Visit, scene: Scene, contract: str) -> None:
    """The worker's page says that the contract is in effect."""

    def ready() -> bool:
        visit.page.goto(f"{scene.origin}/me/contracts/{contract}")
        return visit.page.get_by_text("双方都已签署，合同生效").count() > 0

    wait_until("the contract's effect", 60, ready)


def download_package(visit: Visit, scene: Scene, contract: str, folder: Path) -> Path:
    """The worker's evidence package from his own page; where it is seconds away the page waits and saves it."""
    visit.page.goto(f"{scene.origin}/me/contracts/{contract}")
    with visit.page.expect_download(timeout=150_000) as download:
        visit.page.get_by_role("link", name="下载证据包").click()
    file = folder / "evidence.zip"
    download.value.save_as(file)
    assert file.read_bytes()[:2] == b"PK"
    return file
