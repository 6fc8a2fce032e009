"""JSON shapes of sharing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.exchange.sharing.model import Asked, Rows, Share, SharedDataset, State, Treatment
from api.infra.audit import AuditRow


class ColumnOut(BaseModel):
    """A column that can be asked for."""

    name: str
    kind: str
    mask: str
    zh: str
    en: str


class DatasetOut(BaseModel):
    """A dataset that can be asked for."""

    code: str
    zh: str
    en: str
    sensitivity: int
    columns: list[ColumnOut]

    @classmethod
    def of(cls, dataset: SharedDataset) -> DatasetOut:
        """As JSON."""
        return cls(
            **{**vars(dataset), "columns": [ColumnOut(**vars(column)) for column in dataset.columns]},
        )


class RequestIn(BaseModel):
    """A request: which fields, for what, for whom, how long."""

    model_config = ConfigDict(extra="forbid")

    dataset: str = Field(max_length=40)
    fields: list[Annotated[str, Field(max_length=60)]] = Field(min_length=1, max_length=60)
    clearance: int = Field(ge=1, le=4, description="level up to which values are shown plainly")
    purpose: str = Field(max_length=400)
    basis: str = Field(max_length=400)
    recipient: str = Field(max_length=100)
    days: int = Field(ge=1, le=366)

    def asked(self) -> Asked:
        """As the model has it."""
        return Asked(
            self.dataset,
            tuple(self.fields),
            self.clearance,
            self.purpose,
            self.basis,
            self.recipient,
            self.days,
        )


class DecisionIn(BaseModel):
    """Approve or refuse."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    approve: bool
    reason: str = Field(max_length=300)


class RevocationIn(BaseModel):
    """End a share."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)
    reason: str = Field(max_length=300)


class ShareOut(BaseModel):
    """A request and what became of it."""

    share_id: str
    dataset: str
    fields: list[str]
    clearance: int
    purpose: str
    basis: str
    recipient: str
    days: int
    state: State
    expired: bool
    version: int
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    expires_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    revocation_reason: str | None

    @classmethod
    def of(cls, share: Share, now: datetime) -> ShareOut:
        """As JSON."""
        own = {name: value for name, value in vars(share).items() if name != "asked"}
        asked = {**vars(share.asked), "fields": list(share.asked.fields)}
        return cls(**own, **asked, expired=share.expired(now))


class PageOut(BaseModel):
    """A page of requests."""

    rows: list[ShareOut]
    next: str


class DetailOut(BaseModel):
    """A request, and how each field will be shown."""

    share: ShareOut
    treatments: dict[str, Treatment]


class RowsOut(BaseModel):
    """A page of masked rows; all values are text."""

    share_id: str
    treatments: dict[str, Treatment]
    rows: list[dict[str, str | None]]
    next: str

    @classmethod
    def of(cls, rows: Rows) -> RowsOut:
        """As JSON."""
        listed = [dict(row) for row in rows.rows]
        return cls(
            share_id=rows.share.share_id, treatments=dict(rows.treatments), rows=listed, next=rows.next
        )


class LineOut(BaseModel):
    """A line of the audit record."""

    no: int
    at: datetime
    actor: str
    action: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> LineOut:
        """As JSON."""
        return cls(no=row.no, at=row.at, actor=row.actor, action=row.action, facts=row.facts)
