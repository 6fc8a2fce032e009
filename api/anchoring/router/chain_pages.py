"""Pages for those who supervise: decisions about warnings as the chain's registry holds them, without any name."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.anchoring import texts
from api.anchoring.router.access import ChainId, Supervision
from api.anchoring.router.decision_pages import NAMES
from api.anchoring.router.warnings import block_place
from api.anchoring.router.wiring import Service, town_names
from api.infra.i18n import translate
from api.infra.web import language, page

pages = APIRouter()
AT_ONCE = 50


@pages.get("/decisions/chain")
def listing(
    request: Request,
    anchoring: Service,
    _who: Supervision,
    town: Annotated[str, Query(max_length=9, pattern=r"^[0-9]*$")] = "",
    kind: Annotated[str, Query(max_length=10)] = "",
    grade: Annotated[str, Query(max_length=1, pattern=r"^[1-4]?$")] = "",
    after: Annotated[str, Query(max_length=40, pattern=r"^([0-9]+-[0-9]+)?$")] = "",
) -> Response:
    """Steps newest first, with the figures of the same place."""
    kind = kind if kind in texts.STEP_NAMES else ""
    with anchoring.uow.read() as session:
        rows, more = anchoring.index.warning_steps(
            session, town, kind, int(grade) if grade else None, block_place(after), AT_ONCE
        )
        tallies = anchoring.index.warning_tallies(session, town)
        block = anchoring.index.position(session).block_number
    lang = language(request)
    filters: dict[str, Any] = {"town": town, "kind": kind, "grade": grade}
    query = urlencode({name: value for name, value in filters.items() if value})
    return page(
        request, "anchoring/chain.html", rows=rows, tallies=tallies, block=block, town=town, kind=kind, grade=grade,
        steps_options=[(word, translate(lang, name)) for word, name in texts.STEP_NAMES.items()],
        grade_options=[(str(n), translate(lang, texts.COLOUR_NAMES[n])) for n in (1, 2, 3, 4)],
        first=not after, back=f"/decisions/chain?{query}".rstrip("?"),
        next="" if more is None else f"/decisions/chain?{query}&after={more[0]}-{more[1]}".replace("?&", "?"),
        towns=town_names(request, anchoring), **NAMES,
    )  # fmt: skip


@pages.get("/decisions/chain/{chain_id}")
def one(request: Request, anchoring: Service, _who: Supervision, chain_id: ChainId) -> Response:
    """Every step of one warning, by its salted id."""
    with anchoring.uow.read() as session:
        status, steps = anchoring.index.warning_history(session, chain_id)
        block = anchoring.index.position(session).block_number
    return page(
        request, "anchoring/chain_warning.html", chain_id=chain_id, standing=status, rows=steps, block=block,
        towns=town_names(request, anchoring), **NAMES,
    )  # fmt: skip
