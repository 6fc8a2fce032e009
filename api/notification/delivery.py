"""Delivery: takes due messages, calls the gateway with no transaction open, writes down what came of it.

Killed between call and writing, the same call is made again with the same id, which the gateway recognises. A
settled message loses its secrets; its receipt is published on the bus in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.events import Bus
from api.notification import repository
from api.notification.model import Channel, DeliveryFailed, DeliveryReceived, State
from api.notification.ports import MailServer, Outcome, Receipt, SmsGateway
from api.notification.repository import MessageRow
from api.notification.rules import (
    LAST_RECEIPT,
    MAX_SMS,
    RECEIPT_PATIENCE,
    outside_text,
    poll_at,
    retry_at,
)

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
BATCH = 20


@dataclass(frozen=True)
class _Task:
    """What one call needs, read before the call so that no transaction stays open during it."""

    message_id: str
    channel: Channel
    channel_no: int
    gateway_id: str | None
    phone: str
    email: str
    subject: str
    text: str
    template: str


class Delivery:
    """The worker's side of the outbox.

    `sms` and `mail` are None where the installation has no such gateway.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        bus: Bus,
        sms: SmsGateway | None,
        mail: MailServer | None,
        *,
        test: bool,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._bus = bus
        self._sms = sms
        self._mail = mail
        self._test = test

    def run_due(self) -> int:
        """Handle the messages whose time has come; how many there were."""
        with self._uow.read() as session:
            if not repository.due(session, self._clock.now()):
                return 0
        with self._uow() as session:
            claimed = repository.claim(session, self._clock.now(), LEASE, BATCH)
        for message_id in claimed:
            self._handle(message_id)
        return len(claimed)

    def _handle(self, message_id: str) -> None:
        with self._uow.read() as session:
            row = repository.get(session, message_id)
            if row is None or row.state not in (State.QUEUED.value, State.SENT.value):
                return
            task = self._task(row)
        receipt = self._call(task)
        with self._uow() as session:
            row = repository.get(session, message_id, lock=True)
            if row is None or (row.channel_no, row.gateway_id) != (task.channel_no, task.gateway_id):
                return
            if row.state in (State.QUEUED.value, State.SENT.value):
                self._apply(session, row, receipt)
                row.lease_until = None

    def _task(self, row: MessageRow) -> _Task:
        subject, text = outside_text(
            row.template, row.fact_values(), row.secret_values(), row.lang, self._test
        )
        waiting = row.gateway_id if row.state == State.SENT.value else None
        return _Task(
            row.message_id,
            row.channel,
            row.channel_no,
            waiting,
            row.phone or "",
            row.email or "",
            subject,
            text,
            row.template,
        )

    def _call(self, task: _Task) -> Receipt:
        # The id names message and channel: repeating it sends nothing twice.
        call_id = f"{task.message_id}.{task.channel_no}"
        if task.channel is Channel.INBOX:
            return Receipt(Outcome.DELIVERED)
        if task.channel is Channel.EMAIL:
            if self._mail is None:
                return Receipt(Outcome.REFUSED, reason="no mail server")
            return self._mail.send(call_id, task.email, task.subject, task.text)
        if self._sms is None:
            return Receipt(Outcome.REFUSED, reason="no sms gateway")
        if task.gateway_id is not None:
            return self._sms.status(task.gateway_id)
        return self._sms.send(call_id, task.phone, task.text[:MAX_SMS], task.template)

    def _apply(self, session: Session, row: MessageRow, receipt: Receipt) -> None:
        now = self._clock.now()
        polling = row.state == State.SENT.value
        if not polling:
            row.attempts += 1
        if receipt.outcome is Outcome.DELIVERED:
            self._delivered(session, row, now)
        elif receipt.outcome is Outcome.REFUSED:
            row.reason = receipt.reason[:80]
            self._next_channel(session, row, now)
        elif polling:
            self._wait(session, row, now)
        elif receipt.outcome is Outcome.ACCEPTED:
            row.state, row.gateway_id, row.sent_at = State.SENT.value, receipt.gateway_id[:80], now
            row.polls, row.next_at = 0, poll_at(now, 0)
        else:
            row.failures += 1
            row.reason = receipt.reason[:80]
            again = retry_at(now, row.failures)
            if again is None:
                self._next_channel(session, row, now)
            else:
                row.next_at = again

    def _wait(self, session: Session, row: MessageRow, now: datetime) -> None:
        row.polls += 1
        since = row.sent_at or row.created_at
        if now - since >= (RECEIPT_PATIENCE if row.has_next_channel else LAST_RECEIPT):
            row.reason = "no receipt"
            self._next_channel(session, row, now)
        else:
            row.next_at = poll_at(now, row.polls)

    def _delivered(self, session: Session, row: MessageRow, now: datetime) -> None:
        row.state, row.settled_at, row.secrets = State.DELIVERED.value, now, None
        self._bus.publish(
            session,
            DeliveryReceived(
                row.message_id,
                row.template,
                row.subject_type,
                row.subject_id,
                row.recipient_kind,
                row.recipient_id,
                row.channel.value,
                now,
            ),
        )
        log.info("notification.message.delivered", message=row.message_id, channel=row.channel.value)

    def _next_channel(self, session: Session, row: MessageRow, now: datetime) -> None:
        log.warning(
            "notification.channel.failed",
            message=row.message_id,
            channel=row.channel.value,
            reason=row.reason,
        )
        if row.has_next_channel:
            row.channel_no += 1
            row.state, row.gateway_id, row.sent_at = State.QUEUED.value, None, None
            row.failures, row.polls, row.next_at = 0, 0, now
            return
        row.state, row.settled_at, row.secrets = State.FAILED.value, now, None
        self._bus.publish(
            session,
            DeliveryFailed(
                row.message_id,
                row.template,
                row.subject_type,
                row.subject_id,
                row.recipient_kind,
                row.recipient_id,
                now,
            ),
        )
