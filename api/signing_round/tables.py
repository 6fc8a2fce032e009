"""Tables of the slice. Names, prepared files and what was signed are sealed at rest; documents lie in the block store."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedBytes, SealedText, UtcDateTime


class RoundRow(Base):
    """A document on its way through two signatures. `revision` counts signatures; `lock_*` holds one revision."""

    __tablename__ = "signing_round_round"
    __table_args__ = (UniqueConstraint("contract_id", "version"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    stream: Mapped[str] = mapped_column(String(130))
    event_prefix: Mapped[str] = mapped_column(String(40))
    contract_id: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int] = mapped_column(BigInteger)
    prev: Mapped[str] = mapped_column(String(64))
    org_id: Mapped[str] = mapped_column(String(64), index=True)
    org_name: Mapped[str] = mapped_column(String(120))
    worker_name: Mapped[str] = mapped_column(SealedText)
    agent_account_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str | None] = mapped_column(String(64), index=True)
    domain: Mapped[dict[str, Any]] = mapped_column(JsonText)
    commitment: Mapped[str] = mapped_column(String(64), unique=True)
    opening: Mapped[str] = mapped_column(SealedText)
    clauses: Mapped[str] = mapped_column(SealedText)
    boxes: Mapped[dict[str, list[float]]] = mapped_column(JsonText)
    base_length: Mapped[int] = mapped_column(Integer)
    base_sha256: Mapped[str] = mapped_column(String(64))
    current_sha256: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(20), index=True)
    closed_reason: Mapped[str | None] = mapped_column(String(20))
    lock_attempt: Mapped[str | None] = mapped_column(String(26))
    lock_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline_worker: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_employer: Mapped[datetime] = mapped_column(UtcDateTime)
    expiry: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    worker_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    employer_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    conclude_call: Mapped[str | None] = mapped_column(String(26))
    tsa: Mapped[str | None] = mapped_column(String(80))
    """Authority of the last signature's token: the document timestamp comes from another."""
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class DocumentRow(Base):
    """One kept revision of a round's document: 0 as sent, 1 and 2 with signatures, 3 with the document timestamp."""

    __tablename__ = "signing_round_document"

    round_id: Mapped[str] = mapped_column(ForeignKey("signing_round_round.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    cid: Mapped[str] = mapped_column(String(70), index=True)
    cid_profile: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(Integer)
    envelopes: Mapped[dict[str, str]] = mapped_column(JsonText)


class RecipientRow(Base):
    """A recipient's key pair; the private key is custodial, wrapped by the operator's key (None: held elsewhere)."""

    __tablename__ = "signing_round_recipient"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AttemptRow(Base):
    """One signatory's preparation of one revision, kept step by step so that a kill loses nothing."""

    __tablename__ = "signing_round_attempt"
    __table_args__ = (Index("ix_signing_round_attempt_due", "step", "lock_until"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("signing_round_round.id"), index=True)
    signatory: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int] = mapped_column(Integer)
    holder: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    step: Mapped[str] = mapped_column(String(12))
    lock_until: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    prepared: Mapped[bytes | None] = mapped_column(SealedBytes)
    digest: Mapped[str] = mapped_column(String(64))
    gap_start: Mapped[int] = mapped_column(Integer)
    gap_end: Mapped[int] = mapped_column(Integer)
    work: Mapped[str] = mapped_column(SealedText)
    change: Mapped[int] = mapped_column(Integer, default=0)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BindingRow(Base):
    """The seal key's statement that ties a wallet to the organisation's certificate."""

    __tablename__ = "signing_round_binding"

    org_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    wallet: Mapped[str] = mapped_column(String(42), primary_key=True)
    certificate_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    statement: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class OpeningRow(Base):
    """A recorded opening of a sealed text; reading on by the same person for the same purpose continues it."""

    __tablename__ = "signing_round_opening"
    __table_args__ = (Index("ix_signing_round_opening_who", "round_id", "actor", "purpose", "at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("signing_round_round.id"))
    actor: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
