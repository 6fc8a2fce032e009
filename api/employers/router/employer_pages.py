"""The employer's home: the organisation, its documents, what is ready and what comes next."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response, UploadFile

from api.employers.router.access import Employer, Service, document, form_error, read_upload
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

router = APIRouter()


@router.get("/employer")
def home(request: Request, service: Service, who: Employer) -> Response:
    """The organisation, what is done and what comes next."""
    return page(request, "employers/home.html", errors=[], **_home(service, who))


def _home(service: EmployersService, who: Principal) -> dict[str, Any]:
    member, org, grant, expired = service.agents.own_authority(who)
    current, waiting, _ = service.seals.current(who)
    representative = member.kind == "representative"
    return {
        "org": org,
        "member": member,
        "grant": grant,
        "expired": expired,
        "representative": representative,
        "materials": {row.kind: row for row in service.registration.own_materials(who)}
        if representative
        else {},
        "wallet": next((w for w in service.wallets.own(who) if w.state == "active"), None),
        "seal": current,
        "seal_waiting": waiting,
        "statements": service.statements.listed(who) if representative else [],
        "agents": service.agents.listed(who) if representative else [],
        **words(),
    }


@router.post("/employer/materials/{kind}")
def upload(request: Request, service: Service, who: Employer, kind: str, file: UploadFile) -> Response:
    """Hand in a document."""
    try:
        service.registration.upload(who, kind, read_upload(file))
    except DomainError as error:
        _, text = form_error(request, error)
        return page(request, "employers/home.html", status=422, errors=[(kind, text)], **_home(service, who))
    return redirect(request, "/employer", notice=N_("文件已加密保存。"))


@router.get("/employer/materials/{kind}")
def material(service: Service, who: Employer, kind: str) -> Response:
    """One of the organisation's own documents."""
    row = service.registration.material(who, None, kind)
    return document(row.data, row.media_type, row.kind)
