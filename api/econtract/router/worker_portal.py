"""The worker's own contracts: view, download, print, pictures, evidence, paper copy; free, and also after he has left.

指引 arts. 12, 13: any common device, no plug-in, at least one free paper copy. In WeChat's browser, which blocks
downloads, each download leads to a page that says how to go on and shows the pages as pictures.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from api.econtract.router import worker_words as words
from api.econtract.service.facade import Econtract
from api.infra.auth import Principal, principal
from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.infra.web.render import web_of
from api.kernel.errors import forbidden

pages = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]


def in_wechat(request: Request) -> bool:
    """Whether this is WeChat's own browser: no downloads, no pop-ups, often no passkeys."""
    return "micromessenger" in request.headers.get("user-agent", "").lower()


def worker(request: Request) -> Principal:
    """The worker who asks; without a session he is asked to identify himself again."""
    who = principal(request)
    if who.kind != "worker":
        raise forbidden("not_logged_in")
    return who


def _econtract(request: Request) -> Econtract:
    found: Econtract = request.app.state.container.econtract
    return found


def _link(request: Request, pk: str) -> str:
    return f"{web_of(request).config.public_origin}/me/contracts/{pk}"


def attachment(data: bytes, filename: str, media_type: str) -> Response:
    """A download with a name in any script."""
    names = f"attachment; filename*=UTF-8''{quote(filename)}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": names})


def pdf(data: bytes, filename: str, *, inline: bool) -> Response:
    """A PDF to be looked at or downloaded."""
    if not inline:
        return attachment(data, filename, "application/pdf")
    return Response(data, media_type="application/pdf", headers={"Content-Disposition": "inline"})


def _pages(data: bytes) -> int:
    from pyhanko.pdf_utils.reader import PdfFileReader  # here: half a second that most pages don't need

    return int(PdfFileReader(BytesIO(data)).root["/Pages"]["/Count"])


def pictures(request: Request, data: bytes, base: str, *, back: str) -> HTMLResponse:
    """A page with every page of a PDF as a picture; the pictures have addresses of their own."""
    return page(request, "econtract/worker/pictures.html", base=base, count=_pages(data), back=back)


@pages.get("/me")
def contracts(request: Request) -> Response:
    """All contracts of this person, newest first."""
    who = principal(request)
    if who.kind != "worker":
        return redirect(request, "/worker-login")
    found = _econtract(request).portal.my_contracts(who)
    return page(request, "econtract/worker/contracts.html", contracts=found, states=words.STATES)


@pages.get("/me/contracts/{pk}")
def contract(request: Request, pk: str) -> HTMLResponse:
    """One contract: state, key facts, text, what can be done, who has read it."""
    detail = _econtract(request).portal.my_contract(worker(request), pk)
    return page(
        request,
        "econtract/worker/contract.html",
        detail=detail,
        facts=words.facts(detail.reading.key_facts),
        course=words.course(detail.history, language(request)),
        readers=words.readers(detail.accesses),
        states=words.STATES,
        wechat=in_wechat(request),
        link=_link(request, pk),
    )


@pages.get("/me/contracts/{pk}/document.pdf")
def document(request: Request, pk: str, how: str = "view") -> Response:
    """The newest revision, to be looked at, downloaded or printed."""
    if how == "download" and in_wechat(request):
        return redirect(request, f"/me/contracts/{pk}/elsewhere?what=contract")
    data = _econtract(request).portal.my_pdf(worker(request), pk, how)
    return pdf(data, f"contract-{pk[:8]}.pdf", inline=how != "download")


@pages.get("/me/contracts/{pk}/pages")
def picture_pages(request: Request, pk: str) -> HTMLResponse:
    """All pages as pictures; press and hold keeps one."""
    data = _econtract(request).portal.my_pdf(worker(request), pk, "view")
    return pictures(request, data, f"/me/contracts/{pk}/pages", back=f"/me/contracts/{pk}")


@pages.get("/me/contracts/{pk}/pages/{number}.png")
def picture(request: Request, pk: str, number: int) -> Response:
    """One page as a picture."""
    image = _econtract(request).portal.my_page(worker(request), pk, number)
    return Response(image, media_type="image/png")


@pages.get("/me/contracts/{pk}/print")
def printable(request: Request, pk: str) -> HTMLResponse:
    """The text for the printer, with the digest of the file that it stands for."""
    who, portal = worker(request), _econtract(request).portal
    digest = hashlib.sha256(portal.my_pdf(who, pk, "print")).hexdigest()
    detail = portal.my_contract(who, pk)
    facts = words.facts(detail.reading.key_facts)
    return page(request, "econtract/worker/print.html", detail=detail, facts=facts, digest=digest)


@pages.get("/me/contracts/{pk}/elsewhere")
def elsewhere(request: Request, pk: str, what: str = "contract") -> HTMLResponse:
    """Where a browser blocks downloads: open in another browser, copy the link, or look at pictures."""
    detail = _econtract(request).portal.my_contract(worker(request), pk)
    return page(
        request,
        "econtract/worker/elsewhere.html",
        contract=detail.contract,
        link=_link(request, pk),
        what=what,
    )


@pages.post("/me/contracts/{pk}/withdraw")
def withdraw(request: Request, pk: str, reason: Text = "") -> Response:
    """Take the signature back while the employer has not signed."""
    _econtract(request).portal.my_withdrawal(worker(request), pk, reason)
    return redirect(request, f"/me/contracts/{pk}", notice=N_("已撤回您的签名，并已通知单位。"))


@pages.post("/me/contracts/{pk}/not-me")
def not_me(request: Request, pk: str, note: Text = "") -> Response:
    """“This was not me”."""
    _econtract(request).portal.my_dispute(worker(request), pk, note.strip())
    notice = N_("已记录在案，这份合同已停下，工作人员会联系您。")
    return redirect(request, f"/me/contracts/{pk}", notice=notice)
