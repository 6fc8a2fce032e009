"""The kept events of the network's contract: a projection of the chain that can be dropped and read again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime


class GovernanceEventRow(Base):
    """One event. `expires` (unix seconds) with the proposals only."""

    __tablename__ = "governance_event"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40), index=True)
    proposal: Mapped[int | None] = mapped_column(BigInteger, index=True)
    expires: Mapped[int | None] = mapped_column(BigInteger)
    fields: Mapped[Any] = mapped_column(JsonText)
    transaction: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class GovernanceMarkRow(Base):
    """The one row that says how far the events reach, and what members were ever called."""

    __tablename__ = "governance_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    block_number: Mapped[int] = mapped_column(BigInteger)
    block_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    names: Mapped[Any] = mapped_column(JsonText)
