"""Pages of backtests and shadow runs: ask, watch, read the result, accept, stop. Plain forms; every change is audited."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.i18n import N_, translate
from api.infra.web import language, page, redirect
from api.kernel.clock import shanghai_day
from api.risk.episodes.grading import months_to
from api.risk.router.api import Risk, Who
from api.risk.router.run_pages import LINES, NAMES, Number, Place
from api.risk.rules import may_sign
from api.risk.runs.engine import due_month
from api.risk.texts import BACKTEST_STATES, SHADOW_STATES, TEXTS, VERSION_STATES

backtest_pages = APIRouter()
Town = Annotated[str, Query(max_length=9)]
Point = Annotated[str, Query(max_length=8, pattern="^[A-Z0-9]*$")]
Direction = Literal["", "up", "down"]
Month = Annotated[str, Query(max_length=6, pattern="^([0-9]{6})?$")]
Id = Annotated[str, Form(max_length=26)]
YEARS = 36
USUAL = 40
"""Site visits per street and month that the form proposes."""
PAGE: dict[str, Any] = {**NAMES, "backtest_states": BACKTEST_STATES, "shadow_states": SHADOW_STATES}


def choices(request: Request, risk: Any, who: Any) -> list[tuple[str, str]]:
    lang = language(request)
    return [
        (
            one.id,
            f"{one.version} · {translate(lang, VERSION_STATES[one.state])}"
            + (f" · {one.note}" if one.note else ""),
        )
        for one in risk.backtests.choices(who)
    ]


def today(risk: Any) -> date:
    return shanghai_day(risk.backtests.now())


@backtest_pages.get("/risk/backtests")
def listing(request: Request, risk: Risk, who: Who, before: Place = "") -> Response:
    """Backtests, newest first."""
    found = risk.backtests.listing(who, before, LINES + 1)
    rows = found[:LINES]
    return page(
        request, "risk/backtests.html", rows=rows, next=rows[-1].id if len(found) > LINES else "",
        names=risk.backtests.named({row.candidate_hash for row in rows}), may_ask=risk.desk.may_sign(who),
        first=not before, **PAGE,
    )  # fmt: skip


@backtest_pages.get("/risk/backtests/new")
def form(request: Request, risk: Risk, who: Who, rule_set: Place = "") -> Response:
    """Which version, which months, which capacity; for those who may ask."""
    may_sign(who.roles)
    last = due_month(today(risk))
    return page(
        request, "risk/backtest_new.html", choices=choices(request, risk, who), chosen=rule_set,
        first=_month(months_to(last, YEARS)[-1]), last=_month(last), capacity=USUAL, **PAGE,
    )  # fmt: skip


@backtest_pages.post("/risk/backtests")
def ask(
    request: Request, risk: Risk, who: Who, rule_set: Id,
    first: Annotated[str, Form(pattern="^[0-9]{4}-[0-9]{2}$")],
    last: Annotated[str, Form(pattern="^[0-9]{4}-[0-9]{2}$")],
    capacity: Annotated[int, Form(ge=0, le=1_000_000)],
) -> Response:  # fmt: skip
    """Queue it."""
    candidate = risk.backtests.candidate(rule_set, None)
    row = risk.backtests.ask(
        who, candidate, int(first.replace("-", "")), int(last.replace("-", "")), capacity
    )
    return redirect(request, f"/risk/backtests/{row.id}", notice=N_("回测已排队"))


@backtest_pages.get("/risk/backtests/{backtest_id}")
def one(
    request: Request, risk: Risk, who: Who, backtest_id: str, after: Number = 0, town: Town = "",
    month: Month = "", point: Point = "", direction: Direction = "",
) -> Response:  # fmt: skip
    """How far it is, or its result."""
    row = risk.backtests.get(who, backtest_id)
    chosen = {"town": town, "month": month, "point": point, "direction": direction}
    moved, total = risk.backtests.differences(
        who, backtest_id, after, LINES, town=town, month=int(month) if month else None, point=point,
        direction=direction,
    )  # fmt: skip
    return page(
        request, "risk/backtest.html", row=row, chosen=chosen, after=after, total=total, step=LINES,
        query=urlencode({name: value for name, value in chosen.items() if value}),
        moved=[reasons(line) for line in moved.iter_rows(named=True)] if total else [],
        firms=firms(risk, moved) if total else {}, problem=_problem(request, row.problem),
        names=risk.backtests.named({row.candidate_hash, row.live_hash}), towns=towns(request, risk),
        may_act=risk.desk.may_sign(who), mine=row.requested_by == who.actor, **PAGE,
    )  # fmt: skip


@backtest_pages.get("/risk/backtests/{backtest_id}/progress")
def progress(request: Request, risk: Risk, who: Who, backtest_id: str) -> Response:
    """The bar; once the job is at its end the page is loaded again."""
    row = risk.backtests.get(who, backtest_id)
    made = page(request, "risk/backtest_progress.html", row=row, **PAGE)
    if row.state not in ("queued", "running"):
        made.headers["HX-Refresh"] = "true"
    return made


@backtest_pages.post("/risk/backtests/{backtest_id}/acceptance")
def accept(
    request: Request, risk: Risk, who: Who, backtest_id: str,
    reason: Annotated[str, Form(max_length=1000)],
) -> Response:  # fmt: skip
    """A second person accepts visits above the capacity."""
    risk.backtests.accept(who, backtest_id, reason)
    return redirect(request, f"/risk/backtests/{backtest_id}", notice=N_("已复核同意"))


@backtest_pages.post("/risk/backtests/{backtest_id}/cancellation")
def cancel(request: Request, risk: Risk, who: Who, backtest_id: str) -> Response:
    """Give it up."""
    risk.backtests.cancel(who, backtest_id)
    return redirect(request, "/risk/backtests", notice=N_("回测已取消"))


def _month(number: int) -> str:
    return f"{number // 100}-{number % 100:02d}"


def reasons(line: dict[str, Any]) -> dict[str, Any]:
    """The reasons as (point, tier before, tier after); `score` alone has none."""
    parts = [part.partition(":") for part in line["reasons"].split() if ":" in part]
    points = [(point, *map(int, tiers.split(">"))) for point, _colon, tiers in parts]
    return {**line, "points": points}


def towns(request: Request, risk: Any) -> dict[str, str]:
    """Names of streets by code, where the board knows them."""
    board = getattr(risk, "board", None)
    english = language(request) == "en"
    return {} if board is None else {code: pair[english] for code, pair in board.towns.names().items()}


def firms(risk: Any, moved: Any) -> Any:
    return risk.directory.named(sorted(set(moved["enterprise"].to_list())))


def _problem(request: Request, code: str) -> str:
    texts = TEXTS.get(code)
    return "" if not code else code if texts is None else texts[language(request) == "en"]
