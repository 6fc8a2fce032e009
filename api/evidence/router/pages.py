"""Pages: public verification and trust root, the evidence desk of those who are entitled, the report."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from api.evidence.router.access import (
    CaseNo,
    Party,
    Purpose,
    Ref,
    Service,
    Supervisor,
    download,
    package_file,
    read_upload,
)
from api.evidence.router.offline import BUILD, offline_verifier
from api.evidence.router.presentation import TONES, shown
from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()


@pages.get("/verify")
def verify_page(request: Request, service: Service) -> HTMLResponse:
    """Drop a package here; no login."""
    return _verify_page(request, service, None, status=200)


@pages.post("/verify")
def verify_upload(
    request: Request, service: Service, file: Annotated[UploadFile | None, File()] = None
) -> HTMLResponse:
    """Verify the uploaded file and show every step."""
    try:
        result = service.verify(read_upload(file))
    except DomainError as error:
        if error.code not in ("evidence.file_missing", "evidence.file_too_large"):
            raise
        return _verify_page(request, service, None, status=422, error=error.code)
    return _verify_page(request, service, shown(result, language(request)), status=200)


def _verify_page(
    request: Request, service: Service, result: dict[str, Any] | None, *, status: int, error: str = ""
) -> HTMLResponse:
    root = service.trust_root()
    return page(
        request,
        "evidence/verify.html",
        status=status,
        result=result,
        error=error,
        fingerprint=root.fingerprint,
        offline=offline_verifier(),
        build_command=BUILD,
        test_root=root.test,
    )


@pages.get("/evidence")
def desk(
    request: Request,
    who: Party,
    ref: Annotated[str, Query(max_length=64)] = "",
    case_no: CaseNo = None,
    purpose: Purpose = None,
) -> HTMLResponse:
    """Where a court, a regulator or an employer asks for a contract's evidence."""
    authority = who.has("court", "regulator")
    return page(
        request,
        "evidence/desk.html",
        ref=ref,
        case_no=case_no or "",
        purpose=purpose or "",
        authority=authority,
    )


@pages.get("/evidence/package")
def desk_package(
    service: Service,
    who: Party,
    ref: Annotated[str, Query()],
    case_no: CaseNo = None,
    purpose: Purpose = None,
) -> Response:
    """Download from the desk's form."""
    return package_file(service.package(who, ref.strip(), case_no=case_no, purpose=purpose))


@pages.get("/evidence/supervision")
def desk_supervision(service: Service, who: Supervisor, contract_id: Annotated[str, Query()]) -> Response:
    """The regulator's export from the desk's form."""
    return package_file(service.supervision_package(who, contract_id.strip()))


@pages.get("/evidence/report")
def desk_report(
    request: Request,
    service: Service,
    who: Party,
    ref: Annotated[str, Query()],
    case_no: CaseNo = None,
    purpose: Purpose = None,
) -> HTMLResponse:
    """The report as a page."""
    return _report(request, service, who, ref.strip(), case_no, purpose)


@pages.get("/contracts/{ref}/evidence/report")
def report_page(
    request: Request, service: Service, who: Party, ref: Ref, case_no: CaseNo = None, purpose: Purpose = None
) -> HTMLResponse:
    """The report of one contract as a page."""
    return _report(request, service, who, ref, case_no, purpose)


def _report(
    request: Request, service: Service, who: Party, ref: str, case_no: str | None, purpose: str | None
) -> HTMLResponse:
    report = service.report(who, ref, lang=language(request), case_no=case_no, purpose=purpose)
    return page(
        request,
        "evidence/report.html",
        report=asdict(report),
        tone=TONES[report.verdict],
        tones=TONES,
        ref=ref,
        case_no=case_no or "",
        purpose=purpose or "",
    )


@pages.post("/contracts/{ref}/paper-copies")
def order_paper_copy(request: Request, service: Service, who: Party, ref: Ref) -> Response:
    """Order a paper copy and come back to it."""
    copy = service.order_paper_copy(who, ref)
    return redirect(
        request, f"/contracts/{ref}/paper-copies/{copy.number}.pdf", notice=N_("纸质打印件已登记，免费。")
    )


@pages.get("/contracts/{ref}/paper-copies/{number}.pdf")
def paper_copy(request: Request, service: Service, who: Party, ref: Ref, number: int) -> Response:
    """The print version of an ordered copy."""
    data = service.paper_copy_pdf(who, ref, number, lang=language(request))
    return download(data, "application/pdf", f"paper-copy-{ref[:16]}-{number}.pdf")
