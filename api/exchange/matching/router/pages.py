"""Pages of the review queue: the list, and one identity with its candidates, its explanation and its decision."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.exchange.matching.model import Kind, Outcome, State
from api.exchange.matching.router.api import After, Desk, Reader, Service, cursor
from api.exchange.matching.service import Matching
from api.exchange.matching.texts import KIND_NAMES, LEVEL_NAMES, METHOD_NAMES, OUTCOME_NAMES
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.problems import STATUS, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

pages = APIRouter()
_NAMES: dict[str, Any] = {
    "methods": METHOD_NAMES,
    "kinds": KIND_NAMES,
    "outcomes": OUTCOME_NAMES,
    "levels": LEVEL_NAMES,
}
_ANSWERED = (ErrorKind.INVALID, ErrorKind.CONFLICT)


@pages.get("/exchange/reviews")
def listing(
    request: Request,
    matching: Service,
    _who: Reader,
    kind: Annotated[str, Query(max_length=16)] = "",
    state: Annotated[str, Query(max_length=8)] = "open",
    after: After = "",
) -> Response:
    """What a person should look at."""
    chosen = Kind(kind) if kind in KIND_NAMES else None
    which = State(state) if state in {"open", "decided"} else None
    return page(
        request,
        "exchange_matching/reviews.html",
        found=matching.listing(which, chosen, cursor(after), 30),
        counts=matching.counts(),
        kind=chosen.value if chosen else "",
        state=which.value if which else "all",
        first=not after,
        **_NAMES,
    )


def _review(
    request: Request, matching: Matching, who: Principal, review_id: str, error: DomainError | None = None
) -> Response:
    review, history, named = matching.review(review_id)
    explained = {row.enterprise: row for row in matching.explanation(review_id)}
    return page(
        request,
        "exchange_matching/review.html",
        status=STATUS[error.kind] if error else 200,
        review=review,
        history=history,
        named=named,
        explained=explained,
        may_decide=who.has("operator", "regulator"),
        message=text_of(error.code, error.facts, language(request)) if error else "",
        **_NAMES,
    )


@pages.get("/exchange/reviews/{review_id}")
def review(request: Request, matching: Service, who: Reader, review_id: str) -> Response:
    """One identity."""
    return _review(request, matching, who, review_id)


@pages.post("/exchange/reviews/{review_id}/decision")
def decide(
    request: Request,
    matching: Service,
    who: Desk,
    review_id: str,
    version: Annotated[int, Form(ge=1)],
    choice: Annotated[str, Form(max_length=24)],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Choice: the number of an enterprise, `new` or `no`."""
    outcome = Outcome(choice) if choice in {"new", "no"} else Outcome.LINK
    number = int(choice) if choice.isascii() and choice.isdigit() and len(choice) < 18 else None
    try:
        matching.decide(who, review_id, version, outcome, number, reason)
    except DomainError as error:
        if error.kind not in _ANSWERED:
            raise
        return _review(request, matching, who, review_id, error)
    return redirect(request, "/exchange/reviews", notice=N_("已决定，以后的批次照此办理。"))


@pages.post("/exchange/reviews/{review_id}/undoing")
def undo(
    request: Request,
    matching: Service,
    who: Desk,
    review_id: str,
    version: Annotated[int, Form(ge=1)],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Take the decision back."""
    try:
        matching.undo(who, review_id, version, reason)
    except DomainError as error:
        if error.kind not in _ANSWERED:
            raise
        return _review(request, matching, who, review_id, error)
    return redirect(request, f"/exchange/reviews/{review_id}", notice=N_("决定已撤销。"))
