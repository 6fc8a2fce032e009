"""Tables of the slice. Names, document numbers and phones are sealed; equality by keyed hashes; tokens only hashed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedText, UtcDateTime


class AccountRow(Base):
    """A login of staff or of an employer's person. There are no default accounts."""

    __tablename__ = "identity_account"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(SealedText)
    kind: Mapped[str] = mapped_column(String(10))
    roles: Mapped[Any] = mapped_column(JsonText)
    org_id: Mapped[str | None] = mapped_column(String(64), index=True)
    phone: Mapped[str | None] = mapped_column(SealedText)
    phone_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    id_hash: Mapped[str | None] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    must_change_password: Mapped[bool]
    totp_secret: Mapped[str] = mapped_column(SealedText)
    totp_last_step: Mapped[int]
    failed_count: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(64))
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Base):
    """A server-side session. `kind` is staff, employer or worker; `state` pending, live, superseded or ended."""

    __tablename__ = "identity_session"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("identity_account.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("identity_person.id"), index=True)
    invitation_id: Mapped[str | None] = mapped_column(String(64), index=True)
    check_id: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    idle_seconds: Mapped[int]


class MachineRow(Base):
    """A credential of an employer's own system: acts for the account that made it, within its scopes."""

    __tablename__ = "identity_machine"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("identity_account.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(64), index=True)
    label: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[Any] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PersonRow(Base):
    """A worker. `ref` is the identity service's reference once it has confirmed him."""

    __tablename__ = "identity_person"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ref: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(SealedText)
    id_kind: Mapped[str] = mapped_column(String(30))
    id_number: Mapped[str] = mapped_column(SealedText)
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    phone: Mapped[str] = mapped_column(SealedText)
    phone_hash: Mapped[str] = mapped_column(String(64), index=True)
    demo: Mapped[bool]
    level: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AcknowledgementRow(Base):
    """The privacy notice was shown and acknowledged before any field was used (PIPL art. 17)."""

    __tablename__ = "identity_acknowledgement"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(80), index=True)
    version: Mapped[str] = mapped_column(String(20))
    visitor_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CheckRow(Base):
    """An identity check under way at the identity service, and its signed outcome."""

    __tablename__ = "identity_check"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    contract_id: Mapped[str | None] = mapped_column(String(64), index=True)
    commitment: Mapped[str | None] = mapped_column(String(64))
    invitation_id: Mapped[str | None] = mapped_column(String(64), index=True)
    acknowledgement_id: Mapped[str] = mapped_column(ForeignKey("identity_acknowledgement.id"))
    service_session: Mapped[str] = mapped_column(SealedText)
    name: Mapped[str] = mapped_column(SealedText)
    id_kind: Mapped[str] = mapped_column(String(30))
    id_number: Mapped[str] = mapped_column(SealedText)
    phone: Mapped[str] = mapped_column(SealedText)
    state: Mapped[str] = mapped_column(String(12), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("identity_person.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    level: Mapped[int | None]
    factors: Mapped[int | None]
    subject: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    statement: Mapped[Any] = mapped_column(JsonText, nullable=True)
    provider: Mapped[Any] = mapped_column(JsonText, nullable=True)
    event_stream: Mapped[str | None] = mapped_column(String(120))
    event_seq: Mapped[int | None]
    event_digest: Mapped[str | None] = mapped_column(String(64))
    event_utc: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dispute_sent: Mapped[bool]


class PasskeyRow(Base):
    """A person's passkey as enrolled at the identity service, with the event that commits its credential."""

    __tablename__ = "identity_passkey"

    credential_id: Mapped[str] = mapped_column(String(400), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("identity_person.id"), index=True)
    label: Mapped[str] = mapped_column(String(60))
    level: Mapped[int]
    credential_digest: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[str] = mapped_column(String(400))
    event_stream: Mapped[str] = mapped_column(String(120))
    event_seq: Mapped[int]
    event_digest: Mapped[str] = mapped_column(String(64))
    event_utc: Mapped[datetime] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConsentRow(Base):
    """A separate consent (PIPL art. 29), withdrawable."""

    __tablename__ = "identity_consent"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("identity_person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReportRow(Base):
    """'This was not me': a person's report about a contract."""

    __tablename__ = "identity_report"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(64), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("identity_person.id"))
    note: Mapped[str] = mapped_column(SealedText)
    via: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(64))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessRow(Base):
    """An authority opened a person's data: the person sees authority, action and date (never the case)."""

    __tablename__ = "identity_access"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("identity_person.id"), index=True)
    authority: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(80))
    contract_id: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeskCaseRow(Base):
    """A desk check prepared by an officer: the statement his wallet signs, and what came of it."""

    __tablename__ = "identity_desk_case"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    officer_id: Mapped[str] = mapped_column(ForeignKey("identity_account.id"))
    name: Mapped[str] = mapped_column(SealedText)
    id_kind: Mapped[str] = mapped_column(String(30))
    id_number: Mapped[str] = mapped_column(SealedText)
    phone: Mapped[str] = mapped_column(SealedText)
    contract_id: Mapped[str | None] = mapped_column(String(64))
    typed_data: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(10), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
