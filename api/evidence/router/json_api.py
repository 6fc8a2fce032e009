"""JSON API: packages, reports, paper copies, verification, trust root."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Request, Response, UploadFile

from api.evidence import schemas as s
from api.evidence.router.access import (
    CaseNo,
    ContractId,
    Party,
    Purpose,
    Ref,
    Service,
    Supervisor,
    download,
    package_file,
    read_upload,
)
from api.infra.idempotency import IdempotentRoute
from api.infra.web import language

ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "evidence package, format v1"}
}
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}

api = APIRouter(tags=["evidence"])
_posting = APIRouter(tags=["evidence"], route_class=IdempotentRoute)


@api.get("/contracts/{ref}/evidence", response_class=Response, responses=ZIP)
def evidence(
    service: Service, who: Party, ref: Ref, case_no: CaseNo = None, purpose: Purpose = None
) -> Response:
    """The evidence package of a concluded contract: free, for worker and employer at any time; court and regulator
    name a case number and a purpose, which the worker sees."""
    return package_file(service.package(who, ref, case_no=case_no, purpose=purpose))


@api.get("/contracts/{ref}/evidence/report")
def report(
    request: Request, service: Service, who: Party, ref: Ref, case_no: CaseNo = None, purpose: Purpose = None
) -> s.ReportOut:
    """The evidence report under the four headings of article 8 of the electronic signature law."""
    made = service.report(who, ref, lang=language(request), case_no=case_no, purpose=purpose)
    return s.ReportOut.of(made)


@api.get("/contracts/{ref}/evidence/report.pdf", response_class=Response, responses=PDF)
def report_pdf(
    request: Request, service: Service, who: Party, ref: Ref, case_no: CaseNo = None, purpose: Purpose = None
) -> Response:
    """The report as PDF."""
    data = service.report_pdf(who, ref, lang=language(request), case_no=case_no, purpose=purpose)
    return download(data, "application/pdf", f"evidence-report-{ref[:16]}.pdf")


@_posting.post("/contracts/{ref}/paper-copies", status_code=201)
def order_paper_copy(service: Service, who: Party, ref: Ref) -> s.PaperCopyOut:
    """Order a paper copy: free, never refused to a party."""
    return s.PaperCopyOut.of(service.order_paper_copy(who, ref), ref)


@api.get("/contracts/{ref}/paper-copies")
def paper_copies(service: Service, who: Party, ref: Ref) -> list[s.PaperCopyOut]:
    """Paper copies that the caller's side has ordered."""
    return [s.PaperCopyOut.of(copy, ref) for copy in service.paper_copies(who, ref)]


@api.get("/contracts/{ref}/paper-copies/{number}.pdf", response_class=Response, responses=PDF)
def paper_copy(request: Request, service: Service, who: Party, ref: Ref, number: int) -> Response:
    """The print version: cover with digest and QR code, then the pages."""
    data = service.paper_copy_pdf(who, ref, number, lang=language(request))
    return download(data, "application/pdf", f"paper-copy-{ref[:16]}-{number}.pdf")


@api.get("/supervision/contracts/{contract_id}/evidence", response_class=Response, responses=ZIP)
def supervision(
    service: Service,
    who: Supervisor,
    contract_id: ContractId,
    case_no: CaseNo = None,
    purpose: Purpose = None,
) -> Response:
    """One contract's events with inclusion proofs against a checkpoint, without text or payloads."""
    return package_file(service.supervision_package(who, contract_id, case_no=case_no, purpose=purpose))


@api.post("/verify")
def verify(
    service: Service, file: Annotated[UploadFile, File(description="evidence package, at most 20 MB")]
) -> s.VerdictOut:
    """Verify a package under this installation's trust root. No login; nothing is kept. A failed verification is an
    answer, not an error."""
    return s.VerdictOut.model_validate(service.verify(read_upload(file)))


@api.get("/trust-root", response_class=Response)
def trust_root(service: Service) -> Response:
    """The trust root of this installation (canonical JSON; its SHA-256 is the fingerprint)."""
    return download(service.trust_root_bytes(), "application/json", "trust-root.json")


@api.get("/trust-root/fingerprint")
def fingerprint(service: Service) -> s.FingerprintOut:
    """The fingerprint, to be compared over another channel."""
    root = service.trust_root()
    return s.FingerprintOut(
        fingerprint=root.fingerprint,
        version=int(root.value["version"]),
        test=root.test,
        url="/api/v1/trust-root",
    )


api.include_router(_posting)
