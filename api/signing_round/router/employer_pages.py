"""The employer's signing page: look at the prepared file, sign with wallet and seal. Works without scripts."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.problems import text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError, ErrorKind, invalid
from api.signing_round.model import EmployerSignature, Opener, RoundState
from api.signing_round.router.access import Agent, RoundId, Service, pdf
from api.signing_round.schemas import b64, optional_b64

router = APIRouter(prefix="/signing")

STATES = {
    RoundState.OPEN: (N_("等待劳动者签署"), "neutral"),
    RoundState.WORKER_SIGNED: (N_("等待单位签署"), "warning"),
    RoundState.EMPLOYER_SIGNED: (N_("双方已签署，等待可信时间戳"), "info"),
    RoundState.COMPLETED: (N_("双方已签署并加盖可信时间戳"), "success"),
    RoundState.CLOSED: (N_("已终止"), "danger"),
}


@router.get("/{round_id}")
def overview(request: Request, service: Service, round_id: RoundId, who: Agent) -> Response:
    """Where the round stands; the agent begins to sign here."""
    view = service.employer.view(round_id, who)
    label, tone = STATES[view.state]
    return page(
        request,
        "signing_round/overview.html",
        round=view,
        state=label,
        tone=tone,
        summary=service.employer.summary(round_id, who),
    )


@router.get("/{round_id}/document.pdf")
def document(service: Service, round_id: RoundId, who: Agent) -> Response:
    """The last whole revision; the opening is recorded."""
    service.employer.view(round_id, who)
    return pdf(service.current_pdf(round_id, Opener(str(who.account_id), "employer", "reading")), "contract")


@router.post("/{round_id}/prepare")
def prepare(request: Request, service: Service, round_id: RoundId, who: Agent) -> Response:
    """Take the document's lock and show what is signed."""
    prepared = service.employer.prepare(round_id, who)
    return _form(request, service, round_id, who, prepared.attempt_id)


@router.get("/{round_id}/attempts/{attempt_id}/prepared.pdf")
def prepared_pdf(service: Service, round_id: RoundId, attempt_id: str, who: Agent) -> Response:
    """The prepared bytes, exactly as they will be signed."""
    return pdf(service.employer.prepared_pdf(round_id, attempt_id, who), "prepared")


@router.post("/{round_id}/finish")
def finish(
    request: Request,
    service: Service,
    round_id: RoundId,
    who: Agent,
    attempt_id: Annotated[str, Form(max_length=26)],
    wallet_signature: Annotated[str, Form(max_length=200)] = "",
    wallet_passphrase: Annotated[str, Form(max_length=500)] = "",
    seal_signature: Annotated[str, Form(max_length=300)] = "",
    seal_passphrase: Annotated[str, Form(max_length=500)] = "",
    binding_signature: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Sign; a wrong passphrase or signature shows the form again, everything else a problem page."""
    try:
        given = EmployerSignature(
            wallet_signature=_hex(wallet_signature.strip()),
            wallet_passphrase=wallet_passphrase or None,
            seal_signature=optional_b64(seal_signature.strip() or None, "seal_signature"),
            seal_passphrase=seal_passphrase or None,
            binding_signature=optional_b64(binding_signature.strip() or None, "binding_signature"),
        )
        service.employer.finish(round_id, attempt_id, given, who)
    except DomainError as error:
        if error.kind not in (ErrorKind.INVALID, ErrorKind.UNAVAILABLE):
            raise
        detail = text_of(error.code, error.facts, language(request))
        return _form(request, service, round_id, who, attempt_id, error=detail)
    return redirect(request, f"/signing/{round_id}", notice=N_("签署完成"))


def _form(
    request: Request, service: Service, round_id: str, who: Agent, attempt_id: str, error: str = ""
) -> Response:
    prepared = service.employer.prepared(round_id, attempt_id, who)
    facts: dict[str, Any] = {
        "prepared": prepared,
        "typed_data": json.dumps(prepared.typed_data, ensure_ascii=False, indent=1),
        "attributes": b64(prepared.attributes),
        "binding": None if prepared.binding is None else b64(prepared.binding),
        "summary": service.employer.summary(round_id, who),
        "error": error,
        "round_id": round_id,
    }
    return page(request, "signing_round/sign.html", status=422 if error else 200, **facts)


def _hex(text: str) -> bytes | None:
    if not text:
        return None
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise invalid("wallet.signature_form") from error
