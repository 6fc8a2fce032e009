"""Queueing messages in the caller's transaction, the inbox, and the operator's view without texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, not_found
from api.kernel.ids import new_id
from api.notification import repository
from api.notification.model import InboxItem, MessageState, RecipientKind, State
from api.notification.rules import check_content, inbox_text, mask_phone, usable_channels, wording

DEFAULT_CHANNELS = ("sms", "email", "inbox")


@dataclass(frozen=True)
class OperatorRow:
    """A message as the operator may see it: no text, no link, a masked number."""

    state: MessageState
    phone_masked: str
    reason: str
    next_at: datetime


@dataclass(frozen=True)
class Backlog:
    """How much waits."""

    counts: Mapping[str, int]
    oldest_open: datetime | None


class NotificationService:
    """The outbox of messages. Delivery is `delivery.Delivery`, run by the background worker."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    def send(
        self,
        session: Session,
        *,
        template: str,
        recipient_kind: str,
        recipient_id: str | None,
        subject_type: str,
        subject_id: str,
        phone: str | None = None,
        email: str | None = None,
        facts: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        channels: Sequence[str] = DEFAULT_CHANNELS,
        dedup_key: str | None = None,
        not_before: datetime | None = None,
        lang: str = "zh",
    ) -> str:
        """Queue a message in the caller's transaction and give its id; it goes out after the commit, or
        never.

        The same `dedup_key` again gives the first message's id. Raises DomainError invalid for a missing
        field, a link to an origin that is neither https nor localhost, or a recipient without any address.
        """
        if dedup_key is not None and (known := repository.by_dedup_key(session, dedup_key)) is not None:
            return known.message_id
        secrets = dict(secrets or {})
        cleaned = check_content(template, facts or {}, secrets)
        usable = usable_channels(channels, phone=phone, email=email, recipient_id=recipient_id)
        now = self._clock.now()
        message_id = new_id()
        repository.add(
            session,
            message_id=message_id,
            template=template,
            lang="en" if lang == "en" else "zh",
            recipient_kind=RecipientKind(recipient_kind).value,
            recipient_id=recipient_id,
            phone=phone,
            email=email,
            facts=repository.seal_values(cleaned),
            secrets=repository.seal_values(secrets) if secrets else None,
            subject_type=subject_type,
            subject_id=subject_id,
            dedup_key=dedup_key,
            channels=[channel.value for channel in usable],
            channel_no=0,
            state=State.QUEUED.value,
            attempts=0,
            failures=0,
            polls=0,
            created_at=now,
            next_at=not_before or now,
        )
        return message_id

    def cancel(self, session: Session, message_id: str) -> bool:
        """Stop a message that has not settled and wipe its secrets; False when it had settled."""
        row = repository.get(session, message_id, lock=True)
        if row is None:
            raise not_found()
        if row.state not in (State.QUEUED.value, State.SENT.value):
            return False
        row.state, row.secrets, row.settled_at = State.CANCELLED.value, None, self._clock.now()
        return True

    def forget(self, session: Session, subject_type: str, subject_id: str) -> int:
        """Empty all messages about a subject, sent or not; their states stay. The number of messages."""
        return repository.forget(session, subject_type, subject_id, self._clock.now())

    def state(self, message_id: str) -> MessageState:
        """How far a message got."""
        with self._uow.read() as session:
            row = repository.get(session, message_id)
            if row is None:
                raise not_found()
            return repository.state_of(row)

    # -- inbox

    @staticmethod
    def owner(who: Principal) -> tuple[str, str]:
        """Whose inbox a principal reads."""
        if who.person_id is not None:
            return RecipientKind.PERSON.value, who.person_id
        if who.account_id is None:
            raise not_found()
        return RecipientKind.ACCOUNT.value, who.account_id

    def inbox(
        self,
        owner_kind: str,
        owner_id: str,
        *,
        before: datetime | None = None,
        limit: int = 50,
        lang: str = "zh",
    ) -> list[InboxItem]:
        """Messages of one recipient, newest first."""
        with self._uow.read() as session:
            rows = repository.inbox(session, owner_kind, owner_id, before, min(limit, 200))
            return [self._item(row, lang) for row in rows]

    @staticmethod
    def _item(row: repository.MessageRow, lang: str) -> InboxItem:
        title, text = inbox_text(row.template, row.fact_values(), lang)
        return InboxItem(
            row.message_id, title, text, row.created_at, row.read_at, row.subject_type, row.subject_id
        )

    def unread(self, owner_kind: str, owner_id: str) -> int:
        """Messages not opened yet."""
        with self._uow.read() as session:
            return repository.unread(session, owner_kind, owner_id)

    def mark_read(self, who: Principal, message_ids: Sequence[str]) -> int:
        """Mark own messages as read; ids of others count as unknown and are passed over."""
        kind, owner_id = self.owner(who)
        marked = 0
        with self._uow() as session:
            for message_id in message_ids:
                row = repository.get(session, message_id)
                if row is None or (row.recipient_kind, row.recipient_id) != (kind, owner_id):
                    continue
                if row.read_at is None:
                    row.read_at = self._clock.now()
                    marked += 1
        return marked

    # -- operator

    def backlog(self) -> Backlog:
        """Counts by state and the oldest open message."""
        with self._uow.read() as session:
            return Backlog(repository.counts(session), repository.oldest_open(session))

    def listing(
        self, states: Sequence[str] = (), before: datetime | None = None, limit: int = 50
    ) -> list[OperatorRow]:
        """Messages without texts."""
        with self._uow.read() as session:
            return [
                OperatorRow(repository.state_of(row), mask_phone(row.phone), row.reason or "", row.next_at)
                for row in repository.listing(session, states, before, limit)
            ]

    def retry(self, who: Principal, message_id: str) -> None:
        """Try a failed message once more from its first channel; audited.

        Raises conflict when the message has not failed, or carried a one-time link, which is wiped by then.
        """
        with self._uow() as session:
            row = repository.get(session, message_id, lock=True)
            if row is None:
                raise not_found()
            if row.state != State.FAILED.value:
                raise conflict("notification.not_failed")
            if wording(row.template).secrets:
                raise conflict("notification.secrets_wiped")
            row.state, row.channel_no, row.failures, row.polls = State.QUEUED.value, 0, 0, 0
            row.next_at, row.settled_at, row.gateway_id = self._clock.now(), None, None
            audit.record(session, who, "notification.retried", "message", message_id)
