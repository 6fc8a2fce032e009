"""Shares in SQL. Reads and exports are lines of the audit record, not rows of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime

_KEY = BigInteger().with_variant(Integer, "sqlite")


class ShareRow(Base):
    """One request and what became of it."""

    __tablename__ = "exchange_share"
    __table_args__ = (Index("ix_exchange_share_state_no", "state", "no"),)

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    share_id: Mapped[str] = mapped_column(String(26), unique=True)
    dataset: Mapped[str] = mapped_column(String(40))
    fields: Mapped[Any] = mapped_column(JsonText)
    clearance: Mapped[int] = mapped_column()
    purpose: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column()
    days: Mapped[int] = mapped_column()
    requested_by: Mapped[str] = mapped_column(String(64), index=True)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str | None] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revocation_reason: Mapped[str | None] = mapped_column(Text)
