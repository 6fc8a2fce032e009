"""JSON API of the board: overview, map, a town's list, trend, regional index, funnel, table of towns, exports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.infra.idempotency import IdempotentRoute
from api.infra.reports import download
from api.risk.board.model import Group, Shade
from api.risk.board.router.access import Board, Code, Cursor, Who
from api.risk.board.schemas import (
    Colour,
    EditionIn,
    EditionOut,
    ExportIn,
    FunnelOut,
    MapOut,
    OverviewOut,
    RegionalIndexOut,
    TownListOut,
    TrendOut,
)

api = APIRouter(prefix="/risk/board", tags=["risk board"], route_class=IdempotentRoute)
files = APIRouter(prefix="/risk/board", tags=["risk board"])
Limit = Annotated[int, Query(ge=1, le=200)]


@api.get("", summary="What the director sees first")
def overview(board: Board, who: Who) -> OverviewOut:
    """Open warnings, enterprises per grade, late cases, share found true, freshness of the sources."""
    return OverviewOut.of(board.district.overview(who))


@api.get("/map", summary="Open warnings by town")
def district_map(
    board: Board, who: Who, month: int | None = None, shade: Shade = Shade.COUNT, colour: Colour = ""
) -> MapOut:
    """Of now, or of a past month's end; a street officer's own towns only."""
    return MapOut.of(board.district.map(who, month, shade, colour))


@api.get("/map/towns/{code}", summary="A town's open warnings, worst first")
def town(
    board: Board, who: Who, code: str, month: int | None = None, after: Cursor = "", limit: Limit = 50
) -> TownListOut:
    """`other`: places that are in no row of the table of towns."""
    return TownListOut.of(board.district.town(who, code, month, after, limit))


@api.get("/trend", summary="Enterprises per grade, warnings issued and closed, by month")
def trend(board: Board, who: Who, town: Code = "", span: Annotated[int, Query(ge=1, le=36)] = 12) -> TrendOut:
    """The last months, of the district or a town."""
    return TrendOut.of(board.district.trend(who, town, span))


@api.get("/index", summary="Regional index of a month with its line over the year")
def index(board: Board, who: Who, month: int | None = None, by: Group = Group.TOWN) -> RegionalIndexOut:
    """Size-weighted mean score, firms per grade, change to three months before."""
    return RegionalIndexOut.of(board.district.index(who, month, by))


@api.get("/funnel", summary="Steps of disposal that cases reached")
def funnel(board: Board, who: Who, first: int | None = None, last: int | None = None) -> FunnelOut:
    """Cases issued between two months (default: the last three), by unit and colour."""
    return FunnelOut.of(board.district.funnel(who, first, last))


@api.get("/towns", summary="Table of towns and subdistricts")
def towns(board: Board, who: Who, edition: int | None = None) -> EditionOut:
    """The edition of today, or one by its number."""
    found, newest, _history = board.towns.table(who, edition)
    return EditionOut.of(found, newest)


@api.put("/towns", summary="Make the next edition of the table of towns")
def change_towns(board: Board, who: Who, body: EditionIn) -> EditionOut:
    """409 when somebody else made one meanwhile. Audited."""
    made = board.towns.save(
        who, body.based_on, body.valid_from, body.reason, [row.town() for row in body.towns]
    )
    return EditionOut.of(made, max(made.no, body.based_on))


@files.post("/exports", summary="Take a report out as XLSX or PDF", response_class=Response)
def export(board: Board, who: Who, body: ExportIn) -> Response:
    """Marked with who took it, when and for what; audited."""
    return download(board.exports.make(who, body.wanted()))
