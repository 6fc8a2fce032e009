"""Tables of the anchoring slice.

Salts and payloads of events stand in a table of their own: destroying them leaves entries and proofs valid and tells
nothing any more. Index tables are a projection of the chain's events and can be dropped and rebuilt.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, SealedBytes, UtcDateTime

Key = BigInteger().with_variant(Integer, "sqlite")


class StreamRow(Base):
    """Head of a stream: its last sequence number and entry (hex). Locking this row orders a stream's writers."""

    __tablename__ = "anchoring_stream"

    stream: Mapped[str] = mapped_column(String(160), primary_key=True)
    seq: Mapped[int]
    entry: Mapped[str] = mapped_column(String(64))


class EventRow(Base):
    """An event without its secrets, and where its entry stands on the way into the log."""

    __tablename__ = "anchoring_event"
    __table_args__ = (
        UniqueConstraint("stream", "seq"),
        Index("ix_anchoring_event_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    stream: Mapped[str] = mapped_column(String(160))
    seq: Mapped[int]
    entry: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    type: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    utc: Mapped[str] = mapped_column(String(24))
    payload_digest: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    log_index: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    flight: Mapped[int | None] = mapped_column(BigInteger, index=True)


class SecretRow(Base):
    """What erasure destroys: the salt of an event and its payload (canonical bytes, sealed at rest)."""

    __tablename__ = "anchoring_secret"

    event: Mapped[int] = mapped_column(Key, ForeignKey("anchoring_event.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    payload: Mapped[bytes] = mapped_column(SealedBytes)


class FlightRow(Base):
    """A transaction of ours: persisted before it is broadcast."""

    __tablename__ = "anchoring_flight"

    nonce: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(10), index=True)
    target: Mapped[str] = mapped_column(String(42))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    first_index: Mapped[int | None] = mapped_column(BigInteger)
    count: Mapped[int]
    call: Mapped[str | None] = mapped_column(String(26), index=True)
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    block_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    block_index: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    staged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proof: Mapped[Any | None] = mapped_column(JsonText)


class CallRow(Base):
    """A registry call: a signed statement on its way to a contract. `role` calls change who may act."""

    __tablename__ = "anchoring_call"

    no: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(26), unique=True)
    method: Mapped[str] = mapped_column(String(40))
    role: Mapped[bool]
    org: Mapped[str] = mapped_column(String(64), index=True)
    contract: Mapped[str | None] = mapped_column(String(64), index=True)
    version: Mapped[int | None]
    target: Mapped[str] = mapped_column(String(42))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    gas: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CallDependencyRow(Base):
    """`call` is not staged before `earlier` is settled."""

    __tablename__ = "anchoring_call_dependency"

    call: Mapped[int] = mapped_column(Key, ForeignKey("anchoring_call.no"), primary_key=True)
    earlier: Mapped[int] = mapped_column(Key, ForeignKey("anchoring_call.no"), primary_key=True)


class LeaseRow(Base):
    """The one staging writer. The fence rises with each change of owner."""

    __tablename__ = "anchoring_lease"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    fence: Mapped[int]
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class TileRow(Base):
    """A tile of the anchored tree (C2SP tlog-tiles, 32 to 8,192 bytes)."""

    __tablename__ = "anchoring_tile"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class LogRow(Base):
    """The anchored log: one row, its size and root."""

    __tablename__ = "anchoring_log"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


class CheckpointRow(Base):
    """A signed checkpoint of the anchored log; its token arrives a moment later."""

    __tablename__ = "anchoring_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    tsa: Mapped[str | None] = mapped_column(String(120))
    token_time: Mapped[datetime | None] = mapped_column(UtcDateTime)
    witnessed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class RenewalRow(Base):
    """The chain of tokens of a checkpoint that is kept for long: number 0 its own, then one over the bytes of the last."""

    __tablename__ = "anchoring_renewal"

    checkpoint_size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    token: Mapped[bytes] = mapped_column(LargeBinary)
    tsa: Mapped[str] = mapped_column(String(120))
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class CosignatureRow(Base):
    """One witness's pair of signatures on a checkpoint: the note line, and its EIP-712 form for the judicial chain.

    `time` is in Unix seconds and is the same in both; `bridge_signature` is None where no judicial chain is set up.
    """

    __tablename__ = "anchoring_cosignature"

    checkpoint_size: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("anchoring_checkpoint.size"), primary_key=True, autoincrement=False
    )
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    time: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[str] = mapped_column(Text)
    bridge_signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WitnessTroubleRow(Base):
    """Why a witness does not cosign at present; no row once it has cosigned again."""

    __tablename__ = "anchoring_witness_trouble"

    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(String(400))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    times: Mapped[int]


class JudicialItemRow(Base):
    """A checkpoint on its way to the judicial chain: pending, staged, broadcast, anchored or parked."""

    __tablename__ = "anchoring_judicial_item"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    checkpoint_size: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("anchoring_checkpoint.size"), unique=True
    )
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    state: Mapped[str] = mapped_column(String(10), index=True)
    raw_tx: Mapped[bytes | None] = mapped_column(LargeBinary)
    tx_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    receipt: Mapped[Any | None] = mapped_column(JsonText)
    alarm: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlarmRow(Base):
    """Something that a person must look at. One open row per code and facts; `severity` integrity stops the work."""

    __tablename__ = "anchoring_alarm"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    facts: Mapped[Any] = mapped_column(JsonText)
    times: Mapped[int]
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_by: Mapped[str | None] = mapped_column(String(64))


# -- the index of the chain's events


class IndexMarkRow(Base):
    """Blocks up to which the index is complete, with the digest over all events so far."""

    __tablename__ = "anchoring_index_mark"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class IndexContractRow(Base):
    """A version of a contract as `Concluded` states it; the region is its organisation's at that moment."""

    __tablename__ = "anchoring_index_contract"
    __table_args__ = (
        Index("ix_anchoring_index_contract_place", "block_number", "log_index"),
        Index("ix_anchoring_index_contract_month", "month", "current"),
        Index("ix_anchoring_index_contract_org", "org_id", "current"),
        Index("ix_anchoring_index_contract_region", "region_code", "month", "current"),
        Index("ix_anchoring_index_contract_wallet", "employer_wallet"),
    )

    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    commitment: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    org_id: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12))
    current: Mapped[bool]
    level: Mapped[int]
    attested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    month: Mapped[str] = mapped_column(String(7))
    employer_wallet: Mapped[str] = mapped_column(String(42))
    worker_key_hash: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    check_digest: Mapped[str] = mapped_column(String(64))
    issuer: Mapped[str] = mapped_column(String(42))
    block_number: Mapped[int] = mapped_column(BigInteger)
    log_index: Mapped[int]
    transaction: Mapped[str] = mapped_column(String(64))


class IndexRoleEventRow(Base):
    """An event of the participants' registry, as it came."""

    __tablename__ = "anchoring_index_role_event"

    block_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    org_id: Mapped[str | None] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(40))
    fields: Mapped[Any] = mapped_column(JsonText)
    transaction: Mapped[str] = mapped_column(String(64))


class IndexOrganisationRow(Base):
    """An organisation as its events leave it."""

    __tablename__ = "anchoring_index_organisation"

    org_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    representative: Mapped[str] = mapped_column(String(42))
    seal_key_hash: Mapped[str] = mapped_column(String(64))
    registrar: Mapped[str] = mapped_column(String(42))
    nonce: Mapped[int] = mapped_column(BigInteger)
    registered_block: Mapped[int] = mapped_column(BigInteger)


class IndexAppendRow(Base):
    """A batch in the log on chain; `audited` once its entries were found among our events."""

    __tablename__ = "anchoring_index_append"

    first_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[str] = mapped_column(String(64))
    transaction: Mapped[str] = mapped_column(String(64))
    block_number: Mapped[int] = mapped_column(BigInteger, index=True)
    log_index: Mapped[int]
    audited: Mapped[bool] = mapped_column(index=True)


# -- decisions about risk warnings


class WarningRow(Base):
    """A warning on its way to the registry: its id on chain is salted. Locking this row orders the warning's steps.

    Once erased it has neither salt nor id on chain, and no steps: nothing here leads to the chain any more.
    """

    __tablename__ = "anchoring_warning"

    warning: Mapped[str] = mapped_column(String(64), primary_key=True)
    chain_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    town_code: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WarningStepRow(Base):
    """A decision about a warning, the statements over it, and the registry call that carries them once they are there."""

    __tablename__ = "anchoring_warning_step"
    __table_args__ = (Index("ix_anchoring_warning_step_unsigned", "automatic", "officer"),)

    warning: Mapped[str] = mapped_column(
        String(64), ForeignKey("anchoring_warning.warning"), primary_key=True
    )
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[int]
    grade: Mapped[int]
    automatic: Mapped[bool]
    input_hash: Mapped[str] = mapped_column(String(64))
    rule_set_hash: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    officer: Mapped[str | None] = mapped_column(String(42), index=True)
    officer_signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    reviewer: Mapped[str | None] = mapped_column(String(42), index=True)
    reviewer_signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    call: Mapped[str | None] = mapped_column(String(26), unique=True)


class WarningOfficerRow(Base):
    """A wallet that decides about warnings, from its appointment (a registrar's statement) to its dismissal.

    `account`: whose it is; None for one of an older release until a director names its holder.
    """

    __tablename__ = "anchoring_warning_officer"

    wallet: Mapped[str] = mapped_column(String(42), primary_key=True)
    registrar: Mapped[str] = mapped_column(String(42))
    appointed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    appointment: Mapped[str] = mapped_column(String(26))
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    account: Mapped[str | None] = mapped_column(String(64), index=True)


class IndexWarningStepRow(Base):
    """A step of a warning as `WarningDecided` states it."""

    __tablename__ = "anchoring_index_warning_step"
    __table_args__ = (Index("ix_anchoring_index_warning_step_place", "block_number", "log_index"),)

    warning_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int]
    grade: Mapped[int]
    automatic: Mapped[bool]
    town_code: Mapped[str] = mapped_column(String(12), index=True)
    input_hash: Mapped[str] = mapped_column(String(64))
    rule_set_hash: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(42))
    reviewed_by: Mapped[str | None] = mapped_column(String(42))
    block_number: Mapped[int] = mapped_column(BigInteger)
    log_index: Mapped[int]
    transaction: Mapped[str] = mapped_column(String(64))
