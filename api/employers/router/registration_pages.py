"""Pages for registering an organisation, and for correcting the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response

from api.employers.router.access import Employer, Service, form_error
from api.employers.service.registration import Application
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

router = APIRouter()

Text = Annotated[str, Form()]
_FIELDS = ("name", "uscc", "region_code", "domicile", "legal_representative", "id_number", "phone", "login")


def _given(
    name: Text = "",
    uscc: Text = "",
    region_code: Text = "",
    domicile: Text = "",
    legal_representative: Text = "",
    id_number: Text = "",
    phone: Text = "",
    login: Text = "",
) -> dict[str, str]:
    values = (name, uscc, region_code, domicile, legal_representative, id_number, phone, login)
    return dict(zip(_FIELDS, values, strict=True))


Given = Annotated[dict[str, str], Depends(_given)]


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
def register(request: Request, service: Service, values: Given) -> Response:
    """Take the application; the account's credentials are shown once."""
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
def amend(request: Request, service: Service, who: Employer, given: Given) -> Response:
    """Correct or resubmit the application; the login stays."""
    member, _, _ = service.agents.own(who)
    values = {**given, "login": member.login}
    try:
        service.registration.amend(who, _application(values))
    except DomainError as error:
        return _form(request, values, [form_error(request, error)], amending=True)
    return redirect(request, "/employer", notice=N_("申请已更新，等待审核。"))
