"""Filters, positions and figures of supervision; the state of the platform for its operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ContractFilter:
    """Which contract versions are asked for; absent fields do not restrict. Month is YYYY-MM in Shanghai."""

    contract_id: str | None = None
    org_id: str | None = None
    region_prefix: str | None = None
    month: str | None = None
    state: str | None = None
    wallet: str | None = None
    level: int | None = None
    after: str | None = None
    limit: int = 50

    def described(self) -> dict[str, str]:
        """The restricting fields, as shown beside every figure."""
        fields = {k: v for k, v in asdict(self).items() if k not in {"after", "limit"} and v is not None}
        return {name: str(value) for name, value in sorted(fields.items())}


@dataclass(frozen=True)
class AsOf:
    """The block as of which an answer holds, the digest over all events up to it, and the question."""

    block_number: int
    block_hash: str
    digest: str
    log_size: int
    query: Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """One table of counts: key, name for people, number."""

    by: str
    rows: Sequence[tuple[str, str, int]]
    as_of: AsOf


@dataclass(frozen=True)
class Listing:
    """A page of rows with the names of their organisations and regions (empty for who may not see them)."""

    rows: Sequence[Any]
    next: str | None
    names: Mapping[str, str]
    regions: Mapping[str, str]
    as_of: AsOf


@dataclass(frozen=True)
class Overview:
    """The first page of supervision."""

    total: int
    organisations: int
    figures: Sequence[Figures]
    as_of: AsOf


@dataclass(frozen=True)
class ProvenRow:
    """One counter of the registry; None stands for all regions, or all months (of the block, in Shanghai)."""

    region: int | None
    month: str | None
    value: int
    name: str


@dataclass(frozen=True)
class Proven:
    """Counters as they stood in one block, each with an export that proves it; `reason` says why there are none."""

    reason: str
    block: int = 0
    total: ProvenRow | None = None
    rows: Sequence[ProvenRow] = ()


@dataclass(frozen=True)
class ContractHistory:
    """One contract:

    all its concluded versions, who could act for its employer, and what the registry recorded.
    """

    contract_id: str
    versions: Sequence[Any]
    actors: Sequence[Any]
    role_events: Sequence[Any]
    names: Mapping[str, str]
    regions: Mapping[str, str]
    as_of: AsOf


@dataclass(frozen=True)
class OrganisationView:
    """One organisation as the registry knows it."""

    row: Any
    actors: Sequence[Any]
    role_events: Sequence[Any]
    months: Figures
    names: Mapping[str, str]
    regions: Mapping[str, str]
    as_of: AsOf


@dataclass(frozen=True)
class NodeFacts:
    """What the chain node says of itself."""

    ready: bool
    height: int
    pending: int
    ms_per_block: float | None
    ms_per_block_warn: bool
    restarts: int
    trouble: str | None


@dataclass(frozen=True)
class MessageBacklog:
    """Messages by state and the oldest that has not settled."""

    counts: Mapping[str, int]
    oldest_open: datetime | None


@dataclass(frozen=True)
class PlatformStatus:
    """Everything the operator's page shows. `node` is None when it does not answer."""

    at: datetime
    node: NodeFacts | None
    anchoring: Any
    parked: Sequence[Any]
    messages: MessageBacklog
    behind: int
    warnings: Sequence[str] = field(default_factory=tuple)
    failing: Sequence[Any] = field(default_factory=tuple)


@dataclass(frozen=True)
class AuditLine:
    """One audited action."""

    no: int
    at: datetime
    actor: str
    actor_kind: str
    action: str
    object_type: str
    object_id: str
    purpose: str | None
    case_no: str | None
    facts: Mapping[str, Any]
