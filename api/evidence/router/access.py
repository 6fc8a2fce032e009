"""Dependencies of the slice's routes, and how files are handed out."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response, UploadFile

from api.evidence.model import Package
from api.evidence.service import EvidenceService
from api.infra.auth import Principal, require
from chain.package import MAX_BYTES


def _service(request: Request) -> EvidenceService:
    service: EvidenceService = request.app.state.container.evidence
    return service


Service = Annotated[EvidenceService, Depends(_service)]
Party = Annotated[Principal, Depends(require("worker", "representative", "agent", "court", "regulator"))]
Supervisor = Annotated[Principal, Depends(require("regulator", "court", "auditor"))]
Ref = Annotated[
    str, Path(pattern=r"^([a-z2-7]{26}|[0-9a-f]{64})$", description="26-character id or contract id")
]
ContractId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
CaseNo = Annotated[str | None, Query(max_length=80, description="authorities: case number")]
Purpose = Annotated[str | None, Query(max_length=400, description="authorities: purpose of reading")]


def download(data: bytes, media_type: str, name: str) -> Response:
    """A file for the caller alone: never shown inside our origin, never cached."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=media_type, headers=headers)


def package_file(package: Package) -> Response:
    """A package as a download, with its digest in a header."""
    response = download(package.data, "application/zip", package.filename)
    response.headers["X-Content-SHA256"] = package.sha256
    return response


def read_upload(file: UploadFile | None) -> bytes:
    """The uploaded bytes; one more than the limit is enough to refuse them."""
    return file.file.read(MAX_BYTES + 1) if file is not None else b""
