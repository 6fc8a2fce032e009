"""JSON API: one's own inbox; the operator's view of states without texts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.infra.web import language
from api.notification.model import Channel, InboxItem, State
from api.notification.service import NotificationService, OperatorRow

api = APIRouter(tags=["messages"], route_class=IdempotentRoute)


async def service(request: Request) -> NotificationService:
    """The slice's service."""
    return cast(NotificationService, request.app.state.container.notification)


Service = Annotated[NotificationService, Depends(service)]
Anyone = Annotated[Principal, Depends(require())]
Operator = Annotated[Principal, Depends(require("operator"))]


class MessageOut(BaseModel):
    """A message of the inbox."""

    message_id: str
    title: str
    text: str
    created_at: datetime
    read_at: datetime | None
    subject_type: str
    subject_id: str

    @classmethod
    def of(cls, item: InboxItem) -> MessageOut:
        """The item as JSON."""
        return cls.model_validate(item, from_attributes=True)


class InboxOut(BaseModel):
    """A page of the inbox."""

    unread: int
    messages: list[MessageOut]


class ReadIn(BaseModel):
    """Messages to mark as read."""

    model_config = ConfigDict(extra="forbid")

    message_ids: list[str] = Field(max_length=200)


class MessageStateOut(BaseModel):
    """A message for the operator."""

    message_id: str
    template: str
    state: State
    channel: Channel | None
    attempts: int
    created_at: datetime
    delivered_at: datetime | None
    phone_masked: str
    reason: str

    @classmethod
    def of(cls, row: OperatorRow) -> MessageStateOut:
        """The row as JSON."""
        state = row.state
        return cls(
            message_id=state.message_id,
            template=state.template,
            state=state.state,
            channel=state.channel,
            attempts=state.attempts,
            created_at=state.created_at,
            delivered_at=state.delivered_at,
            phone_masked=row.phone_masked,
            reason=row.reason,
        )


@api.get("/messages", summary="My messages, newest first")
def inbox(
    request: Request,
    notification: Service,
    who: Anyone,
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> InboxOut:
    """Links and codes are never part of it."""
    kind, owner = notification.owner(who)
    items = notification.inbox(kind, owner, before=before, limit=limit, lang=language(request))
    return InboxOut(unread=notification.unread(kind, owner), messages=[MessageOut.of(item) for item in items])


@api.post("/messages/read", status_code=204, summary="Mark my messages as read")
def mark_read(notification: Service, who: Anyone, body: ReadIn) -> None:
    """Ids that are not mine are passed over."""
    notification.mark_read(who, body.message_ids)


@api.get("/operator/messages", summary="Delivery states (operator)")
def listing(
    notification: Service,
    _who: Operator,
    state: State | None = None,
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[MessageStateOut]:
    """Without texts; numbers masked."""
    rows = notification.listing([state.value] if state else [], before, limit)
    return [MessageStateOut.of(row) for row in rows]


@api.post(
    "/operator/messages/{message_id}/retry", status_code=204, summary="Try a failed message again (operator)"
)
def retry(notification: Service, who: Operator, message_id: str) -> None:
    """Only messages without a one-time link; audited."""
    notification.retry(who, message_id)
