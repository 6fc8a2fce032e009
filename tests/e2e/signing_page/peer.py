"""A server for the signing page that speaks the platform's JSON over the real signing library, and can cheat on demand.

It keeps the honest path honest (certificate, attributes, finished PDF validated by pyHanko through `signing.pades`), and
its `cheat` names what a malicious or broken server would do at one place. Nothing of `api` is needed.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.responses import FileResponse

from api.infra.web.security import SecurityHeaders
from signing import eip712 as e
from signing.clauses import Clause, ClauseTree
from signing.commitments import Commitment
from signing.p256 import PublicKey, to_der
from signing.pades import Box
from signing.pades.attributes import signed_attributes
from signing.pades.prepare import prepare
from signing.page_release import page_release
from signing.rendering import FontBook, Renderer
from signing.webauthn_check import verify_assertion
from signing.x509 import Subject, assemble_csr, csr_info
from tests.factories.agreement import agreement
from tests.support.signing_authorities import Authority

ROOT = Path(__file__).parents[3]
NODE_MODULES = ROOT / "node_modules"
CODE = "testcode12345678"
OTP = "135790"


def document(salary: str = "8000.00") -> dict[str, Any]:
    clauses = [
        (
            "M3",
            "合同期限",
            "甲乙双方选择固定期限。\n自2026年12月1日起至2028年11月30日止，其中试用期至2027年1月31日止。",
        ),
        ("M4", "工作内容和工作地点", "乙方从事数控操作岗位，工作地点为示例区示例路1号。"),
        ("M5", "工作时间和休息休假", "执行标准工时，每日八小时，每周四十小时，每周至少休息一日。"),
        ("M6", "劳动报酬", f"甲方每月15日前以货币形式支付乙方工资，月工资{salary}元。"),
        ("M7", "社会保险", "甲乙双方依法参加社会保险，乙方应缴纳的部分由甲方代扣代缴。"),
        ("M8", "劳动保护", "甲方提供符合国家规定的劳动条件和劳动防护用品。"),
    ]
    return agreement(
        parties=[
            {
                "role": "employer",
                "label": "甲方（用人单位）",
                "rows": [["名称", "示例机械（测试）"], ["住所", "示例区示例路1号"]],
            },
            {
                "role": "worker",
                "label": "乙方（劳动者）",
                "rows": [["姓名", "张小明"], ["证件号码", "500199199001010010"]],
            },
        ],
        key_facts=[
            {"id": "employer", "label": "用人单位", "value": "示例机械（测试）"},
            {"id": "post", "label": "岗位", "value": "数控操作"},
            {"id": "place", "label": "工作地点", "value": "示例区示例路1号"},
            {"id": "term", "label": "期限", "value": "2026年12月1日 至 2028年11月30日"},
            {"id": "probation", "label": "试用期", "value": "至 2027年1月31日"},
            {"id": "pay", "label": "工资", "value": f"每月 {salary} 元"},
            {"id": "hours", "label": "工时", "value": "每日 8 小时，每周 40 小时"},
        ],
        clauses=[{"id": i, "title": t, "text": x} for i, t, x in clauses],
        facts={"monthly_pay": salary},
    )


@dataclass
class Peer:
    """State of the one round that this server holds, and what it saw."""

    cheat: str = ""
    wrong_otps: int = 0
    passkey: dict[str, Any] | None = None
    credential: Any = None
    origin: str = ""
    calls: list[str] = field(default_factory=list)
    signatures: dict[str, bytes] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    actions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def called(self, name: str) -> int:
        return self.calls.count(name)


class Round:
    """The prepared document of the peer, made once: rendering takes longest."""

    def __init__(self) -> None:
        self.authority = Authority(moment=dt.datetime.now(dt.UTC))
        self.renderer = Renderer(FontBook.load(FontBook.npm(NODE_MODULES)))
        data = document()
        self.rendered = self.renderer.render("agreement/1", data)
        tree = ClauseTree([Clause(c["id"], c["title"], c["text"]) for c in data["clauses"]])
        self.data = data
        self.commitment = Commitment(
            log_origin="concord.test/log",
            contract_id=os.urandom(32),
            version=1,
            prev=bytes(32),
            clause_root=tree.root,
            base_pdf_sha256=hashlib.sha256(self.rendered.pdf).digest(),
            template_sha256=bytes.fromhex(self.rendered.template_sha256),
            renderer_id=self.rendered.renderer_id,
            salt=os.urandom(32),
        )
        self.domain = e.Domain("Concord TEST", 1337, "0x" + "5a" * 20, "concord.test/log")
        self.expiry = int(time.time()) + 10 * 86400
        self.release = page_release(NODE_MODULES)

    def prepare(self) -> Any:
        box = self.rendered.boxes["Worker"]
        width, height = box.x2 - box.x1, box.y2 - box.y1
        stamp = self.renderer.stamp(["张小明", "电子签名 TEST"], width=width, height=height, test=True)
        return prepare(
            self.rendered.pdf,
            field="Worker",
            box=Box(box.page, box.x1, box.y1, box.x2, box.y2),
            stamp_pdf=stamp,
            moment=dt.datetime.now(dt.UTC),
        )


def build(peer: Peer, made: Round) -> FastAPI:
    """The peer's routes: the signing API of the platform, the page's files, two plain pages to come back to."""
    app = FastAPI()
    app.add_middleware(SecurityHeaders, secure=False)
    b64 = base64.b64encode

    def problem(status: int, code: str, zh: str) -> JSONResponse:
        body = {"status": status, "code": code, "detail_zh": zh, "detail_en": code, "detail": zh}
        return JSONResponse(body, status, media_type="application/problem+json")

    def note(name: str, request: Request) -> None:
        peer.calls.append(name)
        peer.headers.append({k: request.headers.get(k, "") for k in ("x-csrf-token", "idempotency-key")})

    @app.get("/signing-page/{digest}/{path:path}")
    def page_file(digest: str, path: str) -> Response:
        found = made.release.files.get(path) if digest == made.release.digest else None
        if found is None:
            return Response(status_code=404)
        return FileResponse(found.source, media_type=found.media_type)

    @app.get("/s/{code}/signing-context")
    def context(code: str) -> dict[str, Any]:
        return {
            "csrf_token": "csrf-1",
            "language": peer.state.get("language", "zh"),
            "hotline": "12333",
            "test": True,
        }

    @app.get("/s/{code}")
    @app.get("/s/{code}/text")
    def landing(code: str) -> HTMLResponse:
        return HTMLResponse(
            "<!doctype html><title>s</title><link rel=icon href=data:,><main><h1>back</h1></main>"
        )

    @app.get("/api/v1/sign/{code}/document")
    def sheet(code: str) -> Any:
        if peer.state.get("taken_over"):
            return problem(401, "session_taken_over", "已在另一处继续办理，这里的页面不再有效。")
        return {
            "step": peer.state.get("step", "sign"),
            "round_id": "round1",
            "title": "劳动合同书",
            "key_facts": [],
        }

    @app.post("/api/v1/sign/{code}/{action}")
    async def act(code: str, action: str, request: Request) -> dict[str, str]:
        peer.actions.append((action, await request.json()))
        return {"state": "REJECTED"}

    @app.post("/api/v1/signing/round1/enter")
    def enter(request: Request) -> Any:
        note("enter", request)
        prepared = made.prepare()
        pdf = prepared.pdf
        digest, opening = prepared.digest, made.commitment.opening()
        if peer.cheat == "other_pdf":
            pdf = pdf.replace(b"%PDF-1.7", b"%PDF-1.6")
        if peer.cheat == "other_base":
            other = made.renderer.render("agreement/1", document("800.00"))
            opening = {**opening, "base_pdf_sha256": other.sha256}
        domain = made.domain.typed()
        if peer.cheat == "other_installation":
            domain = {**domain, "salt": "0x" + "11" * 32}
        attempt = f"attempt{peer.called('enter')}"
        peer.state.update(attempt=attempt, pdf=pdf, digest=digest, nonce=os.urandom(32))
        return {
            "attempt_id": attempt,
            "lock_until": "2026-11-22T09:00:00.000Z",
            "prepared_url": f"/api/v1/signing/round1/attempts/{attempt}/prepared.pdf",
            "prepared_sha256": hashlib.sha256(prepared.pdf).hexdigest(),
            "base_pdf_sha256": made.rendered.sha256,
            "base_length": len(made.rendered.pdf),
            "commitment_opening": opening,
            "commitment": Commitment.from_opening(opening).digest().hex(),
            "domain": domain,
            "consent": {"role": 2, "expiry": made.expiry},
            "nonce": peer.state["nonce"].hex(),
            "intent": {"otp": True, "phone_hint": "138****0000", "passkey": peer.passkey},
            "test": True,
        }

    @app.get("/api/v1/signing/round1/attempts/{attempt}/prepared.pdf")
    def prepared_pdf(attempt: str) -> Response:
        return Response(peer.state["pdf"], media_type="application/pdf")

    @app.post("/api/v1/signing/round1/intent")
    def intent(request: Request) -> Any:
        note("intent", request)
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
        text = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"sent_to": "138****0000", "expires_at": text, "resend_at": text}

    @app.post("/api/v1/signing/round1/key")
    async def key(request: Request) -> Any:
        note("key", request)
        body = await request.json()
        public = PublicKey.from_spki(base64.b64decode(body["spki"]))
        known = peer.state.setdefault("spki", {})
        known[body["attempt_id"]] = public
        consent = e.Consent(
            made.commitment.digest(),
            made.commitment.contract_id,
            1,
            bytes(32),
            e.ROLE_WORKER,
            public.key_hash,
            made.expiry,
        )
        peer.state["consent"] = consent
        digest = e.digest(made.domain, consent)
        info = csr_info(public.spki, Subject("张小明", organization="TEST"))
        if peer.cheat == "request_for_another_key":
            info = csr_info(
                PublicKey.from_cryptography(made.authority.key.public_key()).spki, Subject("张小明")
            )
        if peer.cheat == "request_first_byte":
            info = b"\x31" + info[1:]
        if peer.cheat == "request_is_a_transaction":
            info = b"\x02" + os.urandom(80)
        challenge = hashlib.sha256(b"concord-wa-v1" + digest + public.key_hash + peer.state["nonce"]).digest()
        if peer.cheat == "other_challenge":
            challenge = os.urandom(32)
        if peer.cheat == "other_consent":
            digest = os.urandom(32)
        peer.state["challenge"] = challenge
        return {
            "request_info": b64(info).decode(),
            "consent_digest": digest.hex(),
            "passkey_challenge": challenge.hex() if peer.passkey else None,
        }

    @app.post("/api/v1/signing/round1/certificate")
    async def certificate(request: Request) -> Any:
        note("certificate", request)
        body = await request.json()
        peer.state["page_release"] = body["page_release"]
        public = peer.state["spki"][body["attempt_id"]]
        if "otp" in body and body["otp"] != OTP:
            peer.wrong_otps += 1
            return problem(422, "identity.not_confirmed", "验证码不对或已过期，请重新填写。")
        if "assertion" in body:
            verify_assertion(
                body["assertion"],
                peer.credential,
                challenge=peer.state["challenge"],
                origin=peer.origin,
                rp_id="localhost",
            )
            peer.state["factor"] = "passkey"
        info = csr_info(public.spki, Subject("张小明", organization="TEST"))
        assemble_csr(info, base64.b64decode(body["request_signature"]))
        issued = made.authority.issue("张小明", _cryptography(public))
        digest = peer.state["digest"]
        if peer.cheat == "attributes_of_another_file":
            digest = hashlib.sha256(b"salary 1000").digest()
        attributes = signed_attributes(digest, issued)
        if peer.cheat == "attributes_first_byte":
            attributes = b"\x30" + attributes[1:]
        if peer.cheat == "certificate_for_another_key":
            issued = made.authority.issue("张小明", made.authority.key.public_key())
        peer.state.update(certificate=issued, attributes=attributes)
        return {"certificate": b64(issued).decode(), "attributes": b64(attributes).decode(), "not_after": ""}

    @app.post("/api/v1/signing/round1/finish")
    async def finish(request: Request) -> Any:
        note("finish", request)
        if peer.cheat == "tsa_down":
            return problem(503, "timestamp.none_available", "时间戳服务暂时不可用，没有签署，请稍后再试。")
        if "refuse_finish" in peer.state:
            return problem(409, peer.state["refuse_finish"], "现在不能签。")
        body = await request.json()
        public = peer.state["spki"][body["attempt_id"]]
        attributes_signature = base64.b64decode(body["attributes_signature"])
        consent_signature = base64.b64decode(body["consent_signature"])
        public.verify(peer.state["attributes"], attributes_signature)
        public.verify(e.preimage(made.domain, peer.state["consent"]), consent_signature)
        to_der(attributes_signature)
        peer.signatures = {"attributes": attributes_signature, "consent": consent_signature}
        peer.state["step"] = "waiting"
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"state": "worker_signed", "signed_at": now, "token_time": now}

    return app


def _cryptography(public: PublicKey) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(public.spki)


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve on a free loopback port; yields the origin on `localhost`."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
