"""The main job in a real browser on a live platform: agent's login to the verified package, in three kinds of phone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from scripts.up import Platform
from tests.e2e import journeys
from tests.e2e.conftest import DESKTOP, PHONE, PHONE_PASSKEY, ROOT, WECHAT_OLD, Profile, Visit
from tests.e2e.journeys import Scene

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(900),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def scene(live_platform: Platform) -> Scene:
    return journeys.set_scene(live_platform.installation)


def verify(scene: Scene, file: Path) -> dict[str, Any]:
    """`concord verify` with the installation's trust root."""
    root = next(scene.installation.root.rglob("trust-root.json"))
    command = [sys.executable, "-m", "scripts.cli", "verify", str(file), "--trust-root", str(root), "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def enrol_passkey(visit: Visit, scene: Scene) -> None:
    """On the worker's own page, with the browser's (virtual) authenticator."""
    visit.page.goto(f"{scene.origin}/me/passkeys")
    visit.page.get_by_role("button", name="添加通行密钥").click()
    expect(visit.page.get_by_role("button", name="删除")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("profile", [PHONE, WECHAT_OLD, PHONE_PASSKEY], ids=lambda p: p.name)
def test_from_the_agents_login_to_the_verified_package(
    browser_for: Opener, scene: Scene, tmp_path: Path, profile: Profile
) -> None:
    worker = scene.person()
    shots = profile is PHONE
    with browser_for(DESKTOP) as agent, browser_for(profile) as phone:
        agent.expect_error("409 (Conflict)")  # an autosave that another one overtook
        agent.expect_error("403 (Forbidden)")  # a code that the set-up used within the same half minute
        journeys.log_in(agent, scene, scene.employer.logins["agent"])
        contract, seen = journeys.draft_and_send(agent, scene, worker, shots)
        journeys.open_link(phone, scene, worker, seen)
        journeys.identify(phone, scene, worker)
        if profile.passkey:
            back = phone.page.url
            enrol_passkey(phone, scene)
            phone.page.goto(back)
        journeys.read_and_agree(phone)
        if profile.passkey:
            journeys.sign_with_passkey(phone)
        else:
            journeys.sign_with_otp(phone, scene, worker)
        journeys.countersign(agent, scene, contract, shots)
        journeys.effective(phone, scene, contract)
        if shots:
            phone.axe("worker: effective")
            phone.shot("live-effective")
        if profile.blocks:
            phone.page.get_by_role("link", name="下载证据包").click()
            expect(phone.page.get_by_text("办法一：在浏览器打开")).to_be_visible()
            phone.page.goto(f"{scene.origin}/me/contracts/{contract}/pages")
            expect(phone.page.locator("figure img").first).to_have_js_property(
                "complete", True, timeout=90_000
            )
            return
        phone.expect_error("503")
        file = journeys.download_package(phone, scene, contract, tmp_path)
    assert verify(scene, file)["verdict"] == "passed"
