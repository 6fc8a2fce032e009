"""Pages for the organisation's seal and its picture."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile

from api.employers import schemas as s
from api.employers.router.access import Employer, Service, form_error, read_upload
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/employer/seal")
def seal(request: Request, service: Service, who: Employer) -> Response:
    """The organisation's seal."""
    return _seal(request, service, who)


def _seal(
    request: Request, service: EmployersService, who: Principal, errors: list[tuple[str, str]] | None = None
) -> Response:
    current, waiting, picture = service.seals.current(who)
    member, org, _ = service.agents.own(who)
    return page(
        request,
        "employers/seal.html",
        status=422 if errors else 200,
        current=current,
        waiting=waiting,
        picture=picture.state if picture else "none",
        organisation=org,
        representative=member.kind == "representative",
        errors=errors or [],
        **words(),
    )


@router.post("/employer/seal")
def create_seal(
    request: Request,
    service: Service,
    who: Employer,
    passphrase: Text = "",
    repeated: Text = "",
    csr: Text = "",
) -> Response:
    """Have a seal certificate issued."""
    if passphrase != repeated:
        return _seal(request, service, who, [("repeated", N_("两次输入的口令不一致。"))])
    try:
        service.seals.create(who, passphrase=passphrase or None, request=s.request_bytes(csr))
    except DomainError as error:
        return _seal(request, service, who, [form_error(request, error)])
    return redirect(request, "/employer/seal", notice=N_("印章证书已签发，请签署启用声明。"))


@router.post("/employer/seal/use")
def use_seal(request: Request, service: Service, who: Employer) -> Response:
    """Prepare the statement that puts the new seal into use."""
    try:
        prepared = service.statements.prepare_seal_key(who)
    except DomainError as error:
        return _seal(request, service, who, [("", form_error(request, error)[1])])
    return redirect(request, f"/employer/statements/{prepared.statement_id}")


@router.post("/employer/seal/picture")
def upload_picture(request: Request, service: Service, who: Employer, file: UploadFile) -> Response:
    """Hand in the registered seal's picture."""
    try:
        service.seals.upload_picture(who, read_upload(file))
    except DomainError as error:
        return _seal(request, service, who, [form_error(request, error)])
    return redirect(request, "/employer/seal", notice=N_("印章图片已提交，等待核对。"))


@router.get("/employer/seal/picture.png")
def picture(service: Service, who: Employer) -> Response:
    """The organisation's own picture, checked to be nothing but a PNG."""
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(service.seals.own_picture(who), media_type="image/png", headers=headers)
