"""The worker's evidence package, report and paper copies (指引 arts. 12, 13, 16): free, alone, without the employer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from api.econtract.router.worker_portal import attachment, in_wechat, pdf, worker
from api.econtract.service.facade import Econtract
from api.econtract.service.portal import Portal
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect, wants_html
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter(include_in_schema=False)


class EvidenceDesk(Protocol):
    """What the evidence slice gives to a worker about his own contract (bound by the container)."""

    def package(self, principal: Principal, ref: str, /) -> Any:
        """The evidence package: data, filename, sha256."""
        ...

    def clause_package(self, principal: Principal, ref: str, number: int, /) -> Any:
        """A file that proves one clause and shows no other: data, filename."""
        ...

    def report_pdf(self, principal: Principal, ref: str, /) -> bytes:
        """The report on it as a PDF."""
        ...

    def order_paper_copy(self, principal: Principal, ref: str, /) -> Any:
        """Order a paper copy; the first is free."""
        ...

    def paper_copies(self, principal: Principal, ref: str, /) -> Sequence[Any]:
        """The copies ordered so far."""
        ...

    def paper_copy_pdf(self, principal: Principal, ref: str, number: int, /) -> bytes:
        """The print version of a copy."""
        ...


def _portal(request: Request) -> Portal:
    services: Econtract = request.app.state.container.econtract
    return services.portal


def _evidence(request: Request) -> EvidenceDesk:
    found: EvidenceDesk = request.app.state.container.evidence
    return found


@pages.get("/me/contracts/{pk}/evidence")
def evidence(request: Request, pk: str) -> Response:
    """The evidence package, one file; for the seconds until its events are anchored a page that waits for it."""
    who = worker(request)
    if in_wechat(request):
        return redirect(request, f"/me/contracts/{pk}/elsewhere?what=evidence")
    try:
        package = _evidence(request).package(who, pk)
    except DomainError as error:
        if error.kind is not ErrorKind.UNAVAILABLE or not wants_html(request):
            raise
        detail = _portal(request).my_contract(who, pk)
        return page(request, "econtract/worker/preparing.html", status=503, contract=detail.contract)
    return attachment(package.data, package.filename, "application/zip")


@pages.post("/me/contracts/{pk}/clause")
def clause(request: Request, pk: str, clause: Annotated[int, Form(ge=1, le=1000)]) -> Response:
    """One clause by itself, to be shown to whom the worker likes; his employer is not told."""
    package = _evidence(request).clause_package(worker(request), pk, clause)
    return attachment(package.data, package.filename, "application/zip")


@pages.get("/me/contracts/{pk}/report.pdf")
def report(request: Request, pk: str) -> Response:
    """The report on the evidence, for people."""
    return pdf(_evidence(request).report_pdf(worker(request), pk), f"report-{pk[:8]}.pdf", inline=True)


@pages.get("/me/contracts/{pk}/paper-copy")
def paper(request: Request, pk: str) -> HTMLResponse:
    """Paper copies: what they are, the ones ordered, order one."""
    who = worker(request)
    detail = _portal(request).my_contract(who, pk)
    copies = _evidence(request).paper_copies(who, pk)
    return page(request, "econtract/worker/paper.html", contract=detail.contract, copies=copies)


@pages.post("/me/contracts/{pk}/paper-copy")
def order_paper(request: Request, pk: str) -> Response:
    """Order one; the first is never charged nor refused."""
    _evidence(request).order_paper_copy(worker(request), pk)
    return redirect(
        request,
        f"/me/contracts/{pk}/paper-copy",
        notice=N_("纸质副本已登记，可以马上打印，也可以到窗口领取。"),
    )


@pages.get("/me/contracts/{pk}/paper-copy/{number}.pdf")
def paper_pdf(request: Request, pk: str, number: int) -> Response:
    """The print version of an ordered copy."""
    data = _evidence(request).paper_copy_pdf(worker(request), pk, number)
    return pdf(data, f"copy-{pk[:8]}-{number}.pdf", inline=True)
