"""How the slice's forms answer: a refusal shows the form again, a login step leads to the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from api.identity.model import LoginOutcome
from api.identity.rules import home_path
from api.identity.service import Identity
from api.infra.problems import status_of, text_of
from api.infra.web import language, page, redirect
from api.kernel.errors import DomainError

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


def own_path(path: str) -> str:
    """`path` if it is one of this site, else empty: a login must not send people elsewhere."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and path.isprintable() and len(path) <= 300 else ""


def go_on(request: Request, services: Identity, outcome: LoginOutcome, target: str = "") -> Response:
    """To the next step of a login, with the step's session in the cookie."""
    home = home_path(outcome.roles)
    response = redirect(request, NEXT.get(outcome.step) or own_path(target) or home)
    services.sessions.set_cookie(response, outcome.token, outcome.expires_at)
    return response
