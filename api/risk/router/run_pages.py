"""Pages of runs: the list, one run with its digests, files and replays, and the log of grades that a correction changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.infra.i18n import N_, translate
from api.infra.web import language, page, redirect
from api.risk.router.api import Risk, Who
from api.risk.texts import GRADE_NAMES, REASON_NAMES, RUN_KINDS, RUN_STATES
from api.risk.wording import GRADE_TONES

run_pages = APIRouter()
LINES = 30
Place = Annotated[str, Query(max_length=26)]
Number = Annotated[int, Query(ge=0)]
NAMES: Mapping[str, Any] = {
    "grades": GRADE_NAMES,
    "tones": GRADE_TONES,
    "kinds": RUN_KINDS,
    "states": RUN_STATES,
    "reasons": REASON_NAMES,
}


@run_pages.get("/risk/runs")
def listing(
    request: Request,
    risk: Risk,
    who: Who,
    kind: Literal["", "monthly", "daily", "correction", "shadow"] = "",
    before: Place = "",
) -> Response:
    """Runs, newest first."""
    found = risk.history.runs(who, kind, before, LINES)
    kinds = [(code, translate(language(request), text)) for code, text in RUN_KINDS.items()]
    return page(
        request, "risk/runs.html", found=found, kind=kind, choices=kinds, first=not before,
        waiting=risk.history.waiting(who), **NAMES,
    )  # fmt: skip


@run_pages.get("/risk/runs/{run_id}")
def one(request: Request, risk: Risk, who: Who, run_id: str, before: Number = 0) -> Response:
    """One run: what it read, what it wrote, and the grades that it moved."""
    file = risk.history.run(who, run_id, before, LINES)
    names = risk.directory.named([change.enterprise for change in file.changes.rows])
    return page(
        request, "risk/run.html", file=file, run=file.run, names=names, first=not before,
        may_replay=file.run.state != "opened", **NAMES,
    )  # fmt: skip


@run_pages.post("/risk/runs/{run_id}/replay")
def replay(request: Request, risk: Risk, who: Who, run_id: str) -> Response:
    """Score it again from the rows as it knew them, and show the outcome on its page."""
    risk.history.run(who, run_id, 0, 1)
    found = risk.replay.asked(who, run_id)
    return redirect(
        request,
        f"/risk/runs/{run_id}#replays",
        notice=N_("重算结果与当时逐字节一致")
        if found.same_bytes
        else N_("重算结果与当时不一致，请看下面的比对"),
        tone="success" if found.same_bytes else "danger",
    )


@run_pages.get("/risk/corrections")
def corrections(request: Request, risk: Risk, who: Who, before: Number = 0) -> Response:
    """Grades changed by corrected or late rows, newest first."""
    found = risk.history.corrections(who, before, LINES)
    names = risk.directory.named([change.enterprise for change in found.rows])
    return page(request, "risk/corrections.html", found=found, names=names, first=not before, **NAMES)
