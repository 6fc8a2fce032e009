"""The message table: outbox, delivery state and inbox in one. Addresses, facts and secrets are sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.db import Base, JsonText, SealedText, UtcDateTime
from api.notification.model import SETTLED, Channel, MessageState, State


class MessageRow(Base):
    """One message."""

    __tablename__ = "notification_message"
    __table_args__ = (
        Index("ix_notification_message_due", "state", "next_at"),
        Index("ix_notification_message_inbox", "recipient_kind", "recipient_id", "created_at"),
        Index("ix_notification_message_subject", "subject_type", "subject_id"),
    )

    message_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    template: Mapped[str] = mapped_column(String(60))
    lang: Mapped[str] = mapped_column(String(2))
    recipient_kind: Mapped[str] = mapped_column(String(10))
    recipient_id: Mapped[str | None] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(SealedText)
    email: Mapped[str | None] = mapped_column(SealedText)
    facts: Mapped[str] = mapped_column(SealedText)
    secrets: Mapped[str | None] = mapped_column(SealedText)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(80))
    dedup_key: Mapped[str | None] = mapped_column(String(160), unique=True)
    channels: Mapped[Any] = mapped_column(JsonText)
    channel_no: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    polls: Mapped[int] = mapped_column(Integer, default=0)
    gateway_id: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def channel(self) -> Channel:
        """The channel that is being used."""
        return Channel(self.channels[self.channel_no])

    @property
    def has_next_channel(self) -> bool:
        """Whether another channel is left."""
        return self.channel_no + 1 < len(self.channels)

    def fact_values(self) -> dict[str, str]:
        """The facts."""
        values: dict[str, str] = json.loads(self.facts)
        return values

    def secret_values(self) -> dict[str, str]:
        """The secrets, empty once the message has settled."""
        values: dict[str, str] = json.loads(self.secrets) if self.secrets else {}
        return values


# Built once: building a statement costs more than running it.
_ADD = insert(cast(Table, MessageRow.__table__))
_BY_DEDUP_KEY = select(MessageRow).where(MessageRow.dedup_key == bindparam("b_key"))


def seal_values(values: Mapping[str, str]) -> str:
    """Facts or secrets as one text column."""
    return json.dumps(dict(values), ensure_ascii=False)


def state_of(row: MessageRow) -> MessageState:
    """The row as model object."""
    delivered = row.state == State.DELIVERED
    return MessageState(
        row.message_id,
        row.template,
        State(row.state),
        row.channel if row.attempts else None,
        row.settled_at if delivered else None,
        row.attempts,
        row.subject_type,
        row.subject_id,
        row.created_at,
    )


def add(session: Session, **values: Any) -> None:
    """Queue one message: its columns."""
    session.connection().execute(_ADD, values)


def by_dedup_key(session: Session, key: str) -> MessageRow | None:
    """The message with this key."""
    return session.scalar(_BY_DEDUP_KEY, {"b_key": key})


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        MessageRow.state.in_([State.QUEUED.value, State.SENT.value]),
        MessageRow.next_at <= now,
        or_(MessageRow.lease_until.is_(None), MessageRow.lease_until < now),
    )


def due(session: Session, now: datetime) -> bool:
    """Whether anything is to be done; asked without a write lock."""
    return session.scalar(select(MessageRow.message_id).where(_is_due(now)).limit(1)) is not None


def claim(session: Session, now: datetime, lease: timedelta, limit: int) -> list[str]:
    """Take messages whose time has come; nobody else takes them until the lease is over (kill -9 included)."""
    due = (
        select(MessageRow)
        .where(_is_due(now))
        .order_by(MessageRow.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(due))
    for row in rows:
        row.lease_until = now + lease
    return [row.message_id for row in rows]


def get(session: Session, message_id: str, *, lock: bool = False) -> MessageRow | None:
    """One message."""
    return session.get(MessageRow, message_id, with_for_update=lock)


def inbox(
    session: Session, kind: str, recipient_id: str, before: datetime | None, limit: int
) -> Sequence[MessageRow]:
    """A recipient's messages, newest first; cancelled ones are not shown."""
    query = select(MessageRow).where(
        MessageRow.recipient_kind == kind,
        MessageRow.recipient_id == recipient_id,
        MessageRow.state != State.CANCELLED.value,
    )
    if before is not None:
        query = query.where(MessageRow.created_at < before)
    return list(
        session.scalars(query.order_by(MessageRow.created_at.desc(), MessageRow.message_id).limit(limit))
    )


def unread(session: Session, kind: str, recipient_id: str) -> int:
    """How many messages the recipient has not opened."""
    query = select(func.count()).where(
        MessageRow.recipient_kind == kind,
        MessageRow.recipient_id == recipient_id,
        MessageRow.state != State.CANCELLED.value,
        MessageRow.read_at.is_(None),
    )
    return session.scalar(query) or 0


def counts(session: Session) -> dict[str, int]:
    """Messages by state."""
    rows = session.execute(select(MessageRow.state, func.count()).group_by(MessageRow.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows are tuples of the driver


def oldest_open(session: Session) -> datetime | None:
    """When the oldest message was made that has not settled."""
    settled = [state.value for state in SETTLED]
    return session.scalar(select(func.min(MessageRow.created_at)).where(MessageRow.state.not_in(settled)))


def listing(
    session: Session, states: Sequence[str], before: datetime | None, limit: int
) -> Sequence[MessageRow]:
    """Messages for the operator, newest first."""
    query = select(MessageRow)
    if states:
        query = query.where(MessageRow.state.in_(states))
    if before is not None:
        query = query.where(MessageRow.created_at < before)
    return list(
        session.scalars(query.order_by(MessageRow.created_at.desc(), MessageRow.message_id).limit(limit))
    )


def forget(session: Session, subject_type: str, subject_id: str, now: datetime) -> int:
    """Empty addresses and facts of all messages about a subject; those still under way are cancelled."""
    about = (MessageRow.subject_type == subject_type, MessageRow.subject_id == subject_id)
    session.execute(
        update(MessageRow)
        .where(*about, MessageRow.state.in_([State.QUEUED.value, State.SENT.value]))
        .values(state=State.CANCELLED.value, settled_at=now)
        .execution_options(synchronize_session=False)
    )
    emptied = session.execute(
        update(MessageRow)
        .where(*about)
        .values(phone=None, email=None, facts=seal_values({}), secrets=None, recipient_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(emptied.rowcount)  # type: ignore[attr-defined]
