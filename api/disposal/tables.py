"""Tables of the slice. Free texts, phones and files are sealed; the enterprise is named by its number only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedBytes, SealedText, UtcDateTime

_CASE = "disposal_case.id"


class UnitRow(Base):
    """A street, a department, a union, the federation or the government of the district."""

    __tablename__ = "disposal_unit"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))


class PostRow(Base):
    """An account's place in a unit for a time; `deputy_of` names the account it stands in for."""

    __tablename__ = "disposal_post"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("disposal_unit.code"), index=True)
    capacity: Mapped[str] = mapped_column(String(10))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    deputy_of: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DutyRow(Base):
    """Who answers the duty phone of a unit in a time."""

    __tablename__ = "disposal_duty"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("disposal_unit.code"), index=True)
    account_id: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str | None] = mapped_column(SealedText)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CaseRow(Base):
    """A case. `clock_start`: issue, or the raise, reopening or accepted transfer that started the clocks again.

    `due_at`: the deadline that waits first, NULL once closed. `contact_*`: whom the officers reach at the enterprise.
    """

    __tablename__ = "disposal_case"
    __table_args__ = (Index("ix_disposal_case_listing", "stage", "colour", "issued_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    warning_id: Mapped[str] = mapped_column(String(64), unique=True)
    episode_id: Mapped[str] = mapped_column(String(64), index=True)
    enterprise: Mapped[int] = mapped_column(BigInteger, index=True)
    colour: Mapped[int]
    auto: Mapped[bool]
    stage: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(ForeignKey("disposal_unit.code"), index=True)
    registered_unit: Mapped[str] = mapped_column(String(20))
    basis: Mapped[str] = mapped_column(String(12))
    points: Mapped[Any] = mapped_column(JsonText)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clock_start: Mapped[datetime] = mapped_column(UtcDateTime)
    cycle: Mapped[int]
    dues: Mapped[Any] = mapped_column(JsonText)
    provisional: Mapped[bool] = mapped_column(index=True)
    next_look: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    last_feedback: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finding: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str] = mapped_column(String(12))
    verifier: Mapped[str] = mapped_column(String(64))
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    proposer: Mapped[str] = mapped_column(String(64))
    proposal: Mapped[str | None] = mapped_column(SealedText)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviewer: Mapped[str] = mapped_column(String(64))
    transfer_to: Mapped[str] = mapped_column(String(20), index=True)
    contact_name: Mapped[str | None] = mapped_column(SealedText)
    contact_phone: Mapped[str | None] = mapped_column(SealedText)
    seq: Mapped[int]


class PartyRow(Base):
    """A unit that may read a case without owning it: cooperating street, party of a task, former owner."""

    __tablename__ = "disposal_party"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("disposal_unit.code"), primary_key=True, index=True)
    why: Mapped[str] = mapped_column(String(12))


class EventRow(Base):
    """One event of a case; `digest` is its entry in the log of evidence."""

    __tablename__ = "disposal_event"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(20))
    before: Mapped[str] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    facts: Mapped[Any] = mapped_column(JsonText)
    note: Mapped[str | None] = mapped_column(SealedText)
    digest: Mapped[str] = mapped_column(String(64))


class MeasureRow(Base):
    """A measure or a call that was carried out; its key keeps it from being carried out twice."""

    __tablename__ = "disposal_measure"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    measure: Mapped[str] = mapped_column(String(12), index=True)
    step: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TaskRow(Base):
    """A joint task of a unit. state: open, done, ended (taken back)."""

    __tablename__ = "disposal_task"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("disposal_unit.code"), index=True)
    text: Mapped[str] = mapped_column(SealedText)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(6))
    opened_by: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(String(64))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[str | None] = mapped_column(SealedText)


class AnswerRow(Base):
    """One field of the site form of a cycle, as the merge left it."""

    __tablename__ = "disposal_answer"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(SealedText)
    counter: Mapped[int]
    device: Mapped[str] = mapped_column(String(26))
    at: Mapped[str] = mapped_column(String(40))


class PhotoRow(Base):
    """A photo by its digest; `body` comes later than the form that names it, or never."""

    __tablename__ = "disposal_photo"

    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    cycle: Mapped[int]
    captured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    device: Mapped[str] = mapped_column(String(26))
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    media_type: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    body: Mapped[bytes | None] = mapped_column(SealedBytes, deferred=True)


class NoticeRow(Base):
    """A numbered notice to the enterprise. state: drafted (number given, file still to be made), issued."""

    __tablename__ = "disposal_notice"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    facts: Mapped[str] = mapped_column(SealedText)
    phone: Mapped[str | None] = mapped_column(SealedText)
    state: Mapped[str] = mapped_column(String(8), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    pdf: Mapped[bytes | None] = mapped_column(SealedBytes, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str] = mapped_column(String(20))
    message_id: Mapped[str | None] = mapped_column(String(26), index=True)


class ServiceRow(Base):
    """The record of service of a notice: how, when, by whom, who took it.

    `result`: received, refused, left, sent, returned, published, opened. `tracking`: of the letter; `witness`: of what
    was left with somebody who refused it.
    """

    __tablename__ = "disposal_service"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("disposal_notice.id"), index=True)
    channel: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(10))
    receiver: Mapped[str | None] = mapped_column(SealedText)
    witness: Mapped[str | None] = mapped_column(SealedText)
    tracking: Mapped[str | None] = mapped_column(SealedText)
    note: Mapped[str | None] = mapped_column(SealedText)


class StatementRow(Base):
    """What the enterprise says: a question, an explanation, or an appeal against a finding (PIPL art. 24)."""

    __tablename__ = "disposal_statement"
    __table_args__ = (Index("ix_disposal_statement_waiting", "answered_at", "due_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(SealedText)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[str] = mapped_column(String(64))
    own: Mapped[bool]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(SealedText)
    upheld: Mapped[bool | None]
    answered_by: Mapped[str] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttachmentRow(Base):
    """A file that the enterprise gave with a statement; its type is what the bytes say."""

    __tablename__ = "disposal_attachment"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    statement_id: Mapped[str] = mapped_column(ForeignKey("disposal_statement.id"), index=True)
    place: Mapped[int]
    name: Mapped[str] = mapped_column(SealedText)
    media_type: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(SealedBytes, deferred=True)


class LawPeriodRow(Base):
    """An event that set off a period which the law fixes; its last day is computed whenever it is read."""

    __tablename__ = "disposal_law_period"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey(_CASE), index=True)
    code: Mapped[str] = mapped_column(String(30))
    start: Mapped[date] = mapped_column(Date)
    extended: Mapped[bool]
    note: Mapped[str | None] = mapped_column(SealedText)
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_on: Mapped[date | None] = mapped_column(Date)
    ended_by: Mapped[str] = mapped_column(String(64))


class SampleRow(Base):
    """A monthly random sample of unwarned enterprises, with what is needed to draw it again.

    members: everybody who could have been drawn, packed; NULL for samples that were drawn before they were kept.
    """

    __tablename__ = "disposal_sample"

    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seed: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    population: Mapped[int]
    population_digest: Mapped[str] = mapped_column(String(64))
    members: Mapped[bytes | None] = mapped_column(SealedBytes, deferred=True)
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    drawn_by: Mapped[str] = mapped_column(String(64))


class InspectionRow(Base):
    """An inspection and why it was made. state: planned, done."""

    __tablename__ = "disposal_inspection"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    enterprise: Mapped[int] = mapped_column(BigInteger, index=True)
    town: Mapped[str] = mapped_column(String(20), index=True)
    month: Mapped[int] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(10))
    rank: Mapped[int]
    case_id: Mapped[str | None] = mapped_column(ForeignKey(_CASE), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    finding: Mapped[str] = mapped_column(String(12))
    persons: Mapped[int]
    note: Mapped[str | None] = mapped_column(SealedText)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))


class NumberRow(Base):
    """The last number given in a series of a year."""

    __tablename__ = "disposal_number"

    series: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]
