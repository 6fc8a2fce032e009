"""JSON of the slice."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.rights.model import Erasure


class HoldIn(BaseModel):
    """Why an erasure waits."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=400, description="dispute, arbitration, enforcement …")
    case_no: str = Field("", max_length=200)


class ErasureOut(BaseModel):
    """One erasure; it names no person."""

    id: str
    contract_id: str
    state: str = Field(description="announced, held, destroying, erased")
    ground: str
    announced_at: datetime
    due_at: datetime
    hold_reason: str | None
    hold_case: str | None
    erased_at: datetime | None

    @classmethod
    def of(cls, item: Erasure) -> ErasureOut:
        """From the slice's value."""
        return cls(
            id=item.id,
            contract_id=item.contract_id,
            state=item.state.value,
            ground=item.ground.value,
            announced_at=item.announced_at,
            due_at=item.due_at,
            hold_reason=item.hold_reason,
            hold_case=item.hold_case,
            erased_at=item.erased_at,
        )


class ErasuresOut(BaseModel):
    """A page of erasures."""

    items: list[ErasureOut]
    next: str | None = Field(description="give it as `after` for the next page")


class CertificateOut(BaseModel):
    """What remains of an erased contract."""

    certificate: str = Field(description="canonical JSON (RFC 8785)")
    note: str = Field(description="C2SP signed note of the log's key over its SHA-256")
