"""JSON API of the review desk."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.employers import schemas as s
from api.employers.router.access import Officer, Service, document
from api.employers.service.review import Dossier
from api.infra.idempotency import IdempotentRoute

router = APIRouter(prefix="/review", tags=["review"], route_class=IdempotentRoute)


@router.get("/organisations")
def organisations(
    service: Service, who: Officer, state: str | None = None, q: str = ""
) -> list[s.OrganisationOut]:
    """Organisations by state and part of name or code."""
    return [s.OrganisationOut.of(row) for row in service.review.listed(who, state, q)]


@router.get("/organisations/{org_id}")
def organisation(service: Service, who: Officer, org_id: str) -> s.DossierOut:
    """One application with everything that decides it."""
    return _dossier(service.review.dossier(who, org_id))


def _dossier(found: Dossier) -> s.DossierOut:
    org = found.organisation
    return s.DossierOut(
        organisation=s.OrganisationOut.of(org),
        legal_representative=org.legal_representative,
        id_kind=org.id_kind,
        id_number=org.id_number,
        contact_phone=org.contact_phone,
        body_check=found.body_check,
        materials=[
            s.MaterialOut(kind=row.kind, media_type=row.media_type, sha256=row.sha256, size=row.size)
            for row in found.materials
        ],
        missing=list(found.missing),
        disputed=s.OrganisationOut.of(found.disputed) if found.disputed else None,
        claims=[s.OrganisationOut.of(row) for row in found.claims],
        picture=found.picture.state if found.picture else "none",
        replacement_for=found.replacement_for,
    )


@router.get("/organisations/{org_id}/materials/{kind}", response_class=Response)
def material(service: Service, who: Officer, org_id: str, kind: str) -> Response:
    """A document of the application; the reading is audited."""
    row = service.registration.material(who, org_id, kind)
    return document(row.data, row.media_type, row.kind)


@router.post("/organisations/{org_id}/verification", status_code=201)
def verification(service: Service, who: Officer, org_id: str, body: s.VerificationBody) -> s.PreparedOut:
    """Prepare the registrar's statement that registers the organisation."""
    prepared = service.review.prepare_verification(
        who, org_id, uscc_confirmed=body.uscc_confirmed, note=body.note
    )
    return s.PreparedOut.of(prepared)


@router.post("/organisations/{org_id}/rejection")
def rejection(service: Service, who: Officer, org_id: str, body: s.ReasonBody) -> s.OrganisationOut:
    """Reject an application with a reason."""
    return s.OrganisationOut.of(service.review.reject(who, org_id, body.reason))


@router.post("/organisations/{org_id}/dispute")
def dispute(service: Service, who: Officer, org_id: str, body: s.DisputeBody) -> s.PreparedOut | None:
    """Refuse or uphold a claim; upheld against a verified organisation it gives a statement to be signed."""
    prepared = service.review.settle_dispute(who, org_id, body.decision, body.note)
    return s.PreparedOut.of(prepared) if prepared else None


@router.post("/organisations/{org_id}/replacement", status_code=201)
def replacement(service: Service, who: Officer, org_id: str, body: s.ReasonBody) -> s.PreparedOut:
    """Prepare the statement that replaces a lost representative's wallet."""
    return s.PreparedOut.of(service.review.prepare_replacement(who, org_id, body.reason))


@router.post("/organisations/{org_id}/seal-picture")
def seal_picture(service: Service, who: Officer, org_id: str, body: s.PictureDecision) -> dict[str, str]:
    """Accept or refuse a seal picture."""
    return {"state": service.review.decide_picture(who, org_id, body.approve).state}


@router.get("/organisations/{org_id}/seal-picture", response_class=Response)
def picture(service: Service, who: Officer, org_id: str) -> Response:
    """The picture as uploaded."""
    return document(service.review.picture(who, org_id), "image/png", "seal.png")


@router.post("/statements/{statement_id}/submit")
def submit(service: Service, who: Officer, statement_id: str, body: s.SubmitBody) -> s.SignedOut:
    """Sign a prepared statement with the registrar's wallet."""
    signed = service.statements.submit(
        who, statement_id, signature=s.signature_bytes(body.signature), passphrase=body.passphrase
    )
    return s.SignedOut.of(signed)


@router.post("/wallets", status_code=201)
def import_wallet(service: Service, who: Officer, body: s.KeystoreBody) -> s.WalletOut:
    """Register the officer's registrar wallet by its V3 keystore."""
    wallet = service.wallets.import_keystore(who, body.keystore)
    return s.WalletOut(address=wallet.address, kind=wallet.kind, state=wallet.state)
