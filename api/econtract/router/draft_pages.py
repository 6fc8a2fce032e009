"""Pages of drafting: choose a template, fill the form beside its findings, last look, send."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from api.econtract import fields, template_library
from api.econtract.model import State
from api.econtract.router import labels
from api.econtract.router.access import Drafter, Sender, Service
from api.econtract.service.drafts import CheckResult, Draft
from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind
from api.kernel.ids import new_id

pages = APIRouter(prefix="/agent/contracts", include_in_schema=False)
Line = Annotated[str, Form()]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _values(form: FormData) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """What was typed: every field of the schema (an unticked box is false) and the custom clauses."""
    values: dict[str, Any] = {}
    for field in fields.schema():
        raw = form.get(f"f_{field.name}")
        if field.type == "bool":
            values[field.name] = raw is not None
        elif isinstance(raw, str):
            values[field.name] = raw
    titles, texts = form.getlist("custom_title"), form.getlist("custom_text")
    custom = [{"title": str(a), "text": str(b)} for a, b in zip(titles, texts, strict=False) if a or b]
    return values, custom


@pages.get("/new")
def new(request: Request, who: Drafter, econtract: Service) -> HTMLResponse:
    """Choose a template."""
    return page(request, "econtract/agent/new.html", templates=template_library.newest(), forms=labels.FORMS)


@pages.post("/new")
def create(
    request: Request, who: Drafter, econtract: Service, template_id: Line, copy_of: Line = ""
) -> Response:
    """Starts a draft."""
    draft = econtract.drafts.create(who, template_id, copy_of or None)
    return redirect(request, f"/agent/contracts/{draft.id}/edit")


@pages.get("/{pk}/edit")
def edit(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """The draft form with its findings."""
    draft = econtract.drafts.get(who, pk)
    if State(draft.state) not in (State.DRAFT, State.CHECKED):
        return redirect(request, f"/agent/contracts/{pk}")
    return _form(request, draft, econtract.drafts.check(who, pk))


def _form(request: Request, draft: Draft, result: CheckResult, *, status: int = 200) -> HTMLResponse:
    return page(
        request,
        "econtract/agent/edit.html",
        status=status,
        draft=draft,
        window=new_id(),
        sections=labels.sections(draft, result, language(request)),
        **labels.findings(result, language(request)),
    )


@pages.post("/{pk}/autosave")
async def autosave(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Keeps what was typed and shows the findings; asked by htmx while typing."""
    form = await request.form()
    values, custom = _values(form)
    revision = _number(str(form.get("revision", "")))
    window = str(form.get("window", ""))
    draft, result = await run_in_threadpool(econtract.drafts.save, who, pk, values, custom, revision, window)
    shown = labels.findings(result, language(request))
    return page(request, "econtract/agent/findings.html", draft=draft, swap=True, **shown)


@pages.post("/{pk}/edit")
async def save(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Saves the form; on to the next step as the pressed button says."""
    form = await request.form()
    values, custom = _values(form)
    draft, result = await run_in_threadpool(econtract.drafts.save, who, pk, values, custom)
    if form.get("next") == "send" and not result.sendable:
        return _form(request, draft, result, status=422)
    if form.get("next") == "send":
        return redirect(request, f"/agent/contracts/{pk}/review")
    return redirect(request, f"/agent/contracts/{pk}/edit", notice=N_("草稿已保存。"))


@pages.get("/{pk}/review")
def review(request: Request, pk: str, who: Sender, econtract: Service) -> Response:
    """Last look before sending: findings and the preview."""
    draft = econtract.drafts.get(who, pk)
    result = econtract.drafts.check(who, pk)
    if State(draft.state) not in (State.DRAFT, State.CHECKED):
        return redirect(request, f"/agent/contracts/{pk}")
    return page(
        request,
        "econtract/agent/review.html",
        draft=draft,
        worker=labels.worker_of(draft),
        **labels.findings(result, language(request)),
    )


@pages.post("/{pk}/send")
def send(request: Request, pk: str, who: Sender, econtract: Service, revision: Line = "") -> Response:
    """Sends; a refusal is shown where it can be mended."""
    try:
        econtract.sending.send(who, pk, _number(revision))
    except DomainError as error:
        if error.code != "econtract.overlap" and error.kind is not ErrorKind.INVALID:
            raise
        draft, result = econtract.drafts.get(who, pk), econtract.drafts.check(who, pk)
        return page(
            request,
            "econtract/agent/review.html",
            status=409 if error.kind is ErrorKind.CONFLICT else 422,
            draft=draft,
            worker=labels.worker_of(draft),
            refused=labels.refusal(error, language(request)),
            **labels.findings(result, language(request)),
        )
    return redirect(request, f"/agent/contracts/{pk}", notice=N_("已发送。签署链接只发给劳动者本人的手机。"))


@pages.post("/{pk}/discard")
def discard(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Deletes a draft."""
    econtract.drafts.discard(who, pk)
    return redirect(request, "/agent/contracts", notice=N_("草稿已删除。"))
