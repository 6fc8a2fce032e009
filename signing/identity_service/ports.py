"""What the identity service asks of the outside: an identity provider and an SMS gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from signing.identity_service.persons import Claim


@dataclass(frozen=True)
class ProviderResult:
    """The provider's word on one claim. Kept as a record: result and trace number, never an image or a biometric."""

    provider: str
    trace_no: str
    result: str
    test: bool

    @property
    def matches(self) -> bool:
        """All three elements belong together."""
        return self.result == "match"


class IdentityProvider(Protocol):
    """Confirms name, ID number and phone together (三要素核验)."""

    def confirm(self, claim: Claim, trace: str) -> ProviderResult:
        """One question, one answer. `trace` is ours and unique; asking again with it is the same question.

        Raises ProviderUnavailable when there is no answer, and IdentityRefused("identity.demo_person_refused") for a
        generated person if the adapter serves production.
        """
        ...


@dataclass(frozen=True)
class SmsReceipt:
    """The gateway has taken a message over: its id there and its status (accepted, delivered, failed)."""

    gateway_id: str
    status: str


class SmsGateway(Protocol):
    """Takes text messages for delivery."""

    def send(self, message_id: str, phone: str, text: str, kind: str) -> SmsReceipt:
        """Hand a message over. The same `message_id` again is the same message: it is not delivered twice.

        Raises GatewayUnavailable when the gateway did not confirm; the message may then be sent again.
        """
        ...

    def status(self, gateway_id: str) -> SmsReceipt:
        """Delivery status; raises GatewayUnavailable."""
        ...
