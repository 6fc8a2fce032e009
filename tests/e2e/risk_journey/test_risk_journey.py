"""The whole way of a warning in real browsers, on a live platform with its own chain.

A department's file → accepted rows → a monthly run → the morning list → a person signs → the case → a street officer on a
phone, offline on site → verification, notice, first action, feedback → the employer explains, is answered → closure
proposed and approved by a second person → the episode ends → the decision stands in the log on chain, with a proof that
anybody can check.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.exchange.rules.catalogue import dataset_of
from api.kernel.clock import shanghai_day
from chain.errors import ProofInvalid
from chain.merkle.hashing import leaf_hash
from chain.merkle.verification import verify_inclusion
from scripts.demo_officers import appoint, sign_all
from scripts.demo_officers import officer as officer_of
from scripts.demo_risk import People, opened, score
from scripts.district.calendar import Month
from scripts.journey.client import ApiClient
from scripts.journey.people import Login
from scripts.journey.stage import wait_until
from scripts.up import Platform
from tests.e2e import journeys
from tests.e2e.conftest import DESKTOP, PHONE, PHONE_MOBILE, Profile, Visit
from tests.e2e.journeys import Scene

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("live"),
    pytest.mark.timeout(900),
]

Opener = Callable[[Profile], AbstractContextManager[Visit]]
TOWN, OTHER = "500107001", "500107002"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PHONE_NUMBER = "13900000001"


@dataclass
class Cast:
    """Who takes part, with logins of their own, and the enterprise that it is about."""

    scene: Scene
    people: People
    uscc: str
    name: str
    clients: dict[str, ApiClient] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def login(self, name: str) -> Login:
        """A person's login; the account is made by `People.one`."""
        return self.people._stage.logins[f"risk-demo-{name}"]

    def client(self, name: str, role: str) -> ApiClient:
        """The same person's API session; one for the whole test, as each login uses up a code of its half minute."""
        if name not in self.clients:
            self.accounts[name], self.clients[name] = self.people.one(name, role)
        return self.clients[name]

    def enter(self, visit: Visit, client: ApiClient) -> Page:
        """The visit's browser borrows the session of an API client."""
        cookies = [
            {"name": c.name, "value": c.value or "", "url": self.scene.origin}
            for c in client.http.cookies.jar
        ]
        visit.context.add_cookies(cookies)  # type: ignore[arg-type]
        return visit.page


@pytest.fixture(scope="module")
def cast(live_platform: Platform) -> Cast:
    """An employer with an account; officers, an analyst, a lead; units and posts."""
    scene = journeys.set_scene(live_platform.installation)
    people = People(scene.stage)
    own = scene.employer.representative.get("/employers/organisation")
    made = Cast(scene, people, own["uscc"], own["name"])
    operator = people.operator
    for code, kind, name, english in (
        ("hr", "hr", "示例区人社部门", "Example bureau"),
        (TOWN, "street", "示例一街道", "Example Street One"),
        (OTHER, "street", "示例二街道", "Example Street Two"),
    ):
        body = {"kind": kind, "name": name, "name_en": english}
        operator.request("PUT", f"/disposal/units/{code}", json=body)
    data, made.clients["data"] = people.one("data", "regulator")
    operator.post("/exchange/officers", {"account_id": data, "owner": "*"})
    made.client("analyst", "risk_analyst")
    today = shanghai_day(datetime.now(UTC)).isoformat()
    for name, role, unit, capacity in (
        ("street", "street_officer", TOWN, "officer"),
        ("elsewhere", "street_officer", OTHER, "officer"),
        ("head", "risk_director", "hr", "lead"),
    ):
        made.accounts[name], made.clients[name] = people.one(name, role)
        post = {"account_id": made.accounts[name], "unit": unit, "capacity": capacity, "valid_from": today}
        operator.post("/disposal/posts", post)
    return made


def csv(dataset: str, row: Mapping[str, object]) -> bytes:
    """A file of one row."""
    names = dataset_of(dataset).names
    return "\n".join([",".join(names), ",".join(str(row.get(name, "")) for name in names), ""]).encode()


def send(page: Page, origin: str, dataset: str, body: bytes, first: str, last: str) -> None:
    """One file through the intake page, every row of which is accepted."""
    page.goto(f"{origin}/exchange")
    page.select_option("#send-dataset", dataset)
    page.set_input_files("#send-file", {"name": f"{dataset}.csv", "mimeType": "text/csv", "buffer": body})
    page.fill("[name=period_from]", first)
    page.fill("[name=period_to]", last)
    page.get_by_role("button", name="发送", exact=True).click()
    page.wait_for_url(re.compile("/exchange/batches/"))
    expect(page.get_by_text("已接收").first).to_be_visible(timeout=60_000)


def on_site(page: Page, visit: Visit, url: str) -> None:
    """The site form on a phone that loses its network: filled in offline, with a photo, sent when the network is back."""
    empty, saved = '#sync[data-state="empty"]', '#sync[data-state="saved"]'
    page.goto(url)
    page.wait_for_selector(empty, timeout=20_000)
    expect(page.locator("#kept")).to_be_visible(timeout=20_000)
    visit.lose_network()
    for name, value in (("premises", "yes"), ("operating", "yes"), ("wages_paid", "no")):
        page.locator(f'input[name="{name}"][value="{value}"]').check()
    page.fill("#arrears_persons", "6")
    page.locator("#arrears_persons").blur()
    page.set_input_files("#photo", {"name": "gate.png", "mimeType": "image/png", "buffer": PNG})
    expect(page.locator("#sync")).to_contain_text("5")
    page.reload()
    page.wait_for_selector('#sync[data-state="waiting"]')
    assert page.locator("#arrears_persons").input_value() == "6"
    visit.find_network()
    page.wait_for_selector(saved, timeout=20_000)


def test_from_a_departments_file_to_a_decision_on_chain(browser_for: Opener, cast: Cast) -> None:
    origin = cast.scene.origin
    today = shanghai_day(datetime.now(UTC))
    month = Month(today.year, today.month).plus(-1)
    first, last = f"{month.year - 1}-{month.month:02d}-01", today.isoformat()

    # 1. Departments send their files.
    register = {
        "uscc": cast.uscc, "name": cast.name, "legal_form": "有限责任公司", "status": "存续",
        "established_on": "2016-05-04", "industry": "H62", "town": TOWN, "address": "示例一街道演示路 1 号",
    }  # fmt: skip
    received = month.last - timedelta(days=8)
    clue = {
        "uscc": cast.uscc, "name": cast.name, "clue_no": f"X-{int(time.time())}",
        "received_on": received.isoformat(), "channel": "12333", "persons": 6, "verified": 1,
    }  # fmt: skip
    with browser_for(DESKTOP) as visit:
        page = cast.enter(visit, cast.client("data", "regulator"))
        send(page, origin, "market_registry", csv("market_registry", register), first, last)
        send(page, origin, "arrears_clue", csv("arrears_clue", clue), first, last)

    # 2. The month is scored.
    analyst = cast.client("analyst", "risk_analyst")
    with opened(cast.scene.installation) as container:
        score(container, month)

    # 3. The analyst logs in, finds the enterprise on the morning list and signs.
    with browser_for(DESKTOP) as visit:
        visit.expect_error("403 (Forbidden)")  # a code that the set-up used within the same half minute
        journeys.log_in(visit, cast.scene, cast.login("analyst"))
        page = visit.page
        row = page.locator("tr", has_text=cast.uscc)
        wait_until("the warning", 180, lambda: page.goto(f"{origin}/risk") and row.count())
        enterprise = str(row.locator("a").first.get_attribute("href"))
        row.locator("form[action$='/signature'] button").click()
        expect(page.get_by_text("预警已签发")).to_be_visible()
    (warning,) = [
        one for one in analyst.get("/risk/warnings", limit=200)["rows"]
        if str(one["enterprise"]) == enterprise.rsplit("/", 1)[-1]
    ]  # fmt: skip

    # 4. The case is there for its street, and for nobody else's.
    officer = cast.client("street", "street_officer")
    case = wait_until(
        "the case", 60,
        lambda: next((c for c in officer.get("/disposal/cases")["cases"] if c["warning_id"] == warning["id"]), None),
    )  # fmt: skip
    url = f"{origin}/disposal/cases/{case['case_id']}"
    with browser_for(PHONE) as visit:
        visit.expect_error("404")
        cast.enter(visit, cast.client("elsewhere", "street_officer"))
        answer = visit.page.goto(url)
        assert answer is not None
        assert answer.status == 404

    # 5. A street officer with a phone: logs in, signs in, fills in the form offline, verifies, acts.
    with browser_for(PHONE_MOBILE) as visit:
        visit.expect_error("403 (Forbidden)")
        journeys.log_in(visit, cast.scene, cast.login("street"))
        page = visit.page
        page.goto(f"{origin}/disposal")
        page.get_by_role("link", name=case["number"]).click()
        page.get_by_role("button", name="签收这个预警").click()
        expect(page.get_by_text("已登记。")).to_be_visible()
        on_site(page, visit, f"{url}/site")
        visit.shot("journey-site")
        page.get_by_role("link", name="填完了，去登记核查结论").click()
        page.select_option("#finding", "confirmed")
        page.fill("#verify-note", "六名职工反映九月工资未发")
        page.get_by_role("button", name="登记核查结论").click()
        page.get_by_text("登记联系人").click()
        page.fill("#contact-name", "前台")
        page.fill("#contact-phone", PHONE_NUMBER)
        page.get_by_role("button", name="保存联系人").click()
        expect(page.get_by_text("联系人已保存。")).to_be_visible()
        page.get_by_text("生成告知书").click()
        page.select_option("#kind", "warning")
        page.fill("#notice-text", "请核对近三个月工资发放情况，三日内补发并反馈。")
        page.get_by_role("button", name="生成并编号").click()
        expect(page.get_by_text("告知书已生成。")).to_be_visible(timeout=60_000)
        page.fill("#act-note", "约谈负责人，责令限期支付")
        page.get_by_role("button", name="登记处置").click()
        page.fill("#feedback-note", "工资已补发")
        page.get_by_role("button", name="登记反馈").click()
        visit.shot("journey-case")
        visit.axe("case")

    # 6. The SMS went to the contact; the employer's own account sees the notice, explains with a file, is answered.
    sms = wait_until("the SMS", 60, lambda: cast.scene.stage.town.messages(PHONE_NUMBER))
    assert any("劳预" in text for text in sms)
    with browser_for(PHONE) as visit:
        page = cast.enter(visit, cast.scene.employer.agent)
        page.goto(f"{origin}/employer/warnings")
        visit.shot("journey-employer-list")
        visit.axe("employer: list")
        page.get_by_role("link", name="劳动关系风险提示书").first.click()
        assert cast.scene.employer.agent.request("GET", "/disposal/own/" + case["case_id"]).status_code == 200
        notice = page.locator("#notices a").first.get_attribute("href")
        pdf = visit.context.request.get(f"{origin}{notice}")
        assert pdf.body()[:5] == b"%PDF-"
        page.get_by_label("说明情况").check()
        page.fill("#text", "资金周转困难，已于昨日补发，见回单。")
        page.set_input_files("#files", {"name": "回单.pdf", "mimeType": "application/pdf", "buffer": PDF})
        page.get_by_role("button", name="提交", exact=True).click()
        expect(page.get_by_text("工作人员会在五个工作日内书面答复")).to_be_visible()
        visit.shot("journey-employer-case")
        visit.axe("employer: case")
    with browser_for(PHONE) as visit:
        page = cast.enter(visit, officer)
        page.goto(f"{origin}/disposal/statements")
        page.get_by_text("书面答复", exact=True).click()
        page.fill("#answer-1", "回单已核对，采纳。")
        page.get_by_role("button", name="答复", exact=True).click()
        expect(page.get_by_text("已答复。")).to_be_visible()

        # 7. Closure is proposed …
        page.goto(url)
        expect(page.get_by_text("系统送达")).to_be_visible()
        page.select_option("#outcome", "resolved")
        page.fill("#closure-reason", "工资已补发，回单已核对，三个月后回访")
        page.fill("#until", (today + timedelta(days=90)).isoformat())
        page.get_by_role("button", name="提出销号").click()
        expect(page.get_by_text("待复核").first).to_be_visible()

    # … and approved by a second person, who logs in too.
    with browser_for(DESKTOP) as visit:
        visit.expect_error("403 (Forbidden)")
        journeys.log_in(visit, cast.scene, cast.login("head"))
        page = visit.page
        page.goto(url)
        page.get_by_role("button", name="复核通过，销号").click()
        expect(page.get_by_text("已销号").first).to_be_visible()
        visit.shot("journey-closed")

        # 8. The episode is closed on the enterprise's file.
        page.goto(f"{origin}{enterprise}")
        shown = f"{today.year}年{today.month}月{today.day}日"
        expect(page.locator("#episodes")).to_contain_text(
            re.compile(f"{shown}.*{shown}", re.DOTALL)
        )  # issued, closed
        visit.shot("journey-enterprise")
    (closed,) = [
        one for one in analyst.get("/risk/warnings", limit=200)["rows"] if one["id"] == warning["id"]
    ]
    assert closed["state"] == "closed"
    with browser_for(PHONE) as visit:
        page = cast.enter(visit, cast.scene.employer.agent)
        page.goto(f"{origin}/employer/warnings")
        expect(page.get_by_text("已了结").first).to_be_visible()

    # 9. Analyst and head sign the decisions with their wallets: the registry on chain holds each step.
    installation = cast.scene.installation
    signers = [
        officer_of(installation, name, cast.accounts[name], cast.clients[name])
        for name in ("analyst", "head")
    ]
    appoint(installation, signers[1].client, signers)
    assert sign_all(*signers, [warning["id"]], time.monotonic() + 180) == 1
    decided = analyst.get(f"/anchoring/warnings/{warning['id']}")
    assert [step["kind"] for step in decided["steps"]][-1] == "close"
    assert decided["status"] == "closed"
    with browser_for(DESKTOP) as visit:
        page = cast.enter(visit, cast.client("data", "regulator"))
        page.goto(f"{origin}/decisions/chain/{decided['chain_id']}")
        expect(page.get_by_text("本步摘要")).to_have_count(len(decided["steps"]))
        visit.shot("journey-chain")
        visit.axe("the registry's steps")

    # 10. Every decision stands in the log on chain; its place is proven against the checkpoint.
    regulator = cast.client("data", "regulator")
    for stream in (f"warning/{warning['id']}", f"disposal/{case['case_id']}"):
        proven(regulator, stream)


def proven(client: ApiClient, stream: str) -> None:
    """Wait until all events of the stream are anchored; check each one's inclusion with the RFC 9162 verifier."""

    def anchored() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/anchors/{stream}")
        return found if found["state"] == "anchored" else None

    found = wait_until(f"the anchors of {stream}", 180, anchored)
    assert found["events"]
    for event in found["events"]:
        proof = wait_until("the checkpoint", 60, lambda: _proof(client, event["log_index"]))  # noqa: B023
        path = [bytes.fromhex(node) for node in proof["path"]]
        place = (event["log_index"], proof["size"], path, bytes.fromhex(proof["root"]))
        verify_inclusion(leaf_hash(bytes.fromhex(event["entry"])), *place)
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf_hash(bytes(32)), *place)


def _proof(client: ApiClient, index: int) -> dict[str, Any] | None:
    answer = client.http.get("/api/v1/log/inclusion", params={"index": index})
    return answer.json() if answer.status_code == 200 else None
