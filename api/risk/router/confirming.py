"""A person stands by a red warning that the rules issued: JSON and the button on the pages. Audited."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.idempotency import IdempotentRoute
from api.infra.web import redirect
from api.risk.router.api import Risk, Who
from api.risk.schemas import WarningOut

api = APIRouter(prefix="/risk", tags=["risk"], route_class=IdempotentRoute)
pages = APIRouter()


@api.post("/warnings/{warning_id}/confirmation", summary="Stand by what the rules issued")
def confirm(risk: Risk, who: Who, warning_id: str) -> WarningOut:
    """A red warning that issued itself is nobody's until a person confirms it, or it is closed; 409 otherwise. Audited."""
    return WarningOut.of(risk.warnings.confirm(who, warning_id))


@pages.post("/risk/warnings/{warning_id}/confirmation")
def confirmed(request: Request, risk: Risk, who: Who, warning_id: str) -> Response:
    """The same from the list."""
    risk.warnings.confirm(who, warning_id)
    return redirect(request, "/risk", notice=N_("预警已确认"))
