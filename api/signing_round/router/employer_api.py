"""The employer's JSON: prepare, finish. Wallet and seal sign here by passphrase, or elsewhere and are posted."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.infra.idempotency import IdempotentRoute
from api.signing_round import schemas as s
from api.signing_round.model import EmployerSignature
from api.signing_round.router.access import Agent, RoundId, Service, pdf

router = APIRouter(prefix="/signing/{round_id}/employer", tags=["signing"], route_class=IdempotentRoute)


@router.get("")
def view(service: Service, round_id: RoundId, who: Agent) -> s.RoundOut:
    """Where the round stands."""
    return s.RoundOut.of(service.employer.view(round_id, who))


@router.post("/prepare")
def prepare(
    service: Service, round_id: RoundId, who: Agent, body: s.EmployerPrepareBody
) -> s.EmployerPreparedOut:
    """Take the document's lock (10 minutes); the answer is what wallet and seal have to sign."""
    prepared = service.employer.prepare(round_id, who, body.wallet)
    url = f"/api/v1/signing/{round_id}/employer/attempts/{prepared.attempt_id}/prepared.pdf"
    return s.EmployerPreparedOut.of(prepared, url)


@router.get("/attempts/{attempt_id}/prepared.pdf", response_class=Response)
def prepared(service: Service, round_id: RoundId, attempt_id: str, who: Agent) -> Response:
    """The prepared bytes, exactly as they will be signed."""
    return pdf(service.employer.prepared_pdf(round_id, attempt_id, who), "prepared")


@router.post("/finish")
def finish(service: Service, round_id: RoundId, who: Agent, body: s.EmployerFinishBody) -> s.SignedOut:
    """Wallet signature over the consent, seal signature over the attributes: posted, or made here by passphrase."""
    posted = body.wallet_signature
    given = EmployerSignature(
        wallet_signature=None if posted is None else bytes.fromhex(posted[2:]),
        wallet_passphrase=body.wallet_passphrase,
        seal_signature=s.optional_b64(body.seal_signature, "seal_signature"),
        seal_passphrase=body.seal_passphrase,
        binding_signature=s.optional_b64(body.seal_binding_signature, "seal_binding_signature"),
    )
    return s.SignedOut.of(service.employer.finish(round_id, body.attempt_id, given, who))
