"""Page of a department's data officers: credentials of their own systems."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.exchange.router.access import Service, SignedIn
from api.exchange.router.desks_pages import Number, owners, shown, tried
from api.exchange.rules.catalogue import delivered
from api.exchange.service.credentials import LONGEST_DAYS
from api.exchange.service.desk import Exchange
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import redirect
from api.kernel.errors import DomainError, invalid

pages = APIRouter()


def _credentials(
    request: Request,
    exchange: Exchange,
    who: Principal,
    error: DomainError | None = None,
    secret: str = "",
    form: dict[str, Any] | None = None,
) -> Response:
    keepers = exchange.keepers(who)
    return shown(
        request,
        "exchange/credentials.html",
        error,
        found=exchange.credentials.listed(keepers),
        datasets=exchange.sendable(who),
        catalogue=delivered(),
        owners=owners(),
        now=exchange.now(),
        secret=secret,
        longest=LONGEST_DAYS,
        form=form or {},
    )


@pages.get("/exchange/credentials")
def credentials(request: Request, exchange: Service, who: SignedIn) -> Response:
    """Credentials of one's departments."""
    return _credentials(request, exchange, who)


@pages.post("/exchange/credentials")
def issue(
    request: Request,
    exchange: Service,
    who: SignedIn,
    label: Annotated[str, Form(max_length=80)],
    days: Number = 90,
    datasets: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Issue one; its secret stands on this answer alone. All datasets chosen belong to one department."""
    chosen = datasets or []
    departments = {what.owner.code for what in exchange.sendable(who) if what.code in chosen}

    def act() -> Response:
        owner = departments.pop() if len(departments) == 1 else ""
        if not owner:
            raise invalid("exchange.credential_datasets", pointer="/datasets")
        _, secret = exchange.credentials.issue(who, exchange.owners(who), owner, chosen, label, days)
        answer = _credentials(request, exchange, who, secret=secret)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    form = {"label": label, "days": days, "datasets": chosen}
    return tried(act, lambda error: _credentials(request, exchange, who, error, form=form))


@pages.post("/exchange/credentials/{number}/revocation")
def end(request: Request, exchange: Service, who: SignedIn, number: str) -> Response:
    """End one at once."""
    exchange.credentials.revoke(who, exchange.keepers(who), number)
    return redirect(request, "/exchange/credentials", notice=N_("凭证已停用，立即失效。"))
