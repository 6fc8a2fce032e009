"""Pages: one's own messages, and the operator's delivery states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.infra.i18n import N_
from api.infra.web import language, page, redirect
from api.notification.model import State
from api.notification.router.api import Anyone, Operator, Service
from api.notification.texts import CHANNEL_NAMES, STATE_NAMES

pages = APIRouter()
_PAGE = 30


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


@pages.get("/messages")
def inbox(
    request: Request, notification: Service, who: Anyone, before: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Own messages; opening the page marks them as read."""
    kind, owner = notification.owner(who)
    items = notification.inbox(kind, owner, before=_moment(before), limit=_PAGE + 1, lang=language(request))
    shown = items[:_PAGE]
    new = [item.message_id for item in shown if item.read_at is None]
    older = shown[-1].created_at.isoformat() if len(items) > _PAGE else ""
    response = page(
        request, "notification/inbox.html", items=shown, new=set(new), older=older, worker=kind == "person"
    )
    if new:
        notification.mark_read(who, new)
    return response


@pages.get("/operator/messages")
def states(
    request: Request,
    notification: Service,
    _who: Operator,
    state: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Delivery states."""
    chosen = [state] if state in STATE_NAMES else []
    rows = notification.listing(chosen, _moment(before), _PAGE + 1)
    shown = rows[:_PAGE]
    return page(
        request,
        "notification/states.html",
        rows=shown,
        state=state,
        backlog=notification.backlog(),
        older=shown[-1].state.created_at.isoformat() if len(rows) > _PAGE else "",
        names=STATE_NAMES,
        channels=CHANNEL_NAMES,
        failed=State.FAILED,
    )


@pages.post("/operator/messages/{message_id}/retry")
def retry(request: Request, notification: Service, who: Operator, message_id: str) -> Response:
    """Try a failed message again."""
    notification.retry(who, message_id)
    return redirect(request, "/operator/messages", notice=N_("已重新排队发送。"))
