"""JSON of the anchoring API. Digests are 64 lower-case hex characters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AnchorOut(BaseModel):
    """One event of a stream and where its entry stands; pending until the chain has it."""

    seq: int
    type: str
    entry: Hex32
    state: str = Field(description="pending, staged, broadcast or anchored")
    log_index: int | None
    transaction: Hex32 | None
    block_number: int | None


class AnchorsOut(BaseModel):
    """A stream's anchors. `state` is anchored once every event is."""

    stream: str
    state: str
    events: list[AnchorOut]


class CheckpointOut(BaseModel):
    """The newest checkpoint: its note as text, its RFC 3161 token in base64 once it is there."""

    size: int
    root: Hex32
    note: str
    token: str | None
    token_tsa: str | None
    created_at: datetime
    vkey: str | None


class InclusionOut(BaseModel):
    """Inclusion proof for the tree of a checkpoint."""

    log_index: int
    size: int
    root: Hex32
    path: list[Hex32]


class ConsistencyOut(BaseModel):
    """Consistency proof between two sizes."""

    size1: int
    size2: int
    path: list[Hex32]


class CallOut(BaseModel):
    """A registry call."""

    call_id: str
    method: str
    state: str
    org_id: str
    contract_id: str | None
    version: int | None
    created_at: datetime
    transaction: str | None
    block_number: int | None
    reason: str | None
    waits_for: int


class AlarmOut(BaseModel):
    """An open alarm."""

    id: str
    code: str
    severity: str
    facts: dict[str, Any]
    times: int
    raised_at: datetime
    last_at: datetime


class WitnessTroubleOut(BaseModel):
    """Why a witness does not cosign. `conflicts`: its history of this log, or its signatures, contradict ours."""

    code: Literal["refuses", "slow", "unreachable", "failing", "unusable", "conflicts"]
    detail: str
    since: datetime
    last_at: datetime
    times: int


class WitnessOut(BaseModel):
    """How a witness stands. `state`: up, behind, conflicting (the log stops until a person has looked), down, unasked."""

    name: str
    key_id: str = Field(description="C2SP key id, 8 hex characters, as signature lines carry it")
    fingerprint: Hex32 = Field(description="SHA-256 of the witness's Ed25519 public key")
    origin: str = Field(description="origin of the log that it watches here")
    size: int = Field(description="size of the newest checkpoint that it cosigned; 0: none yet")
    time: int | None = Field(description="when, by its own clock; Unix seconds")
    received_at: datetime | None
    behind: int = Field(description="entries of the newest stamped checkpoint that it has not cosigned")
    waiting_since: datetime | None = Field(description="when the oldest checkpoint that it lacks was made")
    state: Literal["up", "behind", "conflicting", "down", "unasked"]
    trouble: WitnessTroubleOut | None


class JudicialOut(BaseModel):
    """Checkpoints on their way to the judicial chain: how many in each state, the largest accepted, who waits how long."""

    counts: dict[str, int]
    anchored_size: int
    waiting_since: datetime | None


class StatusOut(BaseModel):
    """Facts for the operator."""

    events: dict[str, int]
    calls: dict[str, int]
    oldest_pending_seconds: float
    log_size: int
    checkpoint_size: int
    checkpoint_time: datetime | None
    checkpoints_without_token: int
    witnessed_size: int
    judicial: JudicialOut
    witnesses: list[WitnessOut]
    index_block: int
    worker: str | None
    worker_alive: bool
    stopped: bool
    alarms: list[AlarmOut]


class ReasonIn(BaseModel):
    """Why a person decided so; kept in the audit record."""

    reason: str = Field(min_length=4, max_length=400)
