"""The outbox on a real database with a clock that tests move and gateways that they bend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.events import Bus
from api.notification.delivery import Delivery
from api.notification.model import DeliveryFailed, DeliveryReceived
from api.notification.ports import Outcome, Receipt
from api.notification.service import NotificationService

ACCEPTED = Receipt(Outcome.ACCEPTED, "gw-1")
DELIVERED = Receipt(Outcome.DELIVERED, "gw-1")
REFUSED = Receipt(Outcome.REFUSED, reason="undeliverable")
DOWN = Receipt(Outcome.UNAVAILABLE, reason="ConnectError")


class Killed(BaseException):
    """kill -9 in the middle of a call."""


@dataclass
class ScriptedGateway:
    """An SMS gateway and mail server in one: answers what the test says and remembers what it was asked."""

    send_answer: Receipt = ACCEPTED
    status_answer: Receipt = ACCEPTED
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    polled: list[str] = field(default_factory=list)
    die_after_sending: bool = False

    def send(self, message_id: str, address: str, text: str, kind: str) -> Receipt:
        self.sent.append((message_id, address, f"{text} {kind}"))
        if self.die_after_sending:
            self.die_after_sending = False
            raise Killed
        return self.send_answer

    def status(self, gateway_id: str) -> Receipt:
        self.polled.append(gateway_id)
        return self.status_answer


class Outbox:
    """Everything a test needs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FixedClock(datetime(2026, 11, 22, 4, tzinfo=UTC))
        self.uow = UnitOfWork(database)
        self.bus = Bus()
        self.received: list[DeliveryReceived] = []
        self.failed: list[DeliveryFailed] = []
        self.bus.subscribe(DeliveryReceived, lambda _session, event: self.received.append(event))
        self.bus.subscribe(DeliveryFailed, lambda _session, event: self.failed.append(event))
        self.sms = ScriptedGateway()
        self.mail = ScriptedGateway(send_answer=DELIVERED)
        self.service = NotificationService(self.uow, self.clock)
        self.delivery = self.worker()

    def worker(self) -> Delivery:
        return Delivery(self.uow, self.clock, self.bus, self.sms, self.mail, test=True)

    def queue(self, **changes: Any) -> str:
        values: dict[str, Any] = {
            "template": "econtract.invitation",
            "recipient_kind": "person",
            "recipient_id": "person-1",
            "phone": "13800000001",
            "email": "worker@example.test",
            "facts": {"employer": "示例公司", "purpose": "签订劳动合同"},
            "secrets": {"link": "https://concord.example/s/TOKEN", "code": "K7Q2M9XP"},
            "subject_type": "econtract",
            "subject_id": "c1",
        }
        with self.uow() as session:
            return self.service.send(session, **{**values, **changes})

    def state(self, message_id: str) -> str:
        return self.service.state(message_id).state.value

    def run_for(self, span: timedelta, step: timedelta = timedelta(seconds=1)) -> None:
        end = self.clock.now() + span
        while self.clock.now() <= end:
            self.delivery.run_due()
            self.clock.advance(step)

    def run_until(self, done: Callable[[], bool], limit: timedelta, step: timedelta) -> None:
        end = self.clock.now() + limit
        while not done():
            assert self.clock.now() < end, "the message never got there"
            self.delivery.run_due()
            self.clock.advance(step)
