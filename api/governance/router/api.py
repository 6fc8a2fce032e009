"""JSON and CSV of the chain's governance, for those who supervise and for the operator. There is nothing to post."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.governance.schemas import DecisionsOut, EventsOut, NetworkOut
from api.governance.service import Governance
from api.infra.auth import Principal, require

api = APIRouter(prefix="/network", tags=["network"])


def service(request: Request) -> Governance:
    """The slice's service."""
    return cast(Governance, request.app.state.container.governance)


Service = Annotated[Governance, Depends(service)]
Viewer = Annotated[Principal, Depends(require("operator", "regulator", "court", "auditor"))]
Before = Annotated[int | None, Query(ge=1, le=2**53)]
Cursor = Annotated[str, Query(max_length=30)]
Limit = Annotated[int, Query(ge=1, le=200)]


def csv_response(text: str, name: str) -> Response:
    """A CSV download with the byte order mark that spreadsheets need for Chinese."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


@api.get("", summary="Members, open proposals, parameters, planned upgrade, k-of-n account")
def present(governance: Service, _who: Viewer) -> NetworkOut:
    """From the chain's state; `kind` says whether members govern it, one operator does, or it does not answer."""
    return NetworkOut.of(governance.overview())


@api.get("/decisions", summary="Proposals that are over, newest first")
def decisions(governance: Service, _who: Viewer, before: Before = None, limit: Limit = 50) -> DecisionsOut:
    """Each with block and transaction of its execution, or as expired."""
    return DecisionsOut.of(governance.decisions(before, limit))


@api.get("/decisions.csv", summary="Proposals that are over, as CSV")
def decisions_csv(governance: Service, _who: Viewer) -> Response:
    """All of them."""
    return csv_response(governance.decisions_csv(), "decisions")


@api.get("/events", summary="Every event of the network's contract, newest first")
def events(governance: Service, _who: Viewer, before: Cursor = "", limit: Limit = 50) -> EventsOut:
    """Proposals, votes, decisions, permissions and nodes, each with block and transaction."""
    return EventsOut.of(governance.events(before, limit))


@api.get("/events.csv", summary="Every event of the network's contract, as CSV")
def events_csv(governance: Service, _who: Viewer) -> Response:
    """All of them."""
    return csv_response(governance.events_csv(), "network-events")
