"""Values that the anchoring slice hands to others. Digests and ids are 64 hex characters, addresses EIP-55."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from chain.cosignature import Pair

T = TypeVar("T")

SETTLED = ("anchored", "parked", "void")
"""States of a registry call on which nothing waits any more."""


@dataclass(frozen=True)
class Anchor:
    """Where an entry stands: pending, staged, broadcast or anchored; index and transaction once they are known."""

    state: str
    log_index: int | None = None
    transaction: str | None = None
    block_number: int | None = None


@dataclass(frozen=True)
class StoredEvent:
    """An event of a stream. `body` (canonical bytes) and `payload` are None once they were erased."""

    stream: str
    seq: int
    type: str
    actor: str
    role: str
    utc: str
    entry: str
    prev: str
    body: bytes | None
    payload: Mapping[str, Any] | None
    payload_bytes: bytes | None
    anchor: Anchor


@dataclass(frozen=True)
class StoredCheckpoint:
    """A signed checkpoint; `token` is an RFC 3161 TimeStampToken (DER) over the note without cosignatures.

    Where `cosignatures` are given, `note` bears their lines after the log's own. `judicial` is the court's receipt.
    `renewals` are newer tokens, the first over the bytes of `token`, each over the one before.
    """

    size: int
    root: str
    note: bytes
    token: bytes | None
    token_tsa: str | None
    token_time: datetime | None
    created_at: datetime
    witnessed_at: datetime | None = None
    cosignatures: tuple[Pair, ...] = ()
    judicial: Mapping[str, Any] | None = None
    renewals: tuple[bytes, ...] = ()

    def with_cosignatures(self, pairs: Sequence[Pair]) -> StoredCheckpoint:
        """The same checkpoint with these cosignatures in its note."""
        note = self.note + "".join(pair.line for pair in pairs).encode("utf-8")
        return replace(self, note=note, cosignatures=tuple(pairs))


@dataclass(frozen=True)
class WitnessIdentity:
    """A witness as the settings name it: C2SP key id (8 hex) and SHA-256 of its Ed25519 public key (64 hex)."""

    name: str
    key_id: str
    fingerprint: str


@dataclass(frozen=True)
class WitnessTrouble:
    """Why a witness does not cosign: a code of `rules.witness_trouble` or `conflicts`, the detail, since when."""

    code: str
    detail: str
    since: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True)
class WitnessState:
    """How far a witness is: its newest cosignature on a checkpoint of ours (size 0: none yet), `time` by its clock.

    `behind` counts the entries of our newest stamped checkpoint that it has not cosigned, `waiting_since` is when the
    oldest such checkpoint was made. `state`: see `rules.witness_state`.
    """

    name: str
    key_id: str
    fingerprint: str
    origin: str
    size: int
    time: int | None
    received_at: datetime | None
    behind: int
    waiting_since: datetime | None
    state: str
    trouble: WitnessTrouble | None


@dataclass(frozen=True)
class CallState:
    """A registry call and where it stands: held, pending, staged, broadcast, anchored, parked or void."""

    call_id: str
    method: str
    state: str
    org_id: str
    contract_id: str | None
    version: int | None
    created_at: datetime
    transaction: str | None = None
    block_number: int | None = None
    reason: str | None = None
    waits_for: int = 0


@dataclass(frozen=True)
class Conclusion:
    """The conclusion of a contract on chain.

    `receipt_proof` is JSON: a receipt of type anvil-mpt, or a whole record of type cometbft-ics23. `anchored_at`: when its
    block was seen to be final, None before that.
    """

    call: CallState
    receipt_proof: Mapping[str, Any] | None
    anchored_at: datetime | None = None


@dataclass(frozen=True)
class AlarmView:
    """An alarm as the operator sees it."""

    id: str
    code: str
    severity: str
    facts: Mapping[str, Any]
    times: int
    raised_at: datetime
    last_at: datetime
    cleared_at: datetime | None


@dataclass(frozen=True)
class JudicialState:
    """Checkpoints on their way to the judicial chain: how many in each state, the largest accepted one (0: none), and
    since when the oldest unfinished one waits.
    """

    counts: Mapping[str, int]
    anchored_size: int
    waiting_since: datetime | None


@dataclass(frozen=True)
class AnchoringStatus:
    """Facts for the operator. `stopped`: an integrity alarm is open and nothing is staged."""

    events: Mapping[str, int]
    calls: Mapping[str, int]
    oldest_pending_seconds: float
    log_size: int
    checkpoint_size: int
    checkpoint_time: datetime | None
    checkpoints_without_token: int
    witnessed_size: int
    judicial: JudicialState
    witnesses: Sequence[WitnessState]
    index_block: int
    worker: str | None
    worker_alive: bool
    alarms: Sequence[AlarmView]
    stopped: bool


# -- index


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows and the key to ask for more, None at the end."""

    rows: Sequence[T]
    next: str | None


@dataclass(frozen=True)
class IndexPosition:
    """The block as of which the index answers, and the digest over every event up to it."""

    block_number: int
    block_hash: str
    digest: str
    log_size: int


@dataclass(frozen=True)
class ContractQuery:
    """Filters over contracts; absent ones do not restrict. `state`: concluded or superseded; `month`: YYYY-MM, Shanghai."""

    contract_id: str | None = None
    org_id: str | None = None
    region_prefix: str | None = None
    month: str | None = None
    state: str | None = None
    wallet: str | None = None
    level: int | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True)
class ContractRow:
    """One concluded version of a contract, as the chain states it."""

    contract_id: str
    version: int
    commitment: str
    prev: str
    org_id: str
    region_code: str
    state: str
    level: int
    attested_at: datetime
    month: str
    employer_wallet: str
    worker_key_hash: str
    subject: str
    check_digest: str
    issuer: str
    block_number: int
    log_index: int
    transaction: str


@dataclass(frozen=True)
class Count:
    """A figure: how many contract versions have `key`."""

    key: str
    contracts: int


@dataclass(frozen=True)
class OrganisationRow:
    """An organisation in the registry."""

    org_id: str
    region_code: str
    representative: str
    seal_key_hash: str
    registrar: str
    nonce: int
    registered_block: int
    contracts: int


@dataclass(frozen=True)
class ActorRow:
    """A wallet that may or could act for an organisation, and from which block to which."""

    wallet: str
    kind: str
    scope: int
    valid_until: int | None
    from_block: int
    until_block: int | None


@dataclass(frozen=True)
class RoleEvent:
    """An event of the participants' registry."""

    block_number: int
    log_index: int
    transaction: str
    event: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AppendRow:
    """A batch of the log."""

    first_index: int
    count: int
    size: int
    root: str
    transaction: str
    block_number: int
    audited: bool


# -- decisions about risk warnings


@dataclass(frozen=True)
class WarningStepState:
    """A step of a warning and where it stands.

    `state`: awaiting_statement (`missing` signatures are), held (signed, but an earlier step of the warning is not), then the
    states of its registry call: pending, staged, broadcast, anchored, parked or void. `digest` is what is signed.
    """

    sequence: int
    kind: str
    grade: int
    automatic: bool
    input_hash: str
    rule_set_hash: str
    prev: str
    digest: str
    stated_at: datetime
    officer: str | None
    reviewer: str | None
    missing: int
    state: str
    call_id: str | None = None
    transaction: str | None = None
    block_number: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class WarningState:
    """A warning's decisions. `chain_id` is its salted id; `status` and `grade` are as the steps taken so far leave it."""

    warning: str
    chain_id: str
    town_code: int
    status: str
    grade: int
    steps: Sequence[WarningStepState]

    @property
    def state(self) -> str:
        """anchored once every step is, else pending."""
        return "anchored" if all(step.state == "anchored" for step in self.steps) else "pending"


@dataclass(frozen=True)
class OfficerState:
    """A wallet that decides about warnings. `state` is its appointment's registry call's; `account`: whose it is, None
    for one of an older release until a director names its holder.
    """

    wallet: str
    registrar: str
    appointed_at: datetime
    dismissed_at: datetime | None
    state: str
    account: str | None = None


@dataclass(frozen=True)
class Holder:
    """A login of staff who may hold an officer's wallet."""

    account: str
    login: str
    name: str


@dataclass(frozen=True)
class WaitingStep:
    """A decision that waits for a wallet's signature. `signed`: this officer's is there, another person's is missing."""

    warning: str
    sequence: int
    kind: str
    grade: int
    town_code: int
    stated_at: datetime
    missing: int
    signed: bool


@dataclass(frozen=True)
class ChainStep:
    """A step of a warning as the chain's registry holds it: no names, the warning under its salted id."""

    warning_id: str
    sequence: int
    kind: str
    grade: int
    automatic: bool
    town_code: str
    input_hash: str
    rule_set_hash: str
    prev: str
    digest: str
    stated_at: datetime
    decided_by: str
    reviewed_by: str | None
    block_number: int
    transaction: str
