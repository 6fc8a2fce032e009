"""Pages and JSON over HTTP: the whole way of an organisation, refusals in words, and nobody sees another's things."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from fastapi.testclient import TestClient
from httpx import Response

from api.infra.auth import Principal
from tests.support.employers_world import OFFICER, REGISTRAR, World, png
from tests.support.slice_application import SliceApplication

FORM = {
    "name": "渝州示例制造有限公司",
    "uscc": "91500107MA5TEXT11A",
    "region_code": "500107001",
    "domicile": "示例路 1 号",
    "legal_representative": "张三",
    "id_number": "500107199001010016",
    "phone": "13800000001",
    "login": "boss",
}
CSRF = {"csrf_token": "csrf"}
_count = iter(range(10_000))


def post(client: TestClient, path: str, body: Any = None, **more: Any) -> Response:
    """A JSON POST with an idempotency key of its own."""
    key = {"Idempotency-Key": f"key-{next(_count)}"}
    return client.post(f"/api/v1{path}", json=body if body is not None else {}, headers=key, **more)


def sign(client: TestClient, where: str, prepared: dict[str, Any], wallet: LocalAccount) -> Response:
    """What an employer's own system does with a prepared statement."""
    signature = wallet.sign_message(encode_typed_data(full_message=prepared["typed_data"])).signature
    return post(
        client, f"{where}/statements/{prepared['statement_id']}/submit", {"signature": "0x" + signature.hex()}
    )


def prove(client: TestClient, wallet: LocalAccount) -> None:
    """Register an external wallet through the API."""
    challenge = post(client, "/employers/wallets/challenge", {"address": wallet.address}).json()
    signature = wallet.sign_message(encode_defunct(text=challenge["text"])).signature.hex()
    body = {"challenge_id": challenge["challenge_id"], "signature": "0x" + signature}
    assert post(client, "/employers/wallets/external", body).status_code == 201


def boss_of(world: World, login: str = "boss") -> Principal:
    """The principal of a login."""
    account = next(a for a, facts in world.accounts.made.items() if facts["login"] == login)
    return world.principal(account)


def test_the_json_way_from_registration_to_a_signing_agent(
    site: SliceApplication, world: World, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    made = post(site.anonymous, "/employers/registrations", {**FORM, "region_code": 500107001})
    assert made.status_code == 201, made.text
    org_id = made.json()["org_id"]
    assert made.json()["account"]["one_time_password"]
    boss = site.as_(boss_of(world))
    for kind in ("licence", "representative_identity", "authorisation_letter"):
        files = {"file": ("a.pdf", b"%PDF-1.7 x", "text/html")}
        answer = boss.put(f"/api/v1/employers/organisation/materials/{kind}", files=files)
        assert answer.json()["media_type"] == "application/pdf"
    prove(boss, wallet)
    officer = site.as_(OFFICER)
    prove(officer, REGISTRAR)
    assert officer.get(f"/api/v1/review/organisations/{org_id}").json()["missing"] == []
    prepared = post(officer, f"/review/organisations/{org_id}/verification").json()
    assert sign(officer, "/review", prepared, REGISTRAR).json()["state"] == "signed"
    assert boss.get("/api/v1/employers/organisation").json()["state"] == "verified"
    new = {"name": "李四", "phone": "13900000001", "id_number": "500107199001010024", "login": "agent"}
    account = post(boss, "/employers/agents", new).json()
    agent = site.as_(world.principal(account["account_id"]))
    prove(agent, agent_wallet)
    grant = {
        "account_id": account["account_id"],
        "wallet": agent_wallet.address,
        "scope": 7,
        "valid_until": "2027-11-01T00:00:00Z",
    }
    assert (
        sign(boss, "/employers", post(boss, "/employers/statements/grant", grant).json(), wallet).status_code
        == 200
    )
    assert world.service.authority(org_id, account["account_id"], 4, wallet=agent_wallet.address)
    (card,) = boss.get("/api/v1/employers/agents").json()
    assert (card["scope"], card["expired"]) == (7, False)
    assert post(boss, "/employers/seal", {"passphrase": "correct horse battery"}).status_code == 201
    assert (
        sign(boss, "/employers", post(boss, "/employers/statements/seal-key").json(), wallet).status_code
        == 200
    )
    assert boss.get("/api/v1/employers/seal").json()["current"]["in_use"]
    assert len(boss.get("/api/v1/employers/statements").json()) == 3


def test_refusals_are_problems_with_pointer_and_both_languages(site: SliceApplication) -> None:
    bad = post(site.anonymous, "/employers/registrations", {**FORM, "region_code": 500107001, "uscc": "123"})
    assert (bad.status_code, bad.headers["content-type"]) == (422, "application/problem+json")
    assert bad.json()["errors"] == [{"pointer": "/uscc", "code": "employers.uscc_form"}]
    assert "统一社会信用代码" in bad.json()["detail_zh"]
    assert "social credit" in bad.json()["detail_en"]
    keyless = site.anonymous.post("/api/v1/employers/registrations", json=FORM)
    assert keyless.json()["code"] == "idempotency_key_required"
    extra = post(
        site.anonymous, "/employers/registrations", {**FORM, "region_code": 500107001, "state": "verified"}
    )
    assert extra.status_code == 422


def test_strangers_and_other_roles_are_kept_out(
    site: SliceApplication, world: World, wallet: LocalAccount
) -> None:
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    rival = world.apply(uscc="91500107MA5TEXT2X2", login="rival", phone="13800000002")
    worker, operator = site.as_("worker"), site.as_("operator")
    for path in (
        "/employers/organisation",
        "/employers/agents",
        "/review/organisations",
        f"/review/organisations/{org_id}",
    ):
        assert site.anonymous.get(f"/api/v1{path}").status_code == 401
        for client in (worker, operator):
            assert client.get(f"/api/v1{path}").status_code == 403
        if path.startswith("/review"):
            assert site.as_(boss).get(f"/api/v1{path}").status_code == 403
    statement = world.service.statements.prepare_seal_key
    world.service.seals.create(boss, passphrase="correct horse battery")
    prepared = statement(boss)
    other = site.as_(rival)
    assert other.get(f"/api/v1/employers/statements/{prepared.statement_id}").status_code == 404
    assert (
        post(other, f"/employers/statements/{prepared.statement_id}/submit", {"passphrase": "x"}).status_code
        == 404
    )
    assert other.get(f"/employer/statements/{prepared.statement_id}").status_code == 404
    assert other.get("/api/v1/employers/organisation/materials/licence").status_code == 404
    assert post(other, f"/employers/wallets/{wallet.address}/lost").status_code == 404
    assert other.get(f"/review/{org_id}").status_code == 403


def test_a_machine_credential_needs_the_scope(
    site: SliceApplication, world: World, wallet: LocalAccount
) -> None:
    boss = world.apply()
    world.verify(boss, wallet)
    values = {**vars(boss), "kind": "machine", "scopes": frozenset({"read"})}
    reader = site.as_(Principal(**values))
    assert reader.get("/api/v1/employers/organisation").status_code == 200
    answer = post(reader, "/employers/statements/seal-key")
    assert (answer.status_code, answer.json()["code"]) == (403, "employers.scope_missing")


def test_a_signature_of_a_wrong_form(site: SliceApplication, world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.verify(boss, wallet)
    world.service.seals.create(boss, passphrase="correct horse battery")
    prepared = world.service.statements.prepare_seal_key(boss)
    client = site.as_(boss)
    for text in ("0x12", "zz", "0x" + "00" * 64):
        answer = post(client, f"/employers/statements/{prepared.statement_id}/submit", {"signature": text})
        assert answer.json()["code"] == "employers.signature_form"
    zeros = post(
        client, f"/employers/statements/{prepared.statement_id}/submit", {"signature": "0x" + "00" * 65}
    )
    assert zeros.status_code == 422
    keystore = post(
        client, f"/employers/statements/{prepared.statement_id}/submit", {"passphrase": "anything at all"}
    )
    assert keystore.json()["code"] == "employers.wallet_external"


def _fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="([a-z_]+)" (?:type="[a-z]+" )?value="([^"]*)"', page))


def test_the_pages_way(
    site: SliceApplication, world: World, wallet: LocalAccount, agent_wallet: LocalAccount
) -> None:
    anonymous = site.anonymous
    assert "用人单位注册" in anonymous.get("/employer/register").text
    wrong = anonymous.post("/employer/register", data={**FORM, "id_number": "500107199001010017"})
    assert wrong.status_code == 422
    assert "身份证号码有误" in wrong.text
    assert 'value="渝州示例制造有限公司"' in wrong.text
    made = anonymous.post("/employer/register", data=FORM)
    assert "otpauth://" in made.text
    boss = site.as_(boss_of(world))
    assert "请备齐材料并建立钱包" in boss.get("/employer").text
    refused = boss.post("/employer/materials/licence", data=CSRF, files={"file": ("x.html", b"<html>")})
    assert refused.status_code == 422
    assert "只接受 PDF" in refused.text
    for kind in ("licence", "representative_identity", "authorisation_letter"):
        done = boss.post(f"/employer/materials/{kind}", data=CSRF, files={"file": ("a.pdf", b"%PDF-1.7 x")})
        assert (done.status_code, done.headers["location"]) == (303, "/employer")
    own = boss.get("/employer/materials/licence")
    assert own.headers["content-disposition"] == 'attachment; filename="licence"'
    shown = boss.post("/employer/wallet/challenge", data={**CSRF, "address": wallet.address}).text
    challenge_id = _fields(shown)["challenge_id"]
    text = re.search(r'id="challenge-text">([^<]*)<', shown)
    assert text is not None
    signature = wallet.sign_message(encode_defunct(text=text.group(1))).signature.hex()
    proof = {**CSRF, "challenge_id": challenge_id, "signature": "0x" + signature}
    assert boss.post("/employer/wallet/external", data=proof).status_code == 303
    officer = site.as_(OFFICER)
    assert "尚未登记您的登记官钱包" in officer.get("/review").text
    prove(officer, REGISTRAR)
    org_id = boss_of(world).org_id
    assert "渝州示例制造有限公司" in officer.get("/review").text
    dossier = officer.get(f"/review/{org_id}").text
    assert "500107199001010016" in dossier
    to_sign = officer.post(f"/review/{org_id}/verification", data=CSRF).headers["location"]
    _sign_page(officer, to_sign, REGISTRAR)
    home = boss.get("/employer").text
    assert "已通过" in home
    assert "登记用人单位" not in boss.get("/employer/agents").text
    agent_form = {"name": "李四", "phone": "13900000001", "id_number": "500107199001010024", "login": "agent"}
    assert "otpauth://" in boss.post("/employer/agents", data={**CSRF, **agent_form}).text
    agent = boss_of(world, "agent")
    agent_client = site.as_(agent)
    assert "尚未获得授权" in agent_client.get("/employer").text
    world.prove(agent, agent_wallet)
    form = {**CSRF, "wallet": agent_wallet.address, "until": "2027-06-30", "scope": ["1", "4"]}
    to_sign = boss.post(f"/employer/agents/{agent.account_id}/grant", data=form).headers["location"]
    _sign_page(boss, to_sign, wallet)
    authority = world.service.authority(str(org_id), agent.account_id or "", 5)
    assert authority.valid_until is not None
    assert authority.valid_until.isoformat() == "2027-06-30T15:59:59+00:00"
    assert "代表单位签署" in agent_client.get("/employer").text
    past = boss.post(f"/employer/agents/{agent.account_id}/grant", data={**form, "until": "2020-01-01"})
    assert past.status_code == 422
    assert "授权到期时间须在将来" in past.text
    reason = {**CSRF, "reason": "离职"}
    to_sign = boss.post(f"/employer/agents/{agent.account_id}/revoke", data=reason).headers["location"]
    _sign_page(boss, to_sign, wallet)
    assert "未授权" in boss.get("/employer/agents").text


def _sign_page(client: TestClient, path: str, wallet: LocalAccount) -> None:
    shown = client.get(path)
    assert shown.status_code == 200
    found = re.search(r'id="typed-data">([^<]*)<', shown.text)
    assert found is not None
    typed = json.loads(found.group(1).replace("&#34;", '"').replace("&quot;", '"'))
    bad = client.post(path, data={**CSRF, "signature": "0x00"})
    assert bad.status_code == 422
    stranger = (
        Account.from_key(b"\x21" * 32).sign_message(encode_typed_data(full_message=typed)).signature.hex()
    )
    other = client.post(path, data={**CSRF, "signature": "0x" + stranger})
    assert "另一个钱包" in other.text
    signature = wallet.sign_message(encode_typed_data(full_message=typed)).signature.hex()
    assert client.post(path, data={**CSRF, "signature": "0x" + signature}).status_code == 303


def test_seal_pages_and_the_desks_comparison(
    site: SliceApplication, world: World, wallet: LocalAccount
) -> None:
    boss = world.apply()
    org_id = world.verify(boss, wallet)
    client, officer = site.as_(boss), site.as_(OFFICER)
    differ = {**CSRF, "passphrase": "correct horse battery", "repeated": "another"}
    assert client.post("/employer/seal", data=differ).status_code == 422
    same = {**differ, "repeated": "correct horse battery"}
    assert client.post("/employer/seal", data=same).headers["location"] == "/employer/seal"
    _sign_page(client, client.post("/employer/seal/use", data=CSRF).headers["location"], wallet)
    assert "已启用" in client.get("/employer/seal").text
    bad = client.post("/employer/seal/picture", data=CSRF, files={"file": ("s.png", b"GIF89a")})
    assert bad.status_code == 422
    assert (
        client.post("/employer/seal/picture", data=CSRF, files={"file": ("s.png", png())}).status_code == 303
    )
    assert client.get("/employer/seal/picture.png").content == png()
    assert "印章图片" in officer.get(f"/review/{org_id}").text
    assert officer.get(f"/review/{org_id}/seal.png").content == png()
    officer.post(f"/review/{org_id}/seal-picture", data={**CSRF, "approve": "1"})
    assert world.service.seal(org_id).picture == png()


def test_dispute_and_rejection_pages(site: SliceApplication, world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.verify(boss, wallet)
    claimant = world.apply(login="claimant", phone="13800000002")
    officer = site.as_(OFFICER)
    assert "处理争议" in officer.get(f"/review/{claimant.org_id}").text
    nothing = officer.post(
        f"/review/{claimant.org_id}/dispute", data={**CSRF, "decision": "refuse", "opinion": ""}
    )
    assert nothing.status_code == 422
    body = {**CSRF, "decision": "refuse", "opinion": "材料不符"}
    assert officer.post(f"/review/{claimant.org_id}/dispute", data=body).status_code == 303
    home = site.as_(claimant).get("/employer").text
    assert "材料不符" in home
    other = world.apply(uscc="91350100M0001TGQXM", login="early", phone="13800000003")
    shown = officer.get(f"/review/{other.org_id}").text
    assert "校验位不符（GB 32100）" in shown
    rejected = officer.post(f"/review/{other.org_id}/rejection", data={**CSRF, "reason": "证照过期"})
    assert rejected.status_code == 303
    amended = site.as_(other).get("/employer/amend").text
    assert "91350100M0001TGQXM" in amended


def test_pages_in_english(site: SliceApplication, world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.verify(boss, wallet)
    client, officer = site.as_(boss), site.as_(OFFICER)
    for who, path, words in (
        (client, "/employer", "What is ready"),
        (client, "/employer/wallet", "Report lost"),
        (client, "/employer/agents", "Add an agent"),
        (client, "/employer/seal", "Request a seal"),
        (officer, "/review?state=verified", "Unified social credit code"),
        (officer, f"/review/{boss.org_id}", "Documents for the review"),
    ):
        assert (
            words in who.get(path, params={"lang": "en"}).text
            if "?" not in path
            else words in who.get(path + "&lang=en").text
        )


@pytest.mark.parametrize(
    "path", ["/employer", "/employer/wallet", "/employer/agents", "/employer/seal", "/review"]
)
def test_pages_need_a_login(site: SliceApplication, path: str) -> None:
    assert site.anonymous.get(path).status_code in (303, 401)


def test_forms_need_the_csrf_token(site: SliceApplication, world: World, wallet: LocalAccount) -> None:
    boss = world.apply()
    world.verify(boss, wallet)
    client = site.as_(boss)
    del client.headers["X-CSRF-Token"]
    assert client.post("/employer/wallet/lost", data={"address": wallet.address}).status_code == 403
    assert world.service.wallets.own(boss)[0].state == "active"
