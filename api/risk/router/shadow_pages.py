"""Pages of shadow runs: start, stop, and what differs. Plain forms; every change is audited."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.risk.router.api import Risk, Who
from api.risk.router.backtest_pages import PAGE, Direction, Id, choices, firms, reasons, today, towns
from api.risk.router.run_pages import LINES, Number, Place
from api.risk.rules import may_sign

shadow_pages = APIRouter()


@shadow_pages.get("/risk/shadows")
def shadows(request: Request, risk: Risk, who: Who) -> Response:
    """Rule sets beside the live one."""
    return page(
        request, "risk/shadows.html", views=risk.shadows.listing(who), may_act=risk.desk.may_sign(who),
        **PAGE,
    )  # fmt: skip


@shadow_pages.get("/risk/shadows/new")
def shadow_form(request: Request, risk: Risk, who: Who, rule_set: Place = "") -> Response:
    """Which version, from when to when, why; for those who may start one."""
    may_sign(who.roles)
    now = today(risk)
    return page(
        request, "risk/shadow_new.html", choices=choices(request, risk, who), chosen=rule_set,
        first=now.isoformat(), last=(now + timedelta(days=62)).isoformat(), **PAGE,
    )  # fmt: skip


@shadow_pages.post("/risk/shadows")
def start(
    request: Request, risk: Risk, who: Who, rule_set: Id, first: Annotated[date, Form()],
    last: Annotated[date, Form()], reason: Annotated[str, Form(max_length=1000)],
) -> Response:  # fmt: skip
    """Begin."""
    row = risk.shadows.start(who, risk.backtests.candidate(rule_set, None), first, last, reason)
    return redirect(request, f"/risk/shadows/{row.id}", notice=N_("并行试算已开始"))


@shadow_pages.get("/risk/shadows/{shadow_id}")
def shadow(
    request: Request, risk: Risk, who: Who, shadow_id: str, run: Place = "", after: Number = 0,
    direction: Direction = "",
) -> Response:  # fmt: skip
    """Moved grades of each run and together, and who differs in one of them."""
    view = risk.shadows.get(who, shadow_id)
    moved, total = risk.shadows.differences(who, shadow_id, run, after, LINES, direction=direction)
    return page(
        request, "risk/shadow.html", view=view, run=run, after=after, total=total, step=LINES,
        direction=direction, towns=towns(request, risk),
        moved=[reasons(line) for line in moved.iter_rows(named=True)] if total else [],
        firms=firms(risk, moved) if total else {}, may_act=risk.desk.may_sign(who), **PAGE,
    )  # fmt: skip


@shadow_pages.post("/risk/shadows/{shadow_id}/stop")
def stop(request: Request, risk: Risk, who: Who, shadow_id: str) -> Response:
    """End it early."""
    risk.shadows.stop(who, shadow_id)
    return redirect(request, f"/risk/shadows/{shadow_id}", notice=N_("并行试算已停止"))
