"""JSON: worker's login, passkeys, consents, access log; the review desk for people."""

from __future__ import annotations

import binascii
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from api.identity import schemas as s
from api.identity.model import CheckStarted, PasskeyView
from api.identity.router.context import Key, identity, source
from api.identity.router.staff_api import answer
from api.identity.rules import PRIVACY_VERSION
from api.identity.service import Identity
from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.errors import invalid

api = APIRouter()
creating = APIRouter(route_class=IdempotentRoute)
Services = Annotated[Identity, Depends(identity)]
Worker = Annotated[Principal, Depends(require("worker"))]
Officer = Annotated[Principal, Depends(require("review_officer"))]


def started(made: CheckStarted) -> s.CheckAnswer:
    """A started check."""
    return s.CheckAnswer(**vars(made))


def passkey(row: PasskeyView) -> s.PasskeyAnswer:
    """One passkey."""
    return s.PasskeyAnswer(
        credential_id=row.credential_id, label=row.label, level=row.level, enrolled_at=row.enrolled_at
    )


# ------------------------------------------------------------------------------------------- login


@api.get("/identity/privacy-notice")
def privacy_notice() -> dict[str, str]:
    """The version of the notice that is acknowledged before the first field."""
    return {"version": PRIVACY_VERSION}


@api.post("/identity/worker-login/acknowledgement", status_code=201)
def acknowledge(body: s.AcknowledgeBody, request: Request, services: Services) -> dict[str, str]:
    """The privacy notice was read; hand the id in with the fields."""
    made = services.workers.acknowledge_privacy("login", body.version, visitor=source(request))
    return {"acknowledgement_id": made}


@api.post("/identity/worker-login", status_code=201)
def worker_login(body: s.WorkerLoginBody, request: Request, services: Services) -> s.CheckAnswer:
    """Ask for a code; the answer is the same whether the elements match or not."""
    made = services.portal.start_login(
        body.name, body.id_number, body.phone, body.acknowledgement_id, source(request), body.id_kind
    )
    return started(made)


@api.post("/identity/worker-login/resend")
def resend(body: s.CheckBody, services: Services) -> s.CheckAnswer:
    """Another code; earlier ones stay valid."""
    return started(services.workers.resend(body.check_id))


@api.post("/identity/worker-login/confirm")
def confirm(body: s.CodeBody, response: Response, services: Services) -> s.LoginAnswer:
    """Hand in the code; sets the session cookie."""
    return answer(services, response, services.portal.confirm_login(body.check_id, body.otp))


@api.post("/identity/passkey-login", status_code=201)
def begin_passkey(services: Services) -> s.OptionsAnswer:
    """Options for `navigator.credentials.get`."""
    key, options = services.portal.begin_passkey_login()
    return s.OptionsAnswer(id=key, options=options)


@api.post("/identity/passkey-login/finish")
def finish_passkey(body: s.AssertionBody, response: Response, services: Services) -> s.LoginAnswer:
    """Hand in the assertion; sets the session cookie."""
    return answer(services, response, services.portal.finish_passkey_login(body.login_id, body.assertion))


# ------------------------------------------------------------------------------- the worker's own


@api.get("/me/passkeys")
def passkeys(services: Services, who: Worker) -> list[s.PasskeyAnswer]:
    """One's passkeys."""
    return [passkey(row) for row in services.portal.passkeys(str(who.person_id))]


@api.post("/me/passkeys/options", status_code=201)
def passkey_options(services: Services, who: Worker) -> s.OptionsAnswer:
    """Options for `navigator.credentials.create`; needs an identity check of this very session."""
    key, options = services.portal.passkey_options(who)
    return s.OptionsAnswer(id=key, options=options)


@api.post("/me/passkeys", status_code=201)
def enrol(body: s.CredentialBody, services: Services, who: Worker) -> s.PasskeyAnswer:
    """Enrol a passkey: it carries the level of this session's check."""
    made = services.portal.enrol_passkey(who, body.registration_id, body.credential, body.label)
    return passkey(made)


@api.delete("/me/passkeys/{credential_id}", status_code=204)
def revoke(credential_id: Key, services: Services, who: Worker) -> None:
    """End a passkey."""
    services.portal.revoke_passkey(who, credential_id)


@api.get("/me/consents")
def consents(services: Services, who: Worker) -> list[s.ConsentAnswer]:
    """Consents given and withdrawn."""
    return [s.ConsentAnswer(**vars(row)) for row in services.persons.consents(str(who.person_id))]


@api.post("/me/consents", status_code=204)
def consent(body: s.ConsentBody, services: Services, who: Worker) -> None:
    """Give a separate consent."""
    services.persons.give_consent(str(who.person_id), body.purpose, body.version)


@api.delete("/me/consents/{purpose}", status_code=204)
def withdraw(purpose: Key, services: Services, who: Worker) -> None:
    """Withdraw it."""
    services.persons.withdraw_consent(str(who.person_id), purpose)


@api.get("/me/access-log")
def access_log(services: Services, who: Worker) -> list[s.AccessAnswer]:
    """Which authority opened one's data, and when."""
    return [s.AccessAnswer(**vars(row)) for row in services.persons.accesses(str(who.person_id))]


@api.post("/me/phone-change/objection", status_code=204)
def object_change(services: Services, who: Worker) -> None:
    """'I did not change my number.'"""
    services.portal.object_phone_change(who)


# ------------------------------------------------------------------------------------- review desk


@creating.post("/people-review/desk-checks", status_code=201)
def prepare(body: s.DeskBody, services: Services, who: Officer) -> s.DeskPrepared:
    """Build the statement that the officer's wallet signs."""
    made = services.desk.prepare(
        who, body.name, body.id_number, body.phone, id_kind=body.id_kind, contract_id=body.contract_id
    )
    return s.DeskPrepared(**made)


@creating.post("/people-review/desk-checks/{case_id}/signature")
def sign(case_id: Key, body: s.DeskSignBody, services: Services, who: Officer) -> s.DeskRecorded:
    """Sign and record the desk check (assurance L3)."""
    signature = None
    if body.signature is not None:
        try:
            signature = bytes.fromhex(body.signature.removeprefix("0x"))
        except (ValueError, binascii.Error):
            raise invalid("identity.signature_needed", pointer="/signature") from None
    until = services.desk.record(who, case_id, signature=signature, passphrase=body.passphrase)
    return s.DeskRecorded(valid_until=until)


@api.get("/people-review/reports")
def reports(
    services: Services, _who: Officer, state: Literal["open", "closed"] | None = "open"
) -> list[dict[str, object]]:
    """'This was not me' reports."""
    return list(services.desk.reports(state=state))


@api.post("/people-review/reports/{report_id}/close", status_code=204)
def close(report_id: Key, services: Services, who: Officer) -> None:
    """The desk has dealt with a report."""
    services.desk.close_report(who, report_id)


api.include_router(creating)
