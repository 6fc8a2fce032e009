"""Screen two and the way into screen three: notice, key facts, full text, two boxes that nobody has ticked.

指引 art. 6: process, method, precautions, how to view and download, free of charge, before anything is signed. The ways
out (refuse, ask for a change, take back, "this was not me") are here too.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from api.econtract.router import worker_portal, worker_words
from api.econtract.service.facade import Econtract
from api.econtract.views import NOTICE_VERSION, Reading
from api.infra.auth import principal
from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.infra.web.render import web_of
from api.kernel.errors import DomainError

pages = APIRouter(include_in_schema=False)

BACK_TO_IDENTITY = frozenset(
    {"econtract.identify_first", "econtract.session_expired", "econtract.session_elsewhere"}
)
Text = Annotated[str, Form()]


def econtract(request: Request) -> Econtract:
    """The slice's services."""
    found: Econtract = request.app.state.container.econtract
    return found


@pages.get("/s/{code}/text")
def text(request: Request, code: str) -> Response:
    """Screen two: notice, key facts, full text, two boxes that nobody has ticked."""
    try:
        reading = econtract(request).worker.document(code, principal(request))
    except DomainError as error:
        if error.code in BACK_TO_IDENTITY:
            return redirect(request, f"/s/{code}")
        raise
    return _reading(request, code, reading)


def _reading(
    request: Request, code: str, reading: Reading, *, status: int = 200, missing: bool = False
) -> HTMLResponse:
    return page(
        request,
        "econtract/worker/read.html",
        status=status,
        code=code,
        reading=reading,
        facts=worker_words.facts(reading.key_facts),
        missing=missing,
        wechat=worker_portal.in_wechat(request),
        release=web_of(request).signing_release,
    )


@pages.post("/s/{code}/consent")
def consent(request: Request, code: str, notice: Text = "", electronic: Text = "") -> Response:
    """Both boxes ticked: on to the signature."""
    service, who = econtract(request).worker, principal(request)
    if not (notice and electronic):
        return _reading(request, code, service.document(code, who), status=422, missing=True)
    service.consent(code, who, notice=True, electronic=True, notice_version=NOTICE_VERSION)
    return redirect(request, f"/s/{code}/sign")


@pages.get("/s/{code}/sign")
def sign(request: Request, code: str) -> Response:
    """Into the signing page, a set of static files; the invitation's code travels in the fragment only."""
    found = econtract(request).worker.landing(code, principal(request))
    if found.step != "sign":
        return redirect(request, f"/s/{code}")
    release = web_of(request).signing_release
    return RedirectResponse(f"/signing-page/{release}/index.html#{code}", status_code=303)


@pages.get("/s/{code}/signing-context")
def signing_context(request: Request, code: str) -> JSONResponse:
    """What the static signing page cannot know: its session's CSRF token, language and hot line."""
    config = web_of(request).config
    return JSONResponse(
        {
            "csrf_token": principal(request).csrf_token,
            "language": language(request),
            "hotline": config.hotline,
            "test": config.test,
        }
    )


@pages.get("/s/{code}/document.pdf")
def document_pdf(request: Request, code: str) -> Response:
    """The base document."""
    data = econtract(request).worker.document_pdf(code, principal(request))
    return worker_portal.pdf(data, "contract.pdf", inline=True)


@pages.get("/s/{code}/pages")
def document_pages(request: Request, code: str) -> HTMLResponse:
    """All pages as pictures, for browsers that show no PDF."""
    data = econtract(request).worker.document_pdf(code, principal(request))
    return worker_portal.pictures(request, data, f"/s/{code}/pages", back=f"/s/{code}/text")


@pages.get("/s/{code}/pages/{number}.png")
def document_page(request: Request, code: str, number: int) -> Response:
    """One page as a picture."""
    image = econtract(request).worker.page_image(code, principal(request), number)
    return Response(image, media_type="image/png")


@pages.post("/s/{code}/reject")
def reject(request: Request, code: str, reason: Text = "") -> Response:
    """Refuse the contract."""
    econtract(request).worker.reject(code, principal(request), reason)
    return redirect(request, f"/s/{code}", notice=N_("已拒绝签署，并已通知单位。"))


@pages.post("/s/{code}/change")
def change(request: Request, code: str, reason: Text = "") -> Response:
    """Ask for another text."""
    econtract(request).worker.request_change(code, principal(request), reason)
    return redirect(request, f"/s/{code}", notice=N_("修改要求已转给单位。"))


@pages.post("/s/{code}/withdraw")
def withdraw(request: Request, code: str, reason: Text = "") -> Response:
    """Take the signature back while the employer has not signed."""
    econtract(request).worker.withdraw(code, principal(request), reason)
    return redirect(request, f"/s/{code}", notice=N_("已撤回您的签名，并已通知单位。"))


@pages.post("/s/{code}/not-me")
def not_me(request: Request, code: str, note: Text = "") -> Response:
    """“This was not me”: reachable with the link alone."""
    econtract(request).worker.not_me(code, principal(request), note.strip())
    return redirect(request, f"/s/{code}", notice=N_("已记录在案，这份合同已停下，工作人员会联系您。"))
