"""The employer's pages in a real browser: drafting with live findings, sending, course, signing with a browser wallet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from api.econtract import router
from api.econtract.texts import TEXTS
from api.infra.auth import SESSION_COOKIE
from api.infra.sealing import FieldKey
from tests.e2e.conftest import DESKTOP, Profile, Visit
from tests.support import slice_application
from tests.support.econtract_stage import AGENT, VALUES, Stage, build_stage
from tests.support.served_slice import log_in, loopback, serving

Open = Callable[[Profile], AbstractContextManager[Visit]]
WALLET = "0x" + "1" * 40


@dataclass
class Served:
    stage: Stage
    origin: str
    token: str


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with loopback() as (sock, origin):
        database = slice_application.make_database(tmp_path_factory.mktemp("database"))
        stage = build_stage(database, FieldKey(bytes(range(32))), origin)
        with slice_application.slice_application(
            database, router, TEXTS, econtract=stage.econtract, identity=SimpleNamespace()
        ) as made:
            token = str(made.as_(AGENT).cookies[SESSION_COOKIE])
            with serving(made.app, sock):
                yield Served(stage, origin, token)


def look(visit: Visit, name: str) -> None:
    visit.page.wait_for_timeout(1300)  # an autosave that is due begins and ends before axe touches the page
    visit.page.wait_for_function("!document.querySelector('.htmx-request')")
    visit.shot(f"agent-{name}")
    visit.axe(name)
    # axe leaves empty style attributes behind; htmx would copy them at the next swap, and the policy would complain.
    visit.page.evaluate(
        "for (const element of document.querySelectorAll('[style]')) element.removeAttribute('style')"
    )


def signed_by_the_worker(stage: Stage) -> tuple[str, Any]:
    """A contract that waits for the employer: its id, and what the portal knows of it."""
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)
    return pk, stage.econtract.portal.facts_of(pk)


def test_drafting_with_live_findings_and_sending(served: Served, browser_for: Open) -> None:
    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.token)
        page = visit.page
        page.goto(f"{served.origin}/agent/contracts")
        page.wait_for_selector("text=还没有合同")
        look(visit, "list-empty")
        page.goto(f"{served.origin}/agent/contracts/new")
        look(visit, "new")
        page.click("form:has(input[value='concord-labour-fixed']) button")
        page.wait_for_url("**/edit")
        for name, value in VALUES.items():
            field = page.locator(f"#f_{name}")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        page.fill("#f_monthly_pay", "2000")
        page.wait_for_selector("#findings :text('低于最低工资标准')")
        look(visit, "edit-blocked")
        page.fill("#f_monthly_pay", "8000")
        page.wait_for_selector("#findings :text('没有必须修改的问题')")
        page.click("#add-clause")
        page.locator("[name=custom_title]").last.fill("押金")
        page.locator("[name=custom_text]").last.fill("乙方入职时须缴纳押金500元。")
        page.wait_for_selector("#findings :text('缴纳押金')")
        page.locator("[name=custom_text]").last.fill("甲方每年组织一次体检。")
        page.wait_for_selector("#findings :text('没有检查它的全部含义')")
        assert page.locator("[data-show-if='hours_system!=standard']").first.is_hidden()
        page.select_option("#f_hours_system", "comprehensive")
        assert page.locator("[data-show-if='hours_system!=standard']").first.is_visible()
        page.select_option("#f_hours_system", "standard")
        look(visit, "edit")
        page.reload()
        assert page.input_value("#f_worker_name") == "李测试"
        page.click("button[value=send]")
        page.wait_for_url("**/review")
        look(visit, "review")
        page.click("form[action$='/send'] button")
        page.wait_for_selector("text=待劳动者签署")
        assert served.stage.code not in page.content()
        look(visit, "detail-sent")
        page.goto(page.url + "?lang=en")
        page.wait_for_selector("text=Worker to sign")
        look(visit, "detail-sent-en")


def test_signing_with_a_browser_wallet_and_the_platform_seal(served: Served, browser_for: Open) -> None:
    stage = served.stage
    pk, facts = signed_by_the_worker(stage)
    posted: list[dict[str, object]] = []
    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.token)
        page = visit.page

        def prepare(route) -> None:  # type: ignore[no-untyped-def]
            posted.append(json.loads(route.request.post_data))
            assert route.request.headers["x-csrf-token"]
            assert route.request.headers["idempotency-key"]
            answer = {
                "attempt_id": "a1",
                "lock_until": "2026-11-22T01:30:00.000Z",
                "typed_data": {"message": {"commitment": "0x" + facts.commitment}},
                "attributes": None,
                "prepared_url": "/prepared.pdf",
                "seal": {"mode": "platform"},
                "seal_binding": None,
                "wallet_mode": "external",
            }
            route.fulfill(json=answer)

        def finish(route) -> None:  # type: ignore[no-untyped-def]
            posted.append(json.loads(route.request.post_data))
            stage.employer_signs(pk)
            stage.complete(pk)
            route.fulfill(json={"state": "completed"})

        page.route(f"**/api/v1/signing/{facts.round_id}/employer/prepare", prepare)
        page.route(f"**/api/v1/signing/{facts.round_id}/employer/finish", finish)
        page.add_init_script(
            "window.ethereum = {request: async ({method, params}) => method === 'eth_requestAccounts'"
            f" ? ['{WALLET}'] : '0x' + '5'.repeat(130)}};"
        )
        page.goto(f"{served.origin}/agent/contracts/{pk}")
        page.click("text=单位签署")
        page.wait_for_selector("#prepare-button")
        look(visit, "sign")
        page.click("#prepare-button")
        page.wait_for_selector("#lock-until:text('09:30')")
        assert page.inner_text("#signer") == WALLET
        page.click("#browser-wallet")
        page.wait_for_function("document.getElementById('wallet_signature').value.length === 132")
        page.fill("#seal_passphrase", "seal passphrase")
        look(visit, "sign-ready")
        page.click("#finish-button")
        page.wait_for_selector("text=合同已生效")
        form = page.locator("#evidence form")
        assert form.get_attribute("action") == f"/contracts/{pk}/clauses"
        assert form.locator("option").count() >= 6
        assert "劳动者能看到" in form.inner_text()
        look(visit, "detail-effective")
    assert posted[0] == {"wallet": WALLET}
    assert posted[1] == {
        "attempt_id": "a1",
        "wallet_signature": "0x" + "5" * 130,
        "seal_passphrase": "seal passphrase",
    }


def test_signatures_made_elsewhere_are_pasted_as_tools_print_them(served: Served, browser_for: Open) -> None:
    stage = served.stage
    pk, facts = signed_by_the_worker(stage)
    posted: list[dict[str, object]] = []
    answer = {
        "attempt_id": "a1",
        "typed_data": {"message": {"commitment": "0x" + facts.commitment}},
        "attributes": "QXR0cmlidXRlcw==",
        "prepared_url": "/prepared.pdf",
        "seal": {"mode": "external"},
        "seal_binding": "QmluZGluZw==",
        "wallet_mode": "external",
    }

    def finish(route) -> None:  # type: ignore[no-untyped-def]
        posted.append(json.loads(route.request.post_data))
        route.fulfill(status=422, json={"detail": "印章签名不符"})

    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.token)
        page = visit.page
        visit.expect_error("422")
        api = f"**/api/v1/signing/{facts.round_id}/employer"
        page.route(f"{api}/prepare", lambda route: route.fulfill(json=answer))
        page.route(f"{api}/finish", finish)
        page.goto(f"{served.origin}/agent/contracts/{pk}/sign")
        page.click("#prepare-button")
        page.wait_for_selector("#binding:text('QmluZGluZw==')")
        assert page.inner_text("#attributes") == "QXR0cmlidXRlcw=="
        page.fill("#wallet_signature", " 0x" + "5" * 130 + "\n")
        page.fill("#seal_signature", "QUJD\nREVG\n")
        page.fill("#seal_binding_signature", "R0hJ\r\nSktM")
        page.click("#finish-button")
        page.wait_for_selector("#outcome:has-text('印章签名不符')")
        assert page.locator("#finish").is_visible()
    assert posted == [
        {
            "attempt_id": "a1",
            "wallet_signature": "0x" + "5" * 130,
            "seal_signature": "QUJDREVG",
            "seal_binding_signature": "R0hJSktM",
        }
    ]


def test_another_commitment_is_never_signed(served: Served, browser_for: Open) -> None:
    stage = served.stage
    pk = stage.send()
    stage.consent()
    stage.worker_signs(pk)
    round_id = stage.round_of(pk)
    with browser_for(DESKTOP) as visit:
        log_in(visit, served.origin, served.token)
        answer = {
            "attempt_id": "a1",
            "typed_data": {"message": {"commitment": "0x" + "0" * 64}},
            "seal": {"mode": "platform"},
            "wallet_mode": "keystore",
            "prepared_url": "/x",
        }
        visit.page.route(
            f"**/api/v1/signing/{round_id}/employer/prepare", lambda route: route.fulfill(json=answer)
        )
        visit.page.goto(f"{served.origin}/agent/contracts/{pk}/sign")
        visit.page.click("#prepare-button")
        visit.page.wait_for_selector("text=与本页的承诺值不一致")
        assert visit.page.locator("#finish").is_hidden()


def test_lookup_and_list_pages(served: Served, browser_for: Open) -> None:
    stage = served.stage
    pk = stage.send()
    who = stage.consent()
    stage.econtract.worker.request_change(stage.code, who, "请把工作地点写清楚")
    with browser_for(DESKTOP) as visit:
        visit.expect_error("404")
        visit.page.goto(f"{served.origin}/d/{stage.econtract.portal.facts_of(pk).lookup_code}")
        look(visit, "lookup")
        visit.page.goto(f"{served.origin}/d/nothing")
        look(visit, "lookup-unknown")
        log_in(visit, served.origin, served.token)
        visit.page.goto(f"{served.origin}/agent/contracts/{pk}")
        visit.page.wait_for_selector("text=请把工作地点写清楚")
        look(visit, "detail-change")
        visit.page.goto(f"{served.origin}/agent/contracts?group=closed")
        look(visit, "list")
        visit.page.goto(f"{served.origin}/agent/contracts?group=effective")
        look(visit, "list-none")
