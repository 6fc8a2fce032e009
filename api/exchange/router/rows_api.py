"""JSON API of rejected rows: out with the reason of each cell, listed, let rest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from api.exchange import schemas as s
from api.exchange.router.access import (
    CSV,
    XLSX,
    Code,
    Limit,
    SendingRoute,
    Service,
    SignedIn,
    download,
    may_send,
)
from api.infra.reports import AskedIn
from api.infra.reports import download as report

api = APIRouter(prefix="/exchange", tags=["exchange"], route_class=SendingRoute)
people = APIRouter(prefix="/exchange", tags=["exchange"])
"""Not for departments' systems: they take the rejected rows of a batch."""
State = Annotated[str, Query(pattern="^(open|fixed|waived)?$")]


@api.get("/batches/{batch_id}/rejected.csv", response_class=Response, summary="Open rejected rows (CSV)")
def rejected_csv(exchange: Service, who: SignedIn, batch_id: str) -> Response:
    """With the reason per row; repaired, the file can be sent as it is."""
    headers = {
        "Content-Disposition": f'attachment; filename="rejected-{batch_id}.csv"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(exchange.rejected_csv(who, batch_id), media_type=CSV, headers=headers)


@api.get("/batches/{batch_id}/rejected.xlsx", response_class=Response, summary="Open rejected rows (XLSX)")
def rejected_xlsx(exchange: Service, who: SignedIn, batch_id: str) -> Response:
    """Wrong cells are marked and carry their reason."""
    return download(exchange.rejected_xlsx(who, batch_id), XLSX, f"rejected-{batch_id}.xlsx")


@api.get("/rows", summary="Rejected rows of the caller's datasets")
def rows(
    exchange: Service,
    who: SignedIn,
    dataset: Code = "",
    state: State = "open",
    batch: Annotated[str, Query(max_length=26)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
) -> s.RowsOut:
    """Open ones unless another state is asked for; an empty state: all."""
    found = exchange.rows(who, dataset, state, batch, after, limit)
    return s.RowsOut(rows=[s.RowOut.of(row) for row in found.rows], next=found.next)


@api.post("/rows/{number}/waiver", summary="Let a rejected row rest")
def waive(exchange: Service, who: SignedIn, number: int, body: s.ReasonIn) -> s.RowOut:
    """With a reason; it stays readable."""
    may_send(who)
    return s.RowOut.of(exchange.waive(who, number, body.reason))


@people.post("/rows/exports", response_class=Response, summary="Take the quarantine desk out as XLSX or PDF")
def export(
    exchange: Service,
    who: SignedIn,
    body: AskedIn,
    dataset: Code = "",
    state: State = "open",
    batch: Annotated[str, Query(max_length=26)] = "",
) -> Response:
    """Rows with their reasons, marked with who took it, when and for what: 300 on paper, 20,000 in a sheet. Audited."""
    return report(exchange.rows_report(who, dataset, state, batch, body.asked()))
