"""JSON: login, session, accounts of staff, machine credentials."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.identity import schemas as s
from api.identity.model import Account, LoginOutcome, MachineView, NewAccount
from api.identity.router.context import Key, identity, source
from api.identity.rules import home_path
from api.identity.service import Identity
from api.infra.auth import SESSION_COOKIE, Principal, require, visitor
from api.infra.idempotency import IdempotentRoute

api = APIRouter()
creating = APIRouter(route_class=IdempotentRoute)
Services = Annotated[Identity, Depends(identity)]
Operator = Annotated[Principal, Depends(require("operator"))]
Employer = Annotated[Principal, Depends(require("representative", "agent"))]


def answer(services: Identity, response: Response, outcome: LoginOutcome) -> s.LoginAnswer:
    """Set the cookie and describe the session."""
    services.sessions.set_cookie(response, outcome.token, outcome.expires_at)
    return s.LoginAnswer(
        csrf_token=outcome.csrf_token,
        roles=sorted(outcome.roles),
        expires_at=outcome.expires_at,
        home=home_path(outcome.roles),
    )


@api.post("/identity/login")
def login(body: s.LoginBody, request: Request, response: Response, services: Services) -> s.LoginAnswer:
    """Log in staff or an employer's person: password and TOTP; sets the session cookie."""
    outcome = services.login.at_once(body.login, body.password, body.totp, source(request), body.new_password)
    return answer(services, response, outcome)


@api.post("/identity/logout", status_code=204)
def logout(request: Request, response: Response, services: Services) -> None:
    """End the session."""
    services.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    services.sessions.clear_cookie(response)


@api.get("/identity/me")
def me(who: Annotated[Principal, Depends(visitor)]) -> s.MeAnswer:
    """Who the caller is; `session` says `superseded` when a newer session has taken over."""
    return s.MeAnswer(
        kind=who.kind,
        display_name=who.display_name,
        roles=sorted(who.roles),
        org_id=who.org_id,
        person_id=who.person_id,
        csrf_token=who.csrf_token,
        session=who.attributes.get("session"),
        home=home_path(who.roles),
    )


@api.put("/identity/password", status_code=204)
def password(body: s.PasswordBody, services: Services, who: Annotated[Principal, Depends(require())]) -> None:
    """Change one's own password; other sessions end."""
    services.login.change_password(who, body.old, body.new)


# ------------------------------------------------------------------------------- accounts of staff


def _new(made: NewAccount) -> s.NewAccountAnswer:
    return s.NewAccountAnswer(**vars(made))


def account_answer(row: Account) -> s.AccountAnswer:
    """An account for the operator's list."""
    return s.AccountAnswer(
        account_id=row.account_id,
        login=row.login,
        display_name=row.display_name,
        kind=row.kind,
        roles=sorted(row.roles),
        state=row.state,
        last_login_at=row.last_login_at,
    )


@api.get("/identity/staff")
def staff(services: Services, _who: Operator) -> list[s.AccountAnswer]:
    """Accounts of staff."""
    return [account_answer(row) for row in services.accounts.staff()]


@creating.post("/identity/staff", status_code=201)
def create_staff(body: s.StaffBody, services: Services, who: Operator) -> s.NewAccountAnswer:
    """Create an account of staff; credentials are shown once."""
    made = services.accounts.create_staff(
        body.login, body.display_name, frozenset(body.roles), by=who, phone=body.phone
    )
    return _new(made)


@creating.post("/identity/accounts/{account_id}/reset")
def reset(account_id: Key, services: Services, who: Operator) -> s.NewAccountAnswer:
    """Fresh one-time password and second factor."""
    return _new(services.accounts.reset(account_id, who))


@api.post("/identity/accounts/{account_id}/disable", status_code=204)
def disable(account_id: Key, services: Services, who: Operator) -> None:
    """No more logins; sessions end."""
    services.accounts.get(account_id)
    services.accounts.disable(account_id, who)


@api.post("/identity/accounts/{account_id}/enable", status_code=204)
def enable(account_id: Key, services: Services, who: Operator) -> None:
    """Logins again; a lock is lifted."""
    services.accounts.enable(account_id, who)


# ----------------------------------------------------------------------------- machine credentials


def machine_answer(row: MachineView, secret: str | None = None) -> s.MachineAnswer:
    """A credential."""
    return s.MachineAnswer(**(vars(row) | {"scopes": sorted(row.scopes), "secret": secret}))


@api.get("/identity/credentials")
def credentials(services: Services, who: Employer) -> list[s.MachineAnswer]:
    """Credentials of one's organisation."""
    return [machine_answer(row) for row in services.machines.listed(who)]


@creating.post("/identity/credentials", status_code=201)
def create_credential(body: s.MachineBody, services: Services, who: Employer) -> s.MachineAnswer:
    """A credential that acts for the caller within scopes (read, draft, send, sign)."""
    key, secret = services.machines.create(who, body.label, frozenset(body.scopes))
    row = next(row for row in services.machines.listed(who) if row.credential_id == key)
    return machine_answer(row, secret)


@api.delete("/identity/credentials/{credential_id}", status_code=204)
def revoke_credential(credential_id: Key, services: Services, who: Employer) -> None:
    """Revoke a credential."""
    services.machines.revoke(who, credential_id)


api.include_router(creating)
