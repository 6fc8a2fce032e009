"""Pages: one's own security settings and credentials, accounts of staff (operator), review desk for people."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Form, Request, Response
from markupsafe import Markup

from api.identity.model import NewAccount
from api.identity.router.context import Field, Key, identity
from api.identity.router.forms import attempt
from api.identity.service import Identity
from api.infra.auth import Principal, require
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError, invalid

pages = APIRouter()
Services = Annotated[Identity, Depends(identity)]
Someone = Annotated[Principal, Depends(require())]
Operator = Annotated[Principal, Depends(require("operator"))]
Officer = Annotated[Principal, Depends(require("review_officer"))]
Employer = Annotated[Principal, Depends(require("representative", "agent"))]
Many = Annotated[list[str], Form()]

NONE: dict[str, Any] = {"error": "", "error_field": ""}


def totp_picture(uri: str) -> Markup:
    """The second factor's address as an inline picture (SVG without style), for the authenticator's camera."""
    picture = segno.make(uri, micro=False).svg_inline(
        scale=4, border=2, light="#fff", svgclass=None, lineclass=None
    )
    return Markup(picture)  # noqa: S704  made by the library from a URI of ours, no user markup


# -------------------------------------------------------------------------------------- one's own


def _security(request: Request, services: Identity, who: Principal, **more: Any) -> dict[str, Any]:
    machines = services.machines.listed(who) if who.has("representative", "agent") else []
    return {"machines": machines, "secret": "", **more}


@pages.get("/account/security")
def security(request: Request, services: Services, who: Someone) -> Response:
    return page(request, "identity/security.html", **_security(request, services, who), **NONE)


@pages.post("/account/security/password")
def change_password(
    request: Request, services: Services, who: Someone, old: Field, new_password: Field, repeat: Field
) -> Response:
    def act() -> Response:
        if new_password != repeat:
            raise invalid("identity.password_repeat", pointer="/repeat")
        services.login.change_password(who, old, new_password)
        return redirect(request, "/account/security", notice=N_("密码已更改，其他设备上的登录已失效。"))

    return attempt(request, "identity/security.html", act, **_security(request, services, who))


@pages.post("/account/security/credentials")
def create_credential(
    request: Request, services: Services, who: Employer, label: Field, scopes: Many
) -> Response:
    def act() -> Response:
        _, secret = services.machines.create(who, label, frozenset(scopes))
        shown = _security(request, services, who, secret=secret)
        return page(request, "identity/security.html", **shown, **NONE)

    return attempt(request, "identity/security.html", act, **_security(request, services, who))


@pages.post("/account/security/credentials/{credential_id}/revoke")
def revoke_credential(request: Request, services: Services, who: Employer, credential_id: Key) -> Response:
    services.machines.revoke(who, credential_id)
    return redirect(request, "/account/security", notice=N_("系统凭证已停用。"))


# --------------------------------------------------------------------------------- operator: accounts


def _accounts(services: Identity, made: NewAccount | None = None) -> dict[str, Any]:
    picture = totp_picture(made.totp_uri) if made is not None else ""
    return {"accounts": services.accounts.staff(), "made": made, "picture": picture, "values": {}}


@pages.get("/operator/accounts")
def accounts(request: Request, services: Services, _who: Operator) -> Response:
    return page(request, "identity/accounts.html", **_accounts(services), **NONE)


@pages.post("/operator/accounts")
def create_account(
    request: Request,
    services: Services,
    who: Operator,
    login: Field,
    display_name: Field,
    role: Field,
    phone: Field = "",
) -> Response:
    def act() -> Response:
        made = services.accounts.create_staff(
            login, display_name, frozenset({role}), by=who, phone=phone or None
        )
        return page(request, "identity/accounts.html", **_accounts(services, made), **NONE)

    shown = _accounts(services) | {"values": {"login": login, "display_name": display_name, "role": role}}
    return attempt(request, "identity/accounts.html", act, **shown)


@pages.post("/operator/accounts/{account_id}/{action}")
def change_account(
    request: Request, services: Services, who: Operator, account_id: Key, action: str
) -> Response:
    services.accounts.get(account_id)
    if action == "reset":
        made = services.accounts.reset(account_id, who)
        return page(request, "identity/accounts.html", **_accounts(services, made), **NONE)
    if action == "disable":
        services.accounts.disable(account_id, who)
    elif action == "enable":
        services.accounts.enable(account_id, who)
    else:
        raise DomainError("not_found", "not_found")
    return redirect(request, "/operator/accounts", notice=N_("账号已更新。"))


# ------------------------------------------------------------------------------------- review desk


def _review(services: Identity, who: Principal) -> dict[str, Any]:
    return {"cases": services.desk.cases(who), "reports": services.desk.reports(), "values": {}}


@pages.get("/people-review")
def review(request: Request, services: Services, who: Officer) -> Response:
    return page(request, "identity/people_review.html", **_review(services, who), **NONE)


@pages.post("/people-review")
def prepare(
    request: Request,
    services: Services,
    who: Officer,
    name: Field,
    id_number: Field,
    phone: Field,
    contract_id: Field = "",
    id_kind: Field = "resident_id",
) -> Response:
    def act() -> Response:
        made = services.desk.prepare(
            who, name, id_number, phone, id_kind=id_kind, contract_id=contract_id.strip() or None
        )
        return redirect(request, f"/people-review/{made['case_id']}")

    values = {"name": name, "id_number": id_number, "phone": phone, "contract_id": contract_id}
    return attempt(
        request, "identity/people_review.html", act, **(_review(services, who) | {"values": values})
    )


@pages.get("/people-review/{case_id}")
def case(request: Request, services: Services, who: Officer, case_id: Key) -> Response:
    return page(request, "identity/desk_case.html", case=services.desk.case_view(who, case_id), **NONE)


@pages.post("/people-review/{case_id}/signature")
def sign(
    request: Request,
    services: Services,
    who: Officer,
    case_id: Key,
    passphrase: Field = "",
    signature: Field = "",
) -> Response:
    def act() -> Response:
        given = None
        if signature.strip():
            try:
                given = bytes.fromhex(signature.strip().removeprefix("0x"))
            except ValueError:
                raise invalid("identity.signature_needed", pointer="/signature") from None
        services.desk.record(who, case_id, signature=given, passphrase=passphrase)
        return redirect(request, "/people-review", notice=N_("窗口核验已签名并登记。"))

    return attempt(request, "identity/desk_case.html", act, case=services.desk.case_view(who, case_id))


@pages.post("/people-review/reports/{report_id}/close")
def close(request: Request, services: Services, who: Officer, report_id: Key) -> Response:
    services.desk.close_report(who, report_id)
    return redirect(request, "/people-review", notice=N_("申诉已办结。"))
