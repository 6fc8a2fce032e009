"""JSON API of the review queue: read, decide, undo, and ask why."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from api.exchange.matching.model import Kind, State
from api.exchange.matching.schemas import DecisionIn, DetailOut, ExplainedOut, PageOut, ReviewOut, UndoIn
from api.exchange.matching.service import Matching
from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import invalid

api = APIRouter(prefix="/exchange/reviews", tags=["exchange"], route_class=IdempotentRoute)


async def service(request: Request) -> Matching:
    """The slice's service."""
    return cast(Matching, request.app.state.container.exchange_matching)


Service = Annotated[Matching, Depends(service)]
Reader = Annotated[
    Principal, Depends(require("operator", "regulator", "auditor", "risk_analyst", "risk_director"))
]
Desk = Annotated[Principal, Depends(require("operator", "regulator"))]
After = Annotated[str, Query(max_length=19)]
Limit = Annotated[int, Query(ge=1, le=200)]


def cursor(after: str) -> int:
    """The number in a cursor; 0 for an empty one. Raises invalid."""
    if not after:
        return 0
    if not (after.isascii() and after.isdigit()) or len(after) > 18:
        raise invalid("exchange.cursor_malformed", pointer="/after")
    return int(after)


@api.get("", summary="The review queue, oldest first")
def listing(
    matching: Service, _who: Reader, state: State | None = State.OPEN, kind: Kind | None = None,
    after: After = "", limit: Limit = 50,
) -> PageOut:  # fmt: skip
    """Identities that a person should look at, with their candidates."""
    page = matching.listing(state, kind, cursor(after), limit)
    return PageOut(rows=[ReviewOut.of(row) for row in page.rows], next=page.next, open=matching.counts())


@api.get("/{review_id}", summary="One identity with its history")
def review(matching: Service, _who: Reader, review_id: str) -> DetailOut:
    """404 where there is none."""
    return DetailOut.of(*matching.review(review_id))


@api.get("/{review_id}/explanation", summary="Splink's scores of the candidates")
def explanation(matching: Service, _who: Reader, review_id: str) -> list[ExplainedOut]:
    """An explanation for the person who decides; it decides nothing."""
    return [ExplainedOut.of(row) for row in matching.explanation(review_id)]


@api.post("/{review_id}/decision", summary="Decide which enterprise is meant")
def decide(matching: Service, who: Desk, review_id: str, body: DecisionIn) -> ReviewOut:
    """Holds for every batch that has the identity, now and later; audited. 409 where it is decided or has changed."""
    done = matching.decide(who, review_id, body.version, body.outcome, body.enterprise, body.reason)
    return ReviewOut.of(done)


@api.post("/{review_id}/undoing", summary="Take the decision back")
def undo(matching: Service, who: Desk, review_id: str, body: UndoIn) -> ReviewOut:
    """The review is as it was before; audited. 409 where nothing is decided."""
    return ReviewOut.of(matching.undo(who, review_id, body.version, body.reason))
