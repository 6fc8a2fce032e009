"""Who may call: typed dependencies of the slice's routers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from api.infra.auth import Principal, require
from api.kernel.errors import forbidden, not_found
from api.kernel.ids import is_id
from api.signing_round.service import SigningRoundService


async def service(request: Request) -> SigningRoundService:
    """The slice's service."""
    found: SigningRoundService = request.app.state.container.signing_round
    return found


async def round_id(round_id: str) -> str:
    """A round's id; anything else is not found."""
    if not is_id(round_id):
        raise not_found("signing.round_unknown")
    return round_id


async def signing_agent(who: Annotated[Principal, Depends(require("representative", "agent"))]) -> Principal:
    """A representative or agent; a machine credential needs the scope `sign`."""
    if who.kind == "machine" and "sign" not in who.scopes:
        raise forbidden("signing.scope_missing")
    return who


Service = Annotated[SigningRoundService, Depends(service)]
RoundId = Annotated[str, Depends(round_id)]
Worker = Annotated[Principal, Depends(require("worker"))]
Agent = Annotated[Principal, Depends(signing_agent)]


def pdf(data: bytes, name: str, *, attachment: bool = False) -> Response:
    """A PDF answer that no cache keeps."""
    kind = "attachment" if attachment else "inline"
    headers = {"Content-Disposition": f'{kind}; filename="{name}.pdf"', "Cache-Control": "no-store, private"}
    return Response(data, media_type="application/pdf", headers=headers)


def png(data: bytes) -> Response:
    """A picture that only this browser keeps, for a short time."""
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})
