"""Tables of the econtract slice. Personal values are sealed; the worker's number is only findable by keyed hash."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedText, UtcDateTime

_KEY = BigInteger().with_variant(Integer, "sqlite")


class ContractRow(Base):
    """One labour contract of one employer with one worker, over all versions of its text."""

    __tablename__ = "econtract_contract"
    __table_args__ = (
        Index("ix_econtract_contract_pair", "org_id", "worker_key"),
        Index("ix_econtract_contract_list", "org_id", "updated_at"),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(64), unique=True)
    org_id: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int]
    state: Mapped[str] = mapped_column(String(24), index=True)
    form: Mapped[str] = mapped_column(String(16))
    template_id: Mapped[str] = mapped_column(String(64))
    template_version: Mapped[str] = mapped_column(String(16))
    draft: Mapped[str] = mapped_column(SealedText)
    worker_name: Mapped[str | None] = mapped_column(SealedText)
    worker_key: Mapped[str | None] = mapped_column(String(64))
    worker_person_id: Mapped[str | None] = mapped_column(String(64), index=True)
    post: Mapped[str] = mapped_column(String(200))
    start_date: Mapped[date | None] = mapped_column(Date)
    end_date: Mapped[date | None] = mapped_column(Date)
    has_probation: Mapped[bool] = mapped_column(Boolean)
    late_signing: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int]
    effective_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class VersionRow(Base):
    """One text sent to the worker: what was committed to, its round, its deadlines."""

    __tablename__ = "econtract_version"
    __table_args__ = (UniqueConstraint("contract_pk", "version"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract_pk: Mapped[str] = mapped_column(ForeignKey("econtract_contract.id"))
    version: Mapped[int]
    round_id: Mapped[str] = mapped_column(String(64), unique=True)
    commitment: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    base_pdf_sha256: Mapped[str] = mapped_column(String(64))
    lookup_code: Mapped[str] = mapped_column(String(26), unique=True)
    data: Mapped[str] = mapped_column(SealedText)
    findings: Mapped[Any] = mapped_column(JsonText)
    sent_by: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    worker_deadline: Mapped[datetime] = mapped_column(UtcDateTime)
    employer_limit: Mapped[datetime] = mapped_column(UtcDateTime)
    worker_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    employer_alarm_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    employer_alarmed: Mapped[bool] = mapped_column(Boolean)
    employer_deadline: Mapped[datetime | None] = mapped_column(UtcDateTime)
    employer_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    final_sha256: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_as: Mapped[str | None] = mapped_column(String(24))


class InvitationRow(Base):
    """The worker's way in: link token and short code as keyed hashes, and how far he has come."""

    __tablename__ = "econtract_invitation"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract_pk: Mapped[str] = mapped_column(ForeignKey("econtract_contract.id"), index=True)
    version: Mapped[int]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    short_hash: Mapped[str] = mapped_column(String(64), unique=True)
    phone: Mapped[str] = mapped_column(SealedText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dead: Mapped[bool] = mapped_column(Boolean)
    person_id: Mapped[str | None] = mapped_column(String(64))
    identity_event: Mapped[Any] = mapped_column(JsonText, nullable=True)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_seconds: Mapped[int]
    read_pages: Mapped[Any] = mapped_column(JsonText)
    read_to_end: Mapped[bool] = mapped_column(Boolean)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HistoryRow(Base):
    """What happened to a contract, for the people concerned to see; the evidence is in the event stream."""

    __tablename__ = "econtract_history"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    contract_pk: Mapped[str] = mapped_column(ForeignKey("econtract_contract.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int]
    what: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(SealedText)


class AccessRow(Base):
    """An authority's reading of a contract's text: shown to the worker, never to the employer."""

    __tablename__ = "econtract_access"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    contract_pk: Mapped[str] = mapped_column(ForeignKey("econtract_contract.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    authority: Mapped[str] = mapped_column(String(120))
    account_id: Mapped[str] = mapped_column(String(64))
    case_no: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(SealedText)


class PairRow(Base):
    """One row per employer and worker: whoever sends locks it, so that two sends can't pass each other."""

    __tablename__ = "econtract_pair"

    org_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker_key: Mapped[str] = mapped_column(String(64), primary_key=True)


class TemplateEventRow(Base):
    """The E05 event of each template version that was ever used."""

    __tablename__ = "econtract_template_event"

    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    event: Mapped[Any] = mapped_column(JsonText)


class NoticeRow(Base):
    """A completion notice under way: its message, so that the receipt becomes event E14."""

    __tablename__ = "econtract_notice"

    message_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    contract_pk: Mapped[str] = mapped_column(ForeignKey("econtract_contract.id"), index=True)
    version: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
