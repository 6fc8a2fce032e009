"""Pages of the employer's people: list, one contract with its course, recall, decline, the employer's signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from api.econtract.model import State
from api.econtract.repository import ContractFilter
from api.econtract.router import labels
from api.econtract.router.access import Drafter, Reader, Sender, Service, Signer, cursor, next_cursor
from api.infra.i18n import N_
from api.infra.web import language, page, redirect

pages = APIRouter(prefix="/agent/contracts", include_in_schema=False)
Line = Annotated[str, Form()]


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
        clauses=labels.clause_titles(version) if version is not None and version.completed_at else [],
        timeline=labels.timeline(history, language(request)),
        anchor=anchor,
        states=labels.STATES,
        next_step=labels.NEXT_STEPS.get(row.state),
        wallet_count=len(econtract.context.employers.wallets(who.actor)),
    )
