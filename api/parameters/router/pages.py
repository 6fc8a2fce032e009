"""Operator's pages: figures and calendar. Plain forms; every change is audited."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.clock import SystemClock, shanghai_day
from api.kernel.errors import DomainError, ErrorKind, invalid
from api.parameters.model import KEYS, CalendarDay, Certainty, Kind
from api.parameters.router.api import Operator, Service
from api.parameters.rules import chinese
from api.parameters.service import ParametersService
from api.parameters.texts import CERTAINTY_NAMES, CHOICE_NAMES, KEY_NAMES, UNIT_NAMES

pages = APIRouter()


def _day(text: str, pointer: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise invalid("parameters.day_malformed", pointer=pointer) from None


def _value(key: str, text: str) -> object:
    if key in KEYS and KEYS[key].kind is Kind.STRUCTURE and text.strip():
        try:
            return json.loads(text)
        except ValueError:
            raise invalid("parameters.value_malformed", pointer="/value", expected="JSON") from None
    return text.strip()


def _figures_page(
    request: Request,
    parameters: ParametersService,
    key: str,
    place: str,
    error: DomainError | None = None,
    form: dict[str, str] | None = None,
) -> Response:
    today = shanghai_day(SystemClock().now())
    return page(
        request,
        "parameters/figures.html",
        status=422 if error else 200,
        rows=parameters.listing(key, place),
        today=today,
        key=key,
        place=place,
        names=KEY_NAMES,
        units={name: UNIT_NAMES.get(spec.unit, "") for name, spec in KEYS.items()},
        choices=CHOICE_NAMES,
        certainties=CERTAINTY_NAMES,
        chinese=chinese,
        message=text_of(error.code, error.facts, language(request)) if error else "",
        form=form or {"key": key, "place": place or "500107", "valid_from": today.isoformat()},
    )


@pages.get("/parameters")
def figures(
    request: Request,
    parameters: Service,
    _who: Operator,
    key: Annotated[str, Query(max_length=60)] = "",
    place: Annotated[str, Query(max_length=9)] = "",
) -> Response:
    """All figures, or those of a key or place."""
    return _figures_page(request, parameters, key if key in KEYS else "", place.strip())


@pages.post("/parameters")
def enter(
    request: Request,
    parameters: Service,
    who: Operator,
    key: Annotated[str, Form()],
    place: Annotated[str, Form()],
    value: Annotated[str, Form()],
    valid_from: Annotated[str, Form()],
    source: Annotated[str, Form()],
    certainty: Annotated[str, Form()] = "found",
    valid_to: Annotated[str, Form()] = "",
) -> Response:
    """Enter a figure."""
    try:
        parameters.enter(
            who,
            key=key,
            place=place.strip(),
            value=_value(key, value),
            valid_from=_day(valid_from, "/valid_from"),
            valid_to=_day(valid_to, "/valid_to") if valid_to.strip() else None,
            source=source,
            certainty=Certainty(certainty if certainty in CERTAINTY_NAMES else "assumed"),
        )
    except DomainError as error:
        if error.kind is not ErrorKind.INVALID:
            raise
        form = {"key": key, "place": place, "value": value, "valid_from": valid_from, "valid_to": valid_to}
        return _figures_page(
            request, parameters, "", "", error, {**form, "source": source, "certainty": certainty}
        )
    return redirect(request, "/parameters", notice=N_("参数已登记，从现在起生效。"))


@pages.post("/parameters/{row_id}/withdrawal")
def withdraw(request: Request, parameters: Service, who: Operator, row_id: str) -> Response:
    """Stop using a row."""
    parameters.withdraw(who, row_id)
    return redirect(request, "/parameters", notice=N_("已停用。之前用它算出的结果仍可查证。"))


@pages.get("/parameters/calendar")
def calendar(request: Request, parameters: Service, _who: Operator, year: int = 0) -> Response:
    """The operator's days of a year."""
    year = min(max(year or shanghai_day(SystemClock().now()).year, 2004), 2100)
    return page(
        request,
        "parameters/calendar.html",
        year=year,
        known=parameters.calendar_known(year),
        days=parameters.calendar_days(year),
        chinese=chinese,
    )


@pages.post("/parameters/calendar")
def put_day(
    request: Request,
    parameters: Service,
    who: Operator,
    day: Annotated[str, Form()],
    kind: Annotated[str, Form()],
    source: Annotated[str, Form()],
    name: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Set a day."""
    when = _day(day, "/day")
    parameters.put_calendar_day(who, CalendarDay(when, kind, name.strip(), source))
    return redirect(request, f"/parameters/calendar?year={when.year}", notice=N_("日期已登记。"))


@pages.post("/parameters/calendar/{day}/removal")
def remove_day(request: Request, parameters: Service, who: Operator, day: str) -> Response:
    """Remove a day."""
    when = _day(day, "/day")
    parameters.remove_calendar_day(who, when)
    return redirect(
        request, f"/parameters/calendar?year={when.year}", notice=N_("已删除，按公布的安排执行。")
    )
