"""JSON shapes of supervision and of the operator's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.insight.model import AsOf, AuditLine, Figures, Listing, Overview, PlatformStatus


class AsOfOut(BaseModel):
    """Block and query of an answer."""

    block_number: int
    block_hash: str
    index_digest: str = Field(description="running digest over every chain event up to this block")
    log_size: int
    query: dict[str, str]

    @classmethod
    def of(cls, as_of: AsOf) -> AsOfOut:
        """The position as JSON."""
        return cls(
            block_number=as_of.block_number,
            block_hash=as_of.block_hash,
            index_digest=as_of.digest,
            log_size=as_of.log_size,
            query=dict(as_of.query),
        )


class CountOut(BaseModel):
    """One figure."""

    key: str
    name: str
    contracts: int


class FiguresOut(BaseModel):
    """A table of counts with its position."""

    by: str
    counts: list[CountOut]
    as_of: AsOfOut

    @classmethod
    def of(cls, figures: Figures) -> FiguresOut:
        """The table as JSON."""
        counts = [CountOut(key=key, name=name, contracts=number) for key, name, number in figures.rows]
        return cls(by=figures.by, counts=counts, as_of=AsOfOut.of(figures.as_of))


class OverviewOut(BaseModel):
    """All tables under one filter."""

    contracts: int
    organisations: int
    figures: list[FiguresOut]
    as_of: AsOfOut

    @classmethod
    def of(cls, overview: Overview) -> OverviewOut:
        """The overview as JSON."""
        return cls(
            contracts=overview.total,
            organisations=overview.organisations,
            figures=[FiguresOut.of(f) for f in overview.figures],
            as_of=AsOfOut.of(overview.as_of),
        )


def plain(row: Any) -> dict[str, Any]:
    """A row of the index as JSON object."""
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    return dict(vars(row)) if not isinstance(row, Mapping) else dict(row)


class ListingOut(BaseModel):
    """A page of rows."""

    rows: list[dict[str, Any]]
    next: str | None
    as_of: AsOfOut

    @classmethod
    def of(cls, listing: Listing) -> ListingOut:
        """The page as JSON; `organisation` and `region` are names where the caller may see them."""
        rows = [
            {
                **plain(row),
                "organisation": listing.names.get(row.org_id),
                "region": listing.regions.get(row.region_code),
            }
            for row in listing.rows
        ]
        return cls(rows=rows, next=listing.next, as_of=AsOfOut.of(listing.as_of))


class HistoryOut(BaseModel):
    """One contract's course on chain and who acted."""

    contract_id: str
    versions: list[dict[str, Any]]
    actors: list[dict[str, Any]]
    role_events: list[dict[str, Any]]
    organisation: str | None
    as_of: AsOfOut


class OrganisationOut(BaseModel):
    """One organisation on chain."""

    organisation: dict[str, Any]
    name: str | None
    actors: list[dict[str, Any]]
    role_events: list[dict[str, Any]]
    months: FiguresOut


class TextIn(BaseModel):
    """For which case and why a contract's text is read."""

    model_config = ConfigDict(extra="forbid")

    case_no: str = Field(max_length=80)
    purpose: str = Field(max_length=400)


class TextOut(BaseModel):
    """A contract's text."""

    contract_id: str
    version: int
    state: str
    document: dict[str, Any]


class StatusOut(BaseModel):
    """The operator's status."""

    at: datetime
    warnings: list[str]
    node: dict[str, Any] | None
    anchoring: dict[str, Any]
    parked: list[dict[str, Any]]
    messages: dict[str, int]
    index_behind_blocks: int
    failing_work: list[dict[str, Any]]

    @classmethod
    def of(cls, status: PlatformStatus) -> StatusOut:
        """The status as JSON."""
        return cls(
            at=status.at,
            warnings=list(status.warnings),
            node=None if status.node is None else plain(status.node),
            anchoring=plain(status.anchoring),
            parked=[plain(call) for call in status.parked],
            messages=dict(status.messages.counts),
            index_behind_blocks=status.behind,
            failing_work=[plain(one) for one in status.failing],
        )


class AuditOut(BaseModel):
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
    facts: dict[str, Any]

    @classmethod
    def of(cls, line: AuditLine) -> AuditOut:
        """The line as JSON."""
        return cls.model_validate(line, from_attributes=True)


class ReasonIn(BaseModel):
    """What was found, for the record."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=400)
