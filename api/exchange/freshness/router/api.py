"""JSON API of the freshness board."""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.exchange.freshness.schemas import BoardOut, StandingOut
from api.exchange.freshness.service import Freshness
from api.infra.auth import Principal, require
from api.infra.reports import AskedIn, download

api = APIRouter(prefix="/exchange/freshness", tags=["exchange"])


async def service(request: Request) -> Freshness:
    """The slice's service."""
    return cast(Freshness, request.app.state.container.exchange_freshness)


Service = Annotated[Freshness, Depends(service)]
Reader = Annotated[
    Principal, Depends(require("operator", "regulator", "auditor", "risk_analyst", "risk_director"))
]


@api.get("", summary="How new each dataset is, worst first")
def board(
    freshness: Service, _who: Reader, as_of: date | None = None,
    after: Annotated[int, Query(ge=0, le=10_000)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> BoardOut:  # fmt: skip
    """By data period, never by upload; with the control points that are unknown because of it."""
    return BoardOut.of(freshness.board(as_of), after, limit)


@api.post("/exports", summary="Take the board out as XLSX or PDF", response_class=Response)
def export(freshness: Service, who: Reader, body: AskedIn, as_of: date | None = None) -> Response:
    """Of today or a day past, marked with who took it, when and for what. Audited."""
    return download(freshness.export(who, as_of, body.asked()))


@api.get("/{dataset}", summary="How new one dataset is")
def standing(freshness: Service, _who: Reader, dataset: str, as_of: date | None = None) -> StandingOut:
    """404 where the catalogue does not have it."""
    return StandingOut.of(freshness.standing(dataset, as_of))
