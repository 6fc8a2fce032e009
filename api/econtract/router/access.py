"""What this slice's routes share: the service, the agent within scope, the visitor, cursors, PDF answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from api.econtract.service.facade import Econtract
from api.infra.auth import Principal, require, visitor
from api.kernel.clock import cursor_text, parse_utc
from api.kernel.errors import forbidden, invalid


async def service(request: Request) -> Econtract:
    """The slice's services."""
    found: Econtract = request.app.state.container.econtract
    return found


def agent(scope: str) -> Callable[[Request], Awaitable[Principal]]:
    """An employer's person, or his system within `scope` (read, draft, send, sign)."""
    logged_in = require("agent", "representative")

    async def check(request: Request) -> Principal:
        who = await logged_in(request)
        if who.org_id is None:
            raise forbidden("econtract.no_organisation")
        if who.kind == "machine" and scope not in who.scopes:
            raise forbidden("role_required")
        return who

    return check


Service = Annotated[Econtract, Depends(service)]
Visitor = Annotated[Principal, Depends(visitor)]
Reader = Annotated[Principal, Depends(agent("read"))]
Drafter = Annotated[Principal, Depends(agent("draft"))]
Sender = Annotated[Principal, Depends(agent("send"))]
Signer = Annotated[Principal, Depends(agent("sign"))]
How = Annotated[str, Query(pattern="^(view|download|print)$")]
"""What a document is opened for; the opening is recorded as such."""
PDF = "application/pdf"


def document_answer(data: bytes, how: str) -> Response:
    """A contract's file, to be shown or kept."""
    kind = "attachment" if how == "download" else "inline"
    return Response(data, media_type=PDF, headers={"Content-Disposition": f'{kind}; filename="contract.pdf"'})


def cursor(after: str | None) -> tuple[datetime, str] | None:
    """A list's `after` as the last row's (updated, id)."""
    if not after:
        return None
    at, _, pk = after.partition("_")
    try:
        return parse_utc(at), pk
    except ValueError as error:
        raise invalid("malformed", pointer="/after") from error


def next_cursor(at: datetime, pk: str) -> str:
    """Inverse of `cursor`."""
    return f"{cursor_text(at)}_{pk}"
