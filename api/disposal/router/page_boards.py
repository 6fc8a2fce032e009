"""Pages of lists across cases: joint tasks, transfers, supervision, statements that wait, inspections and samples."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from api.disposal import texts
from api.disposal.model import Measure, Outcome, Reason
from api.disposal.router.access import Id, LongCursor, Service, Staff
from api.disposal.router.boards_api import download
from api.disposal.router.page_parts import NAMES, options, units
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import invalid

pages = APIRouter()
Text = Annotated[str, Form(max_length=4000)]
Word = Annotated[str, Form(max_length=30)]


@pages.get("/disposal/tasks")
def tasks(
    request: Request, disposal: Service, who: Staff, done: bool = False, cursor: LongCursor = ""
) -> Response:
    """Joint tasks of the caller's units and cases."""
    return page(
        request,
        "disposal/tasks.html",
        found=disposal.boards.tasks(who, done=done, cursor=cursor, limit=30),
        done=done,
        names=units(disposal, request),
        reach=disposal.desk.reach(who),
        **NAMES,
    )


@pages.post("/disposal/tasks/{task_id}")
def task_done(request: Request, disposal: Service, who: Staff, task_id: Id, text: Text) -> Response:
    """The party reports its part as done."""
    disposal.tasks.done(who, task_id, text)
    return redirect(request, "/disposal/tasks", notice=N_("任务已办结。"))


@pages.get("/disposal/transfers")
def transfers(request: Request, disposal: Service, who: Staff) -> Response:
    """Cases being handed over."""
    return page(
        request,
        "disposal/transfers.html",
        found=disposal.boards.transfers(who),
        now=disposal.context.clock.now(),
        names=units(disposal, request),
        reach=disposal.desk.reach(who),
        **NAMES,
    )


@pages.get("/disposal/supervision")
def supervision(
    request: Request,
    disposal: Service,
    who: Staff,
    measure: Annotated[str, Query(max_length=10)] = "",
    cursor: LongCursor = "",
) -> Response:
    """What was urged, supervised and carded."""
    chosen = Measure(measure) if measure in set(Measure) else None
    since = disposal.context.today() - timedelta(days=29)
    return page(
        request,
        "disposal/supervision.html",
        found=disposal.boards.supervision(who, measure=chosen, cursor=cursor, limit=30),
        counted=disposal.boards.measured(who, since),
        since=since,
        measure=measure if chosen else "",
        names=units(disposal, request),
        reach=disposal.desk.reach(who),
        **NAMES,
    )


@pages.get("/disposal/statements")
def statements(
    request: Request,
    disposal: Service,
    who: Staff,
    answered: bool = False,
    kind: Annotated[str, Query(pattern="^(|question|explanation|appeal)$")] = "",
    cursor: LongCursor = "",
) -> Response:
    """Questions, explanations and appeals of enterprises."""
    return page(
        request,
        "disposal/statements.html",
        found=disposal.voices.listing(who, answered=answered, kind=kind, cursor=cursor, limit=20),
        answered=answered,
        kind=kind,
        now=disposal.context.clock.now(),
        names=units(disposal, request),
        reach=disposal.desk.reach(who),
        **NAMES,
    )


@pages.post("/disposal/statements/{statement_id}")
def answer(
    request: Request, disposal: Service, who: Staff, statement_id: Id, text: Text, upheld: Word = ""
) -> Response:
    """Answer in writing."""
    disposal.voices.answer(who, statement_id, text, upheld == "1")
    return redirect(request, "/disposal/statements", notice=N_("已答复。"))


@pages.get("/disposal/attachments/{attachment_id}")
def attachment(disposal: Service, who: Staff, attachment_id: Id) -> Response:
    """A statement's file."""
    return download(disposal.voices.attachment(who, attachment_id))


@pages.get("/disposal/inspections")
def inspections(
    request: Request,
    disposal: Service,
    who: Staff,
    state: Annotated[str, Query(pattern="^(|planned|done)$")] = "planned",
    cursor: LongCursor = "",
) -> Response:
    """Inspections that no warning asked for, with why they are made; samples for the bureau."""
    reach = disposal.desk.reach(who)
    today = disposal.context.today()
    return page(
        request,
        "disposal/inspections.html",
        found=disposal.measures.inspections(who, state=state, apart=True, cursor=cursor, limit=30),
        samples=disposal.measures.samples(who) if reach.district else [],
        state=state,
        month=f"{today:%Y%m}",
        findings=options(request, [(k, v) for k, v in texts.OUTCOMES.items() if k != "resolved"]),
        reasons=texts.REASONS,
        asked=options(request, [(k, v) for k, v in texts.REASONS.items() if k != "random"]),
        names=units(disposal, request),
        reach=reach,
        **NAMES,
    )


@pages.post("/disposal/samples")
def draw(
    request: Request,
    disposal: Service,
    who: Staff,
    month: Annotated[int, Form(ge=200001, le=210012)],
    size: Annotated[int, Form(ge=1, le=500)],
) -> Response:
    """Draw the month's sample."""
    disposal.measures.draw(who, month, size)
    return redirect(request, "/disposal/inspections", notice=N_("抽查名单已生成。"))


@pages.post("/disposal/inspections")
def plan(
    request: Request,
    disposal: Service,
    who: Staff,
    uscc: Annotated[str, Form(max_length=18)],
    reason: Word,
) -> Response:
    """Plan an inspection because of a complaint or of the model."""
    if reason not in set(Reason):
        raise invalid("malformed", pointer="/reason")
    disposal.measures.plan_by_code(who, uscc, Reason(reason))
    return redirect(request, "/disposal/inspections", notice=N_("检查已安排。"))


@pages.post("/disposal/inspections/{inspection_id}")
def report(
    request: Request,
    disposal: Service,
    who: Staff,
    inspection_id: Id,
    finding: Word,
    persons: Annotated[int, Form(ge=0, le=1_000_000)] = 0,
    note: Text = "",
) -> Response:
    """Enter what an inspection found."""
    if finding not in set(Outcome):
        raise invalid("disposal.finding_unknown", pointer="/finding")
    disposal.measures.report(who, inspection_id, Outcome(finding), persons, note)
    return redirect(request, "/disposal/inspections", notice=N_("检查结果已登记。"))
