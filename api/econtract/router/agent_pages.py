"""Pages of the employer's people: list, draft with live findings, detail, employer's signing page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from api.econtract import fields, template_library
from api.econtract.model import State
from api.econtract.repository import ContractFilter
from api.econtract.router import labels
from api.econtract.router.access import Drafter, Reader, Sender, Service, Signer, cursor, next_cursor
from api.econtract.service.drafts import CheckResult, Draft
from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind

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


@pages.get("")
def contracts(
    request: Request,
    who: Reader,
    econtract: Service,
    group: Annotated[str, Query(max_length=20)] = "all",
    text: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str | None, Query(max_length=80)] = None,
) -> HTMLResponse:
    """The organisation's contracts by state."""
    states = labels.GROUPS.get(group, labels.GROUPS["all"])[1]
    rows, more = econtract.drafts.contracts(who, ContractFilter(states, text.strip(), cursor(after), 20))
    following = next_cursor(rows[-1].updated_at, rows[-1].id) if more else ""
    return page(
        request,
        "econtract/agent/list.html",
        rows=rows,
        counts=econtract.drafts.counts(who),
        group=group,
        text=text,
        next=following,
        first=after is None,
        states=labels.STATES,
        groups=labels.GROUPS,
    )


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
        sections=labels.sections(draft, result, language(request)),
        **labels.findings(result, language(request)),
    )


@pages.post("/{pk}/autosave")
async def autosave(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Keeps what was typed and shows the findings; asked by htmx while typing."""
    from starlette.concurrency import run_in_threadpool

    form = await request.form()
    values, custom = _values(form)
    revision = _number(str(form.get("revision", "")))
    draft, result = await run_in_threadpool(econtract.drafts.save, who, pk, values, custom, revision)
    shown = labels.findings(result, language(request))
    return page(request, "econtract/agent/findings.html", draft=draft, swap=True, **shown)


@pages.post("/{pk}/edit")
async def save(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Saves the form; on to the next step as the pressed button says."""
    from starlette.concurrency import run_in_threadpool

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


@pages.post("/{pk}/recall")
def recall(request: Request, pk: str, who: Sender, econtract: Service, reason: Line = "") -> Response:
    """Takes a sent text back."""
    econtract.sending.recall(who, pk, reason.strip()[:500])
    return redirect(request, f"/agent/contracts/{pk}", notice=N_("已撤回，原链接失效，已通知劳动者。"))


@pages.post("/{pk}/reopen")
def reopen(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Takes a closed text up again."""
    econtract.drafts.reopen(who, pk)
    return redirect(request, f"/agent/contracts/{pk}/edit")


@pages.post("/{pk}/decline")
def decline(request: Request, pk: str, who: Signer, econtract: Service, reason: Line = "") -> Response:
    """Refuses to sign."""
    econtract.sending.decline(who, pk, reason.strip()[:500])
    return redirect(request, f"/agent/contracts/{pk}", notice=N_("已拒绝签署，并通知了劳动者。"))


@pages.post("/{pk}/discard")
def discard(request: Request, pk: str, who: Drafter, econtract: Service) -> Response:
    """Deletes a draft."""
    econtract.drafts.discard(who, pk)
    return redirect(request, "/agent/contracts", notice=N_("草稿已删除。"))


@pages.get("/{pk}/sign")
def sign(request: Request, pk: str, who: Signer, econtract: Service) -> Response:
    """The employer's signature: summary, wallet, seal."""
    row, version, _, _ = econtract.portal.employer_detail(who, pk)
    if version is None or row.state != State.WORKER_SIGNED.value:
        return redirect(request, f"/agent/contracts/{pk}")
    return page(
        request,
        "econtract/agent/sign.html",
        row=row,
        version=version,
        facts=labels.key_facts(version),
        wallets=econtract.context.employers.wallets(who.actor),
    )


@pages.get("/{pk}")
def detail(request: Request, pk: str, who: Reader, econtract: Service) -> HTMLResponse:
    """One contract: state, next step, key facts, course, anchoring."""
    row, version, history, anchor = econtract.portal.employer_detail(who, pk)
    return page(
        request,
        "econtract/agent/detail.html",
        row=row,
        version=version,
        facts=labels.key_facts(version) if version is not None else [],
        timeline=labels.timeline(history, language(request)),
        anchor=anchor,
        states=labels.STATES,
        next_step=labels.NEXT_STEPS.get(row.state),
        wallet_count=len(econtract.context.employers.wallets(who.actor)),
    )
