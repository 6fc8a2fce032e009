"""Pages of sharing: requests, asking, and one request with decision, rows, export and trail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.exchange.sharing import rules
from api.exchange.sharing.model import Asked, State
from api.exchange.sharing.router.api import Approver, Cursor, Party, Service, number
from api.exchange.sharing.service import Sharing
from api.exchange.sharing.texts import ACTION_NAMES, STATE_NAMES, TREATMENT_NAMES
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import STATUS, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter()


@pages.get("/exchange/shares")
def listing(
    request: Request,
    sharing: Service,
    who: Party,
    state: Annotated[str, Query(max_length=10)] = "",
    before: Cursor = "",
) -> Response:
    """Requests, newest first."""
    which = State(state) if state in set(State) else None
    return page(
        request,
        "exchange_sharing/shares.html",
        found=sharing.listing(who, which, number(before), 30),
        state=which.value if which else "",
        states=STATE_NAMES,
        now=sharing.now(),
        datasets={known.code: known for known in sharing.datasets()},
        first=not before,
    )


def _form(
    request: Request, sharing: Sharing, dataset: str, error: DomainError | None = None, **form: object
) -> Response:
    known = {found.code: found for found in sharing.datasets()}
    return page(
        request,
        "exchange_sharing/ask.html",
        status=422 if error else 200,
        datasets=known,
        chosen=known.get(dataset),
        form=form,
        message=text_of(error.code, error.facts, language(request)) if error else "",
    )


@pages.get("/exchange/shares/new")
def new(
    request: Request, sharing: Service, _who: Party, dataset: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Choose a dataset, then its fields."""
    return _form(request, sharing, dataset)


@pages.post("/exchange/shares")
def ask(
    request: Request,
    sharing: Service,
    who: Party,
    dataset: Annotated[str, Form(max_length=40)],
    purpose: Annotated[str, Form(max_length=400)] = "",
    basis: Annotated[str, Form(max_length=400)] = "",
    recipient: Annotated[str, Form(max_length=100)] = "",
    clearance: Annotated[int, Form()] = 1,
    days: Annotated[int, Form()] = 30,
    fields: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Ask."""
    try:
        asked = Asked(dataset, tuple(fields or ()), clearance, purpose, basis, recipient, days)
        made = sharing.request(who, asked)
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        kept = {"purpose": purpose, "basis": basis, "recipient": recipient, "clearance": clearance}
        return _form(request, sharing, dataset, error, **kept, days=days, fields=fields or [])
    return redirect(request, f"/exchange/shares/{made.share_id}", notice=N_("申请已提交，等待另一人审批。"))


def _share(
    request: Request, sharing: Sharing, who: Principal, share_id: str, error: DomainError | None = None
) -> Response:
    found = sharing.share(who, share_id)
    what = {known.code: known for known in sharing.datasets()}.get(found.asked.dataset)
    return page(
        request,
        "exchange_sharing/share.html",
        what=what,
        columns={column.name: column for column in what.columns} if what else {},
        actions=ACTION_NAMES,
        status=STATUS[error.kind] if error else 200,
        share=found,
        expired=found.expired(sharing.now()),
        is_open=rules.closed(found, sharing.now()) is None,
        own=found.requested_by == who.actor,
        may_decide=who.has("operator", "regulator") and found.requested_by != who.actor,
        treatments=sharing.preview(found),
        trail=sharing.trail(who, share_id, limit=200),
        states=STATE_NAMES,
        treatment_names=TREATMENT_NAMES,
        message=text_of(error.code, error.facts, language(request)) if error else "",
    )


@pages.get("/exchange/shares/{share_id}")
def share(request: Request, sharing: Service, who: Party, share_id: str) -> Response:
    """One request."""
    return _share(request, sharing, who, share_id)


@pages.get("/exchange/shares/{share_id}/rows")
def rows(request: Request, sharing: Service, who: Party, share_id: str, after: Cursor = "") -> Response:
    """Masked rows; one audit line a page."""
    found = sharing.read(who, share_id, after, 30)
    return page(request, "exchange_sharing/rows.html", found=found, first=not after)


@pages.post("/exchange/shares/{share_id}/decision")
def decide(
    request: Request,
    sharing: Service,
    who: Approver,
    share_id: str,
    version: Annotated[int, Form(ge=1)],
    approve: Annotated[str, Form(pattern="^(yes|no)$")],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Approve or refuse."""
    try:
        sharing.decide(who, share_id, version, approve == "yes", reason)
    except DomainError as error:
        return _refused(request, sharing, who, share_id, error)
    return redirect(request, f"/exchange/shares/{share_id}", notice=N_("决定已保存。"))


@pages.post("/exchange/shares/{share_id}/revocation")
def revoke(
    request: Request,
    sharing: Service,
    who: Party,
    share_id: str,
    version: Annotated[int, Form(ge=1)],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """End it."""
    try:
        sharing.revoke(who, share_id, version, reason)
    except DomainError as error:
        return _refused(request, sharing, who, share_id, error)
    return redirect(request, f"/exchange/shares/{share_id}", notice=N_("共享已撤销。"))


def _refused(
    request: Request, sharing: Sharing, who: Principal, share_id: str, error: DomainError
) -> Response:
    if error.kind is ErrorKind.NOT_FOUND:
        raise error
    return _share(request, sharing, who, share_id, error)
