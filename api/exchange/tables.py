"""The exchange's rows: landed files, batches, quarantined rows, subjects, who may send for whom, what is fetched.

Bulk rows are Parquet files.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.exchange.matching.tables import ReviewBatchRow, ReviewRow, ReviewStepRow
from api.exchange.sharing.tables import ShareRow
from api.infra.db import Base, JsonText, SealedText, UtcDateTime

__all__ = ["ReviewBatchRow", "ReviewRow", "ReviewStepRow", "ShareRow"]
"""The tables of matching and sharing belong to the slice's migrations, too."""

_KEY = BigInteger().with_variant(Integer, "sqlite")


class ExchangeDatasetRow(Base):
    """How often something was committed to a dataset: who commits says what he saw (compare and swap).

    `register_seq`: no row of the dataset was matched against an older register than this one.
    """

    __tablename__ = "exchange_dataset"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    register_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class ExchangeLandingRow(Base):
    """A raw file as received. Append only; equal files share their bytes on disk."""

    __tablename__ = "exchange_landing"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(40), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(200))
    path: Mapped[str] = mapped_column(String(120))
    channel: Mapped[str] = mapped_column(String(12))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_by: Mapped[str] = mapped_column(String(64))


class ExchangeBatchRow(Base):
    """A landed file on its way; `seq` orders the committed ones of a dataset, `owner` is the process at work on it.

    `attempts`: how often the worker has taken it up; `stage`, `stage_done`, `stage_of`, `worked_at`: how far it is and when
    that was last said.
    """

    __tablename__ = "exchange_batch"
    __table_args__ = (Index("ix_exchange_batch_dataset_seq", "dataset", "seq"),)

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(26), unique=True)
    dataset: Mapped[str] = mapped_column(String(40))
    schema_version: Mapped[int]
    landing_id: Mapped[str] = mapped_column(ForeignKey("exchange_landing.id"), index=True)
    mode: Mapped[str] = mapped_column(String(12))
    trial: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12), index=True)
    owner: Mapped[str | None] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    stage: Mapped[str | None] = mapped_column(String(12))
    stage_done: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    stage_of: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expected_rows: Mapped[int | None] = mapped_column(BigInteger)
    stated_from: Mapped[date | None]
    stated_to: Mapped[date | None]
    period_from: Mapped[date | None]
    period_to: Mapped[date | None]
    first_month: Mapped[int | None]
    last_month: Mapped[int | None]
    rows: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    ended: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    warned: Mapped[int] = mapped_column(default=0)
    unmatched: Mapped[int] = mapped_column(default=0)
    summary: Mapped[Any] = mapped_column(JsonText, default=list)
    problem: Mapped[Any | None] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    known_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    segment: Mapped[str | None] = mapped_column(String(120))
    segment_sha256: Mapped[str | None] = mapped_column(String(64))
    findings: Mapped[str | None] = mapped_column(String(120))
    findings_sha256: Mapped[str | None] = mapped_column(String(64))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(400), default="")


class ExchangeQuarantineRow(Base):
    """A rejected row with its raw cells. `key`: the business key as far as it could be read."""

    __tablename__ = "exchange_quarantine"
    __table_args__ = (
        Index("ix_exchange_quarantine_dataset_state_id", "dataset", "state", "id"),
        Index("ix_exchange_quarantine_batch_id_row", "batch_id", "row"),
    )

    id: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    batch_id: Mapped[str] = mapped_column(String(26))
    dataset: Mapped[str] = mapped_column(String(40))
    row: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8))
    cells: Mapped[Any] = mapped_column(JsonText)
    findings: Mapped[Any] = mapped_column(JsonText)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(400), default="")


class ExchangeSubjectRow(Base):
    """An enterprise of the register: its number is the platform's `enterprise`."""

    __tablename__ = "exchange_subject"

    id: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=False)
    uscc: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    legal_form: Mapped[str | None] = mapped_column(String(60))
    address: Mapped[str | None] = mapped_column(String(300))
    operating_address: Mapped[str | None] = mapped_column(String(300))
    town: Mapped[str | None] = mapped_column(String(9), index=True)
    industry: Mapped[str | None] = mapped_column(String(3))
    status: Mapped[str | None] = mapped_column(String(12))
    established_on: Mapped[date | None]
    batch_id: Mapped[str] = mapped_column(String(26))
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExchangeSubjectHistoryRow(Base):
    """What a subject's row said before it changed, and until when that was believed."""

    __tablename__ = "exchange_subject_history"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    subject_id: Mapped[int] = mapped_column(BigInteger, index=True)
    fields: Mapped[Any] = mapped_column(JsonText)
    batch_id: Mapped[str] = mapped_column(String(26))
    known_from: Mapped[datetime] = mapped_column(UtcDateTime)
    known_to: Mapped[datetime] = mapped_column(UtcDateTime)


class ExchangeOfficerRow(Base):
    """An account that sends for a department; owner `*`: for all of them (the bureau's data managers)."""

    __tablename__ = "exchange_officer"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(40), primary_key=True)
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by: Mapped[str] = mapped_column(String(64))


class ExchangeCredentialRow(Base):
    """What a department's own system shows: of its secret only the digest is kept. `datasets`: codes it may send."""

    __tablename__ = "exchange_credential"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    owner: Mapped[str] = mapped_column(String(40), index=True)
    datasets: Mapped[Any] = mapped_column(JsonText)
    label: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str | None] = mapped_column(String(64))


class ExchangeSourceRow(Base):
    """A folder or database from which the worker fetches a dataset. `place`: folder, or URL with its password, sealed.

    `next_at` None: paused. `process`: who fetches it at this moment.
    """

    __tablename__ = "exchange_source"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(12))
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))
    place: Mapped[str] = mapped_column(SealedText)
    pattern: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    every_minutes: Mapped[int]
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    process: Mapped[str | None] = mapped_column(String(100))
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_batches: Mapped[int] = mapped_column(default=0)
    last_refused: Mapped[int] = mapped_column(default=0)
    problem: Mapped[Any | None] = mapped_column(JsonText)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
