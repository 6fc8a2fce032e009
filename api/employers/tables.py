"""Tables of the slice. Names, numbers, uploads and keystores are sealed at rest; equality look-ups use keyed hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedBytes, SealedText, UtcDateTime


class OrganisationRow(Base):
    """An organisation. `last_nonce` is the highest nonce of a statement that was signed for it."""

    __tablename__ = "employers_organisation"

    org_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), index=True)
    uscc_passed: Mapped[bool] = mapped_column(Boolean)
    uscc_confirmed_by: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    region_code: Mapped[int] = mapped_column(BigInteger)
    domicile: Mapped[str] = mapped_column(String(200))
    legal_representative: Mapped[str] = mapped_column(SealedText)
    id_kind: Mapped[str] = mapped_column(String(30))
    id_number: Mapped[str] = mapped_column(SealedText)
    contact_phone: Mapped[str] = mapped_column(SealedText)
    representative_account: Mapped[str] = mapped_column(String(64))
    representative_wallet: Mapped[str | None] = mapped_column(String(42))
    state: Mapped[str] = mapped_column(String(12), index=True)
    disputes: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(500))
    last_nonce: Mapped[int] = mapped_column(BigInteger, default=0)
    demo: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    e01_stream: Mapped[str | None] = mapped_column(String(120))
    e01_seq: Mapped[int | None] = mapped_column(Integer)
    e01_digest: Mapped[str | None] = mapped_column(String(64))
    e01_utc: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MaterialRow(Base):
    """One uploaded document of an application; a newer one of its kind replaces it."""

    __tablename__ = "employers_material"

    org_id: Mapped[str] = mapped_column(ForeignKey("employers_organisation.org_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(SealedBytes)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MemberRow(Base):
    """An account that acts for an organisation: its representative or an agent."""

    __tablename__ = "employers_member"

    account_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("employers_organisation.org_id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(SealedText)
    login: Mapped[str] = mapped_column(String(80))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WalletRow(Base):
    """A wallet of an account; an address belongs to one account for ever."""

    __tablename__ = "employers_wallet"

    address: Mapped[str] = mapped_column(String(42), primary_key=True)
    org_id: Mapped[str | None] = mapped_column(String(64), index=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    keystore: Mapped[str | None] = mapped_column(SealedText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChallengeRow(Base):
    """A text that an external wallet is to sign; used once."""

    __tablename__ = "employers_challenge"

    challenge_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(42))
    text: Mapped[str] = mapped_column(String(600))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used: Mapped[bool] = mapped_column(Boolean, default=False)


class StatementRow(Base):
    """A statement, prepared and perhaps signed; one signed statement for each nonce of an organisation."""

    __tablename__ = "employers_statement"
    __table_args__ = (
        UniqueConstraint("org_id", "signed_nonce"),
        Index("ix_employers_statement_org_id_signed_at", "org_id", "signed_at"),
    )

    statement_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("employers_organisation.org_id"))
    type: Mapped[str] = mapped_column(String(30))
    message: Mapped[Any] = mapped_column(JsonText)
    context: Mapped[Any] = mapped_column(JsonText)
    digest: Mapped[str] = mapped_column(String(64))
    signer: Mapped[str] = mapped_column(String(42))
    nonce: Mapped[int] = mapped_column(BigInteger)
    prepared_by: Mapped[str] = mapped_column(String(64))
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_nonce: Mapped[int | None] = mapped_column(BigInteger)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    call_id: Mapped[str | None] = mapped_column(String(26))


class GrantRow(Base):
    """An agent's authority as granted by a statement, and how it ended."""

    __tablename__ = "employers_grant"

    grant_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(64), index=True)
    account_id: Mapped[str] = mapped_column(String(64), index=True)
    wallet: Mapped[str] = mapped_column(String(42))
    scope: Mapped[int] = mapped_column(Integer)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)
    statement_id: Mapped[str] = mapped_column(ForeignKey("employers_statement.statement_id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(200))


class SealRow(Base):
    """A seal of an organisation; the newest without `ended_at` is in use once its key was named on chain."""

    __tablename__ = "employers_seal"

    seal_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("employers_organisation.org_id"), index=True)
    mode: Mapped[str] = mapped_column(String(10))
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    spki_sha256: Mapped[str] = mapped_column(String(64))
    encrypted_key: Mapped[bytes | None] = mapped_column(SealedBytes)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    chain: Mapped[Any] = mapped_column(JsonText)
    named_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PictureRow(Base):
    """An organisation's seal picture and the desk's decision about it."""

    __tablename__ = "employers_seal_picture"

    org_id: Mapped[str] = mapped_column(ForeignKey("employers_organisation.org_id"), primary_key=True)
    data: Mapped[bytes] = mapped_column(SealedBytes)
    state: Mapped[str] = mapped_column(String(10))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(64))
