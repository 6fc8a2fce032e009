"""Gateways to the outside. Both are called without a database transaction open, and again after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a gateway says about one message."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Receipt:
    """A gateway's answer. REFUSED is final for this channel, UNAVAILABLE is worth another try."""

    outcome: Outcome
    gateway_id: str = ""
    reason: str = ""


class SmsGateway(Protocol):
    """Sends text messages.

    `send` with an id that was sent before must not send again (the caller repeats it after a crash). Neither
    method raises for anything the outside does: an outage is UNAVAILABLE. No implementation logs number or
    text.
    """

    def send(self, message_id: str, phone: str, text: str, kind: str) -> Receipt:
        """Hand over one message."""
        ...

    def status(self, gateway_id: str) -> Receipt:
        """Ask how far a message got that was accepted earlier."""
        ...


class MailServer(Protocol):
    """Sends mails; ACCEPTED is not used: a mail that the server took counts as DELIVERED to it."""

    def send(self, message_id: str, address: str, subject: str, text: str) -> Receipt:
        """Hand over one mail; the message id makes a repetition recognisable as the same mail."""
        ...
