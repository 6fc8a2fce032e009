"""The page of the table of towns: one form for the whole table. What was typed survives a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from api.infra.i18n import N_
from api.infra.problems import status_of, text_of
from api.infra.web import language, page, redirect
from api.kernel.clock import SystemClock, shanghai_day
from api.kernel.errors import DomainError, ErrorKind, invalid
from api.risk.board.model import Town
from api.risk.board.router.access import Board, Who
from api.risk.board.rules import MOST_COLUMNS, MOST_ROWS, MOST_TOWNS
from api.risk.board.towns import with_blank
from api.risk.rules import LOOK

pages = APIRouter()
BLANK = 3
FIELDS = ("code", "name_zh", "name_en", "column", "row", "administered_by")
Typed = Mapping[str, Any]


def _lines(towns: Sequence[Town]) -> list[Typed]:
    return [
        {name: getattr(town, name) or "" for name in FIELDS}
        for town in with_blank(towns, min(BLANK, MOST_TOWNS - len(towns)))
    ]


def _show(
    request: Request, board: Any, who: Who, *, edition: int | None = None, status: int = 200, **typed: Any
) -> Response:
    found, newest, history = board.towns.table(who, edition)
    values = {
        "found": found, "newest": newest, "history": history, "may_edit": board.towns.may_edit(who) and edition is None,
        "lines": _lines(found.towns), "based_on": newest, "reason": "", "error": "", "at": "", "changed": False,
        "valid_from": shanghai_day(SystemClock().now()).isoformat(), "columns": MOST_COLUMNS, "rows": MOST_ROWS,
        "here": "/risk/towns", "district": bool(who.roles & LOOK),
    }  # fmt: skip
    return page(request, "risk_board/towns.html", status=status, **{**values, **typed})


@pages.get("/risk/towns")
def table(
    request: Request, board: Board, who: Who, edition: int | None = Query(default=None, ge=1)
) -> Response:
    """The table of today with its form, or an earlier edition to look at."""
    return _show(request, board, who, edition=edition)


@pages.post("/risk/towns")
async def save(request: Request, board: Board, who: Who) -> Response:
    """Make the next edition from the form."""
    form = await request.form(max_fields=MOST_TOWNS * len(FIELDS) + 10, max_files=0)
    return await run_in_threadpool(_save, request, board, who, form)


def _save(request: Request, board: Any, who: Who, form: FormData) -> Response:
    lines = [line for line in _typed(form) if any(line.values())]
    typed: dict[str, Any] = {
        "lines": lines,
        "reason": str(form.get("reason", ""))[:300],
        "valid_from": str(form.get("valid_from", ""))[:10],
        "based_on": _number(str(form.get("based_on", ""))),
    }
    try:
        start = _day(typed["valid_from"])
        board.towns.save(who, typed["based_on"], start, typed["reason"], [_town(line) for line in lines])
    except DomainError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.CONFLICT):
            raise
        return _show(
            request, board, who, status=status_of(error),
            error=text_of(error.code, error.facts, language(request)), at=str(error.facts.get("pointer", "")),
            changed=error.code == "risk.towns_changed", **typed,
        )  # fmt: skip
    return redirect(request, "/risk/towns", notice=N_("镇街表已保存"))


def _typed(form: FormData) -> list[dict[str, str]]:
    columns = {name: [str(value).strip()[:80] for value in form.getlist(name)] for name in FIELDS}
    length = max(len(values) for values in columns.values())
    if any(len(values) != length for values in columns.values()):
        raise invalid("malformed", pointer="/towns")
    return [{name: columns[name][place] for name in FIELDS} for place in range(length)]


def _town(line: Typed) -> Town:
    return Town(
        line["code"], line["name_zh"], line["name_en"], _number(line["column"]), _number(line["row"]),
        line["administered_by"],
    )  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("risk.town_start", pointer="/valid_from") from None
