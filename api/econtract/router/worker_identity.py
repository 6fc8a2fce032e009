"""Screen one: who are you? The privacy notice stands before any field (PIPL art. 17; 指引 art. 7).

Errors never name the element that was wrong. Every address works again after back, reload or on another phone: the
service knows the step, pages only follow it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.econtract.router import worker_words
from api.econtract.service.facade import Econtract
from api.econtract.views import PRIVACY_VERSION, Landing
from api.infra.auth import principal
from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter(include_in_schema=False)

SAY_AGAIN = frozenset({ErrorKind.INVALID, ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.UNAVAILABLE})
STARTS_OVER = frozenset(
    {"identity.check_expired", "identity.check_unknown", "identity.acknowledgement_unknown"}
)
Text = Annotated[str, Form()]


def econtract(request: Request) -> Econtract:
    """The slice's services."""
    found: Econtract = request.app.state.container.econtract
    return found


def _visitor(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _problem(request: Request, error: DomainError) -> dict[str, Any]:
    return {
        "code": error.code,
        "text": text_of(error.code, error.facts, language(request)),
        "facts": error.facts,
    }


@pages.get("/s")
def short_code(request: Request, code: str = "") -> HTMLResponse:
    """Type the short code of the message on another device."""
    return page(request, "econtract/worker/short.html", code=code, error="")


@pages.post("/s")
def open_short_code(request: Request, code: Text = "") -> Response:
    """Look the short code up; guesses are counted."""
    plain = code.strip().upper().replace("-", "").replace(" ", "")
    try:
        econtract(request).worker.find_short(plain, _visitor(request))
    except DomainError as error:
        text = _problem(request, error)["text"]
        return page(request, "econtract/worker/short.html", status=422, code=code[:20], error=text)
    return redirect(request, f"/s/{plain}")


@pages.get("/s/{code}")
def landing(request: Request, code: str) -> Response:
    """The step at which this invitation stands, whoever opens it."""
    found = econtract(request).worker.landing(code, principal(request))
    if found.step == "notice":
        return redirect(request, f"/s/{code}/text")
    if found.step == "sign":
        return redirect(request, f"/s/{code}/sign")
    if found.step == "identity":
        return _identity(request, code, found, stage="notice")
    closed = worker_words.CLOSED.get(found.closed_as or "", N_("这个链接已失效"))
    return page(request, "econtract/worker/status.html", code=code, landing=found, closed_title=closed)


def _identity(
    request: Request, code: str, found: Landing, *, stage: str, status: int = 200, **context: Any
) -> HTMLResponse:
    values = {"error": None, "acknowledgement": "", "check": None, "name": "", "id_number": "", "phone": ""}
    return page(
        request,
        "econtract/worker/identity.html",
        status=status,
        code=code,
        landing=found,
        stage=stage,
        **(values | context),
    )


@pages.post("/s/{code}/privacy")
def acknowledge(request: Request, code: str) -> Response:
    """The privacy notice was shown: only now there are fields to fill in."""
    service = econtract(request).worker
    given = service.acknowledge_privacy(code, PRIVACY_VERSION, _visitor(request))
    return redirect(request, f"/s/{code}/who?notice={given}")


@pages.get("/s/{code}/who")
def identity_form(request: Request, code: str, notice: str = "", again: bool = False) -> Response:
    """Name and ID number; the phone of the invitation, or another of one's own."""
    found = econtract(request).worker.landing(code, principal(request))
    if found.step != "identity" or not notice:
        return redirect(request, f"/s/{code}")
    return _identity(request, code, found, stage="fields", acknowledgement=notice)


@pages.post("/s/{code}/who")
def start_identity(
    request: Request, code: str, notice: Text, name: Text = "", id_number: Text = "", phone: Text = ""
) -> Response:
    """Ask the identity service; a password is sent whether or not the person matches."""
    service = econtract(request).worker
    try:
        check = service.start_identity(code, notice, name, id_number, phone.strip() or None)
    except DomainError as error:
        if error.kind not in SAY_AGAIN:
            raise
        found = service.landing(code, principal(request))
        typed = {"name": name[:60], "id_number": id_number[:30], "phone": phone[:20]}
        problem = _problem(request, error)
        return _identity(
            request, code, found, stage="fields", status=422, acknowledgement=notice, error=problem, **typed
        )
    return redirect(
        request, f"/s/{code}/code?notice={notice}&check={check.check_id}&phone={check.phone_masked}"
    )


@pages.get("/s/{code}/code")
def code_form(
    request: Request,
    code: str,
    notice: str = "",
    check: str = "",
    phone: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The one-time password; a reload or a return to it changes nothing."""
    found = econtract(request).worker.landing(code, principal(request))
    if found.step != "identity" or not check:
        return redirect(request, f"/s/{code}")
    return _identity(request, code, found, stage="code", acknowledgement=notice, check=check, phone=phone)


@pages.post("/s/{code}/resend")
def resend(request: Request, code: str, notice: Text, check: Text, phone: Text = "") -> Response:
    """Send the password once more; the earlier one stays valid."""
    econtract(request).worker.resend_code(code, check)
    url = f"/s/{code}/code?notice={notice}&check={check}&phone={phone}"
    return redirect(request, url, notice=N_("验证码已再次发送，先收到的在有效期内也能用。"))


@pages.post("/s/{code}/code")
def confirm_identity(
    request: Request, code: str, notice: Text, check: Text, phone: Text = "", otp: Text = ""
) -> Response:
    """Confirm name, number, phone and password together; a new session begins and takes over."""
    services = econtract(request)
    try:
        identified, _ = services.worker.confirm_identity(code, check, otp.strip())
    except DomainError as error:
        if error.kind not in SAY_AGAIN:
            raise
        found = services.worker.landing(code, principal(request))
        problem = _problem(request, error)
        stage = "fields" if error.code in STARTS_OVER else "code"
        return _identity(
            request,
            code,
            found,
            stage=stage,
            status=422,
            acknowledgement=notice,
            check=check,
            phone=phone,
            error=problem,
        )
    response = redirect(request, f"/s/{code}")
    request.app.state.container.identity.sessions.set_cookie(
        response, identified.session_token, identified.expires_at
    )
    return response
