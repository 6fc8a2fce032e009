"""Pages for wallets: made here, proven, backed up, reported lost."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api.employers import schemas as s
from api.employers.router.access import Holder, Service, form_error
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
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
