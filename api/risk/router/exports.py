"""Files to take out: an enterprise's file, the morning list on paper, a backtest's result. Every one is audited."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.infra.reports import Asked, AskedIn, Format, download
from api.infra.web import language
from api.risk.router.api import Conditions, Purpose, Risk, Who
from api.risk.router.files_api import Enterprise

api = APIRouter(prefix="/risk", tags=["risk"])
pages = APIRouter()
FormFormat = Annotated[Format, Form()]
FormPurpose = Annotated[str, Form(max_length=400)]


@api.post(
    "/enterprises/{enterprise}/exports",
    summary="Take an enterprise's file out as XLSX or PDF",
    response_class=Response,
)
def enterprise(risk: Risk, who: Who, enterprise: Enterprise, body: AskedIn) -> Response:
    """What its page shows, marked with who took it, when and for what; another street's is not found. Audited."""
    return download(risk.exports.enterprise(who, enterprise, body.asked()))


@api.get("/morning.pdf", summary="The morning list on paper", response_class=Response)
def morning(request: Request, risk: Risk, who: Who, asked: Conditions, purpose: Purpose) -> Response:
    """Its first 500 lines under the same conditions, in the language that the caller accepts. Audited."""
    return download(risk.exports.morning(who, asked, purpose, language(request)))


@api.post(
    "/backtests/{backtest_id}/exports",
    summary="Take a backtest's result out as XLSX or PDF",
    response_class=Response,
)
def backtest(risk: Risk, who: Who, backtest_id: str, body: AskedIn) -> Response:
    """Matrix, visits and what moved: on paper the first 500 enterprise-months. 409 while it is not finished. Audited."""
    return download(risk.exports.backtest(who, backtest_id, body.asked()))


@pages.post("/risk/enterprises/{enterprise}/exports")
def enterprise_form(
    request: Request,
    risk: Risk,
    who: Who,
    enterprise: Enterprise,
    format: FormFormat,
    purpose: FormPurpose = "",
) -> Response:
    """The page's file, in its language."""
    return download(risk.exports.enterprise(who, enterprise, Asked(format, purpose, language(request))))


@pages.get("/risk/morning.pdf")
def morning_form(request: Request, risk: Risk, who: Who, asked: Conditions, purpose: Purpose) -> Response:
    """The page's list, in its language."""
    return download(risk.exports.morning(who, asked, purpose, language(request)))


@pages.post("/risk/backtests/{backtest_id}/exports")
def backtest_form(
    request: Request, risk: Risk, who: Who, backtest_id: str, format: FormFormat, purpose: FormPurpose = ""
) -> Response:
    """The page's result, in its language."""
    return download(risk.exports.backtest(who, backtest_id, Asked(format, purpose, language(request))))
