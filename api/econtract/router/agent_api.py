"""JSON API of the employer's side, and an authority's reading of a text."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.econtract import fields, schemas, template_library
from api.econtract.model import State
from api.econtract.repository import ContractFilter
from api.econtract.router.access import (
    PDF,
    Drafter,
    How,
    Reader,
    Sender,
    Service,
    Signer,
    cursor,
    document_answer,
    next_cursor,
)
from api.econtract.views import ContractText
from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import not_found

plain = APIRouter()
once = APIRouter(route_class=IdempotentRoute)


@plain.get("/econtract/templates")
def templates() -> list[dict[str, Any]]:
    """Every version of our contract templates."""
    return schemas.template_views()


@plain.get("/econtract/fields")
def form_fields() -> dict[str, Any]:
    """The draft's fields with labels in both languages."""
    groups = [{"id": name, "zh": zh, "en": en} for name, zh, en in fields.groups()]
    return {"groups": groups, "fields": schemas.field_views()}


@plain.post("/econtract/check")
def check(body: schemas.CheckRequest, who: Drafter, econtract: Service) -> schemas.CheckView:
    """The legality check of values that are not stored."""
    template = template_library.offered(body.template_id)
    custom = [clause.model_dump() for clause in body.custom]
    return schemas.CheckView.of(econtract.drafts.check_values(who, template.form, body.fields, custom))


@once.post("/contracts", status_code=201)
def create(body: schemas.NewContract, who: Drafter, econtract: Service) -> schemas.SavedView:
    """Starts a draft."""
    draft = econtract.drafts.create(who, body.template_id, body.copy_of)
    if body.fields is not None or body.custom:
        values = {**draft.values, **(body.fields or {})}
        custom = [clause.model_dump() for clause in body.custom] or [dict(item) for item in draft.custom]
        draft, result = econtract.drafts.save(who, draft.id, values, custom, draft.revision)
    else:
        result = econtract.drafts.check(who, draft.id)
    return schemas.SavedView(draft=schemas.DraftView.of(draft), check=schemas.CheckView.of(result))


@plain.get("/contracts")
def contracts(
    who: Reader,
    econtract: Service,
    state: Annotated[list[State] | None, Query()] = None,
    text: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.ContractList:
    """The organisation's contracts, last changed first."""
    wanted = ContractFilter(tuple(item.value for item in state or ()), text.strip(), cursor(after), limit)
    rows, more = econtract.drafts.contracts(who, wanted)
    return schemas.ContractList(
        contracts=[schemas.ContractLine.of(row) for row in rows],
        counts=econtract.drafts.counts(who),
        next=next_cursor(rows[-1].updated_at, rows[-1].id) if more else None,
    )


@plain.get("/contracts/{pk}")
def contract(pk: str, who: Reader, econtract: Service) -> schemas.ContractDetail:
    """A contract's state, course and anchoring."""
    row, version, history, anchor = econtract.portal.employer_detail(who, pk)
    return schemas.ContractDetail(
        contract=schemas.ContractLine.of(row),
        round_id=version.round_id if version else None,
        commitment=version.commitment if version else None,
        base_pdf_sha256=version.base_pdf_sha256 if version else None,
        worker_deadline=version.worker_deadline if version else None,
        employer_deadline=version.employer_deadline if version else None,
        worker_signed_at=version.worker_signed_at if version else None,
        employer_signed_at=version.employer_signed_at if version else None,
        history=schemas.history_views(history),
        anchor={
            "state": anchor.state,
            "anchored": anchor.anchored,
            "total": anchor.total,
            "events": [dict(event) for event in anchor.events],
        },
    )


@plain.get("/contracts/{pk}/draft")
def draft_of(pk: str, who: Reader, econtract: Service) -> schemas.DraftView:
    """A draft's values."""
    return schemas.DraftView.of(econtract.drafts.get(who, pk))


@plain.put("/contracts/{pk}")
def save(pk: str, body: schemas.SaveDraft, who: Drafter, econtract: Service) -> schemas.SavedView:
    """Stores a draft's values (also incomplete ones) and checks them."""
    custom = [clause.model_dump() for clause in body.custom]
    draft, result = econtract.drafts.save(who, pk, body.fields, custom, body.revision)
    return schemas.SavedView(draft=schemas.DraftView.of(draft), check=schemas.CheckView.of(result))


@plain.delete("/contracts/{pk}", status_code=204)
def discard(pk: str, who: Drafter, econtract: Service) -> Response:
    """Deletes a draft that was never sent."""
    econtract.drafts.discard(who, pk)
    return Response(status_code=204)


@plain.get("/contracts/{pk}/check")
def stored_check(pk: str, who: Reader, econtract: Service) -> schemas.CheckView:
    """The legality check of a stored draft."""
    return schemas.CheckView.of(econtract.drafts.check(who, pk))


@plain.get("/contracts/{pk}/preview.pdf", response_class=Response)
def preview(pk: str, who: Reader, econtract: Service) -> Response:
    """The draft as it would look."""
    return Response(econtract.drafts.preview(who, pk), media_type=PDF)


@once.post("/contracts/{pk}/send")
def send(pk: str, body: schemas.SendRequest, who: Sender, econtract: Service) -> schemas.SentView:
    """Sends the contract to the worker; only his phone gets the link."""
    sent = econtract.sending.send(who, pk, body.revision)
    return schemas.SentView(**vars(sent))


@once.post("/contracts/{pk}/recall", status_code=204)
def recall(pk: str, body: schemas.ReasonRequest, who: Sender, econtract: Service) -> Response:
    """Takes a sent text back before the worker signs."""
    econtract.sending.recall(who, pk, body.reason)
    return Response(status_code=204)


@once.post("/contracts/{pk}/reopen")
def reopen(pk: str, who: Drafter, econtract: Service) -> schemas.DraftView:
    """Takes up a refused, recalled or expired contract again as a draft."""
    return schemas.DraftView.of(econtract.drafts.reopen(who, pk))


@once.post("/contracts/{pk}/decline", status_code=204)
def decline(pk: str, body: schemas.ReasonRequest, who: Signer, econtract: Service) -> Response:
    """The employer refuses to sign what the worker has signed."""
    econtract.sending.decline(who, pk, body.reason)
    return Response(status_code=204)


@plain.get("/contracts/{pk}/document.pdf", response_class=Response)
def document(
    pk: str,
    who: Reader,
    econtract: Service,
    how: How = "view",
) -> Response:
    """The newest revision of the contract's file."""
    return document_answer(econtract.portal.employer_pdf(who, pk, how), how)


@plain.get("/contracts/{pk}/export")
def export(pk: str, who: Reader, econtract: Service) -> dict[str, Any]:
    """The contract as JSON: signed data, digests, state and course."""
    return econtract.portal.export(who, pk)


@once.post("/econtract/texts/{contract_id}")
def text(
    contract_id: str,
    body: schemas.CaseRequest,
    who: Annotated[Principal, Depends(require("regulator", "court"))],
    econtract: Service,
) -> ContractText:
    """A contract's text for an authority, by case number and purpose; the worker sees who read it and when."""
    if len(contract_id) != 64:
        raise not_found()
    return econtract.portal.regulator_text(who, contract_id, body.case_no, body.purpose)
