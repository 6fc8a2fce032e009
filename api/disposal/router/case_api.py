"""JSON of cases: list, read, move on, work on site, joint tasks, export."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from fastapi.responses import JSONResponse, Response

from api.disposal.model import Colour, Stage
from api.disposal.router.access import Cursor, Digest, Id, Limit, Service, Staff
from api.disposal.schemas import (
    CaseOut,
    CasesOut,
    EventOut,
    FormIn,
    FormOut,
    StepIn,
    TaskIn,
    TaskOut,
    TextIn,
)
from api.infra.idempotency import IdempotentRoute
from api.infra.reports import AskedIn, download
from api.kernel.errors import invalid

api = APIRouter(route_class=IdempotentRoute)
files = APIRouter()
"""What is taken out: asking again makes the file again."""


def colours_of(names: list[str]) -> list[Colour]:
    """Colours by name; raises invalid."""
    try:
        return [Colour[name.upper()] for name in names]
    except KeyError:
        raise invalid("malformed", pointer="/colour") from None


@api.get("/cases", summary="Cases the caller may see, newest first")
def listing(
    disposal: Service,
    who: Staff,
    stage: Annotated[list[Stage] | None, Query()] = None,
    colour: Annotated[list[str] | None, Query()] = None,
    unit: Annotated[str, Query(max_length=20)] = "",
    enterprise: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> CasesOut:
    """Filtered by stage, colour, unit, enterprise; `next` is the cursor of the next page."""
    found = disposal.cases.listing(
        who, stages=stage or (), colours=colours_of(colour or []), unit=unit, enterprise=enterprise,
        cursor=cursor, limit=limit,
    )  # fmt: skip
    return CasesOut(cases=[CaseOut.of(case, measure) for case, measure in found.rows], next=found.next)


@files.post("/cases/exports", summary="Take the caller's cases out as XLSX or PDF", response_class=Response)
def export(disposal: Service, who: Staff, body: AskedIn) -> Response:
    """The newest 20,000 in a sheet, 300 on paper, marked with who took them, when and for what. Audited."""
    return download(disposal.command.export(who, body.asked()))


@api.get("/funnel", summary="Number of cases by stage and colour")
def funnel(disposal: Service, who: Staff) -> dict[str, dict[str, int]]:
    """Of the cases the caller may see."""
    return {
        stage: {Colour(colour).name.lower(): count for colour, count in sorted(counts.items())}
        for stage, counts in disposal.cases.funnel(who).items()
    }


@api.get("/cases/{case_id}", summary="One case with explained deadlines")
def case(disposal: Service, who: Staff, case_id: Id) -> CaseOut:
    """404 for another street's case."""
    return CaseOut.of(disposal.cases.get(who, case_id))


@api.get("/cases/{case_id}/events", summary="Everything that happened to a case")
def events(disposal: Service, who: Staff, case_id: Id) -> list[EventOut]:
    """In order; each with its entry in the log of evidence."""
    return [EventOut.of(event) for event in disposal.cases.history(who, case_id)]


@api.post("/cases/{case_id}/steps", summary="Do one step")
def step(disposal: Service, who: Staff, case_id: Id, body: StepIn) -> CaseOut:
    """409 with the reason when the step is not possible now."""
    given = body.model_dump(exclude={"action"}, exclude_none=True)
    return CaseOut.of(disposal.cases.step(who, case_id, body.action, given))


@api.get("/cases/{case_id}/form", summary="The merged site form")
def read_form(disposal: Service, who: Staff, case_id: Id) -> FormOut:
    """Of the present cycle."""
    return FormOut.of(*disposal.field.read(who, case_id))


@api.put("/cases/{case_id}/form", summary="Merge what a phone holds")
def sync_form(disposal: Service, who: Staff, case_id: Id, body: FormIn) -> FormOut:
    """May be repeated and come in any order; the answer is the merged form."""
    answers = [one.model_dump() for one in body.answers]
    photos = [one.model_dump() for one in body.photos]
    return FormOut.of(*disposal.field.sync(who, case_id, body.device, answers, photos, body.cycle))


@api.put("/cases/{case_id}/photos/{sha256}", summary="Upload a photo named in the form")
def put_photo(
    disposal: Service, who: Staff, case_id: Id, sha256: Digest, photo: Annotated[UploadFile, File()]
) -> JSONResponse:
    """201 when it was kept, 200 when it had been kept before; 422 when the bytes do not give the digest."""
    kept = disposal.field.put_photo(who, case_id, sha256, photo.file.read(6_000_001))
    return JSONResponse({"sha256": sha256}, 201 if kept else 200)


@api.get("/cases/{case_id}/photos/{sha256}", summary="A photo's bytes")
def get_photo(disposal: Service, who: Staff, case_id: Id, sha256: Digest) -> Response:
    """JPEG, PNG or WebP."""
    media_type, body = disposal.field.photo(who, case_id, sha256)
    return Response(body, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


@api.get("/cases/{case_id}/tasks", summary="Joint tasks")
def tasks(disposal: Service, who: Staff, case_id: Id) -> list[TaskOut]:
    """Oldest first."""
    return [TaskOut.of(row) for row in disposal.tasks.of_case(who, case_id)]


@api.post("/cases/{case_id}/tasks", summary="Ask another unit to do its part", status_code=201)
def open_task(disposal: Service, who: Staff, case_id: Id, body: TaskIn) -> dict[str, str]:
    """The unit may read the case from then on."""
    return {"id": disposal.tasks.open(who, case_id, body.unit, body.text, body.due_on)}


@api.post("/tasks/{task_id}/done", summary="Report a joint task as done", status_code=204)
def task_done(disposal: Service, who: Staff, task_id: Id, body: TextIn) -> Response:
    """By the party of the task."""
    disposal.tasks.done(who, task_id, body.text)
    return Response(status_code=204)


@api.post("/tasks/{task_id}/withdrawal", summary="Take a joint task back", status_code=204)
def task_withdrawn(disposal: Service, who: Staff, task_id: Id, body: TextIn) -> Response:
    """By the case's owner or the bureau, with a reason; it no longer keeps the case open."""
    disposal.tasks.withdraw(who, task_id, body.text)
    return Response(status_code=204)
