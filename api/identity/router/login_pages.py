"""Pages: login of staff and employers (统一登录门户), second factor, first password, logout, role home, worker's login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.identity.model import LoginOutcome
from api.identity.router.context import Field, identity, source
from api.identity.rules import PRIVACY_VERSION, home_path
from api.identity.service import Identity
from api.infra.auth import SESSION_COOKIE, Principal, principal
from api.infra.i18n import N_
from api.infra.problems import status_of, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()
Services = Annotated[Identity, Depends(identity)]
Who = Annotated[Principal, Depends(principal)]

NEXT = {"second_factor": "/login/second-factor", "password_change": "/login/password"}


def refusal(request: Request, error: DomainError) -> dict[str, Any]:
    """What a form shows after a refusal: the text, and the field it belongs to."""
    field = str(error.facts.get("pointer", "")).removeprefix("/")
    text = text_of(error.code, error.facts, language(request))
    return {"error": text, "error_field": field, "error_code": error.code, "error_facts": error.facts}


def attempt(request: Request, template: str, action: Callable[[], Response], **context: Any) -> Response:
    """Run a form's action; a refusal shows the form again with its text."""
    try:
        return action()
    except DomainError as exc:
        return page(request, template, status=status_of(exc), **context, **refusal(request, exc))


def go_on(request: Request, services: Identity, outcome: LoginOutcome, target: str = "") -> Response:
    """To the next step of a login, with the step's session in the cookie."""
    home = home_path(outcome.roles)
    own = target if target.startswith("/") and not target.startswith(("//", "/\\")) else ""
    response = redirect(request, NEXT.get(outcome.step) or own or home)
    services.sessions.set_cookie(response, outcome.token, outcome.expires_at)
    return response


def own_path(path: str) -> str:
    """`path` if it is one of this site, else empty: a login must not send people elsewhere."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and path.isprintable() and len(path) <= 300 else ""


@pages.get("/login")
def login_form(request: Request, who: Who, next: str = "") -> Response:
    if not who.anonymous:
        return redirect(request, own_path(next) or home_path(who.roles))
    return page(request, "identity/login.html", next=own_path(next), login="", error="", error_field="")


@pages.post("/login")
def login(request: Request, services: Services, login: Field, password: Field, next: Field = "") -> Response:
    def act() -> Response:
        outcome = services.login.password(login, password, source(request))
        response = go_on(request, services, outcome)
        if own_path(next):
            response.set_cookie(
                "after_login",
                own_path(next),
                max_age=600,
                httponly=True,
                samesite="lax",
                path="/login",
                secure=services.sessions.secure,
            )
        return response

    return attempt(request, "identity/login.html", act, next=own_path(next), login=login)


@pages.get("/login/second-factor")
def second_factor_form(request: Request) -> Response:
    return page(request, "identity/second_factor.html", error="", error_field="")


@pages.post("/login/second-factor")
def second_factor(request: Request, services: Services, code: Field) -> Response:
    def act() -> Response:
        token = request.cookies.get(SESSION_COOKIE, "")
        outcome = services.login.second_factor(token, code)
        target = own_path(request.cookies.get("after_login", "")) if outcome.step == "done" else ""
        return go_on(request, services, outcome, target)

    return attempt(request, "identity/second_factor.html", act)


@pages.get("/login/password")
def password_form(request: Request) -> Response:
    return page(request, "identity/first_password.html", error="", error_field="")


@pages.post("/login/password")
def first_password(request: Request, services: Services, new_password: Field, repeat: Field) -> Response:
    def act() -> Response:
        if new_password != repeat:
            raise DomainError("invalid", "identity.password_repeat", pointer="/repeat")
        token = request.cookies.get(SESSION_COOKIE, "")
        return go_on(request, services, services.login.new_password(token, new_password))

    return attempt(request, "identity/first_password.html", act)


@pages.post("/logout")
def logout(request: Request, services: Services) -> Response:
    services.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    response = redirect(request, "/", notice=N_("您已退出登录。"))
    services.sessions.clear_cookie(response)
    return response


@pages.get("/home")
def home(request: Request, who: Who) -> Response:
    if who.anonymous:
        return redirect(request, "/login")
    return page(request, "identity/home.html", home=home_path(who.roles))


# ------------------------------------------------------------------------------------ worker's login


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
