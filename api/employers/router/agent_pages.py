"""Pages for agents: accounts, and authority that the representative grants and revokes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api.employers.router.access import Employer, Service, form_error
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/employer/agents")
def agents(request: Request, service: Service, who: Employer) -> Response:
    """The organisation's agents."""
    return _agents(request, service, who)


def _agents(
    request: Request,
    service: EmployersService,
    who: Principal,
    errors: list[tuple[str, str]] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "employers/agents.html",
        status=422 if errors else 200,
        agents=service.agents.listed(who),
        organisation=service.agents.own(who)[1],
        errors=errors or [],
        values={"name": "", "phone": "", "id_number": "", "login": "", **(values or {})},
        suggested=(datetime.now(SHANGHAI) + timedelta(days=365)).date().isoformat(),
        **words(),
    )


@router.post("/employer/agents")
def invite(
    request: Request,
    service: Service,
    who: Employer,
    name: Text = "",
    phone: Text = "",
    id_number: Text = "",
    login: Text = "",
) -> Response:
    """Open an agent's account; its credentials are shown once."""
    values = {"name": name, "phone": phone, "id_number": id_number, "login": login}
    try:
        account = service.agents.invite(who, **values)
    except DomainError as error:
        return _agents(request, service, who, [form_error(request, error)], values)
    return page(
        request, "employers/registered.html", account=account, state="verified", uscc_passed=True, agent=True
    )


@router.post("/employer/agents/{account_id}/grant")
def grant(
    request: Request,
    service: Service,
    who: Employer,
    account_id: str,
    wallet: Text = "",
    until: Text = "",
    scope: Annotated[list[int] | None, Form()] = None,
) -> Response:
    """Prepare the agent's authorisation; it is signed on the next page."""
    try:
        day = datetime.strptime(until, "%Y-%m-%d").replace(hour=23, minute=59, second=59, tzinfo=SHANGHAI)
    except ValueError:
        day = datetime.fromtimestamp(0, UTC)
    try:
        prepared = service.statements.prepare_grant(
            who, account_id, wallet, sum(set(scope or [])), day.astimezone(UTC)
        )
    except DomainError as error:
        return _agents(request, service, who, [("", form_error(request, error)[1])])
    return redirect(request, f"/employer/statements/{prepared.statement_id}")


@router.post("/employer/agents/{account_id}/revoke")
def revoke(request: Request, service: Service, who: Employer, account_id: str, reason: Text = "") -> Response:
    """Prepare the end of the agent's authority; it is signed on the next page."""
    try:
        prepared = service.statements.prepare_revocation(who, account_id, reason)
    except DomainError as error:
        return _agents(request, service, who, [("", form_error(request, error)[1])])
    return redirect(request, f"/employer/statements/{prepared.statement_id}")


@router.post("/employer/agents/{account_id}/close")
def close(request: Request, service: Service, who: Employer, account_id: str) -> Response:
    """Close the agent's login."""
    service.agents.close(who, account_id)
    return redirect(request, "/employer/agents", notice=N_("经办人账号已停用。"), tone="warning")
