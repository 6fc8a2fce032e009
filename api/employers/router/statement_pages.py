"""Pages on which a statement is read and signed; the desk uses them too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from api.employers import schemas as s
from api.employers.router.access import Employer, Service, form_error
from api.employers.router.words import words
from api.employers.service import EmployersService
from api.infra.auth import Principal
from api.infra.i18n import N_
from api.infra.web import page, redirect
from api.kernel.errors import DomainError

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/employer/statements/{statement_id}")
def statement(request: Request, service: Service, who: Employer, statement_id: str) -> Response:
    """What is about to be signed, in words and as typed data."""
    return statement_page(request, service, who, statement_id, "/employer/statements", [])


@router.post("/employer/statements/{statement_id}")
def sign(
    request: Request,
    service: Service,
    who: Employer,
    statement_id: str,
    signature: Text = "",
    passphrase: Text = "",
) -> Response:
    """Sign with the passphrase, or hand in the wallet's signature."""
    return sign_statement(request, service, who, statement_id, "/employer", signature, passphrase)


def statement_page(
    request: Request,
    service: EmployersService,
    who: Principal,
    statement_id: str,
    action: str,
    errors: list[tuple[str, str]],
) -> Response:
    """The page on which a statement is read and signed; the desk uses it too."""
    row, prepared = service.statements.show(who, statement_id)
    return page(
        request,
        "employers/statement.html",
        status=422 if errors else 200,
        row=row,
        prepared=prepared,
        typed_data=json.dumps(prepared.typed_data, ensure_ascii=False, indent=1),
        valid_until=datetime.fromtimestamp(row.message.get("validUntil", 0), UTC),
        action=f"{action}/{statement_id}",
        errors=errors,
        **words(),
    )


def sign_statement(
    request: Request,
    service: EmployersService,
    who: Principal,
    statement_id: str,
    home_path: str,
    signature: str,
    passphrase: str,
) -> Response:
    """Submit a statement from a page."""
    try:
        service.statements.submit(
            who, statement_id, signature=s.signature_bytes(signature), passphrase=passphrase or None
        )
    except DomainError as error:
        action = "/review/statements" if home_path.startswith("/review") else "/employer/statements"
        return statement_page(request, service, who, statement_id, action, [form_error(request, error)])
    return redirect(request, home_path, notice=N_("声明已签署，正在写入链上。"))
