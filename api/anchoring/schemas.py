"""JSON of the anchoring API. Digests are 64 lower-case hex characters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
OfficerAct = Literal["appointment", "dismissal"]
StepWord = Literal["issue", "raise", "confirm", "lift", "close", "reopen"]
WarningWord = Literal["none", "unconfirmed", "open", "lifted", "closed"]


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


class WarningStepOut(BaseModel):
    """A decision about a warning. `state`: awaiting_statement, held, then the states of its registry call."""

    sequence: int
    kind: StepWord
    grade: int = Field(description="1 blue, 2 yellow, 3 orange, 4 red")
    automatic: bool = Field(description="issued by the rules: a person must confirm or lift it")
    input_hash: Hex32
    rule_set_hash: Hex32
    prev: Hex32
    digest: Hex32 = Field(description="EIP-712 digest: what is signed, and what the next step names as prev")
    stated_at: datetime
    officer: str | None
    reviewer: str | None
    missing: int = Field(description="signatures that the step still waits for")
    state: str
    call_id: str | None
    transaction: str | None
    block_number: int | None
    reason: str | None
    on_chain: bool = Field(description="the index of the chain holds this step with this digest")


class WarningEventOut(AnchorOut):
    """An evidence event of the warning and, once a checkpoint covers it, its inclusion in the log."""

    inclusion: InclusionOut | None


class WarningOut(BaseModel):
    """A warning's decisions and events. `chain_id` is its salted id on chain; `state` is anchored once everything is."""

    warning: str
    chain_id: Hex32
    town_code: int
    status: WarningWord
    grade: int
    state: Literal["pending", "anchored"]
    steps: list[WarningStepOut]
    events: list[WarningEventOut]


class OfficerOut(BaseModel):
    """A wallet that decides about warnings. `state` is its appointment's registry call's."""

    wallet: str
    registrar: str
    appointed_at: datetime
    dismissed_at: datetime | None
    state: str
    account: str | None = Field(description="whose the wallet is; none for one of an older release")


class WaitingOut(BaseModel):
    """A decision that waits for a wallet's signature."""

    warning: str
    sequence: int
    kind: StepWord
    grade: int
    town_code: int
    stated_at: datetime
    missing: int
    signed: bool = Field(description="yours is there, another person's is missing")


class ChainStepOut(BaseModel):
    """A decision as the chain's registry holds it; the warning stands under its salted id."""

    warning_id: Hex32
    sequence: int
    kind: StepWord
    grade: int
    automatic: bool
    town_code: str
    input_hash: Hex32
    rule_set_hash: Hex32
    prev: Hex32
    digest: Hex32
    stated_at: datetime
    decided_by: str
    reviewed_by: str | None
    block_number: int
    transaction: Hex32


class ChainStepsOut(BaseModel):
    """Decisions newest first, as of a block of the index; `next` goes on from there."""

    as_of_block: int
    rows: list[ChainStepOut]
    next: str


class ChainWarningOut(BaseModel):
    """A warning as the chain's registry holds it."""

    as_of_block: int
    status: WarningWord
    steps: list[ChainStepOut]


class ProofIn(BaseModel):
    """Why somebody needs the file that links a warning to the chain."""

    purpose: str = Field(min_length=1, max_length=400)
    case_no: str = Field(default="", max_length=80)


class SignatureIn(BaseModel):
    """A wallet's signature over a statement: r‖s‖v, 65 bytes."""

    signature: str = Field(pattern=r"^0x[0-9a-f]{130}$")

    @property
    def raw(self) -> bytes:
        """The signature's bytes."""
        return bytes.fromhex(self.signature[2:])


class OfficerIn(SignatureIn):
    """A registrar's signature over an appointment or a dismissal; `account` says whose the wallet will be."""

    account: str = Field(default="", max_length=64)


class HolderIn(BaseModel):
    """Whose a wallet is."""

    account: str = Field(min_length=1, max_length=64)
