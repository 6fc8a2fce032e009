"""Decisions about warnings in a real browser: an officer signs with his own wallet, a director appoints, a court downloads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from api.anchoring import router
from api.anchoring.model import Holder
from api.anchoring.texts import TEXTS
from api.infra.auth import SESSION_COOKIE, Principal
from api.kernel.events import EventDraft
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from chain.warning_proof import check
from signing import wallets
from tests.e2e.conftest import DESKTOP, PHONE, Profile, Visit
from tests.support import slice_application
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import KEY, Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.served_slice import log_in, loopback, serving
from tests.support.slice_application import SliceApplication, person
from tests.support.warning_scene import (
    CONTRACTS,
    DIRECTOR,
    DOMAIN,
    OFFICER,
    REGISTRAR,
    REVIEWER,
    RULE_RUN,
    STRANGER,
    Decided,
    Desk,
    address,
    holder,
    statement_of,
)

pytestmark = pytest.mark.browser
SIGNATURE = re.compile("0x[0-9a-f]{130}")
Open = Callable[[Profile], AbstractContextManager[Visit]]
WALLET = """
window.ethereum = { request: async ({ method, params }) => {
  if (method === "eth_requestAccounts") return [await window.walletAddress()];
  if (method === "eth_signTypedData_v4") return await window.walletSign(params[0], params[1]);
  throw new Error(method);
} };
"""


class Stage:
    """The slice behind a real server."""

    def __init__(self, origin: str, slice_: Slice, site: SliceApplication) -> None:
        self.origin, self.slice, self.desk, self._site = origin, slice_, Desk(slice_), site

    def enter(self, visit: Visit, who: Principal) -> None:
        token = self._site.as_(who).cookies[SESSION_COOKIE]
        log_in(visit, self.origin, str(token))

    def wallet(self, visit: Visit, key: bytes) -> None:
        """A browser wallet that holds this key."""

        def sign(account: str, text: str) -> str:
            assert account.lower() == address(key).lower()
            return "0x" + wallets.sign_digest(key, statement_of(json.loads(text))).hex()

        visit.context.expose_function("walletAddress", lambda: address(key))
        visit.context.expose_function("walletSign", sign)
        visit.context.add_init_script(WALLET)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with loopback() as (sock, origin):
        database = slice_application.make_database(tmp_path)
        gateway = MemoryGateway(
            lambda: installation(CONTRACTS, DOMAIN, [address(RULE_RUN)]), chain_id=CHAIN_ID
        )
        slice_ = Slice(
            database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN, rule_run_key=RULE_RUN,
            registrars=frozenset({address(REGISTRAR)}),
        )  # fmt: skip
        with (
            slice_application.slice_application(database, router, TEXTS, anchoring=slice_.service) as site,
            serving(site.app, sock),
        ):
            yield Stage(origin, slice_, site)


def shown(visit: Visit, stage: Stage, path: str, name: str) -> None:
    for lang in ("zh", "en"):
        mark = "&" if "?" in path else "?"
        visit.page.goto(f"{stage.origin}{path}{mark}lang={lang}")
        visit.shot(f"{name}-{lang}")
        visit.axe(f"{name} {lang}")


def test_an_officer_signs_with_his_own_wallet(browser_for: Open, stage: Stage) -> None:
    desk = stage.desk
    desk.appoint(OFFICER, REVIEWER)
    desk.take(
        Decided("01KX5H2QW8", "issue", 3), Decided("01KX5H2QW8", "close", 3),
        Decided("01KX5H2RT1", "issue", 4, automatic=True), Decided("01KX5H2RT1", "confirm", 4),
    )  # fmt: skip
    stage.slice.enterprises.known["01KX5H2QW8"] = ("示例餐饮管理服务有限公司", "/risk/enterprises/7")
    with browser_for(PHONE) as visit:
        stage.enter(visit, holder(OFFICER))
        stage.wallet(visit, OFFICER)
        shown(visit, stage, "/decisions", "decisions")
        shown(visit, stage, "/decisions/warnings/01KX5H2QW8/steps/2", "decision-step")
        visit.page.goto(f"{stage.origin}/decisions?lang=zh")
        visit.page.get_by_role("link", name="查看并签名").first.click()
        visit.page.get_by_role("button", name="用浏览器钱包签署").click()
        expect(visit.page.locator("#signature")).to_have_value(SIGNATURE)
        visit.page.get_by_role("button", name="提交签名").click()
        visit.page.wait_for_url(f"{stage.origin}/decisions")
        assert "已签名" in visit.page.locator("body").inner_text()
    assert desk.states("01KX5H2QW8")[0] == "pending"


def test_another_wallet_in_the_browser_does_not_sign(browser_for: Open, stage: Stage) -> None:
    stage.desk.appoint(OFFICER)
    stage.desk.take(Decided("w1", "issue", 3))
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, holder(OFFICER))
        stage.wallet(visit, STRANGER)
        visit.page.goto(f"{stage.origin}/decisions/warnings/w1/steps/1?lang=zh")
        visit.page.get_by_role("button", name="用浏览器钱包签署").click()
        visit.page.wait_for_timeout(300)
        assert visit.page.locator("#signature").input_value() == ""
        said = visit.page.locator("[data-wallet-sign]").get_attribute("data-wallet-other") or ""
        assert address(OFFICER) in said
        assert visit.page.locator("[data-wallet-sign]").is_enabled()
        stranger = stage.desk.slice.service
        with stranger.uow.read() as session:
            typed = stranger.warnings.typed_data(session, "w1", 1)
        visit.page.fill("#signature", "0x" + wallets.sign_digest(STRANGER, statement_of(typed)).hex())
        visit.expect_error("422")
        visit.page.get_by_role("button", name="提交签名").click()
        visit.page.wait_for_selector(".error-summary, .field-invalid")
        assert "不是预警签署人员的钱包" in visit.page.locator("main").inner_text()
        visit.shot("decision-refused")
        visit.axe("refused")
    assert stage.desk.states("w1") == ["awaiting_statement"]


def test_a_director_appoints_with_the_registrars_wallet(browser_for: Open, stage: Stage) -> None:
    account = holder(OFFICER).account_id or ""
    stage.slice.staff.known.append(Holder(account, "wang.fx", "王分析"))
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, DIRECTOR)
        stage.wallet(visit, REGISTRAR)
        visit.page.goto(f"{stage.origin}/decisions/officers?lang=zh")
        visit.page.select_option("#account", account)
        visit.page.fill("#wallet", address(OFFICER))
        visit.page.get_by_role("button", name="下一步：登记员签名").click()
        visit.page.wait_for_selector("#signature")
        visit.shot("officer-appointment")
        visit.axe("appointment")
        visit.page.get_by_role("button", name="用登记员的浏览器钱包签署").click()
        expect(visit.page.locator("#signature")).to_have_value(SIGNATURE)
        visit.page.get_by_role("button", name="任命", exact=True).click()
        visit.page.wait_for_url(f"{stage.origin}/decisions/officers")
        shown(visit, stage, "/decisions/officers", "officers")
    with stage.slice.service.uow.read() as session:
        (listed,) = stage.slice.service.warnings.officers.listed(session)
    assert (listed.wallet, listed.account) == (address(OFFICER), account)


def test_supervision_reads_the_chain_and_a_court_takes_the_proof(browser_for: Open, stage: Stage) -> None:
    desk = stage.desk
    desk.appoint(OFFICER, REVIEWER)
    desk.take(
        Decided("w1", "issue", 4, automatic=True), Decided("w1", "confirm", 4), Decided("w1", "close", 4),
        Decided("w2", "issue", 2), Decided("w2", "raise", 3),
    )  # fmt: skip
    stage.slice.service.rule_signer().run_due()
    desk.sign("w1", 2, OFFICER)
    desk.sign("w1", 3, OFFICER, REVIEWER)
    desk.sign("w2", 1, REVIEWER)
    with stage.slice.service.uow() as session:
        for kind in ("risk.W01/1", "risk.W03/1", "risk.W05/1"):
            draft = EventDraft("warning/w1", kind, "officer-1", "regulator", {"grade": 4})
            stage.slice.service.recorder.record(session, draft)
    settle(stage.slice, 12)
    with browser_for(DESKTOP) as visit:
        stage.enter(visit, person("court"))
        shown(visit, stage, "/decisions/chain", "decisions-chain")
        shown(visit, stage, f"/decisions/chain/{desk.state('w1').chain_id}", "decisions-chain-one")
        shown(visit, stage, "/decisions/warnings/w1", "decisions-warning")
        visit.page.fill("#purpose", "劳动争议案件审理")
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Download the proof").click()
        found: Any = check(Path(download.value.path()).read_bytes(), KEY.verifier)
    assert (found.status, len(found.included)) == ("closed", 3)
