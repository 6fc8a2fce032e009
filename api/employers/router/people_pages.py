"""Pages for wallets, agents and the seal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile

from api.employers import schemas as s
from api.employers.router.access import Employer, Holder, Service, form_error, read_upload
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError, not_found

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/employer/wallet")
def wallet(request: Request, service: Service, who: Holder) -> Response:
    """The caller's wallets."""
    return _wallet(request, service, who)


def _wallet(
    request: Request,
    service: EmployersService,
    who: Principal,
    errors: list[tuple[str, str]] | None = None,
    challenge: object = None,
) -> Response:
    wallets = service.wallets.own(who)
    return page(
        request,
        "employers/wallet.html",
        status=422 if errors else 200,
        wallets=wallets,
        active=next((item for item in wallets if item.state == "active"), None),
        officer=who.has("review_officer"),
        challenge=challenge,
        errors=errors or [],
        **words(),
    )


@router.post("/employer/wallet/keystore")
def create_wallet(
    request: Request, service: Service, who: Holder, passphrase: Text = "", repeated: Text = ""
) -> Response:
    """Make a wallet under a passphrase."""
    if passphrase != repeated:
        return _wallet(request, service, who, [("repeated", N_("两次输入的口令不一致。"))])
    try:
        service.wallets.create_keystore(who, passphrase)
    except DomainError as error:
        return _wallet(request, service, who, [form_error(request, error)])
    return redirect(
        request, "/employer/wallet", notice=N_("钱包已建立。请下载备份并牢记口令，平台无法找回。")
    )


@router.post("/employer/wallet/challenge")
def challenge(request: Request, service: Service, who: Holder, address: Text = "") -> Response:
    """Show the text that the external wallet is to sign."""
    try:
        return _wallet(request, service, who, challenge=service.wallets.challenge(who, address.strip()))
    except DomainError as error:
        return _wallet(request, service, who, [("address", form_error(request, error)[1])])


@router.post("/employer/wallet/external")
def prove(
    request: Request, service: Service, who: Holder, challenge_id: Text = "", signature: Text = ""
) -> Response:
    """Register an external wallet by its signature."""
    try:
        service.wallets.prove_external(who, challenge_id, s.signature_bytes(signature) or b"")
    except DomainError as error:
        return _wallet(request, service, who, [form_error(request, error)])
    return redirect(request, "/employer/wallet", notice=N_("外部钱包已登记。"))


@router.post("/employer/wallet/lost")
def lost(request: Request, service: Service, who: Holder, address: Text = "") -> Response:
    """Report a wallet lost."""
    service.wallets.report_lost(who, address)
    back = (
        "/employer/wallet"
        if any(w.address == address for w in service.wallets.own(who))
        else "/employer/agents"
    )
    return redirect(request, back, notice=N_("钱包已报失，立即停用。"), tone="warning")


@router.get("/employer/wallet/keystore.json")
def backup(service: Service, who: Holder) -> Response:
    """The keystore as a file, for its holder."""
    for item in service.wallets.own(who):
        if item.state == "active" and item.keystore is not None:
            headers = {
                "Content-Disposition": f'attachment; filename="wallet-{item.address}.json"',
                "Cache-Control": "no-store",
            }
            return Response(json.dumps(dict(item.keystore)), media_type="application/json", headers=headers)
    raise not_found()


@router.get("/employer/agents")
def agents(request: Request, service: Service, who: Employer) -> Response:
    """The organisation's agents."""
    return _agents(request, service, who)


def _agents(
    request: Request,
    service: EmployersService,
    who: Principal,
    errors: list[tuple[str, str]] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "employers/agents.html",
        status=422 if errors else 200,
        agents=service.agents.listed(who),
        organisation=service.agents.own(who)[1],
        errors=errors or [],
        values={"name": "", "phone": "", "id_number": "", "login": "", **(values or {})},
        suggested=(datetime.now(SHANGHAI) + timedelta(days=365)).date().isoformat(),
        **words(),
    )


@router.post("/employer/agents")
def invite(
    request: Request,
    service: Service,
    who: Employer,
    name: Text = "",
    phone: Text = "",
    id_number: Text = "",
    login: Text = "",
) -> Response:
    """Open an agent's account; its credentials are shown once."""
    values = {"name": name, "phone": phone, "id_number": id_number, "login": login}
    try:
        account = service.agents.invite(who, **values)
    except DomainError as error:
        return _agents(request, service, who, [form_error(request, error)], values)
    return page(
        request, "employers/registered.html", account=account, state="verified", uscc_passed=True, agent=True
    )


@router.post("/employer/agents/{account_id}/grant")
def grant(
    request: Request,
    service: Service,
    who: Employer,
    account_id: str,
    wallet: Text = "",
    until: Text = "",
    scope: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Prepare the agent's authorisation; it is signed on the next page."""
    try:
        day = datetime.strptime(until, "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=SHANGHAI)
    except ValueError:
        day = datetime.fromtimestamp(0, UTC)
    try:
        prepared = service.statements.prepare_grant(
            who, account_id, wallet, sum(set(scope or [])), day.astimezone(UTC)
        )
    except DomainError as error:
        return _agents(request, service, who, [("", form_error(request, error)[1])])
    return redirect(request, f"/employer/statements/{prepared.statement_id}")


@router.post("/employer/agents/{account_id}/revoke")
def revoke(request: Request, service: Service, who: Employer, account_id: str, reason: Text = "") -> Response:
    """Prepare the end of the agent's authority; it is signed on the next page."""
    try:
        prepared = service.statements.prepare_revocation(who, account_id, reason)
    except DomainError as error:
        return _agents(request, service, who, [("", form_error(request, error)[1])])
    return redirect(request, f"/employer/statements/{prepared.statement_id}")


@router.post("/employer/agents/{account_id}/close")
def close(request: Request, service: Service, who: Employer, account_id: str) -> Response:
    """Close the agent's login."""
    service.agents.close(who, account_id)
    return redirect(request, "/employer/agents", notice=N_("经办人账号已停用。"), tone="warning")


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
