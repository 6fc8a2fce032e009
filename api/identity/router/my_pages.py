"""Pages of the worker: passkeys, consents, who opened his data, his number."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.identity.model import CONSENT_PURPOSES
from api.identity.router.context import Field, Key, identity
from api.identity.rules import PRIVACY_VERSION
from api.identity.service import Identity
from api.infra.auth import Principal, require
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()
Services = Annotated[Identity, Depends(identity)]
Worker = Annotated[Principal, Depends(require("worker"))]

PURPOSES = {
    "real_person_check": N_("实人核验（如人脸），只保留结果，不保存图像"),
    "email_notice": N_("通过电子邮件接收通知"),
    "wechat_notice": N_("通过微信接收通知"),
}


@pages.get("/me/passkeys")
def passkeys(request: Request, services: Services, who: Worker) -> Response:
    enrolled = services.portal.passkeys(str(who.person_id))
    return page(
        request, "identity/passkeys.html", passkeys=enrolled, fresh=bool(who.attributes.get("check_id"))
    )


@pages.post("/me/passkeys/{credential_id}/revoke")
def revoke(request: Request, services: Services, who: Worker, credential_id: Key) -> Response:
    services.portal.revoke_passkey(who, credential_id)
    return redirect(request, "/me/passkeys", notice=N_("通行密钥已删除。"))


@pages.get("/me/data")
def data(request: Request, services: Services, who: Worker) -> Response:
    person_id = str(who.person_id)
    phone: dict[str, Any] | None
    try:
        phone = services.portal.phone_state(person_id)
    except DomainError:
        phone = None  # the identity service is away: the rest of the page still serves
    living = {c.purpose for c in services.persons.consents(person_id) if c.withdrawn_at is None}
    return page(
        request,
        "identity/my_data.html",
        person=services.persons.get(person_id),
        accesses=services.persons.accesses(person_id),
        consents=[(key, text, key in living) for key, text in PURPOSES.items()],
        phone=phone,
    )


@pages.post("/me/consents/{action}")
def consent(request: Request, services: Services, who: Worker, action: str, purpose: Field) -> Response:
    if purpose not in CONSENT_PURPOSES or action not in {"give", "withdraw"}:
        raise DomainError("not_found", "not_found")
    if action == "give":
        services.persons.give_consent(str(who.person_id), purpose, PRIVACY_VERSION)
    else:
        services.persons.withdraw_consent(str(who.person_id), purpose)
    return redirect(request, "/me/data", notice=N_("授权设置已保存。"))


@pages.post("/me/phone-change/objection")
def object_change(request: Request, services: Services, who: Worker) -> Response:
    services.portal.object_phone_change(who)
    return redirect(request, "/me/data", notice=N_("已停止更换手机号。"))
