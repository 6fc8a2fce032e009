"""JSON of units, posts, duty, the command view, and measuring."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from api.disposal.model import Unit
from api.disposal.router.access import AnyStaff, Cursor, Id, Limit, Operator, Service, Staff
from api.disposal.schemas import (
    BoardOut,
    DutyIn,
    DutyOut,
    EndIn,
    HitRateOut,
    InspectionIn,
    InspectionOut,
    InspectionReportIn,
    InspectionsOut,
    PostIn,
    RosterOut,
    SampleIn,
    SampleOut,
    UnitIn,
)
from api.infra.idempotency import IdempotentRoute

api = APIRouter(route_class=IdempotentRoute)
Month = Annotated[int, Path(ge=200001, le=210012)]


@api.get("/units", summary="Streets, departments, unions, federation")
def units(disposal: Service, _who: AnyStaff) -> list[dict[str, Any]]:
    """All units."""
    return [{**unit.__dict__, "kind": str(unit.kind)} for unit in disposal.desk.units()]


@api.put("/units/{code}", summary="Enter or rename a unit", status_code=204)
def put_unit(
    disposal: Service, who: Operator, code: Annotated[str, Path(max_length=20)], body: UnitIn
) -> Response:
    """A street by its 9-digit code, others by a short word."""
    disposal.desk.put_unit(who, Unit(code, body.kind, body.name, body.name_en))
    return Response(status_code=204)


@api.get("/posts", summary="Posts held today")
def posts(
    disposal: Service, _who: Operator, unit: Annotated[str, Query(max_length=20)] = ""
) -> list[dict[str, Any]]:
    """Of one unit, or all."""
    return [{**post.__dict__, "capacity": str(post.capacity)} for post in disposal.desk.posts(unit)]


@api.post("/posts", summary="Give an account a post", status_code=201)
def give_post(disposal: Service, who: Operator, body: PostIn) -> dict[str, str]:
    """For a time; a deputy's post names whom it stands in for."""
    return {"id": disposal.desk.give_post(who, **body.model_dump())}


@api.post("/posts/{post_id}/end", summary="End a post", status_code=204)
def end_post(disposal: Service, who: Operator, post_id: Id, body: EndIn) -> Response:
    """With a last day."""
    disposal.desk.end_post(who, post_id, body.last)
    return Response(status_code=204)


@api.get("/duty", summary="Who has the duty phones now")
def duty(disposal: Service, who: Staff) -> list[DutyOut]:
    """Of the units the caller may see."""
    return [DutyOut.model_validate(row, from_attributes=True) for row in disposal.desk.on_duty(who)]


@api.post("/duty", summary="Put somebody on duty", status_code=201)
def put_duty(disposal: Service, who: Staff, body: DutyIn) -> dict[str, str]:
    """By a lead of the unit or the HR bureau."""
    return {"id": disposal.desk.put_duty(who, **body.model_dump())}


@api.get("/command", summary="Open red cases with clocks, tasks, duty phones")
def command(disposal: Service, who: Staff, cursor: Cursor = "", limit: Limit = 50) -> BoardOut:
    """For the HR bureau and posts of command. The most urgent first; the numbers are of all cases, not of the page."""
    return BoardOut.of(disposal.command.board(who, cursor=cursor, limit=limit))


@api.get("/hit-rate", summary="Share confirmed and missed cases, with intervals")
def hit_rate(disposal: Service, who: Staff, first: date, last: date) -> HitRateOut:
    """Of warnings verified between two days, by rule, colour and street."""
    return HitRateOut.of(disposal.measures.hit_rate(who, first, last))


@api.post("/samples", summary="Draw the month's random sample of unwarned enterprises", status_code=201)
def draw(disposal: Service, who: Staff, body: SampleIn) -> SampleOut:
    """Once a month; seed and population are recorded."""
    return SampleOut.of(disposal.measures.draw(who, body.month, body.size))


@api.get("/samples/{month}", summary="A drawn sample")
def sample(disposal: Service, who: Staff, month: Month) -> SampleOut:
    """With what is needed to draw it again."""
    return SampleOut.of(disposal.measures.sample(who, month))


@api.get("/samples/{month}/population", summary="Everybody who could have been drawn")
def population(disposal: Service, who: Staff, month: Month) -> list[int]:
    """Numbers of enterprises, ascending; seed and size give the sample again. Empty for old samples."""
    return disposal.measures.sample_members(who, month)[1]


@api.get("/inspections", summary="Inspections with the reason they were made for")
def inspections(
    disposal: Service,
    who: Staff,
    month: Annotated[int | None, Query(ge=200001, le=210012)] = None,
    state: Annotated[str, Query(pattern="^(|planned|done)$")] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> InspectionsOut:
    """Of the caller's streets; the HR bureau sees all."""
    found = disposal.measures.inspections(who, month=month, state=state, cursor=cursor, limit=limit)
    return InspectionsOut(
        inspections=[InspectionOut.of(row, subject) for row, subject in found.rows], next=found.next
    )


@api.post("/inspections", summary="Plan an inspection", status_code=201)
def plan(disposal: Service, who: Staff, body: InspectionIn) -> dict[str, str]:
    """Because of a complaint or of the model; random ones come from the sample."""
    return {"id": disposal.measures.plan(who, body.enterprise, body.reason)}


@api.post("/inspections/{inspection_id}/report", summary="Enter what an inspection found", status_code=204)
def report(disposal: Service, who: Staff, inspection_id: Id, body: InspectionReportIn) -> Response:
    """Once."""
    disposal.measures.report(who, inspection_id, body.finding, body.persons, body.note)
    return Response(status_code=204)


@api.get("/duty/roster", summary="Times on duty that are not over")
def roster(disposal: Service, who: Staff) -> list[RosterOut]:
    """Of the units the caller may see."""
    return [RosterOut.model_validate(row, from_attributes=True) for row in disposal.desk.roster(who)]


@api.post("/duty/{duty_id}/end", summary="Take a time on duty back", status_code=204)
def end_duty(disposal: Service, who: Staff, duty_id: Id) -> Response:
    """One that has begun ends now."""
    disposal.desk.end_duty(who, duty_id)
    return Response(status_code=204)


@api.get("/samples", summary="Samples that were drawn")
def samples(disposal: Service, who: Staff) -> list[SampleOut]:
    """Of the last two years, newest first."""
    return [SampleOut.of(row) for row, _ in disposal.measures.samples(who)]
