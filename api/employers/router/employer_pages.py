"""Pages for employers: registration, home with the application's progress, and signing of statements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile

from api.employers import schemas as s
from api.employers.router import people_pages
from api.employers.router.access import Employer, Service, document, form_error, read_upload
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.employers.service.registration import Application
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

router = APIRouter()
router.include_router(people_pages.router)

Text = Annotated[str, Form()]
_FIELDS = ("name", "uscc", "region_code", "domicile", "legal_representative", "id_number", "phone", "login")


@router.get("/employer/register")
def registration(request: Request) -> Response:
    """The form, for anybody."""
    return _form(request, {}, [])


def _form(
    request: Request, values: Mapping[str, str], errors: list[tuple[str, str]], **more: Any
) -> Response:
    shown = {field: values.get(field, "") for field in _FIELDS}
    status = 422 if errors else 200
    context = {"values": shown, "errors": errors, "amending": False, **more}
    return page(request, "employers/register.html", status=status, **context)


def _application(values: Mapping[str, str]) -> Application:
    digits = values["region_code"].strip()
    region = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else 0
    return Application(**{**{field: values[field] for field in _FIELDS}, "region_code": region})  # type: ignore[arg-type]


@router.post("/employer/register")
def register(
    request: Request,
    service: Service,
    name: Text = "",
    uscc: Text = "",
    region_code: Text = "",
    domicile: Text = "",
    legal_representative: Text = "",
    id_number: Text = "",
    phone: Text = "",
    login: Text = "",
) -> Response:
    """Take the application; the account's credentials are shown once."""
    values = dict(
        zip(
            _FIELDS,
            (name, uscc, region_code, domicile, legal_representative, id_number, phone, login),
            strict=True,
        )
    )
    try:
        done = service.registration.register(_application(values))
    except DomainError as error:
        return _form(request, values, [form_error(request, error)])
    return page(
        request,
        "employers/registered.html",
        account=done.account,
        state=done.state,
        uscc_passed=done.uscc_passed,
        agent=False,
    )


@router.get("/employer/amend")
def amendment(request: Request, service: Service, who: Employer) -> Response:
    """The application again, to be corrected."""
    member, org, _ = service.agents.own(who)
    values = {
        "name": org.name,
        "uscc": org.uscc,
        "region_code": str(org.region_code),
        "domicile": org.domicile,
        "legal_representative": org.legal_representative,
        "id_number": org.id_number,
        "phone": org.contact_phone,
        "login": member.login,
    }
    if member.kind != "representative":
        return redirect(request, "/employer")
    return _form(request, values, [], amending=True)


@router.post("/employer/amend")
def amend(
    request: Request,
    service: Service,
    who: Employer,
    name: Text = "",
    uscc: Text = "",
    region_code: Text = "",
    domicile: Text = "",
    legal_representative: Text = "",
    id_number: Text = "",
    phone: Text = "",
) -> Response:
    """Correct or resubmit the application."""
    member, _, _ = service.agents.own(who)
    given = (name, uscc, region_code, domicile, legal_representative, id_number, phone, member.login)
    values = dict(zip(_FIELDS, given, strict=True))
    try:
        service.registration.amend(who, _application(values))
    except DomainError as error:
        return _form(request, values, [form_error(request, error)], amending=True)
    return redirect(request, "/employer", notice=N_("申请已更新，等待审核。"))


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


@router.get("/employer/statements/{statement_id}")
def statement(request: Request, service: Service, who: Employer, statement_id: str) -> Response:
    """What is about to be signed, in words and as typed data."""
    return statement_page(request, service, who, statement_id, "/employer/statements", [])


@router.post("/employer/statements/{statement_id}")
def sign(
    request: Request,
    service: Service,
    who: Employer,
    statement_id: str,
    signature: Text = "",
    passphrase: Text = "",
) -> Response:
    """Sign with the passphrase, or hand in the wallet's signature."""
    return sign_statement(request, service, who, statement_id, "/employer", signature, passphrase)


def statement_page(
    request: Request,
    service: EmployersService,
    who: Principal,
    statement_id: str,
    action: str,
    errors: list[tuple[str, str]],
) -> Response:
    """The page on which a statement is read and signed; the desk uses it too."""
    row, prepared = service.statements.show(who, statement_id)
    return page(
        request,
        "employers/statement.html",
        status=422 if errors else 200,
        row=row,
        prepared=prepared,
        typed_data=json.dumps(prepared.typed_data, ensure_ascii=False, indent=1),
        valid_until=datetime.fromtimestamp(row.message.get("validUntil", 0), UTC),
        action=f"{action}/{statement_id}",
        errors=errors,
        **words(),
    )


def sign_statement(
    request: Request,
    service: EmployersService,
    who: Principal,
    statement_id: str,
    home_path: str,
    signature: str,
    passphrase: str,
) -> Response:
    """Submit a statement from a page."""
    try:
        service.statements.submit(
            who, statement_id, signature=s.signature_bytes(signature), passphrase=passphrase or None
        )
    except DomainError as error:
        action = "/review/statements" if home_path.startswith("/review") else "/employer/statements"
        return statement_page(request, service, who, statement_id, action, [form_error(request, error)])
    return redirect(request, home_path, notice=N_("声明已签署，正在写入链上。"))
