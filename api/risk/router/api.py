"""JSON API: morning list, warnings and their signatures, closure, runs, regional index.


Analysts and directors see the district, a street officer his own street; what is outside is not found.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query, Request

from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.risk.episodes.closure import Decided
from api.risk.schemas import (
    ClosureIn,
    GroupOut,
    IndexOut,
    MorningOut,
    RunOut,
    RunsOut,
    SignIn,
    WarningOut,
    WarningsOut,
)
from api.risk.service.warnings import outcome_of
from api.risk.texts import GRADE_CODES
from api.risk.views import Waiting, Wanted

api = APIRouter(prefix="/risk", tags=["risk"], route_class=IdempotentRoute)


async def service(request: Request) -> Any:
    """The slice's services."""
    return cast(Any, request.app.state.container.risk)


Risk = Annotated[Any, Depends(service)]
Who = Annotated[Principal, Depends(require())]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str, Query(max_length=60)]
Place = Annotated[str, Query(max_length=9)]
Colour = Literal["blue", "yellow", "orange", "red"]


def wanted(
    grade: Colour | None = None,
    town: Place = "",
    state: Waiting = "",
    q: Annotated[str, Query(max_length=60)] = "",
) -> Wanted:
    """Conditions of the morning list: colour (the higher of issued and waiting), town, state, a piece of name or code."""
    return Wanted(None if grade is None else GRADE_CODES.index(grade), town, state, q)


Conditions = Annotated[Wanted, Depends(wanted)]


@api.get("/morning", summary="Open warnings, what needs a person first")
def morning(risk: Risk, who: Who, asked: Conditions, after: Cursor = "", limit: Limit = 50) -> MorningOut:
    """Missing signatures first, red before blue; snoozed enterprises are left out unless a signature is missing."""
    return MorningOut.of(risk.desk.morning(who, asked, after, limit))


@api.get("/warnings", summary="Warnings, newest first")
def warnings(
    risk: Risk,
    who: Who,
    state: Literal["", "proposed", "issued", "closed"] = "",
    grade: Colour | None = None,
    town: Place = "",
    before: Cursor = "",
    limit: Limit = 50,
) -> WarningsOut:
    """By state, grade (the higher of issued and waiting) and town."""
    number = None if grade is None else GRADE_CODES.index(grade)
    page = risk.desk.warnings(who, state, number, town, before, limit)
    return WarningsOut(rows=[WarningOut.of(row) for row in page.rows], next=page.next)


@api.get("/warnings/{warning_id}", summary="One warning")
def warning(risk: Risk, who: Who, warning_id: str) -> WarningOut:
    """With the hashes of its input and its rule set."""
    return WarningOut.of(risk.desk.warning(who, warning_id))


@api.post("/warnings/{warning_id}/signature", summary="Sign what waits")
def sign(risk: Risk, who: Who, warning_id: str, body: SignIn) -> WarningOut:
    """Issues the warning or its raise at the grade that was seen; 409 when another one waits by now. Audited."""
    return WarningOut.of(risk.warnings.sign(who, warning_id, GRADE_CODES.index(body.grade)))


@api.get("/episodes/{episode_id}/rows", summary="Supporting rows that nobody has settled")
def open_rows(risk: Risk, who: Who, episode_id: str) -> list[dict[str, Any]]:
    """Control point, business key, tier (1 blue … 4 red)."""
    risk.desk.episode(who, episode_id)
    rows = risk.warnings.open_rows(episode_id)
    return [{"point": row.point, "key": row.key, "tier": row.tier} for row in rows]


@api.post("/episodes/{episode_id}/closure", status_code=204, summary="Close an episode as second person")
def close(risk: Risk, who: Who, episode_id: str, body: ClosureIn) -> None:
    """Every supporting row must be settled, else 409; the caller is not the one who proposed it. Audited."""
    decided = [
        Decided(row.point, row.key, outcome_of(row.outcome), row.until, row.reason) for row in body.rows
    ]
    risk.warnings.close(who, episode_id, decided, body.proposed_by)


@api.get("/runs", summary="Runs, newest first")
def runs(risk: Risk, who: Who, before: Cursor = "", limit: Limit = 50) -> RunsOut:
    """With input snapshot, rule set, decision file and their digests."""
    page = risk.desk.runs(who, before, limit)
    return RunsOut(rows=[RunOut.of(run) for run in page.rows], next=page.next)


@api.get("/index", summary="Regional index of a month")
def index(
    risk: Risk,
    who: Who,
    by: Literal["all", "town", "industry"] = "town",
    month: Annotated[int | None, Query(ge=200001, le=209912)] = None,
) -> IndexOut:
    """Size-weighted mean score, share of enterprises per grade, trend against three months before."""
    chosen, lines = risk.desk.index(who, by, month)
    return IndexOut(month=chosen, by=by, rows=[GroupOut.of(line) for line in lines])
