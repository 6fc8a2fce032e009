"""Pages of one enterprise: its file, and a control point down to the rows of the raw files. Overrides and snoozes by form."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.auth import Principal
from api.infra.i18n import N_, translate
from api.infra.problems import text_of
from api.infra.web import is_htmx, language, page, redirect
from api.kernel.errors import DomainError, ErrorKind, invalid
from api.risk.router.api import Risk, Who
from api.risk.router.files_api import Enterprise, Point
from api.risk.rules import SIGN, may_judge
from api.risk.service.explaining import contracts, reads, share
from api.risk.telling import amount, percent, told
from api.risk.texts import GRADE_CODES, GRADE_NAMES
from api.risk.wording import (
    GRADE_TONES,
    JUDGEMENT_NAMES,
    JUDGEMENT_STATES,
    OPERATORS,
    OUTCOME_NAMES,
    SOURCE_STATES,
    TIERS,
    UNIT_NAMES,
)

pages = APIRouter()
_NAMES: dict[str, Any] = {
    "grades": GRADE_NAMES,
    "tones": GRADE_TONES,
    "codes": GRADE_CODES,
    "units": UNIT_NAMES,
    "operators": OPERATORS,
    "tiers": TIERS,
    "amount": amount,
    "percent": percent,
}


def _file(
    request: Request, risk: Any, who: Principal, enterprise: int, every: bool = False,
    error: DomainError | None = None, typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    file, lang = risk.files.file(who, enterprise), language(request)
    english, may_override = lang == "en", bool(who.roles & SIGN)
    points = [point for dimension in file.explanation.get("dimensions", ()) for point in dimension["points"]]
    kinds = ["snooze", "override"] if may_override else ["snooze"]
    return page(
        request,
        "risk/enterprise.html",
        status=422 if error else 200,
        file=file,
        row=file.standing,
        sentence=file.explanation.get("sentence", {}).get(lang, ""),
        every=every,
        unknown=file.standing.memory["unknown_since"],
        held=file.standing.memory["held"],
        english=english,
        may_judge=may_judge(who.roles),
        may_override=may_override,
        kinds=[(kind, translate(lang, JUDGEMENT_NAMES[kind])) for kind in kinds],
        levels=[
            ("", translate(lang, N_("（暂缓提醒不用选）"))),
            *((code, translate(lang, GRADE_NAMES[number])) for number, code in enumerate(GRADE_CODES[:5])),
        ],
        names={point["id"]: (point["zh"], point["en"]) for point in points},
        contracts=contracts(file.explanation),
        reads=reads(file.explanation),
        timeline=[told(moment, lang) for moment in file.timeline],
        typed=typed or {},
        error=(
            str(error.facts.get("pointer", "")).lstrip("/"),
            text_of(error.code, error.facts, lang),
        )
        if error
        else None,
        judgement_names=JUDGEMENT_NAMES,
        judgement_states=JUDGEMENT_STATES,
        outcomes=OUTCOME_NAMES,
        source_states=SOURCE_STATES,
        radar=radar(file.explanation, english),
        **_NAMES,
    )


def radar(tree: Any, english: bool) -> dict[str, Any] | None:
    """The seven dimensions for the chart: contribution in percent of what the dimension can reach; unknown where all its
    points are unknown."""
    dimensions = tree.get("dimensions")
    if not dimensions:
        return None
    shares = [share(dimension) for dimension in dimensions]
    return {
        "categories": [dimension["en" if english else "zh"] for dimension in dimensions],
        "max": 100,
        "series": [{"name": "Score" if english else "得分", "role": "accent", "values": shares}],
        "unknown": "unknown" if english else "未知",
    }


@pages.get("/risk/enterprises/{enterprise}")
def enterprise(
    request: Request, risk: Risk, who: Who, enterprise: Enterprise, all: Annotated[bool, Query()] = False
) -> Response:
    """Standing, reasons, cases, judgements, sources, timeline; `all`: control points without colour too."""
    return _file(request, risk, who, enterprise, all)


@pages.get("/risk/enterprises/{enterprise}/points/{point}")
def point(request: Request, risk: Risk, who: Who, enterprise: Enterprise, point: Point) -> Response:
    """A control point with its source rows; a fragment for the tree where the browser asks for one."""
    name = "risk/rows.html" if is_htmx(request) else "risk/point.html"
    file = risk.files.point(who, enterprise, point)
    return page(request, name, file=file, english=language(request) == "en", **_NAMES)


@pages.post("/risk/enterprises/{enterprise}/judgements")
def judge(
    request: Request,
    risk: Risk,
    who: Who,
    enterprise: Enterprise,
    kind: Annotated[Literal["override", "snooze"], Form()],
    reason: Annotated[str, Form(max_length=1000)] = "",
    expires_on: Annotated[str, Form(max_length=10)] = "",
    grade: Annotated[Literal["", "none", "blue", "yellow", "orange", "red"], Form()] = "",
) -> Response:
    """Put another grade over the shown one, or put the enterprise off in the morning list."""
    typed = {"kind": kind, "grade": grade, "reason": reason, "expires_on": expires_on}
    try:
        number = GRADE_CODES.index(grade) if grade else None
        risk.warnings.judge(who, enterprise, kind, number, reason, _day(expires_on))
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        return _file(request, risk, who, enterprise, error=error, typed=typed)
    return redirect(request, f"/risk/enterprises/{enterprise}#judgements", notice=N_("已登记"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("risk.day_malformed", pointer="/expires_on") from None


@pages.post("/risk/enterprises/{enterprise}/judgements/{judgement_id}/withdrawal")
def withdraw(request: Request, risk: Risk, who: Who, enterprise: Enterprise, judgement_id: str) -> Response:
    """Take it back; it stays on record."""
    risk.warnings.withdraw(who, judgement_id)
    return redirect(request, f"/risk/enterprises/{enterprise}#judgements", notice=N_("已撤回"))
