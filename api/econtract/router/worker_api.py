"""JSON API of the worker: the link's landing, identity, text, consent, ways out, and the portal. No fee anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.econtract import schemas
from api.econtract.ports import CheckStarted
from api.econtract.router.access import PDF, How, Service, Visitor, document_answer
from api.econtract.views import Landing, Reading, StepTaken, WorkerContract, WorkerContractDetail
from api.infra.idempotency import IdempotentRoute

plain = APIRouter()
once = APIRouter(route_class=IdempotentRoute)

PNG = "image/png"


def visitor_key(request: Request) -> str:
    """Who is guessing: the address that the server sees."""
    return request.client.host if request.client else "unknown"


@plain.get("/sign/{code}")
def landing(code: str, request: Request, who: Visitor, econtract: Service) -> Landing:
    """Employer, purpose and step; needs nothing but the link or the short code."""
    if len(code.replace("-", "")) <= 8:
        econtract.worker.find_short(code, visitor_key(request))
    return econtract.worker.landing(code, who)


@plain.post("/sign/{code}/privacy")
def privacy(code: str, body: schemas.PrivacyRequest, request: Request, econtract: Service) -> dict[str, str]:
    """The privacy notice was shown, before any field."""
    found = econtract.worker.acknowledge_privacy(code, body.version, visitor_key(request))
    return {"acknowledgement_id": found}


@plain.post("/sign/{code}/identity")
def identity(code: str, body: schemas.IdentityRequest, econtract: Service) -> CheckStarted:
    """Starts the identity check; the answer looks the same whoever it is."""
    return econtract.worker.start_identity(
        code, body.acknowledgement_id, body.name, body.id_number, body.phone
    )


@plain.post("/sign/{code}/identity/resend")
def resend(code: str, body: schemas.ResendRequest, econtract: Service) -> CheckStarted:
    """Sends another code."""
    return econtract.worker.resend_code(code, body.check_id)


@plain.post("/sign/{code}/identity/confirm")
def confirm(
    code: str, body: schemas.ConfirmRequest, request: Request, response: Response, econtract: Service
) -> dict[str, Any]:
    """Confirms the code: a session of 60 minutes starts, an older one ends."""
    identified, step = econtract.worker.confirm_identity(code, body.check_id, body.otp)
    sessions = request.app.state.container.identity.sessions
    sessions.set_cookie(response, identified.session_token, identified.expires_at)
    return {
        "state": step.state,
        "step": step.step,
        "round_id": step.round_id,
        "expires_at": identified.expires_at,
        "csrf_token": identified.csrf_token,
    }


@plain.get("/sign/{code}/document")
def document(code: str, who: Visitor, econtract: Service) -> Reading:
    """Notice, key facts and full text."""
    return econtract.worker.document(code, who)


@plain.get("/sign/{code}/document.pdf", response_class=Response)
def document_pdf(code: str, who: Visitor, econtract: Service) -> Response:
    """The text as PDF, unsigned."""
    return Response(econtract.worker.document_pdf(code, who), media_type=PDF)


@plain.get("/sign/{code}/pages/{number}.png", response_class=Response)
def page_image(code: str, number: int, who: Visitor, econtract: Service) -> Response:
    """One page as a picture."""
    return Response(econtract.worker.page_image(code, who, number), media_type=PNG)


@plain.post("/sign/{code}/reading", status_code=204)
def reading(code: str, body: schemas.ReadingRequest, who: Visitor, econtract: Service) -> Response:
    """How long and how far the text was read."""
    econtract.worker.record_reading(code, who, body.seconds, body.pages, body.finished)
    return Response(status_code=204)


@once.post("/sign/{code}/consent")
def consent(code: str, body: schemas.ConsentRequest, who: Visitor, econtract: Service) -> StepTaken:
    """Both boxes ticked: the way to the signing screen opens."""
    return econtract.worker.consent(
        code, who, notice=body.notice, electronic=body.electronic, notice_version=body.notice_version
    )


@once.post("/sign/{code}/reject")
def reject(code: str, body: schemas.ReasonRequest, who: Visitor, econtract: Service) -> StepTaken:
    """The worker refuses."""
    return econtract.worker.reject(code, who, body.reason)


@once.post("/sign/{code}/change-request")
def change_request(code: str, body: schemas.ChangeRequest, who: Visitor, econtract: Service) -> StepTaken:
    """The worker asks for another text."""
    return econtract.worker.request_change(code, who, body.text)


@once.post("/sign/{code}/not-me")
def not_me(code: str, body: schemas.NoteRequest, who: Visitor, econtract: Service) -> StepTaken:
    """“This was not me”; the link alone is enough."""
    return econtract.worker.not_me(code, who, body.note)


@once.post("/sign/{code}/withdraw")
def withdraw(code: str, body: schemas.ReasonRequest, who: Visitor, econtract: Service) -> StepTaken:
    """The worker takes his signature back while the employer has not signed."""
    return econtract.worker.withdraw(code, who, body.reason)


@plain.get("/me/contracts")
def my_contracts(who: Visitor, econtract: Service) -> Sequence[WorkerContract]:
    """Every contract of this person, newest first."""
    return econtract.portal.my_contracts(who)


@plain.get("/me/contracts/{pk}")
def my_contract(pk: str, who: Visitor, econtract: Service) -> WorkerContractDetail:
    """One contract with text, course and authorities' readings."""
    return econtract.portal.my_contract(who, pk)


@plain.get("/me/contracts/{pk}/text")
def my_text(pk: str, who: Visitor, econtract: Service) -> Reading:
    """The whole text."""
    return econtract.portal.my_contract(who, pk).reading


@plain.get("/me/contracts/{pk}/document.pdf", response_class=Response)
def my_pdf(
    pk: str,
    who: Visitor,
    econtract: Service,
    how: How = "view",
) -> Response:
    """The newest revision of the contract's file, free of charge."""
    return document_answer(econtract.portal.my_pdf(who, pk, how), how)


@plain.get("/me/contracts/{pk}/pages/{number}.png", response_class=Response)
def my_page(pk: str, number: int, who: Visitor, econtract: Service) -> Response:
    """One page as a picture."""
    return Response(econtract.portal.my_page(who, pk, number), media_type=PNG)


@once.post("/me/contracts/{pk}/not-me")
def my_dispute(pk: str, body: schemas.NoteRequest, who: Visitor, econtract: Service) -> StepTaken:
    """“This was not me”, from the portal."""
    return econtract.portal.my_dispute(who, pk, body.note)


@once.post("/me/contracts/{pk}/withdraw")
def my_withdrawal(pk: str, body: schemas.ReasonRequest, who: Visitor, econtract: Service) -> StepTaken:
    """The worker takes his signature back while the employer has not signed."""
    return econtract.portal.my_withdrawal(who, pk, body.reason)
