"""Files to take out: an enterprise's file, the morning list, a backtest's result, a rule set and its record. Audited.

A purpose is free text and may name a person: it comes in the body of a POST and never stands in an address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.infra.reports import Asked, AskedIn, Format, download
from api.infra.web import language
from api.risk.router.api import Colour, Risk, Who, wanted
from api.risk.router.files_api import Enterprise
from api.risk.rulesets.router import Reader
from api.risk.schemas import MorningExportIn
from api.risk.views import Waiting

api = APIRouter(prefix="/risk", tags=["risk"])
pages = APIRouter()


def asked_of(
    request: Request, format: Annotated[Format, Form()], purpose: Annotated[str, Form(max_length=400)] = ""
) -> Asked:
    """What a page's form asks for, in the page's language."""
    return Asked(format, purpose, language(request))


Taken = Annotated[Asked, Depends(asked_of)]


@api.post(
    "/enterprises/{enterprise}/exports",
    summary="Take an enterprise's file out as XLSX or PDF",
    response_class=Response,
)
def enterprise(risk: Risk, who: Who, enterprise: Enterprise, body: AskedIn) -> Response:
    """What its page shows, marked with who took it, when and for what; another street's is not found. Audited."""
    return download(risk.exports.enterprise(who, enterprise, body.asked()))


@api.post("/morning/exports", summary="Take the morning list out as XLSX or PDF", response_class=Response)
def morning(risk: Risk, who: Who, body: MorningExportIn) -> Response:
    """Under the list's conditions: all lines as XLSX (at most 5,000), the first 500 on paper. Audited."""
    return download(risk.exports.morning(who, body.wanted(), body.asked()))


@api.post(
    "/backtests/{backtest_id}/exports",
    summary="Take a backtest's result out as XLSX or PDF",
    response_class=Response,
)
def backtest(risk: Risk, who: Who, backtest_id: str, body: AskedIn) -> Response:
    """Matrix, visits and what moved: on paper the first 500 enterprise-months. 409 while it is not finished. Audited."""
    return download(risk.exports.backtest(who, backtest_id, body.asked()))


@api.post(
    "/rule-sets/{row_id}/exports", summary="Take a rule set out as XLSX or PDF", response_class=Response
)
def rule_set(risk: Risk, who: Reader, row_id: str, body: AskedIn) -> Response:
    """The version whole, with its conditions in words. The spreadsheet that can be read back is `GET …/sheet`. Audited."""
    return download(risk.rule_set_exports.version(who, row_id, body.asked()))


@api.post(
    "/rule-sets/{row_id}/history/exports",
    summary="Take a rule set's audit record out as XLSX or PDF",
    response_class=Response,
)
def trail(risk: Risk, who: Reader, row_id: str, body: AskedIn) -> Response:
    """All lines with names and accounts. Audited."""
    return download(risk.rule_set_exports.trail(who, row_id, body.asked()))


@pages.post("/risk/enterprises/{enterprise}/exports")
def enterprise_form(risk: Risk, who: Who, enterprise: Enterprise, asked: Taken) -> Response:
    """The page's file, in its language."""
    return download(risk.exports.enterprise(who, enterprise, asked))


@pages.post("/risk/morning/exports")
def morning_form(
    risk: Risk, who: Who, asked: Taken, grade: Annotated[Colour | None, Form()] = None,
    town: Annotated[str, Form(max_length=9)] = "", state: Annotated[Waiting, Form()] = "",
    q: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    """The page's list, in its language."""
    return download(risk.exports.morning(who, wanted(grade, town, state, q), asked))


@pages.post("/risk/backtests/{backtest_id}/exports")
def backtest_form(risk: Risk, who: Who, backtest_id: str, asked: Taken) -> Response:
    """The page's result, in its language."""
    return download(risk.exports.backtest(who, backtest_id, asked))


@pages.post("/risk/rule-sets/{row_id}/exports")
def rule_set_form(risk: Risk, who: Reader, row_id: str, asked: Taken) -> Response:
    """The page's version, in its language."""
    return download(risk.rule_set_exports.version(who, row_id, asked))


@pages.post("/risk/rule-sets/{row_id}/history/exports")
def trail_form(risk: Risk, who: Reader, row_id: str, asked: Taken) -> Response:
    """The page's audit record, in its language."""
    return download(risk.rule_set_exports.trail(who, row_id, asked))
