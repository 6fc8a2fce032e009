"""Messages, their states, and what the rest of the platform hears about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.kernel.events import DomainEvent


class Channel(StrEnum):
    """A way to reach somebody, in the usual order of trying."""

    SMS = "sms"
    EMAIL = "email"
    INBOX = "inbox"


class State(StrEnum):
    """queued → sent (a gateway took it) → delivered; or failed (no channel left), or cancelled."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


SETTLED = frozenset({State.DELIVERED, State.FAILED, State.CANCELLED})


class RecipientKind(StrEnum):
    """Whose message it is: a natural person, an account of staff or employer, or only an address."""

    PERSON = "person"
    ACCOUNT = "account"
    ADDRESS = "address"


@dataclass(frozen=True)
class MessageState:
    """How far a message got."""

    message_id: str
    template: str
    state: State
    channel: Channel | None
    delivered_at: datetime | None
    attempts: int
    subject_type: str
    subject_id: str
    created_at: datetime


@dataclass(frozen=True)
class InboxItem:
    """One message as its recipient reads it after login: never with a link or a code in it."""

    message_id: str
    title: str
    text: str
    created_at: datetime
    read_at: datetime | None
    subject_type: str
    subject_id: str


@dataclass(frozen=True)
class DeliveryReceived(DomainEvent):
    """A message reached its recipient:

    an operator's receipt for an SMS, the mail server's for a mail, the inbox.
    """

    message_id: str
    template: str
    subject_type: str
    subject_id: str
    recipient_kind: str
    recipient_id: str | None
    channel: str
    at: datetime


@dataclass(frozen=True)
class DeliveryFailed(DomainEvent):
    """No channel worked. Somebody has to reach the recipient in another way."""

    message_id: str
    template: str
    subject_type: str
    subject_id: str
    recipient_kind: str
    recipient_id: str | None
    at: datetime
