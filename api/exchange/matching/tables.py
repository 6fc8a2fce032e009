"""The review queue: identities that a person should look at, the batches that hold them, and every step taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime

_KEY = BigInteger().with_variant(Integer, "sqlite")


class ReviewRow(Base):
    """One identity. `refused`: enterprises that a person said it is not."""

    __tablename__ = "exchange_review"
    __table_args__ = (Index("ix_exchange_review_state_no", "state", "no"),)

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    review_id: Mapped[str] = mapped_column(String(26), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    uscc: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8))
    rows: Mapped[int] = mapped_column(BigInteger)
    candidates: Mapped[Any] = mapped_column(JsonText)
    refused: Mapped[Any] = mapped_column(JsonText)
    outcome: Mapped[str | None] = mapped_column(String(8))
    enterprise: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column()
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewBatchRow(Base):
    """How many rows of a batch have the identity."""

    __tablename__ = "exchange_review_batch"

    review_no: Mapped[int] = mapped_column(ForeignKey("exchange_review.no"), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(40), primary_key=True)
    batch: Mapped[str] = mapped_column(String(26), primary_key=True, index=True)
    rows: Mapped[int] = mapped_column(BigInteger)


class ReviewStepRow(Base):
    """A decision, its undoing, or a reopening; `before` is the state it changed. Append only."""

    __tablename__ = "exchange_review_step"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    review_no: Mapped[int] = mapped_column(ForeignKey("exchange_review.no"), index=True)
    action: Mapped[str] = mapped_column(String(10))
    enterprise: Mapped[int | None] = mapped_column(BigInteger)
    before: Mapped[Any] = mapped_column(JsonText)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
