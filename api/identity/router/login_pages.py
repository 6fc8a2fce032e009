"""Pages: login of staff and employers (统一登录门户), second factor, first password, logout, role home."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.identity.router.context import Field, identity, source
from api.identity.router.forms import attempt, go_on, own_path
from api.identity.rules import home_path
from api.identity.service import Identity
from api.infra.auth import SESSION_COOKIE, Principal, visitor
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

pages = APIRouter()
Services = Annotated[Identity, Depends(identity)]
Who = Annotated[Principal, Depends(visitor)]


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
