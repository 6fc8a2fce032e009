"""The signing page's JSON: enter, intent, key, certificate, finish. Only the worker of the round may call."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Query, Response

from api.infra.idempotency import IdempotentRoute
from api.signing_round import schemas as s
from api.signing_round.model import Opener
from api.signing_round.router.access import RoundId, Service, Worker, pdf, png

router = APIRouter(prefix="/signing/{round_id}", tags=["signing"], route_class=IdempotentRoute)


@router.get("")
def view(service: Service, round_id: RoundId, who: Worker) -> s.RoundOut:
    """Where the round stands: what a reloaded page asks first."""
    return s.RoundOut.of(service.worker.view(round_id, who))


@router.post("/enter")
def enter(service: Service, round_id: RoundId, who: Worker, body: s.Empty | None = None) -> s.EnteredOut:
    """Take the document's lock (10 minutes) and prepare the file; an own earlier preparation is dropped."""
    entered = service.worker.enter(round_id, who)
    url = f"/api/v1/signing/{round_id}/attempts/{entered.attempt_id}/prepared.pdf"
    return s.EnteredOut.of(entered, url, service.wiring.test)


@router.get("/attempts/{attempt_id}/prepared.pdf", response_class=Response)
def prepared(service: Service, round_id: RoundId, attempt_id: str, who: Worker) -> Response:
    """The prepared bytes, exactly as they will be signed."""
    return pdf(service.worker.prepared_pdf(round_id, attempt_id, who), "prepared")


@router.post("/intent")
def intent(service: Service, round_id: RoundId, who: Worker, body: s.AttemptBody) -> s.IntentOut:
    """Have a one-time password sent for this document; again: another one."""
    return s.IntentOut.of(service.worker.send_otp(round_id, body.attempt_id, who))


@router.post("/key")
def key(service: Service, round_id: RoundId, who: Worker, body: s.KeyBody) -> s.KeyOut:
    """Hand in the browser's public key; the answer is the request (0x30) to sign."""
    spki = s.unb64(body.spki, "spki")
    accepted = service.worker.accept_key(round_id, body.attempt_id, spki, who)
    return s.KeyOut(
        request_info=s.b64(accepted.request_info),
        consent_digest=accepted.consent_digest,
        passkey_challenge=accepted.passkey_challenge,
    )


@router.post("/certificate")
def certificate(
    service: Service, round_id: RoundId, who: Worker, body: s.CertificateBody
) -> s.CertificateOut:
    """Proof of possession and intent; the answer is the certificate and the attributes (0x31) to sign."""
    certified = service.worker.certify(
        round_id,
        body.attempt_id,
        request_signature=s.unb64(body.request_signature, "request_signature"),
        page_release=body.page_release,
        otp=body.otp,
        assertion=body.assertion,
        who=who,
    )
    return s.CertificateOut.of(certified)


@router.post("/finish")
def finish(service: Service, round_id: RoundId, who: Worker, body: s.FinishBody) -> s.SignedOut:
    """Both signatures of the key: over the attributes, and over the 66-byte consent preimage (0x19)."""
    signed = service.worker.finish(
        round_id,
        body.attempt_id,
        s.unb64(body.attributes_signature, "attributes_signature"),
        s.unb64(body.consent_signature, "consent_signature"),
        who,
    )
    return s.SignedOut.of(signed)


@router.get("/base.pdf", response_class=Response)
def base_pdf(service: Service, round_id: RoundId, who: Worker) -> Response:
    """The text as sent."""
    service.worker.view(round_id, who)
    return pdf(service.base_pdf(round_id, Opener(str(who.person_id), "worker", "reading")), "contract")


@router.get("/final.pdf", response_class=Response)
def final_pdf(service: Service, round_id: RoundId, who: Worker) -> Response:
    """The last whole revision, free of charge."""
    service.worker.view(round_id, who)
    opener = Opener(str(who.person_id), "worker", "download")
    return pdf(service.current_pdf(round_id, opener), "contract", attachment=True)


@router.get("/pages/{number}.png", response_class=Response)
def page_picture(
    service: Service,
    round_id: RoundId,
    number: int,
    who: Worker,
    which: Literal["base", "final"] = "base",
    width: int = Query(1080, ge=320, le=2400),
) -> Response:
    """One page as a picture, for browsers that draw no PDF."""
    service.worker.view(round_id, who)
    opener = Opener(str(who.person_id), "worker", "reading")
    return png(service.documents.page_image(round_id, number, opener, base=which == "base", width=width))
