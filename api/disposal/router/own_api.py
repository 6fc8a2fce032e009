"""JSON for the enterprise's own account: notices addressed to it, what it says, what it is answered."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form
from fastapi.responses import Response

from api.disposal.router.access import Employer, Id, Service
from api.disposal.router.boards_api import Files, download, given
from api.disposal.schemas import StatementIn
from api.disposal.schemas.papers import OwnCaseOut
from api.infra.idempotency import IdempotentRoute

api = APIRouter(prefix="/own", route_class=IdempotentRoute)


def notice_file(number: str, body: bytes) -> Response:
    """A notice's PDF under its number."""
    headers = {
        "Content-Disposition": f"inline; filename=\"notice.pdf\"; filename*=UTF-8''{quote(number)}.pdf",
        "Cache-Control": "no-store",
    }
    return Response(body, media_type="application/pdf", headers=headers)


@api.get("/cases", summary="Warnings that were disclosed to the caller's enterprise")
def cases(disposal: Service, who: Employer) -> list[OwnCaseOut]:
    """Newest notice first, without their statements."""
    return [OwnCaseOut.of(case) for case in disposal.own.cases(who)]


@api.get("/{case_id}", summary="One disclosed warning")
def case(disposal: Service, who: Employer, case_id: Id) -> OwnCaseOut:
    """404 for another's and for one that no notice has disclosed."""
    return OwnCaseOut.of(disposal.own.case(who, case_id))


@api.post("/{case_id}/statements", summary="The enterprise asks, explains or appeals", status_code=201)
def state(disposal: Service, who: Employer, case_id: Id, body: StatementIn) -> dict[str, str]:
    """By its own account, about a case of which a notice told it."""
    return {"id": disposal.own.state(who, case_id, body.kind, body.text)}


@api.post("/{case_id}/statements/files", summary="The same with files", status_code=201)
def state_with_files(
    disposal: Service,
    who: Employer,
    case_id: Id,
    kind: Annotated[str, Form(max_length=12)],
    text: Annotated[str, Form(max_length=4000)],
    files: Files,
) -> dict[str, str]:
    """At most five PDF, JPEG, PNG or WebP files of 4 MB each."""
    return {"id": disposal.own.state(who, case_id, kind, text, given(files))}


@api.get("/notices/{notice_id}/pdf", summary="A notice's file")
def notice(disposal: Service, who: Employer, notice_id: Id) -> Response:
    """The first opening is recorded as service."""
    return notice_file(*disposal.own.notice(who, notice_id))


@api.get("/attachments/{attachment_id}", summary="A file of the enterprise's own")
def attachment(disposal: Service, who: Employer, attachment_id: Id) -> Response:
    """As it was given."""
    return download(disposal.own.attachment(who, attachment_id))
