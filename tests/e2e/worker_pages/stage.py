"""The worker's pages over a scripted service: every state can be set, and what the pages ask for is written down.

The pages, the web layer and the routers are the platform's own; only the services behind them are played here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from api.econtract.router.worker_pages import pages as worker_pages
from api.econtract.texts import TEXTS
from api.econtract.views import (
    Access,
    HistoryLine,
    Landing,
    Reading,
    StepTaken,
    WorkerContract,
    WorkerContractDetail,
)
from api.identity.texts import TEXTS as IDENTITY_TEXTS
from api.infra import problems
from api.infra.auth import ANONYMOUS, Principal
from api.infra.web import WebConfig, install_web
from api.kernel.errors import conflict, forbidden, not_found
from api.signing_round.service.pages import draw_page
from signing.page_release import page_release
from signing.rendering import FontBook, Renderer
from tests.e2e.signing_page.peer import NODE_MODULES, document

CODE = "abcdefghijklmnop"
SHORT = "K7M4Q2XZ"
PK = "abcdefghijklmnopqrst234567"
WORKER = Principal(
    kind="worker", person_id="p1", roles=frozenset({"worker"}), session_id="s1", csrf_token="csrf-1"
)
AT = dt.datetime(2026, 11, 22, 1, 30, tzinfo=dt.UTC)
DATA = document()


@dataclass
class Script:
    """What the service answers, and what it was asked."""

    step: str = "identity"
    session: str = "none"
    state: str = "SENT"
    closed_as: str | None = None
    late: bool = False
    overdue: bool = False
    identified: bool = False
    refuse: Any = None
    evidence: Any = None
    readings: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    copies: list[Any] = field(default_factory=list)
    accesses: tuple[Access, ...] = ()


class Steps:
    """Plays api.econtract.service.worker.WorkerSteps."""

    def __init__(self, script: Script, pdf: bytes, png: bytes) -> None:
        self.s, self.pdf, self.png = script, pdf, png

    def landing(self, code: str, who: Principal) -> Landing:
        if code not in (CODE, SHORT):
            raise not_found("econtract.invitation_unknown")
        return Landing(
            state=self.s.state,
            step=self.s.step,
            employer="示例机械（测试）",
            purpose="签订劳动合同",
            title="劳动合同书",
            expires_at=AT + dt.timedelta(days=7),
            test=True,
            phone_hint="140****0012",
            session=self.s.session,
            late_signing=self.s.late,
            closed_as=self.s.closed_as,
        )

    def find_short(self, code: str, visitor: str) -> None:
        if code != SHORT:
            raise not_found("econtract.invitation_unknown")

    def acknowledge_privacy(self, code: str, version: str, visitor: str) -> str:
        self.s.asked.append(("privacy", version))
        return "ack1"

    def start_identity(self, code: str, notice: str, name: str, id_number: str, phone: str | None) -> Any:
        self.s.asked.append(("identity", notice, name, id_number, phone))
        if self.s.refuse:
            raise self.s.refuse
        return SimpleNamespace(check_id="check1", phone_masked="140****0012")

    def resend_code(self, code: str, check: str) -> Any:
        self.s.asked.append(("resend", check))

    def confirm_identity(self, code: str, check: str, otp: str) -> Any:
        self.s.asked.append(("confirm", check, otp))
        if self.s.refuse:
            raise self.s.refuse
        self.s.step, self.s.session, self.s.identified = "notice", "mine", True
        return SimpleNamespace(session_token="tok", expires_at=AT), StepTaken("SENT", "notice")

    def document(self, code: str, who: Principal) -> Reading:
        if not self.s.identified:
            raise forbidden("econtract.identify_first")
        return self.reading()

    def reading(self) -> Reading:
        return Reading(
            contract_id="7f" * 32,
            id=PK,
            title=DATA["title"],
            subtitle=DATA["subtitle"],
            version=1,
            key_facts=DATA["key_facts"],
            parties=DATA["parties"],
            clauses=DATA["clauses"],
            notices=DATA["notices"],
            notice_version="econtract-notice/1",
            base_pdf_sha256="9f" * 32,
            round_id="round1",
            step=self.s.step,
            consented=False,
            late_signing=self.s.late,
            test=True,
        )

    def document_pdf(self, code: str, who: Principal) -> bytes:
        return self.pdf

    def page_image(self, code: str, who: Principal, number: int) -> bytes:
        return self.png

    def consent(self, code: str, who: Principal, **boxes: Any) -> StepTaken:
        self.s.asked.append(("consent", boxes))
        self.s.step = "sign"
        return StepTaken("SENT", "sign", "round1")

    def _close(self, name: str, state: str, text: str) -> StepTaken:
        self.s.asked.append((name, text))
        self.s.step, self.s.state, self.s.closed_as = "closed", state, state
        return StepTaken(state, "closed")

    def reject(self, code: str, who: Principal, reason: str) -> StepTaken:
        return self._close("reject", "REJECTED", reason)

    def request_change(self, code: str, who: Principal, text: str) -> StepTaken:
        return self._close("change", "CHANGE_REQUESTED", text)

    def withdraw(self, code: str, who: Principal, reason: str = "") -> StepTaken:
        return self._close("withdraw", "WITHDRAWN", reason)

    def not_me(self, code: str, who: Principal, note: str = "") -> StepTaken:
        return self._close("not-me", "DISPUTED", note)


class PortalPlayed:
    """Plays api.econtract.service.portal.Portal for the worker."""

    def __init__(self, steps: Steps) -> None:
        self.steps, self.s = steps, steps.s

    def line(self) -> WorkerContract:
        signed = self.s.state != "SENT"
        return WorkerContract(
            id=PK,
            contract_id="7f" * 32,
            employer="示例机械（测试）",
            post="数控操作",
            state=self.s.state,
            version=1,
            sent_at=AT,
            worker_signed_at=AT if signed else None,
            effective_at=AT if self.s.state == "EFFECTIVE" else None,
            employer_overdue=self.s.overdue,
            may_withdraw=self.s.state == "WORKER_SIGNED",
            round_id="round1",
        )

    def my_contracts(self, who: Principal) -> list[WorkerContract]:
        return [] if self.s.state == "NONE" else [self.line()]

    def my_contract(self, who: Principal, pk: str) -> WorkerContractDetail:
        if pk != PK:
            raise not_found("econtract.contract_unknown")
        names = ["sent", "identified", "opened", "consented", "worker_signed", "employer_signed", "effective"]
        history = [
            HistoryLine(
                AT + dt.timedelta(minutes=i),
                name,
                "employer" if name in ("sent", "employer_signed") else "worker",
                1,
                None,
            )
            for i, name in enumerate(names if self.s.state == "EFFECTIVE" else names[:5])
        ]
        return WorkerContractDetail(
            self.line(), self.steps.reading(), history, self.s.accesses, self.s.state == "EFFECTIVE"
        )

    def my_pdf(self, who: Principal, pk: str, how: str = "view") -> bytes:
        self.s.asked.append(("pdf", how))
        return self.steps.pdf

    def my_page(self, who: Principal, pk: str, number: int) -> bytes:
        return self.steps.png

    def my_withdrawal(self, who: Principal, pk: str, reason: str = "") -> StepTaken:
        if self.s.state != "WORKER_SIGNED":
            raise conflict("econtract.not_now", state=self.s.state)
        self.s.asked.append(("withdraw", reason))
        self.s.state = "WITHDRAWN"
        return StepTaken("WITHDRAWN", "closed")

    def my_dispute(self, who: Principal, pk: str, note: str = "") -> StepTaken:
        self.s.asked.append(("not-me", note))
        self.s.state = "DISPUTED"
        return StepTaken("DISPUTED", "closed")


class EvidencePlayed:
    """Plays the evidence slice for the worker."""

    def __init__(self, script: Script) -> None:
        self.s = script

    def package(self, who: Principal, ref: str) -> Any:
        if self.s.evidence:
            raise self.s.evidence
        return SimpleNamespace(data=b"PK", filename="证据包.zip")

    def clause_package(self, who: Principal, ref: str, number: int) -> Any:
        self.s.asked.append(("clause", str(number)))
        return SimpleNamespace(data=b"PK", filename=f"clause-{number}.zip")

    def report_pdf(self, who: Principal, ref: str) -> bytes:
        return b"%PDF-1.7"

    def order_paper_copy(self, who: Principal, ref: str) -> Any:
        copy = SimpleNamespace(number=len(self.s.copies) + 1, free=not self.s.copies, ordered_at=AT)
        self.s.copies.append(copy)
        return copy

    def paper_copies(self, who: Principal, ref: str) -> list[Any]:
        return self.s.copies

    def paper_copy_pdf(self, who: Principal, ref: str, number: int) -> bytes:
        return b"%PDF-1.7"


def build(script: Script, pdf: bytes, png: bytes, who: Mapping[str, Principal]) -> FastAPI:
    """The pages over the script; `who["is"]` is the principal of every request."""
    app = FastAPI()
    problems.register(TEXTS)
    problems.register(IDENTITY_TEXTS)
    problems.install(app)
    steps = Steps(script, pdf, png)
    sessions = SimpleNamespace(
        set_cookie=lambda response, token, until: response.set_cookie("concord_session", token)
    )
    app.state.container = SimpleNamespace(
        econtract=SimpleNamespace(worker=steps, portal=PortalPlayed(steps)),
        evidence=EvidencePlayed(script),
        identity=SimpleNamespace(sessions=sessions),
        authenticator=SimpleNamespace(by_session=lambda token: who["is"], by_bearer=lambda token: None),
        settings=SimpleNamespace(public_origin="http://localhost"),
    )

    @app.middleware("http")
    async def known(request: Request, go: Any) -> Response:
        request.state.principal = WORKER if script.identified else who.get("is", ANONYMOUS)
        answer: Response = await go(request)
        return answer

    @app.post("/api/v1/sign/{code}/reading")
    async def reading(code: str, request: Request) -> Response:
        script.readings.append(await request.json())
        return Response(status_code=204)

    @app.get("/api/v1/sign/{code}/document")
    def sheet(code: str) -> JSONResponse:
        return JSONResponse({"step": "sign", "round_id": "round1"})

    @app.get("/worker-login")
    def login() -> Response:
        return Response("login", media_type="text/html")

    app.include_router(worker_pages)
    web = install_web(app, WebConfig("http://localhost", test=True))
    release = page_release(NODE_MODULES)
    web.serve_release(release.digest, release.served())
    return app


def sample_pdf() -> bytes:
    """A real base document."""
    return Renderer(FontBook.load(FontBook.npm(NODE_MODULES))).render("agreement/1", DATA).pdf


def sample_png(pdf: bytes) -> bytes:
    """Its first page as a picture."""
    return draw_page(pdf, 1)
