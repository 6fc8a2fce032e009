"""Tables of the evidence slice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, UtcDateTime


class PaperCopyRow(Base):
    """A paper copy that somebody asked for (guideline art. 13)."""

    __tablename__ = "evidence_paper_copies"

    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    holder: Mapped[str] = mapped_column(String(16))
    free: Mapped[bool] = mapped_column(Boolean)
    document_sha256: Mapped[str] = mapped_column(String(64))
    ordered_at: Mapped[datetime] = mapped_column(UtcDateTime)
