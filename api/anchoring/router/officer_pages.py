"""Pages of officers' wallets: who may sign decisions about warnings. A director proposes, a registrar's wallet signs."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.anchoring import schemas, texts
from api.anchoring.router.access import Appointer, Wallet
from api.anchoring.router.wiring import Service, signature_bytes
from api.anchoring.service import Anchoring
from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()
Text = Annotated[str, Form()]
Asked = Annotated[str, Query(max_length=64)]


@pages.get("/decisions/officers")
def officers(
    request: Request, anchoring: Service, _who: Appointer, wallet: Asked = "", account: Asked = ""
) -> Response:
    """Wallets that decide or decided, and the form to appoint one; with a wallet and its holder, on to the statement."""
    errors: list[tuple[str, str]] = []
    if wallet or account:
        try:
            anchoring.warnings.officers.typed_data(wallet.strip())
        except DomainError as error:
            errors = [("wallet", text_of(error.code, error.facts, language(request)))]
        if not errors:
            where = f"/decisions/officers/{wallet.strip()}/appointment?account={account}"
            return redirect(request, where)
    return _officers(request, anchoring, wallet, account, errors)


def _officers(
    request: Request, anchoring: Anchoring, wallet: str, account: str, errors: list[tuple[str, str]]
) -> Response:
    with anchoring.uow.read() as session:
        rows = anchoring.warnings.officers.listed(session)
    holders = anchoring.warnings.officers.holders()
    taken = {row.account for row in rows if row.dismissed_at is None}
    return page(
        request, "anchoring/officers.html", status=422 if errors else 200, rows=rows,
        names={holder.account: f"{holder.name}（{holder.login}）" for holder in holders},
        free=[(h.account, f"{h.name}（{h.login}）") for h in holders if h.account not in taken],
        wallet=wallet, account=account, errors=errors,
        states=texts.STATE_NAMES, state_tones=texts.STATE_TONES,
    )  # fmt: skip


@pages.get("/decisions/officers/{wallet}/{act}")
def statement(
    request: Request, anchoring: Service, _who: Appointer, wallet: Wallet, act: schemas.OfficerAct,
    account: Asked = "",
) -> Response:  # fmt: skip
    """The appointment or dismissal as typed data, for the registrar's wallet."""
    return _statement(request, anchoring, wallet, act, account, [])


def _statement(
    request: Request,
    anchoring: Anchoring,
    wallet: str,
    act: schemas.OfficerAct,
    account: str,
    errors: list[tuple[str, str]],
) -> Response:
    officers = anchoring.warnings.officers
    typed = officers.typed_data(wallet, dismissal=act == "dismissal")
    if act == "dismissal":
        with anchoring.uow.read() as session:
            rows = officers.listed(session)
        account = next((row.account or "" for row in rows if row.wallet.lower() == wallet.lower()), "")
    holder = next((one for one in officers.holders() if one.account == account), None)
    return page(
        request, "anchoring/officer_statement.html", status=422 if errors else 200, wallet=wallet, act=act,
        account=account, holder=holder, errors=errors,
        typed_data=json.dumps(typed, ensure_ascii=False, indent=1),
    )  # fmt: skip


@pages.post("/decisions/officers/{wallet}/holder")
def assign(
    request: Request, anchoring: Service, who: Appointer, wallet: Wallet, account: Text = ""
) -> Response:
    """Name the holder of a wallet that an older release appointed."""
    try:
        with anchoring.uow() as session:
            anchoring.warnings.officers.assign(session, who, wallet, account)
    except DomainError as error:
        said = text_of(error.code, error.facts, language(request))
        return _officers(request, anchoring, "", "", [("", said)])
    return redirect(request, "/decisions/officers", notice=N_("已指定持有人。"))


@pages.post("/decisions/officers/{wallet}/{act}")
def change(
    request: Request, anchoring: Service, who: Appointer, wallet: Wallet, act: schemas.OfficerAct,
    signature: Text = "", account: Text = "",
) -> Response:  # fmt: skip
    """Appoint or dismiss on the registrar's signature."""
    officers = anchoring.warnings.officers
    try:
        with anchoring.uow() as session:
            if act == "dismissal":
                officers.dismiss(session, who, wallet, signature_bytes(signature))
            else:
                officers.appoint(session, who, wallet, account, signature_bytes(signature))
    except DomainError as error:
        said = [("signature", text_of(error.code, error.facts, language(request)))]
        return _statement(request, anchoring, wallet, act, account, said)
    notice = N_("签名人员已解除。") if act == "dismissal" else N_("签名人员已任命，正在写入链上。")
    return redirect(request, "/decisions/officers", notice=notice)
