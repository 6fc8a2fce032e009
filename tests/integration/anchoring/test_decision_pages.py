"""Pages of decisions about warnings: what waits, signing with one's own wallet, officers, the chain, the proof."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api.anchoring import router
from api.anchoring.model import Holder
from api.anchoring.tables import WarningOfficerRow
from api.anchoring.texts import TEXTS
from api.infra.audit import AuditRow
from api.infra.db import Database
from api.infra.idempotency import IdempotencyRow
from chain.gateway_memory import MemoryGateway
from chain.memory_contracts import installation
from signing import wallets
from tests.support.anchoring_scenes import settle
from tests.support.anchoring_store import Slice
from tests.support.relay_world import CHAIN_ID
from tests.support.slice_application import SliceApplication, person, slice_application
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

FORM = {"csrf_token": "csrf"}
SMALL = '<span class="mono small muted">{}</span>'


@pytest.fixture
def slice_(database: Database) -> Slice:
    gateway = MemoryGateway(lambda: installation(CONTRACTS, DOMAIN, [address(RULE_RUN)]), chain_id=CHAIN_ID)
    registrars = frozenset({address(REGISTRAR)})
    return Slice(
        database, gateway, contracts=CONTRACTS, warnings_domain=DOMAIN, registrars=registrars, rule_run_key=RULE_RUN
    )  # fmt: skip


@pytest.fixture
def desk(slice_: Slice) -> Desk:
    made = Desk(slice_)
    made.appoint(OFFICER, REVIEWER)
    return made


@pytest.fixture
def web(slice_: Slice) -> Iterator[SliceApplication]:
    with slice_application(slice_.db, router, TEXTS, anchoring=slice_.service) as made:
        yield made


def typed_data(text: str) -> Any:
    found = re.search(r'<pre class="mono" id="typed-data">(.*?)</pre>', text, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def signed(key: bytes, page: str) -> str:
    return "0x" + wallets.sign_digest(key, statement_of(typed_data(page))).hex()


def put(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data=FORM | fields)


def test_an_officer_sees_what_waits_signs_it_and_it_goes(
    slice_: Slice, desk: Desk, web: SliceApplication
) -> None:
    desk.take(Decided("w1", "issue", 2), Decided("w1", "close", 2), Decided("w2", "issue", 4, automatic=True))
    slice_.enterprises.known["w1"] = ("示例企业一号", "/risk/enterprises/1")
    officer, reviewer = web.as_(holder(OFFICER)), web.as_(holder(REVIEWER))
    listed = officer.get("/decisions").text
    assert "示例企业一号" in listed
    assert "共 2 项等待签名" in listed
    assert "规则自动签发的 1 项" in listed
    assert 'href="/decisions/warnings/w1/steps/2"' in listed
    assert "/decisions/warnings/w2/steps/1" not in listed
    page = officer.get("/decisions/warnings/w1/steps/1").text
    assert address(OFFICER) in page
    done = put(officer, "/decisions/warnings/w1/steps/1", signature=signed(OFFICER, page))
    assert (done.status_code, done.headers["location"]) == (303, "/decisions")
    close = officer.get("/decisions/warnings/w1/steps/2").text
    assert put(officer, "/decisions/warnings/w1/steps/2", signature=signed(OFFICER, close)).status_code == 303
    assert "您已签名，等另一人" in officer.get("/decisions").text
    assert "您已签名" in officer.get("/decisions/warnings/w1/steps/2").text
    again = put(officer, "/decisions/warnings/w1/steps/2", signature=signed(OFFICER, close))
    assert again.status_code == 422
    assert "另一人复核签署" in again.text
    assert (
        put(reviewer, "/decisions/warnings/w1/steps/2", signature=signed(REVIEWER, close)).status_code == 303
    )
    assert "没有等待签名的决定" in officer.get("/decisions").text
    settle(slice_, 10)
    assert desk.states("w1") == ["anchored", "anchored"]


def test_nobody_hands_in_another_officers_signature(desk: Desk, web: SliceApplication) -> None:
    desk.take(Decided("w1", "issue", 2))
    thief = web.as_(holder(REVIEWER))
    page = thief.get("/decisions/warnings/w1/steps/1").text
    stolen = put(thief, "/decisions/warnings/w1/steps/1", signature=signed(OFFICER, page))
    assert stolen.status_code == 422
    assert "登记在另一位签署人员名下" in stolen.text
    assert desk.states("w1") == ["awaiting_statement"]
    unnamed = web.as_(person("risk_analyst"))
    seen = unnamed.get("/decisions/warnings/w1/steps/1").text
    assert "您还没有登记签名钱包" in seen
    assert put(unnamed, "/decisions/warnings/w1/steps/1", signature=signed(OFFICER, page)).status_code == 422
    for text in ("", "0x12", "zz" * 65, "0x" + "00" * 65):
        assert put(thief, "/decisions/warnings/w1/steps/1", signature=text).status_code == 422
    assert put(thief, "/decisions/warnings/w9/steps/1", signature="0x12").status_code == 404
    for role in ("worker", "agent", "operator", "regulator"):
        assert web.as_(role).get("/decisions").status_code == 403


def test_a_long_list_is_read_page_by_page(desk: Desk, web: SliceApplication) -> None:
    desk.take(*(Decided(f"w{number:02}", "issue", 1) for number in range(33)))
    officer = web.as_(holder(OFFICER))
    first = officer.get("/decisions").text
    found = re.search(r'href="(/decisions\?after=[^"]+)"', first)
    assert found is not None
    second = officer.get(html.unescape(found[1])).text
    numbers = set(re.findall(r"/decisions/warnings/(w\d\d)/steps", first))
    rest = set(re.findall(r"/decisions/warnings/(w\d\d)/steps", second))
    assert (len(numbers), len(rest), numbers & rest) == (30, 3, set())
    assert officer.get("/decisions?after=~~").status_code == 422


# -- officers


def test_a_director_appoints_and_dismisses_with_the_registrars_signature(
    slice_: Slice, web: SliceApplication
) -> None:
    account = holder(OFFICER).account_id or ""
    slice_.staff.known.append(Holder(account, "wang", "王分析"))
    director = web.as_(DIRECTOR)
    assert "还没有签名人员" in director.get("/decisions/officers").text
    asked = director.get("/decisions/officers", params={"wallet": "0x12", "account": account})
    assert asked.status_code == 422
    on = director.get("/decisions/officers", params={"wallet": address(OFFICER), "account": account})
    assert on.status_code == 303
    path = on.headers["location"]
    page = director.get(path).text
    assert "王分析（wang）" in page
    target = path.partition("?")[0]
    refused = put(director, target, signature=signed(STRANGER, page), account=account)
    assert refused.status_code == 422
    assert "不是登记员的钱包" in refused.text
    unknown = put(director, target, signature=signed(REGISTRAR, page), account="account-nobody")
    assert "没有这个账号" in unknown.text
    assert put(director, target, signature=signed(REGISTRAR, page), account=account).status_code == 303
    listed = director.get("/decisions/officers").text
    assert "王分析（wang）" in listed
    assert "没有可以任命的账号" in listed
    settle(slice_)
    assert "在用" in director.get("/decisions/officers").text
    left = f"/decisions/officers/{address(OFFICER)}/dismissal"
    page = director.get(left).text
    assert "王分析（wang）" in page
    assert put(director, left, signature=signed(REGISTRAR, page)).status_code == 303
    assert "已解除" in director.get("/decisions/officers").text
    with slice_.db.read() as session:
        lines = session.execute(select(AuditRow.action, AuditRow.facts).order_by(AuditRow.no)).all()
    assert [line.action for line in lines] == ["anchoring.officer_appointed", "anchoring.officer_dismissed"]
    assert lines[0].facts == {"account": account, "registrar": address(REGISTRAR)}
    for role in ("risk_analyst", "regulator", "operator", "worker"):
        assert web.as_(role).get("/decisions/officers").status_code == 403


def test_one_person_has_one_wallet(slice_: Slice, desk: Desk, web: SliceApplication) -> None:
    account = holder(OFFICER).account_id or ""
    director = web.as_(DIRECTOR)
    path = f"/decisions/officers/{address(STRANGER)}/appointment"
    page = director.get(path, params={"account": account}).text
    second = put(director, path, signature=signed(REGISTRAR, page), account=account)
    assert second.status_code == 422
    assert "一人一个钱包" in second.text


def test_a_wallet_of_an_older_release_signs_once_a_director_has_named_its_holder(
    slice_: Slice, desk: Desk, web: SliceApplication
) -> None:
    with slice_.service.uow() as session:
        session.execute(
            update(WarningOfficerRow).where(WarningOfficerRow.wallet == address(OFFICER)).values(account=None)
        )
    desk.take(Decided("w1", "issue", 2))
    officer, director = web.as_(holder(OFFICER)), web.as_(DIRECTOR)
    page = officer.get("/decisions/warnings/w1/steps/1").text
    refused = put(officer, "/decisions/warnings/w1/steps/1", signature=signed(OFFICER, page))
    assert "还没有指定持有人" in refused.text
    assert "未指定持有人" in director.get("/decisions/officers").text
    account = holder(OFFICER).account_id or ""
    taken = put(
        director, f"/decisions/officers/{address(OFFICER)}/holder", account=holder(REVIEWER).account_id or ""
    )
    assert taken.status_code == 422
    assert put(director, f"/decisions/officers/{address(OFFICER)}/holder", account=account).status_code == 303
    assert put(director, f"/decisions/officers/{address(OFFICER)}/holder", account=account).status_code == 422
    assert put(officer, "/decisions/warnings/w1/steps/1", signature=signed(OFFICER, page)).status_code == 303


# -- supervision


def test_a_decision_that_the_chain_does_not_hold_yet_has_no_link_to_it(
    slice_: Slice, desk: Desk, web: SliceApplication
) -> None:
    desk.take(Decided("w2", "issue", 2))
    regulator = web.as_("regulator")
    link = f"/decisions/chain/{desk.state('w2').chain_id}"
    before = regulator.get("/decisions/warnings/w2").text
    assert link not in before
    assert "链上还没有这一预警的决定" in before
    assert regulator.get(link).status_code == 404
    desk.sign("w2", 1, OFFICER)
    settle(slice_, 10)
    assert link in regulator.get("/decisions/warnings/w2").text
    assert regulator.get(link).status_code == 200


def test_supervision_reads_the_chain_and_no_names(slice_: Slice, desk: Desk, web: SliceApplication) -> None:
    slice_.enterprises.known["w1"] = ("示例企业一号", "/risk/enterprises/1")
    desk.take(
        Decided("w1", "issue", 4, automatic=True), Decided("w1", "confirm", 4), Decided("w2", "issue", 2)
    )
    slice_.service.rule_signer().run_due()
    desk.sign("w1", 2, OFFICER)
    desk.sign("w2", 1, OFFICER)
    settle(slice_, 10)
    regulator = web.as_("regulator")
    page = regulator.get("/decisions/chain").text
    chain_id = desk.state("w1").chain_id
    assert f"/decisions/chain/{chain_id}" in page
    assert "示例企业一号" not in page
    assert ">w1<" not in page
    assert "由规则自动签发" in page
    assert "确认自动签发" in regulator.get("/decisions/chain?kind=confirm").text
    assert chain_id not in regulator.get("/decisions/chain?grade=2").text
    assert "还没有预警决定" in regulator.get("/decisions/chain?town=999").text
    assert regulator.get("/decisions/chain?town=x").status_code == 422
    one = regulator.get(f"/decisions/chain/{chain_id}").text
    assert "生效中" in one
    assert address(OFFICER) in one
    assert regulator.get(f"/decisions/chain/{'0' * 64}").status_code == 404
    found = regulator.get("/api/v1/anchoring/warning-decisions", params={"limit": 2}).json()
    assert [row["kind"] for row in found["rows"]] == ["issue", "confirm"]
    rest = regulator.get("/api/v1/anchoring/warning-decisions", params={"after": found["next"]}).json()
    assert [(row["kind"], row["automatic"]) for row in rest["rows"]] == [("issue", True)]
    assert rest["next"] == ""
    single = regulator.get(f"/api/v1/anchoring/warning-decisions/{chain_id}").json()
    assert (single["status"], [step["sequence"] for step in single["steps"]]) == ("open", [1, 2])
    for role in ("worker", "agent", "street_officer"):
        assert web.as_(role).get("/decisions/chain").status_code == 403
        assert web.as_(role).get("/api/v1/anchoring/warning-decisions").status_code == 403


def test_the_proof_needs_a_purpose_and_is_audited(slice_: Slice, desk: Desk, web: SliceApplication) -> None:
    desk.take(Decided("w1", "issue", 2))
    court = web.as_("court")
    path = "/decisions/warnings/w1"
    assert "下载证明" in court.get(path).text
    assert "没有可以证明的内容" in put(court, f"{path}/proof", purpose="案件审理").text
    desk.sign("w1", 1, OFFICER)
    assert put(court, f"{path}/proof", purpose=" ").status_code == 422
    made = put(court, f"{path}/proof", purpose="案件审理", case_no="(2026)示1号")
    assert made.status_code == 200
    assert made.headers["content-disposition"] == 'attachment; filename="warning-w1.json"'
    assert made.json()["warning"]["id"] == "w1"
    body = {"purpose": "案件审理", "case_no": "(2026)示1号"}
    again = court.post("/api/v1/anchoring/warnings/w1/proof", json=body, headers={"Idempotency-Key": "k"})
    assert again.content == made.content
    with slice_.db.read() as session:
        assert session.scalars(select(IdempotencyRow)).all() == []  # the salt is kept nowhere else
    assert put(court, "/decisions/warnings/w9/proof", purpose="x").status_code == 404
    with slice_.db.read() as session:
        line = session.scalars(
            select(AuditRow).where(AuditRow.action == "anchoring.warning_proof_made").limit(1)
        ).one()
    assert (line.actor, line.object_id, line.purpose, line.case_no) == (
        person("court").actor, "w1", "案件审理", "(2026)示1号",
    )  # fmt: skip
    for role in ("operator", "review_officer", "worker"):
        assert put(web.as_(role), f"{path}/proof", purpose="x").status_code == 403
    assert "下载证明" not in web.as_("operator").get(path).text


def test_every_page_has_its_english(slice_: Slice, desk: Desk, web: SliceApplication) -> None:
    desk.take(Decided("w1", "issue", 2), Decided("w1", "close", 2))
    desk.sign("w1", 1, OFFICER)
    settle(slice_)
    director = web.as_(DIRECTOR)
    chain_id = desk.state("w1").chain_id
    for path in (
        "/decisions", "/decisions/warnings/w1/steps/2", "/decisions/warnings/w1", "/decisions/officers",
        f"/decisions/officers/{address(STRANGER)}/appointment", "/decisions/chain", f"/decisions/chain/{chain_id}",
    ):  # fmt: skip
        answer = director.get(path, params={"lang": "en"})
        assert answer.status_code == 200, path
        main = answer.text.partition("<main")[2].partition("</main>")[0]
        left = re.findall(r"[一-鿿]+", re.sub(r"签名人员 \w+|（|）", "", main))
        assert left == [], (path, left)


def test_a_street_is_called_by_its_name_and_an_unknown_code_stays_a_code(
    slice_: Slice, desk: Desk, web: SliceApplication
) -> None:
    desk.take(Decided("w1", "issue", 2), Decided("w2", "issue", 2, town_code=500107999))
    officer = web.as_(holder(OFFICER))
    for number in ("w1", "w2"):
        page = officer.get(f"/decisions/warnings/{number}/steps/1").text
        put(officer, f"/decisions/warnings/{number}/steps/1", signature=signed(OFFICER, page))
    settle(slice_, 10)
    chained = re.findall(r'href="(/decisions/chain/[^"]+)"', officer.get("/decisions/chain").text)
    assert len(chained) == 2
    for path in ("/decisions/warnings/w1", "/decisions/warnings/w1/steps/1", "/decisions/chain"):
        assert f"示例一街道 {SMALL.format(500107001)}" in officer.get(f"{path}?lang=zh").text
        assert f"Example Subdistrict 1 {SMALL.format(500107001)}" in officer.get(f"{path}?lang=en").text
    texts = [officer.get(f"{path}?lang=zh").text for path in chained]
    assert sorted("示例一街道" in text for text in texts) == [False, True]
    for path in ("/decisions/warnings/w2", "/decisions/warnings/w2/steps/1", "/decisions/chain"):
        assert '<span class="mono">500107999</span>' in officer.get(f"{path}?lang=zh").text
    statement = officer.get("/decisions/warnings/w1/steps/1").text
    assert "示例一街道" not in json.dumps(typed_data(statement), ensure_ascii=False)
