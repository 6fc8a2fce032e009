"""Pages of the review desk."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api.employers.router.access import Officer, Service, document, form_error
from api.employers.router.statement_pages import sign_statement, statement_page
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError, invalid

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/review")
def desk(request: Request, service: Service, who: Officer, state: str = "pending", q: str = "") -> Response:
    """Organisations that wait, and those that were decided."""
    wallet, registrar = service.review.registrar_wallet(who)
    return page(
        request,
        "employers/review.html",
        organisations=service.review.listed(who, state if state != "all" else None, q),
        state=state,
        q=q,
        wallet=wallet,
        registrar=registrar,
        **words(),
    )


@router.post("/review/wallet")
def import_wallet(request: Request, service: Service, who: Officer, keystore: Text = "") -> Response:
    """Register the officer's registrar wallet by its V3 keystore."""
    try:
        document_ = json.loads(keystore)
        if not isinstance(document_, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise invalid("wallet.keystore_refused", reason="JSON") from None
    service.wallets.import_keystore(who, document_)
    return redirect(request, "/review", notice=N_("登记官钱包已登记。"))


@router.get("/review/statements/{statement_id}")
def statement(request: Request, service: Service, who: Officer, statement_id: str) -> Response:
    """What the officer is about to sign."""
    return statement_page(request, service, who, statement_id, "/review/statements", [])


@router.post("/review/statements/{statement_id}")
def sign(
    request: Request,
    service: Service,
    who: Officer,
    statement_id: str,
    signature: Text = "",
    passphrase: Text = "",
) -> Response:
    """Sign with the registrar's wallet."""
    return sign_statement(request, service, who, statement_id, "/review", signature, passphrase)


@router.get("/review/{org_id}")
def dossier(request: Request, service: Service, who: Officer, org_id: str) -> Response:
    """One application."""
    return _dossier(request, service, who, org_id, [])


def _dossier(
    request: Request, service: EmployersService, who: Principal, org_id: str, errors: list[tuple[str, str]]
) -> Response:
    found = service.review.dossier(who, org_id)
    status = 422 if errors else 200
    return page(request, "employers/dossier.html", status=status, found=found, errors=errors, **words())


@router.get("/review/{org_id}/materials/{kind}")
def material(service: Service, who: Officer, org_id: str, kind: str) -> Response:
    """A document of the application; the reading is audited."""
    row = service.registration.material(who, org_id, kind)
    return document(row.data, row.media_type, row.kind)


@router.get("/review/{org_id}/seal.png")
def picture(service: Service, who: Officer, org_id: str) -> Response:
    """The seal picture."""
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(service.review.picture(who, org_id), media_type="image/png", headers=headers)


@router.post("/review/{org_id}/verification")
def verification(
    request: Request, service: Service, who: Officer, org_id: str, confirmed: Text = "", note: Text = ""
) -> Response:
    """Prepare the registration; it is signed on the next page."""
    try:
        prepared = service.review.prepare_verification(who, org_id, uscc_confirmed=bool(confirmed), note=note)
    except DomainError as error:
        return _dossier(request, service, who, org_id, [("note", form_error(request, error)[1])])
    return redirect(request, f"/review/statements/{prepared.statement_id}")


@router.post("/review/{org_id}/rejection")
def rejection(request: Request, service: Service, who: Officer, org_id: str, reason: Text = "") -> Response:
    """Send the application back."""
    try:
        service.review.reject(who, org_id, reason)
    except DomainError as error:
        return _dossier(request, service, who, org_id, [form_error(request, error)])
    return redirect(request, "/review", notice=N_("申请已退回。"), tone="warning")


@router.post("/review/{org_id}/dispute")
def dispute(
    request: Request, service: Service, who: Officer, org_id: str, decision: Text = "", opinion: Text = ""
) -> Response:
    """Settle a claim on a code."""
    try:
        prepared = service.review.settle_dispute(who, org_id, decision, opinion)
    except DomainError as error:
        return _dossier(request, service, who, org_id, [("opinion", form_error(request, error)[1])])
    if prepared is not None:
        return redirect(request, f"/review/statements/{prepared.statement_id}")
    return redirect(request, f"/review/{org_id}", notice=N_("争议已处理。"))


@router.post("/review/{org_id}/replacement")
def replacement(request: Request, service: Service, who: Officer, org_id: str, cause: Text = "") -> Response:
    """Prepare the replacement of a lost representative's wallet."""
    try:
        prepared = service.review.prepare_replacement(who, org_id, cause)
    except DomainError as error:
        return _dossier(request, service, who, org_id, [("cause", form_error(request, error)[1])])
    return redirect(request, f"/review/statements/{prepared.statement_id}")


@router.post("/review/{org_id}/seal-picture")
def seal_picture(
    request: Request, service: Service, who: Officer, org_id: str, approve: Text = ""
) -> Response:
    """Accept or refuse the seal picture."""
    service.review.decide_picture(who, org_id, approve == "1")
    return redirect(request, f"/review/{org_id}", notice=N_("印章图片已处理。"))
