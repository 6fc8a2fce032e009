"""Page of the freshness board."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.exchange.freshness.router.api import Reader, Service
from api.exchange.freshness.texts import KIND_NAMES, STATE_NAMES
from api.infra.reports import Asked, Format, download
from api.infra.web import language, page

pages = APIRouter()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@pages.get("/exchange/freshness")
def board(
    request: Request, freshness: Service, _who: Reader, as_of: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """All datasets, worst first; a day that cannot be read is today."""
    found = freshness.board(_day(as_of))
    return page(
        request, "exchange_freshness/board.html", board=found, states=STATE_NAMES, kinds=KIND_NAMES,
        counted={name: sum(row.state.value == name for row in found.rows) for name in STATE_NAMES},
    )  # fmt: skip


@pages.post("/exchange/freshness/exports")
def export(
    request: Request,
    freshness: Service,
    who: Reader,
    format: Annotated[Format, Form()],
    purpose: Annotated[str, Form(max_length=400)] = "",
    as_of: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """The page's board as a file, marked and audited."""
    return download(freshness.export(who, _day(as_of), Asked(format, purpose, language(request))))
