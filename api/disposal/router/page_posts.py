"""What the pages of disposal post: plain forms, answered by the case page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from api.disposal.model import Action
from api.disposal.router.access import Id, Service, Staff
from api.disposal.router.boards_api import given
from api.infra.i18n import N_
from api.infra.reports import Asked, Format, download
from api.infra.web import language, redirect
from api.kernel.clock import SHANGHAI

pages = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
Word = Annotated[str, Form(max_length=30)]


@pages.post("/disposal/cases/exports")
def export(
    request: Request,
    disposal: Service,
    who: Staff,
    format: Annotated[Format, Form()],
    purpose: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """The list's file, in the page's language."""
    return download(disposal.command.export(who, Asked(format, purpose, language(request))))


@pages.post("/disposal/cases/{case_id}/step")
def step(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    action: Word,
    note: Text = "",
    finding: Word = "",
    reason: Text = "",
    outcome: Word = "",
    until: Word = "",
    to: Word = "",
) -> Response:
    """Do one step and show the case again."""
    given = {"note": note, "finding": finding, "reason": reason, "outcome": outcome, "until": until, "to": to}
    known = Action(action) if action in set(Action) else Action.RAISE  # which nobody may
    disposal.cases.step(who, case_id, known, given)
    return redirect(request, f"/disposal/cases/{case_id}", notice=N_("已登记。"))


@pages.post("/disposal/cases/{case_id}/task")
def task(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    unit: Word,
    text: Text,
    due_on: Annotated[date, Form()],
) -> Response:
    """Open a joint task."""
    disposal.tasks.open(who, case_id, unit, text, due_on)
    return redirect(request, f"/disposal/cases/{case_id}#tasks", notice=N_("任务已交办。"))


@pages.post("/disposal/cases/{case_id}/task/{task_id}")
def task_done(
    request: Request, disposal: Service, who: Staff, case_id: Id, task_id: Id, text: Text
) -> Response:
    """Report a joint task as done."""
    disposal.tasks.done(who, task_id, text)
    return redirect(request, f"/disposal/cases/{case_id}#tasks", notice=N_("任务已办结。"))


@pages.post("/disposal/cases/{case_id}/task/{task_id}/withdrawal")
def task_withdrawn(
    request: Request, disposal: Service, who: Staff, case_id: Id, task_id: Id, text: Text
) -> Response:
    """Take a joint task back."""
    disposal.tasks.withdraw(who, task_id, text)
    return redirect(request, f"/disposal/cases/{case_id}#tasks", notice=N_("任务已收回。"))


@pages.post("/disposal/cases/{case_id}/notice")
def notice(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    kind: Word,
    text: Annotated[str, Form(max_length=1500)],
) -> Response:
    """Make a numbered notice."""
    disposal.papers.issue(who, case_id, kind, text)
    return redirect(request, f"/disposal/cases/{case_id}#notices", notice=N_("告知书已生成。"))


@pages.post("/disposal/cases/{case_id}/notice/{notice_id}")
def served(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    notice_id: Id,
    way: Word,
    at: Annotated[datetime, Form()],
    receiver: Annotated[str, Form(max_length=80)] = "",
    witness: Annotated[str, Form(max_length=80)] = "",
    tracking: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Record that a notice was served, refused, left, sent or published; the form's time is China's."""
    when = at if at.tzinfo is not None else at.replace(tzinfo=SHANGHAI)
    channel, _, result = way.partition("-")
    disposal.papers.serve(
        who, notice_id, channel, when, receiver, note, result=result, witness=witness, tracking=tracking
    )
    return redirect(request, f"/disposal/cases/{case_id}#notices", notice=N_("已登记。"))


@pages.post("/disposal/cases/{case_id}/contact")
def contact(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    name: Annotated[str, Form(max_length=40)] = "",
    phone: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Enter whom to reach at the enterprise."""
    disposal.papers.contact(who, case_id, name, phone)
    return redirect(request, f"/disposal/cases/{case_id}#notices", notice=N_("联系人已保存。"))


@pages.post("/disposal/cases/{case_id}/law-period")
def law_period(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    code: Word,
    start: Annotated[date, Form()],
    extended: Word = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Enter an event that sets off a period of the law."""
    disposal.statutory.enter(who, case_id, code, start, extended=extended == "1", note=note)
    return redirect(request, f"/disposal/cases/{case_id}#law", notice=N_("法定期限已登记。"))


@pages.post("/disposal/cases/{case_id}/law-period/{entry_id}")
def law_period_ended(
    request: Request, disposal: Service, who: Staff, case_id: Id, entry_id: Id, on: Annotated[date, Form()]
) -> Response:
    """What the period was for was done."""
    disposal.statutory.end(who, entry_id, on)
    return redirect(request, f"/disposal/cases/{case_id}#law", notice=N_("已登记办结日期。"))


@pages.post("/disposal/cases/{case_id}/statement/{statement_id}")
def answered(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    statement_id: Id,
    text: Text,
    upheld: Word = "",
) -> Response:
    """Answer a statement."""
    disposal.voices.answer(who, statement_id, text, upheld == "1")
    return redirect(request, f"/disposal/cases/{case_id}#statements", notice=N_("已答复。"))


@pages.post("/disposal/cases/{case_id}/statement")
def statement(
    request: Request,
    disposal: Service,
    who: Staff,
    case_id: Id,
    kind: Word,
    text: Text,
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> Response:
    """Write down what the enterprise says, with what it hands over."""
    disposal.voices.take(who, case_id, kind, text, given(files or []))
    return redirect(request, f"/disposal/cases/{case_id}#statements", notice=N_("已登记。"))
