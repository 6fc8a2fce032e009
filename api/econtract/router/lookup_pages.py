"""The public look-up of a printed document: digests to compare with, and nothing about anybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.econtract.model import State
from api.econtract.router.access import Service
from api.infra.web import page
from api.kernel.errors import DomainError, ErrorKind
from api.kernel.ids import is_id

pages = APIRouter(include_in_schema=False)


@pages.get("/d/{code}")
def lookup(request: Request, code: str, econtract: Service) -> HTMLResponse:
    """What the QR code of a document leads to: its registered digests and whether both have signed."""
    facts = None
    if is_id(code):
        try:
            facts = econtract.portal.facts_of_lookup(code)
        except DomainError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
    return page(
        request,
        "econtract/lookup.html",
        status=200 if facts is not None else 404,
        facts=facts,
        code=code[:64],
        concluded=facts is not None and facts.final_sha256 is not None,
        disputed=facts is not None and facts.state == State.DISPUTED.value,
    )
