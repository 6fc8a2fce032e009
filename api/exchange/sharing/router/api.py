"""JSON API of sharing: ask, decide, read through, export, revoke, and the trail."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.exchange.sharing.model import State
from api.exchange.sharing.schemas import (
    DatasetOut,
    DecisionIn,
    DetailOut,
    LineOut,
    PageOut,
    RequestIn,
    RevocationIn,
    RowsOut,
    ShareOut,
)
from api.exchange.sharing.service import Sharing
from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import invalid

api = APIRouter(prefix="/exchange/shares", tags=["exchange"], route_class=IdempotentRoute)


async def service(request: Request) -> Sharing:
    """The slice's service."""
    return cast(Sharing, request.app.state.container.exchange_sharing)


Service = Annotated[Sharing, Depends(service)]
Party = Annotated[
    Principal,
    Depends(
        require(
            "operator", "regulator", "auditor", "court", "review_officer", "risk_analyst", "risk_director"
        )
    ),
]
Approver = Annotated[Principal, Depends(require("operator", "regulator"))]
Cursor = Annotated[str, Query(max_length=40)]
Limit = Annotated[int, Query(ge=1, le=200)]


def number(text: str) -> int | None:
    """The number in a cursor; None for an empty one. Raises invalid."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise invalid("exchange.share_cursor_malformed", pointer="/before")
    return int(text)


def share_out(sharing: Sharing, who: Principal, share_id: str) -> DetailOut:
    """A request with the treatment of its fields."""
    found = sharing.share(who, share_id)
    return DetailOut(share=ShareOut.of(found, sharing.now()), treatments=sharing.preview(found))


@api.get("/datasets", summary="What can be asked for")
def datasets(sharing: Service, _who: Party) -> list[DatasetOut]:
    """Datasets with their fields, levels and masks."""
    return [DatasetOut.of(dataset) for dataset in sharing.datasets()]


@api.get("", summary="Requests, newest first")
def listing(
    sharing: Service, who: Party, state: State | None = None, before: Cursor = "", limit: Limit = 50
) -> PageOut:
    """One's own; all of them for those who oversee."""
    page, now = sharing.listing(who, state, number(before), limit), sharing.now()
    return PageOut(rows=[ShareOut.of(row, now) for row in page.rows], next=page.next)


@api.post("", status_code=201, summary="Ask for fields of a dataset")
def ask(sharing: Service, who: Party, body: RequestIn) -> ShareOut:
    """With purpose, basis and recipient; audited."""
    return ShareOut.of(sharing.request(who, body.asked()), sharing.now())


@api.get("/{share_id}", summary="One request")
def share(sharing: Service, who: Party, share_id: str) -> DetailOut:
    """With what each field will look like."""
    return share_out(sharing, who, share_id)


@api.post("/{share_id}/decision", summary="Approve or refuse a request")
def decide(sharing: Service, who: Approver, share_id: str, body: DecisionIn) -> ShareOut:
    """By another person than asked; audited."""
    done = sharing.decide(who, share_id, body.version, body.approve, body.reason)
    return ShareOut.of(done, sharing.now())


@api.post("/{share_id}/revocation", summary="End a share")
def revoke(sharing: Service, who: Party, share_id: str, body: RevocationIn) -> ShareOut:
    """At once; audited."""
    return ShareOut.of(sharing.revoke(who, share_id, body.version, body.reason), sharing.now())


@api.get("/{share_id}/rows", summary="Read through an approved share")
def rows(sharing: Service, who: Party, share_id: str, after: Cursor = "", limit: Limit = 50) -> RowsOut:
    """Masked rows for the one who asked; one audit line a read."""
    return RowsOut.of(sharing.read(who, share_id, after, limit))


@api.get("/{share_id}/export", summary="Export through an approved share")
def export(sharing: Service, who: Party, share_id: str, kind: Literal["csv", "xlsx"] = "xlsx") -> Response:
    """With a visible line that names the export; its number stands in the audit line."""
    made = sharing.export(who, share_id, kind)
    headers = {
        "Content-Disposition": f'attachment; filename="{made.file_name}"',
        "Cache-Control": "no-store",
    }
    return Response(made.content, media_type=made.media_type, headers=headers)


@api.get("/{share_id}/trail", summary="Who read what through a share")
def trail(
    sharing: Service, who: Party, share_id: str, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 50
) -> list[LineOut]:
    """The audit lines, oldest first."""
    return [LineOut.of(row) for row in sharing.trail(who, share_id, after, limit)]
