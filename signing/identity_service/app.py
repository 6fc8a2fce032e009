"""HTTP face of the identity service: loopback, one bearer credential (the platform's), JSON in and out."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from signing.identity_service import schemas
from signing.identity_service.assembly import IdentityDesk
from signing.identity_service.checks import Claimed
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.intents import IntentRequest
from signing.identity_service.persons import Claim
from signing.identity_service.serving import bearer_matches, limit_bodies, log

Answer = dict[str, Any]


def build_app(desk: IdentityDesk, token: str) -> FastAPI:
    """The application; every route but /health needs the platform's bearer credential."""

    def authorised(request: Request) -> None:
        if not bearer_matches(request, token):
            raise IdentityRefused("identity.unauthorised")

    app = FastAPI(title="Concord identity service", docs_url=None, redoc_url=None, openapi_url=None)
    limit_bodies(app)
    app.include_router(_routes(desk), dependencies=[Depends(authorised)])

    @app.exception_handler(IdentityRefused)
    def refused(_request: Request, exc: IdentityRefused) -> JSONResponse:
        return JSONResponse(exc.body(), status_code=exc.status)

    @app.exception_handler(RequestValidationError)
    def malformed(_request: Request, exc: RequestValidationError) -> JSONResponse:
        # Names of fields only: what was typed must not come back, nor stand in a log.
        fields = sorted({".".join(str(p) for p in error["loc"][1:]) for error in exc.errors()})
        return JSONResponse(
            IdentityRefused("identity.input_invalid", field=",".join(fields)).body(), status_code=422
        )

    @app.exception_handler(Exception)
    def failed(request: Request, exc: Exception) -> JSONResponse:
        log("identity.request.failed", path=request.url.path, error=type(exc).__name__)
        return JSONResponse({"code": "identity.internal", "facts": {}}, status_code=500)

    return app


def _decoded(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise IdentityRefused("identity.input_invalid", field=field) from exc


def _claim(body: schemas.ClaimBody) -> Claim:
    return Claim.normalised(body.name, body.id_kind, body.id_number, body.phone)


def _routes(desk: IdentityDesk) -> APIRouter:
    routes = APIRouter(prefix="/v1")

    @routes.get("/info")
    def info() -> Answer:
        return desk.info()

    @routes.post("/checks", status_code=201)
    def start(body: schemas.CheckBody) -> Answer:
        if body.purpose == "contract" and not (body.commitment and body.contract_id):
            raise IdentityRefused("identity.input_invalid", field="commitment")
        claimed = Claimed(
            purpose=body.purpose,
            session=body.session,
            claim=_claim(body),
            commitment=body.commitment,
            contract_id=body.contract_id,
            shared_with=body.shared_with,
            expected_match=body.expected_match,
        )
        return desk.checks.start(claimed)

    @routes.post("/checks/{check_id}/resend")
    def resend(check_id: str, body: schemas.SessionBody) -> Answer:
        return desk.checks.resend(check_id, body.session)

    @routes.post("/checks/{check_id}/confirm")
    def confirm(check_id: str, body: schemas.ConfirmBody) -> Answer:
        return desk.checks.confirm(check_id, body.session, body.otp)

    @routes.post("/checks/{check_id}/dispute", status_code=204)
    def dispute(check_id: str, body: schemas.DisputeBody) -> Response:
        desk.checks.dispute(check_id, body.reason[:80])
        return Response(status_code=204)

    @routes.post("/intents", status_code=201)
    def open_intent(body: schemas.IntentBody) -> Answer:
        return desk.intents.open(IntentRequest(**body.model_dump()))

    @routes.post("/intents/{intent_id}/resend")
    def resend_intent(intent_id: str, body: schemas.SessionBody) -> Answer:
        return desk.intents.resend(intent_id, body.session)

    @routes.post("/intents/{intent_id}/attest")
    def attest(intent_id: str, body: schemas.AttestBody) -> Answer:
        return desk.intents.attest(
            intent_id,
            session=body.session,
            nonce=body.nonce,
            spki=_decoded(body.spki, "spki"),
            otp=body.otp,
            assertion=body.assertion,
        )

    _passkey_routes(routes, desk)
    _person_routes(routes, desk)
    return routes


def _passkey_routes(routes: APIRouter, desk: IdentityDesk) -> None:
    @routes.post("/passkeys/options", status_code=201)
    def passkey_options(body: schemas.PasskeyOptionsBody) -> Answer:
        return desk.passkeys.options(body.check_id, body.session, body.display_name)

    @routes.post("/passkeys", status_code=201)
    def enrol(body: schemas.PasskeyBody) -> Answer:
        return desk.passkeys.enrol(body.registration_id, body.session, body.credential)

    @routes.post("/logins", status_code=201)
    def begin_login() -> Answer:
        return desk.passkeys.begin_login()

    @routes.post("/logins/{login_id}")
    def finish_login(login_id: str, body: schemas.AssertionBody) -> Answer:
        return desk.passkeys.finish_login(login_id, body.assertion)

    @routes.get("/persons/{ref}/passkeys")
    def passkeys(ref: str) -> list[Answer]:
        return desk.passkeys.listed(ref)

    @routes.delete("/persons/{ref}/passkeys/{credential_id}", status_code=204)
    def revoke(ref: str, credential_id: str) -> Response:
        desk.passkeys.revoke(ref, credential_id)
        return Response(status_code=204)


def _person_routes(routes: APIRouter, desk: IdentityDesk) -> None:
    @routes.get("/persons/{ref}")
    def person(ref: str) -> Answer:
        return desk.person(ref)

    @routes.delete("/persons/{ref}", status_code=204)
    def forget(ref: str) -> Response:
        desk.forget(ref)
        return Response(status_code=204)

    @routes.post("/phone-changes/{change_id}/object", status_code=204)
    def object_change(change_id: str) -> Response:
        desk.object_change(change_id)
        return Response(status_code=204)

    @routes.post("/desk-checks/message")
    def desk_message(body: schemas.ClaimBody) -> Answer:
        return desk.desk_checks.message(_claim(body))

    @routes.post("/desk-checks", status_code=201)
    def desk_check(body: schemas.DeskBody) -> Answer:
        return desk.desk_checks.record(
            _claim(body), body.time, bytes.fromhex(body.nonce), _decoded(body.signature, "signature")
        )

    @routes.post("/locks/{contract_id}/clear", status_code=204)
    def unlock(contract_id: str) -> Response:
        desk.desk_checks.unlock_contract(contract_id)
        return Response(status_code=204)
