"""Pages of the exchange: the upload desk with the list of batches, and a batch."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, UploadFile
from fastapi.responses import Response

from api.exchange import model
from api.exchange.router.access import Code, Service, SignedIn, chunks_of, may_send, mode_of
from api.exchange.schemas import problem_of
from api.exchange.service.desk import Exchange
from api.exchange.texts import MODE_NAMES, ROW_STATE_NAMES, RULE_TEXTS, STAGE_TEXTS, STATE_NAMES
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import status_of, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind, invalid

pages = APIRouter()
Before = Annotated[int | None, Query(ge=1)]
NAMES: dict[str, Any] = {
    "states": STATE_NAMES,
    "modes": MODE_NAMES,
    "row_states": ROW_STATE_NAMES,
    "rules": RULE_TEXTS,
    "stages": STAGE_TEXTS,
}


def _desk(
    request: Request,
    exchange: Exchange,
    who: Principal,
    dataset: str,
    before: int | None,
    error: DomainError | None = None,
    state: str = "",
) -> Response:
    own = {what.code: what for what in exchange.datasets(who)}
    return page(
        request,
        "exchange/desk.html",
        status=status_of(error) if error else 200,
        datasets=own,
        dataset=dataset,
        state=state,
        limit=request.app.state.container.settings.max_delivery_bytes,
        form_limit=request.app.state.container.settings.max_upload_bytes,
        found=exchange.batches(who, dataset, state, before=before, limit=20),
        first=before is None,
        english=language(request) == "en",
        message=text_of(error.code, error.facts, language(request)) if error else "",
        **NAMES,
    )


def explained(request: Request, who: Principal) -> Response:
    """What stands on a page of the navigation for who sends for no department: why, and what to do.

    The navigation knows roles, not assignments; the API answers the same people with 403.
    """
    return page(request, "exchange/no_department.html", operator=who.has("operator"))


@pages.get("/exchange")
def desk(
    request: Request,
    exchange: Service,
    who: SignedIn,
    dataset: Code = "",
    state: Annotated[str, Query(max_length=12)] = "",
    before: Before = None,
) -> Response:
    """Send a file; what was sent."""
    if not exchange.sends(who):
        return explained(request, who)
    return _desk(request, exchange, who, dataset, before, state=state)


def _day(text: str, pointer: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise invalid("malformed", pointer=pointer) from None


@pages.post("/exchange")
def send(
    request: Request,
    exchange: Service,
    who: SignedIn,
    dataset: Annotated[str, Form(max_length=40)],
    file: UploadFile,
    mode: Annotated[str, Form()] = "append",
    trial: Annotated[str, Form()] = "",
    period_from: Annotated[str, Form()] = "",
    period_to: Annotated[str, Form()] = "",
) -> Response:
    """Take the file in and show its batch."""
    may_send(who)
    try:
        asked = model.Request(
            dataset,
            mode_of(mode),
            bool(trial),
            model.Channel.UPLOAD,
            file.filename or "",
            _day(period_from, "/period_from"),
            _day(period_to, "/period_to"),
        )
        made = exchange.receive(who, asked, chunks_of(file.file))
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return _desk(request, exchange, who, dataset if dataset in exchange.codes(who) else "", None, error)
    return redirect(request, f"/exchange/batches/{made.id}")


@pages.get("/exchange/batches/{batch_id}")
def batch(request: Request, exchange: Service, who: SignedIn, batch_id: str) -> Response:
    """One batch, with the first of its rejected rows."""
    found = exchange.batch(who, batch_id)
    return page(
        request,
        "exchange/batch.html",
        batch=found,
        what={what.code: what for what in exchange.datasets(who)}[found.dataset],
        problem=problem_of(found),
        rows=exchange.rows(who, state="", batch_id=batch_id, limit=20),
        english=language(request) == "en",
        **NAMES,
    )


@pages.post("/exchange/batches/{batch_id}/commit")
def commit(request: Request, exchange: Service, who: SignedIn, batch_id: str) -> Response:
    """Commit a tried batch."""
    made = exchange.commit(who, batch_id)
    later = made.state is model.BatchState.CHECKING
    notice = N_("已交给后台提交，结果会显示在这里。") if later else N_("批次已提交。")
    return redirect(request, f"/exchange/batches/{batch_id}", notice=notice)


@pages.post("/exchange/batches/{batch_id}/discard")
def discard(request: Request, exchange: Service, who: SignedIn, batch_id: str) -> Response:
    """Leave a tried batch."""
    exchange.discard(who, batch_id)
    return redirect(request, f"/exchange/batches/{batch_id}", notice=N_("批次已放弃，没有接收任何数据。"))


@pages.post("/exchange/batches/{batch_id}/withdrawal")
def withdraw(
    request: Request,
    exchange: Service,
    who: SignedIn,
    batch_id: str,
    reason: Annotated[str, Form(max_length=400)],
) -> Response:
    """Take a committed batch back."""
    exchange.withdraw(who, batch_id, reason)
    return redirect(
        request, f"/exchange/batches/{batch_id}", notice=N_("批次已撤回，受影响的企业会重新计算。")
    )
