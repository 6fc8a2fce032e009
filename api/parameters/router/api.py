"""JSON API:

read the dated figures (public facts, any logged-in account), enter and withdraw them (operator).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request

from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import not_found
from api.parameters.model import CalendarDay
from api.parameters.schemas import CalendarOut, DayIn, DayOut, FigureIn, FigureOut
from api.parameters.service import ParametersService

api = APIRouter(prefix="/parameters", tags=["parameters"], route_class=IdempotentRoute)


async def service(request: Request) -> ParametersService:
    """The slice's service."""
    return cast(ParametersService, request.app.state.container.parameters)


Service = Annotated[ParametersService, Depends(service)]
Anyone = Annotated[Principal, Depends(require())]
Operator = Annotated[Principal, Depends(require("operator"))]


@api.get("", summary="Dated figures, delivered and entered")
def listing(
    parameters: Service,
    _who: Anyone,
    key: Annotated[str, Query(max_length=60)] = "",
    place: Annotated[str, Query(max_length=9)] = "",
    on: date | None = None,
) -> list[FigureOut]:
    """Rows of a key, of a place and the places around it, in force on a day."""
    return [FigureOut.of(row) for row in parameters.listing(key, place, on)]


@api.get("/value", summary="The figure that holds at a place on a day")
def value(parameters: Service, _who: Anyone, key: str, place: str, on: date) -> FigureOut:
    """404 when none is on record."""
    found = parameters.figure(key, place, on)
    if found is None:
        raise not_found("parameters.not_on_record", key=key)
    return FigureOut.of(found)


@api.post("", status_code=201, summary="Enter a figure")
def enter(parameters: Service, who: Operator, body: FigureIn) -> FigureOut:
    """The new row holds from now on; audited."""
    figure = parameters.enter(
        who,
        key=body.key,
        place=body.place,
        value=body.value,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        source=body.source,
        certainty=body.certainty,
    )
    return FigureOut.of(figure)


@api.post("/{row_id}/withdrawal", status_code=204, summary="Stop using an entered figure")
def withdraw(parameters: Service, who: Operator, row_id: str) -> None:
    """The row stays on record with the moment of its withdrawal; audited."""
    parameters.withdraw(who, row_id)


@api.get("/calendar/{year}", summary="Working days of a year")
def calendar(parameters: Service, _who: Anyone, year: int) -> CalendarOut:
    """Whether the arrangement is known, and the operator's own days."""
    days = [DayOut.of(day) for day in parameters.calendar_days(min(max(year, 1950), 2200))]
    return CalendarOut(year=year, known=parameters.calendar_known(min(max(year, 1950), 2200)), days=days)


@api.put("/calendar/{day}", status_code=204, summary="Set a holiday or a worked weekend day")
def put_day(parameters: Service, who: Operator, day: date, body: DayIn) -> None:
    """Replaces what stood there; audited."""
    parameters.put_calendar_day(who, CalendarDay(day, body.kind, body.name, body.source))


@api.delete("/calendar/{day}", status_code=204, summary="Remove a day from the operator's calendar")
def remove_day(parameters: Service, who: Operator, day: date) -> None:
    """The published arrangement holds again; audited."""
    parameters.remove_calendar_day(who, day)
