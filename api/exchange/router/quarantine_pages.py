"""Pages of the quarantine desk: rejected rows with what is wrong in each cell, repaired one by one or let rest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.exchange.router.access import Code, Service, SignedIn
from api.exchange.router.pages import NAMES, explained
from api.exchange.service.desk import Exchange
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import status_of, text_of
from api.infra.reports import Asked, Format, download
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter()
State = Annotated[str, Query(pattern="^(open|fixed|waived)?$")]


@pages.get("/exchange/quarantine")
def quarantine(
    request: Request,
    exchange: Service,
    who: SignedIn,
    dataset: Code = "",
    state: State = "open",
    batch: Annotated[str, Query(max_length=26)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Rejected rows that wait for a repair."""
    if not exchange.sends(who):
        return explained(request, who)
    return page(
        request,
        "exchange/quarantine.html",
        datasets={what.code: what for what in exchange.datasets(who)},
        dataset=dataset,
        state=state,
        batch=batch,
        first=not after,
        found=exchange.rows(who, dataset, state, batch, after=after, limit=30),
        english=language(request) == "en",
        **NAMES,
    )


@pages.post("/exchange/quarantine/exports")
def export(
    request: Request,
    exchange: Service,
    who: SignedIn,
    format: Annotated[Format, Form()],
    purpose: Annotated[str, Form(max_length=400)] = "",
    dataset: Annotated[str, Form(max_length=40)] = "",
    state: Annotated[str, Form(pattern="^(open|fixed|waived)?$")] = "",
    batch: Annotated[str, Form(max_length=26)] = "",
) -> Response:
    """The page's rows as a file, marked and audited."""
    asked = Asked(format, purpose, language(request))
    return download(exchange.rows_report(who, dataset, state, batch, asked))


@pages.get("/exchange/quarantine/{number}")
def row(request: Request, exchange: Service, who: SignedIn, number: int) -> Response:
    """One rejected row, to be repaired cell by cell."""
    return _row(request, exchange, who, number)


def _row(
    request: Request,
    exchange: Exchange,
    who: Principal,
    number: int,
    error: DomainError | None = None,
    cells: dict[str, str] | None = None,
) -> Response:
    found = exchange.row(who, number)
    return page(
        request,
        "exchange/row.html",
        status=status_of(error) if error else 200,
        row=found,
        what=exchange.readable_dataset(who, found.dataset),
        cells=cells if cells is not None else found.cells,
        english=language(request) == "en",
        message=text_of(error.code, error.facts, language(request)) if error else "",
        **NAMES,
    )


@pages.post("/exchange/quarantine/{number}/repair")
async def repair(request: Request, exchange: Service, who: SignedIn, number: int) -> Response:
    """Send the repaired row: it goes the same way as a file, and what is wrong still is said at its cell."""
    form = await request.form()
    given = {name: str(value)[:1_000] for name, value in form.items() if isinstance(value, str)}

    def act() -> Response:
        cells = {name: given.get(f"c_{name}", "") for name in exchange.names_of_row(who, number)}
        try:
            made = exchange.repair(who, number, cells)
        except DomainError as error:
            if error.kind is not ErrorKind.INVALID:
                raise
            return _row(request, exchange, who, number, error, cells)
        return redirect(request, f"/exchange/batches/{made.id}", notice=N_("这一行已修正并接收。"))

    return await run_in_threadpool(act)


@pages.post("/exchange/quarantine/{number}/waiver")
def waive(
    request: Request,
    exchange: Service,
    who: SignedIn,
    number: int,
    reason: Annotated[str, Form(max_length=400)],
    dataset: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Let a rejected row rest."""
    exchange.waive(who, number, reason)
    back = f"?dataset={dataset}" if dataset in exchange.codes(who) else ""
    return redirect(request, f"/exchange/quarantine{back}", notice=N_("这一行已搁置。"))
