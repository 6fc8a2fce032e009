"""JSON of notices, service, the employer's statements; and of what the law and the clocks say."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import AwareDatetime

from api.disposal.router.access import Id, Service, Staff
from api.disposal.router.case_api import colours_of
from api.disposal.router.own_api import notice_file
from api.disposal.rules.clocks import deadlines, read_rules
from api.disposal.rules.law_periods import PERIODS
from api.disposal.schemas import (
    AnswerStatementIn,
    ComputedOut,
    DueOut,
    NoticeIn,
    NoticeOut,
    ServiceIn,
    StatementIn,
    StatementOut,
    dues_out,
)
from api.infra.idempotency import IdempotentRoute
from api.kernel.clock import shanghai_day

api = APIRouter(route_class=IdempotentRoute)


@api.get("/cases/{case_id}/notices", summary="Notices with their records of service")
def notices(disposal: Service, who: Staff, case_id: Id) -> list[NoticeOut]:
    """Oldest first."""
    return [NoticeOut.of(row, served) for row, served in disposal.papers.of_case(who, case_id)]


@api.post("/cases/{case_id}/notices", summary="Make a numbered notice", status_code=201)
def issue(disposal: Service, who: Staff, case_id: Id, body: NoticeIn) -> NoticeOut:
    """PDF with a number, and an SMS where the register knows a number."""
    return NoticeOut.of(disposal.papers.issue(who, case_id, body.kind, body.text))


@api.get("/notices/{notice_id}/pdf", summary="A notice's file")
def pdf(disposal: Service, who: Staff, notice_id: Id) -> Response:
    """PDF/A-2a."""
    return notice_file(*disposal.papers.pdf(who, notice_id))


@api.post("/notices/{notice_id}/service", summary="Record that a notice was served", status_code=201)
def serve(disposal: Service, who: Staff, notice_id: Id, body: ServiceIn) -> dict[str, str]:
    """By hand, by post, left at the place, by public notice; also that it was refused or came back."""
    made = disposal.papers.serve(
        who, notice_id, body.channel, body.at, body.receiver, body.note, result=body.result,
        witness=body.witness, tracking=body.tracking,
    )  # fmt: skip
    return {"id": made}


@api.get("/cases/{case_id}/statements", summary="What the enterprise said, and the answers")
def statements(disposal: Service, who: Staff, case_id: Id) -> list[StatementOut]:
    """Oldest first."""
    return [StatementOut.of(row) for row in disposal.voices.of_case(who, case_id)]


@api.post("/cases/{case_id}/statements", summary="Write down a statement", status_code=201)
def take(disposal: Service, who: Staff, case_id: Id, body: StatementIn) -> dict[str, str]:
    """An explanation or an appeal, as given at the desk or on site."""
    return {"id": disposal.voices.take(who, case_id, body.kind, body.text)}


@api.post("/statements/{statement_id}/answer", summary="Answer a statement", status_code=204)
def answer(disposal: Service, who: Staff, statement_id: Id, body: AnswerStatementIn) -> Response:
    """An appeal is answered by somebody who did not decide."""
    disposal.voices.answer(who, statement_id, body.text, body.upheld)
    return Response(status_code=204)


@api.get("/law-periods", summary="Periods that the law fixes, from a day")
def law_periods(
    disposal: Service, _who: Staff, start: date, code: str = "", extended: bool = False
) -> list[ComputedOut]:
    """One by its code, or all of them, with the counting explained."""
    codes = [code] if code else [period.code for period in PERIODS]
    return [ComputedOut.of(disposal.law_period(one, start, extended=extended)) for one in codes]


@api.get("/clocks", summary="Deadlines of a colour from a moment")
def clocks(
    disposal: Service, _who: Staff, issued: AwareDatetime, colour: Annotated[str, Query(max_length=8)]
) -> dict[str, DueOut]:
    """As a case issued then would have them, with the days that are counted and skipped."""
    day = shanghai_day(issued)
    context = disposal.context
    (chosen,) = colours_of([colour])
    rules = read_rules(context.figures.clocks(day))  # 422 names what is wrong with the parameter
    return dues_out(deadlines(issued, chosen, rules, context.days(day)))
