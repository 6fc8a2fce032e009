"""Pages of the board: overview, schematic map, a town's list, trend, regional index, funnel, and their exports."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.reports import Format, download
from api.infra.web import language, page
from api.risk.board import charts, labels, reports, texts
from api.risk.board.exports import Kind, Wanted
from api.risk.board.model import COLOURS, Group, Shade, Step
from api.risk.board.router.access import Board, Code, Cursor, MonthText, Who, month_of
from api.risk.board.schemas import Colour
from api.risk.rules import LOOK
from api.risk.texts import GRADE_CODES, GRADE_NAMES

pages = APIRouter()
_NAMES: dict[str, Any] = {
    "colours": COLOURS, "colour_names": texts.COLOUR_NAMES, "colour_short": texts.COLOUR_SHORT,
    "grade_names": GRADE_NAMES, "grade_codes": GRADE_CODES, "steps": tuple(Step), "step_names": texts.STEP_NAMES,
    "month_name": reports.month_name, "tenths": reports.tenths, "share": reports.share, "signed": reports.signed,
}  # fmt: skip


def _shown(request: Request, who: Who, name: str, here: str, **context: Any) -> Response:
    return page(
        request, f"risk_board/{name}.html", here=here, district=bool(who.roles & LOOK), **_NAMES, **context
    )


@pages.get("/risk/board")
def overview(request: Request, board: Board, who: Who) -> Response:
    """Counts per colour, what is late, freshness, share found true."""
    found = board.district.overview(who)
    return _shown(
        request, who, "overview", "/risk/board", found=found, source_states=texts.SOURCE_STATES,
        run_kinds=texts.RUN_KINDS,
    )  # fmt: skip


@pages.get("/risk/map")
def district_map(
    request: Request,
    board: Board,
    who: Who,
    month: MonthText = "",
    shade: Shade = Shade.COUNT,
    colour: Colour = "",
) -> Response:
    """Open warnings by town as tiles, and as a table."""
    found = board.district.map(who, month_of(month), shade, colour)
    lang = language(request)
    return _shown(
        request, who, "map", "/risk/map", found=found, may_edit=board.towns.may_edit(who),
        shade=str(shade), query=f"?month={found.month}" if found.month else "", month_options=labels.map_months(found, lang),
        colour_options=labels.colours(lang),
    )  # fmt: skip


@pages.get("/risk/map/towns/{code}")
def town(
    request: Request, board: Board, who: Who, code: str, month: MonthText = "", after: Cursor = ""
) -> Response:
    """A town's open warnings, worst first."""
    found = board.district.town(who, code, month_of(month), after, 30)
    query = f"month={found.month}&" if found.month else ""
    return _shown(
        request, who, "town", "/risk/map", found=found, code=code, first=not after, query=query,
        tones=texts.TONES,
    )  # fmt: skip


@pages.get("/risk/trend")
def trend(
    request: Request, board: Board, who: Who, town: Code = "", span: Annotated[int, Query(ge=1, le=36)] = 12
) -> Response:
    """Enterprises per shown and computed colour, warnings issued and closed, by month."""
    found = board.district.trend(who, town, span)
    lang = language(request)
    own = set(who.attributes.get("towns", "").split(","))
    towns = [(one.code, one.name(lang)) for one in found.edition.towns if who.roles & LOOK or one.code in own]
    return _shown(
        request, who, "trend", "/risk/trend", found=found, span=span, span_options=labels.spans(span, lang),
        town_options=labels.towns(towns, lang),
        shown_chart=charts.shown(found, lang), firms_chart=charts.firms(found, lang),
        warning_charts=charts.moved(found, lang), any_shown=any(row.shown for row in found.rows),
        any_firms=any(row.firms for row in found.rows), shown_means=texts.SHOWN, computed_means=texts.COMPUTED,
    )  # fmt: skip


@pages.get("/risk/index")
def index(
    request: Request, board: Board, who: Who, month: MonthText = "", by: Group = Group.TOWN
) -> Response:
    """Regional index by town or industry."""
    found = board.district.index(who, month_of(month), by)
    lang = language(request)
    names = {one.group: reports.group_name(found, one.group, lang) for one in found.groups}
    return _shown(
        request, who, "index", "/risk/index", found=found, by=str(by), names=names, month_options=labels.index_months(found),
        bars=charts.means(found, lang), line=charts.mean_line(found, lang),
    )  # fmt: skip


@pages.get("/risk/funnel")
def funnel(request: Request, board: Board, who: Who, first: MonthText = "", last: MonthText = "") -> Response:
    """How far the warnings of a period have come."""
    found = board.district.funnel(who, month_of(first, "/first"), month_of(last, "/last"))
    lang = language(request)
    return _shown(
        request,
        who,
        "funnel",
        "/risk/funnel",
        found=found,
        chart_data=charts.funnel(found, lang),
        colour_heads=labels.step_heads(labels.COLOUR_HEAD, lang),
        unit_heads=labels.step_heads(labels.UNIT_HEAD, lang),
        month_options=labels.funnel_months(found, board.district.month()),
    )


@pages.post("/risk/exports")
def export(
    request: Request,
    board: Board,
    who: Who,
    report: Annotated[Kind, Form()],
    format: Annotated[Format, Form()],
    purpose: Annotated[str, Form(max_length=400)] = "",
    month: Annotated[str, Form(max_length=10)] = "",
    shade: Annotated[Shade, Form()] = Shade.COUNT,
    colour: Annotated[Colour, Form()] = "",
    town: Annotated[str, Form(max_length=9)] = "",
    span: Annotated[int, Form(ge=1, le=36)] = 12,
    by: Annotated[Group, Form()] = Group.TOWN,
    first: Annotated[str, Form(max_length=10)] = "",
    last: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The page's report as a file, marked and audited."""
    wanted = Wanted(
        report, format, purpose, language(request), month_of(month), shade, colour, town, span, by,
        month_of(first, "/first"), month_of(last, "/last"),
    )  # fmt: skip
    return download(board.exports.make(who, wanted))
