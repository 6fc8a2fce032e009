"""Who is asking: principal, cookie sessions with CSRF protection, bearer credentials of employers' own systems.

How a token becomes a principal is the identity slice's business: it implements `Authenticator`.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request
from fastapi.params import Depends
from starlette.concurrency import run_in_threadpool

from api.kernel.errors import forbidden

SESSION_COOKIE = "concord_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

ROLES = frozenset(
    {
        "operator", "review_officer", "regulator", "court", "auditor", "risk_analyst", "risk_director",
        "street_officer", "representative", "agent", "worker",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Principal:
    """The person or system behind a request, as authenticated."""

    kind: str = "anonymous"
    account_id: str | None = None
    roles: frozenset[str] = frozenset()
    org_id: str | None = None
    person_id: str | None = None
    session_id: str | None = None
    scopes: frozenset[str] = frozenset()
    csrf_token: str = ""
    display_name: str = ""
    attributes: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def anonymous(self) -> bool:
        """Nobody is logged in."""
        return self.kind == "anonymous"

    def has(self, *roles: str) -> bool:
        """Whether the principal has any of `roles`."""
        return bool(self.roles.intersection(roles))

    @property
    def actor(self) -> str:
        """Opaque id for events and audit: person, account, or ``anonymous``."""
        return self.person_id or self.account_id or "anonymous"


ANONYMOUS = Principal()


class Authenticator(Protocol):
    """Turns a presented token into a principal; an unknown or expired token is None, never an exception."""

    def by_session(self, token: str) -> Principal | None:
        """Principal of a cookie session."""
        ...

    def by_bearer(self, token: str) -> Principal | None:
        """Principal of a machine credential."""
        ...


def authenticate(request: Request, authenticator: Authenticator) -> Principal:
    """Principal of `request`: bearer credential first, then cookie session, else anonymous."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return authenticator.by_bearer(header[7:].strip()) or ANONYMOUS
    cookie = request.cookies.get(SESSION_COOKIE)
    return (authenticator.by_session(cookie) if cookie else None) or ANONYMOUS


def principal(request: Request) -> Principal:
    """The principal (perhaps anonymous), resolved once per request; the first call asks the database."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        known = authenticate(request, request.app.state.container.authenticator)
        request.state.principal = known
    return known


async def visitor(request: Request) -> Principal:
    """FastAPI dependency: `principal`, off the event loop where it must ask the database.

    Dependencies that only look something up are coroutines: each plain function costs a change of threads.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    return known if known is not None else await run_in_threadpool(principal, request)


def require(*roles: str) -> Callable[[Request], Awaitable[Principal]]:
    """Dependency factory: a logged-in principal with one of `roles` (any role if none is named)."""
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"unknown roles: {sorted(unknown)}")

    async def check(request: Request) -> Principal:
        who = await visitor(request)
        if who.anonymous:
            raise forbidden("not_logged_in")
        if roles and not who.has(*roles):
            raise forbidden("role_required")
        return who

    return check


async def csrf_guard(request: Request) -> None:
    """App-wide dependency: a cookie-authenticated request that changes state carries its session's CSRF token.

    Bearer-authenticated calls carry no ambient authority and need none. Anonymous state-changing requests are bound
    by Origin: a browser sends it with every cross-site POST.
    """
    if request.method in SAFE_METHODS or request.headers.get("authorization", "").lower().startswith(
        "bearer "
    ):
        return
    origin = request.headers.get("origin")
    own = request.app.state.container.settings.public_origin
    if origin is not None and origin not in {own, f"{request.url.scheme}://{request.url.netloc}"}:
        raise forbidden("csrf")
    who = await visitor(request)
    if who.anonymous:
        return
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        kind = request.headers.get("content-type", "")
        if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
            value = (await request.form()).get(CSRF_FIELD)
            given = value if isinstance(value, str) else None
    if given is None or not hmac.compare_digest(given.encode(), who.csrf_token.encode()):
        raise forbidden("csrf")


def guard() -> Depends:
    """`csrf_guard` as application dependency."""
    return Depends(csrf_guard)
