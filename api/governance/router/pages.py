"""Pages of the chain's governance: present state with past decisions, and every event. They only show."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.governance.router.api import Before, Cursor, Service, Viewer
from api.governance.rules import permission_bits
from api.governance.texts import ACTION_NAMES, EVENT_NAMES, PARAMETER_NAMES, PERMISSION_NAMES
from api.infra.web import page

pages = APIRouter()
_NAMES: dict[str, Any] = {
    "actions": ACTION_NAMES,
    "permissions": PERMISSION_NAMES,
    "parameters": PARAMETER_NAMES,
    "event_names": EVENT_NAMES,
    "bits": permission_bits,
}


@pages.get("/network")
def overview(request: Request, governance: Service, _who: Viewer, before: Before = None) -> Response:
    """Members, open proposals, parameters, planned upgrade, account; decisions by page."""
    return page(
        request,
        "governance/network.html",
        view=governance.overview(),
        decisions=governance.decisions(before),
        first=before is None,
        **_NAMES,
    )


@pages.get("/network/events")
def events(request: Request, governance: Service, _who: Viewer, before: Cursor = "") -> Response:
    """Every event."""
    return page(
        request,
        "governance/events.html",
        found=governance.events(before, limit=20),
        first=not before,
        names=governance.names(),
        **_NAMES,
    )
