"""Versions at rest. UNIQUE(sequence) is what makes two publications at once impossible on every database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime
from api.kernel.errors import integrity
from api.risk.rulesets.model import State, Version
from api.risk.spec.document import read_document, rule_set_hash


class RuleSetRow(Base):
    """One version of the rule set."""

    __tablename__ = "risk_rule_set"
    __table_args__ = (UniqueConstraint("sequence"),)

    row_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    document: Mapped[Any] = mapped_column(JsonText)
    hash: Mapped[str] = mapped_column(String(64), index=True)
    note: Mapped[str] = mapped_column(String(300))
    base: Mapped[int] = mapped_column(Integer)
    authors: Mapped[Any] = mapped_column(JsonText)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    validated_by: Mapped[str | None] = mapped_column(String(64))
    sequence: Mapped[int | None] = mapped_column(Integer)
    published_by: Mapped[str | None] = mapped_column(String(64))
    known_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    waiver: Mapped[str | None] = mapped_column(String(400))


def version_of(row: RuleSetRow) -> Version:
    """The row as model object. Raises DomainError integrity when the document is not the one that was hashed."""
    document = read_document(row.document)
    if rule_set_hash(document) != row.hash:
        raise integrity("risk.rule_set_altered", row_id=row.row_id)
    return Version(
        row.row_id,
        State(row.state),
        row.revision,
        document,
        row.hash,
        row.note,
        row.base,
        tuple(row.authors),
        row.changed_at,
        row.validated_by,
        row.sequence,
        row.published_by,
        row.known_from,
        row.valid_from,
        row.valid_to,
        row.waiver,
    )


def rows(session: Session, states: Sequence[State] = ()) -> list[RuleSetRow]:
    """Rows in the given states (all when none is named), newest change first."""
    query = select(RuleSetRow).order_by(RuleSetRow.changed_at.desc(), RuleSetRow.row_id)
    if states:
        query = query.where(RuleSetRow.state.in_([state.value for state in states]))
    return list(session.scalars(query))


def row(session: Session, row_id: str, *, lock: bool = False) -> RuleSetRow | None:
    """The row with this id."""
    return session.get(RuleSetRow, row_id, with_for_update=lock or None)


def newest(session: Session) -> int:
    """The highest sequence number that is published; 0 when none is."""
    return session.scalar(select(func.max(RuleSetRow.sequence))) or 0
