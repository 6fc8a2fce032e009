"""Table of erasures. It names contract and stream by their random ids, never a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime


class ErasureRow(Base):
    """One erasure, from its announcement to its certificate. `outside` is what remains to be removed outside the database."""

    __tablename__ = "rights_erasure"
    __table_args__ = (Index("ix_rights_erasure_state_due", "state", "due_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(64), unique=True)
    stream: Mapped[str] = mapped_column(String(160))
    state: Mapped[str] = mapped_column(String(12))
    ground: Mapped[str] = mapped_column(String(24))
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hold_reason: Mapped[str | None] = mapped_column(String(200))
    hold_case: Mapped[str | None] = mapped_column(String(80))
    destroyed: Mapped[Any] = mapped_column(JsonText, nullable=True)
    outside: Mapped[Any] = mapped_column(JsonText, nullable=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    certificate: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    in_ledger: Mapped[bool] = mapped_column(Boolean, default=False)
