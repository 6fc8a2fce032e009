"""Pages: the worker's login in three steps: privacy notice, name and document and number, code."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.identity.router.context import Field, identity, source
from api.identity.router.forms import attempt, go_on
from api.identity.rules import PRIVACY_VERSION
from api.identity.service import Identity
from api.infra.auth import Principal, visitor
from api.infra.web import page, redirect

pages = APIRouter()
Services = Annotated[Identity, Depends(identity)]
Who = Annotated[Principal, Depends(visitor)]


@pages.get("/worker-login")
def worker_form(request: Request, who: Who) -> Response:
    if who.has("worker"):
        return redirect(request, "/me")
    return page(
        request,
        "identity/worker_login.html",
        step="notice",
        version=PRIVACY_VERSION,
        values={},
        error="",
        error_field="",
    )


@pages.post("/worker-login/notice")
def worker_notice(request: Request, services: Services, version: Field) -> Response:
    context: dict[str, Any] = {"version": PRIVACY_VERSION, "values": {}}

    def act() -> Response:
        made = services.workers.acknowledge_privacy("login", version, visitor=source(request))
        shown = context | {"values": {"acknowledgement_id": made}}
        return page(request, "identity/worker_login.html", step="fields", error="", error_field="", **shown)

    return attempt(request, "identity/worker_login.html", act, step="notice", **context)


@pages.post("/worker-login")
def worker_start(
    request: Request,
    services: Services,
    acknowledgement_id: Field,
    name: Field,
    id_number: Field,
    phone: Field,
    id_kind: Field = "resident_id",
) -> Response:
    values = {
        "acknowledgement_id": acknowledgement_id,
        "name": name,
        "id_number": id_number,
        "phone": phone,
        "id_kind": id_kind,
    }

    def act() -> Response:
        made = services.portal.start_login(
            name, id_number, phone, acknowledgement_id, source(request), id_kind
        )
        return page(
            request,
            "identity/worker_login.html",
            step="code",
            check=made,
            version=PRIVACY_VERSION,
            values=values,
            error="",
            error_field="",
        )

    return attempt(
        request, "identity/worker_login.html", act, step="fields", version=PRIVACY_VERSION, values=values
    )


@pages.post("/worker-login/code")
def worker_code(
    request: Request, services: Services, check_id: Field, otp: Field, phone_masked: Field = ""
) -> Response:
    check = {"check_id": check_id, "phone_masked": phone_masked}

    def act() -> Response:
        return go_on(request, services, services.portal.confirm_login(check_id, otp))

    return attempt(
        request,
        "identity/worker_login.html",
        act,
        step="code",
        check=check,
        version=PRIVACY_VERSION,
        values={},
    )


@pages.post("/worker-login/resend")
def worker_resend(
    request: Request, services: Services, check_id: Field, phone_masked: Field = ""
) -> Response:
    shown: dict[str, Any] = {"step": "code", "version": PRIVACY_VERSION, "values": {}}
    check = {"check_id": check_id, "phone_masked": phone_masked}

    def act() -> Response:
        services.workers.resend(check_id)
        return page(
            request,
            "identity/worker_login.html",
            check=check,
            error="",
            error_field="",
            resent=True,
            **shown,
        )

    return attempt(request, "identity/worker_login.html", act, check=check, **shown)
