"""JSON API of what is measured beside the live rules: backtests, shadow runs, replays. For those who read the district."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.infra.idempotency import IdempotentRoute
from api.risk.router.api import Limit, Place, Risk, Who
from api.risk.router.measuring_schemas import (
    AcceptanceIn,
    BacktestIn,
    BacktestOut,
    BacktestsOut,
    DifferencesOut,
    ReplayOut,
    RunDetailOut,
    ShadowIn,
    ShadowOut,
)

measuring = APIRouter(prefix="/risk", tags=["risk"], route_class=IdempotentRoute)
Id = Annotated[str, Query(max_length=26)]
After = Annotated[int, Query(ge=0)]
Direction = Literal["", "up", "down"]
PointId = Annotated[str, Query(max_length=8, pattern="^[A-Z0-9]*$")]
Moment = Annotated[int | None, Query(ge=200001, le=209912)]
Firm = Annotated[int | None, Query(ge=1)]


@measuring.post("/backtests", status_code=202, summary="Ask for a backtest of a candidate rule set")
def backtest(risk: Risk, who: Who, body: BacktestIn) -> BacktestOut:
    """Queued; the worker goes month by month. Audited. 422 for a candidate that the lint refuses."""
    candidate = risk.backtests.candidate(body.version, body.document)
    return BacktestOut.of(
        risk.backtests.ask(who, candidate, body.first_month, body.last_month, body.capacity)
    )


@measuring.get("/backtests", summary="Backtests, newest first")
def backtests(risk: Risk, who: Who, before: Id = "", limit: Limit = 50) -> BacktestsOut:
    """After the one named `before`."""
    found = risk.backtests.listing(who, before, limit + 1)
    rows = [BacktestOut.of(row) for row in found[:limit]]
    return BacktestsOut(rows=rows, next=rows[-1].id if len(found) > limit else "")


@measuring.get("/backtests/{backtest_id}", summary="One backtest")
def one_backtest(risk: Risk, who: Who, backtest_id: str) -> BacktestOut:
    """How far it is, and its result."""
    return BacktestOut.of(risk.backtests.get(who, backtest_id))


@measuring.get("/backtests/{backtest_id}/differences", summary="Enterprises that moved, with reasons")
def differences(
    risk: Risk, who: Who, backtest_id: str, after: After = 0, limit: Limit = 50, town: Place = "",
    month: Moment = None, point: PointId = "", direction: Direction = "", enterprise: Firm = None,
) -> DifferencesOut:  # fmt: skip
    """From row number `after` on, by town, month, a point whose tier differs, direction, enterprise."""
    rows, total = risk.backtests.differences(
        who, backtest_id, after, limit, town=town, month=month, point=point, direction=direction,
        enterprise=enterprise,
    )  # fmt: skip
    return DifferencesOut(total=total, rows=rows.to_dicts())


@measuring.post("/backtests/{backtest_id}/acceptance", summary="Accept visits above the capacity")
def accept(risk: Risk, who: Who, backtest_id: str, body: AcceptanceIn) -> BacktestOut:
    """By another person than the one who asked for it, with a reason; audited."""
    return BacktestOut.of(risk.backtests.accept(who, backtest_id, body.reason))


@measuring.post("/backtests/{backtest_id}/cancellation", summary="Give a backtest up")
def cancel(risk: Risk, who: Who, backtest_id: str) -> BacktestOut:
    """409 when it is at its end; audited."""
    return BacktestOut.of(risk.backtests.cancel(who, backtest_id))


@measuring.post("/shadows", status_code=201, summary="Run a rule set beside the live one")
def start_shadow(risk: Risk, who: Who, body: ShadowIn) -> ShadowOut:
    """It ends by itself after its last day and warns nobody; audited."""
    candidate = risk.backtests.candidate(body.version, body.document)
    row = risk.shadows.start(who, candidate, body.first_day, body.last_day, body.reason)
    return ShadowOut.of(risk.shadows.get(who, row.id))


@measuring.get("/shadows", summary="Rule sets that run or ran beside the live one")
def shadows(risk: Risk, who: Who) -> list[ShadowOut]:
    """Newest first, each with the moved grades of its runs."""
    return [ShadowOut.of(view) for view in risk.shadows.listing(who)]


@measuring.get("/shadows/{shadow_id}", summary="One shadow rule set")
def shadow(risk: Risk, who: Who, shadow_id: str) -> ShadowOut:
    """With its runs."""
    return ShadowOut.of(risk.shadows.get(who, shadow_id))


@measuring.get("/shadows/{shadow_id}/differences", summary="Enterprises whose grade differs, with reasons")
def shadow_differences(
    risk: Risk, who: Who, shadow_id: str, run: Id = "", after: After = 0, limit: Limit = 50,
    town: Place = "", point: PointId = "", direction: Direction = "",
) -> DifferencesOut:  # fmt: skip
    """In one of its runs, by default the newest."""
    rows, total = risk.shadows.differences(
        who, shadow_id, run, after, limit, town=town, point=point, direction=direction
    )
    return DifferencesOut(total=total, rows=rows.to_dicts())


@measuring.post("/shadows/{shadow_id}/stop", summary="End a shadow rule set")
def stop_shadow(risk: Risk, who: Who, shadow_id: str) -> ShadowOut:
    """Before its last day; audited."""
    risk.shadows.stop(who, shadow_id)
    return ShadowOut.of(risk.shadows.get(who, shadow_id))


@measuring.get("/runs/{run_id}", summary="One run")
def run(risk: Risk, who: Who, run_id: str) -> RunDetailOut:
    """With the facts that it kept."""
    file = risk.history.run(who, run_id, 0, 1)
    facts = [{"month": one.month, "firms": one.firms, "sha256": one.sha256} for one in file.facts]
    return RunDetailOut.of(file.run, file.name, file.version, facts)


@measuring.post("/runs/{run_id}/replay", summary="Score a past run again")
def replay(risk: Risk, who: Who, run_id: str) -> ReplayOut:
    """From the rows as it knew them; compares bytes, numbers and input. Audited."""
    risk.history.run(who, run_id, 0, 1)
    return ReplayOut.model_validate(risk.replay.asked(who, run_id), from_attributes=True)
