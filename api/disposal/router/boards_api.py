"""JSON of lists across cases, of statements that wait, of files, and of periods that the law fixes for a case."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import Response

from api.disposal.model import Measure
from api.disposal.router.access import Id, Limit, LongCursor, Service, Staff
from api.disposal.rules.attachments import FILE_MOST, Given
from api.disposal.schemas.boards import (
    MeasureLineOut,
    MeasureLinesOut,
    TaskLineOut,
    TaskLinesOut,
    TransfersOut,
)
from api.disposal.schemas.papers import (
    ContactIn,
    DayIn,
    LawPeriodIn,
    RunningOut,
    StatementOut,
    StatementsOut,
)
from api.disposal.tables import AttachmentRow
from api.infra.idempotency import IdempotentRoute

api = APIRouter(route_class=IdempotentRoute)
Files = Annotated[list[UploadFile], File()]


def given(files: list[UploadFile]) -> list[Given]:
    """What was uploaded, each file read to one byte more than is taken; empty fields of a browser's form are left out."""
    return [Given(one.filename or "", one.file.read(FILE_MOST + 1)) for one in files if one.filename]


def download(found: AttachmentRow) -> Response:
    """A statement's file, never shown inside a page of ours."""
    headers = {
        "Content-Disposition": f"attachment; filename=\"attachment\"; filename*=UTF-8''{quote(found.name)}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.body, media_type=found.media_type, headers=headers)


@api.get("/tasks", summary="Joint tasks of the caller's units and cases")
def tasks(
    disposal: Service,
    who: Staff,
    done: bool = False,
    unit: Annotated[str, Query(max_length=20)] = "",
    cursor: LongCursor = "",
    limit: Limit = 50,
) -> TaskLinesOut:
    """The open ones by their day."""
    found = disposal.boards.tasks(who, done=done, unit=unit, cursor=cursor, limit=limit)
    return TaskLinesOut(tasks=[TaskLineOut.of(line) for line in found.rows], next=found.next)


@api.get("/transfers", summary="Cases being handed over")
def transfers(disposal: Service, who: Staff) -> TransfersOut:
    """To the caller's units, and others that he may see."""
    return TransfersOut.of(disposal.boards.transfers(who))


@api.get("/supervision", summary="What was urged, supervised and carded")
def supervision(
    disposal: Service,
    who: Staff,
    measure: Measure | None = None,
    cursor: LongCursor = "",
    limit: Limit = 50,
) -> MeasureLinesOut:
    """Newest first."""
    found = disposal.boards.supervision(who, measure=measure, cursor=cursor, limit=limit)
    return MeasureLinesOut(measures=[MeasureLineOut.of(line) for line in found.rows], next=found.next)


@api.get("/statements", summary="Questions, explanations and appeals of enterprises")
def statements(
    disposal: Service,
    who: Staff,
    answered: bool = False,
    kind: Annotated[str, Query(pattern="^(|question|explanation|appeal)$")] = "",
    cursor: LongCursor = "",
    limit: Limit = 50,
) -> StatementsOut:
    """Those that wait for an answer by its day, or the answered ones."""
    found = disposal.voices.listing(who, answered=answered, kind=kind, cursor=cursor, limit=limit)
    return StatementsOut(statements=[StatementOut.of(one) for one in found.rows], next=found.next)


@api.post("/cases/{case_id}/statements/files", summary="Write down a statement with files", status_code=201)
def take_with_files(
    disposal: Service,
    who: Staff,
    case_id: Id,
    kind: Annotated[str, Form(max_length=12)],
    text: Annotated[str, Form(max_length=4000)],
    files: Files,
) -> dict[str, str]:
    """As given at the desk: at most five PDF, JPEG, PNG or WebP files."""
    return {"id": disposal.voices.take(who, case_id, kind, text, given(files))}


@api.get("/attachments/{attachment_id}", summary="A statement's file")
def attachment(disposal: Service, who: Staff, attachment_id: Id) -> Response:
    """For who may see its case."""
    return download(disposal.voices.attachment(who, attachment_id))


@api.get("/cases/{case_id}/contact", summary="Whom to reach at the enterprise")
def contact(disposal: Service, who: Staff, case_id: Id) -> ContactIn:
    """For the owner's people and the bureau; empty for the parties of a task."""
    found = disposal.papers.contact_of(who, case_id)
    return ContactIn(name=found.name, phone=found.phone)


@api.put("/cases/{case_id}/contact", summary="Enter whom to reach at the enterprise", status_code=204)
def put_contact(disposal: Service, who: Staff, case_id: Id, body: ContactIn) -> Response:
    """Notices of the case send their SMS there."""
    disposal.papers.contact(who, case_id, body.name, body.phone)
    return Response(status_code=204)


@api.get(
    "/cases/{case_id}/law-periods", summary="Periods that the law fixes, as the case's events set them off"
)
def law_periods(disposal: Service, who: Staff, case_id: Id) -> list[RunningOut]:
    """With the counting explained."""
    return [RunningOut.of(one) for one in disposal.statutory.of_case(who, case_id)]


@api.post("/cases/{case_id}/law-periods", summary="Enter an event that sets off a period", status_code=201)
def enter_law_period(disposal: Service, who: Staff, case_id: Id, body: LawPeriodIn) -> dict[str, str]:
    """By the owner or the HR bureau."""
    made = disposal.statutory.enter(
        who, case_id, body.code, body.start, extended=body.extended, note=body.note
    )
    return {"id": made}


@api.post("/law-periods/{entry_id}/end", summary="What the period was for was done", status_code=204)
def end_law_period(disposal: Service, who: Staff, entry_id: Id, body: DayIn) -> Response:
    """On a day that is not ahead."""
    disposal.statutory.end(who, entry_id, body.on)
    return Response(status_code=204)
