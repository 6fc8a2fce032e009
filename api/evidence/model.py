"""Values of the evidence slice. Digests and ids are 64 hex characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Entitlement(StrEnum):
    """In which capacity somebody may have a contract's evidence."""

    WORKER = "worker"
    EMPLOYER = "employer"
    COURT = "court"
    REGULATOR = "regulator"


@dataclass(frozen=True)
class Contract:
    """What this slice needs to know of a contract."""

    contract_id: str
    id: str
    version: int
    state: str
    org_id: str
    worker_person_id: str | None
    round_id: str | None
    title: str = ""

    @property
    def stream(self) -> str:
        """The contract's event stream."""
        return f"econtract/{self.contract_id}"


@dataclass(frozen=True)
class Requester:
    """Who asks, as far as entitlement goes."""

    kind: str
    actor: str
    roles: frozenset[str]
    org_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True)
class Disclosure:
    """On what ground an authority reads: its file number and purpose (guideline art. 17, 19)."""

    case_no: str
    purpose: str


@dataclass(frozen=True)
class SigningMaterial:
    """What the signing round keeps of one concluded contract; JSON values are those of the package's entries."""

    pdf: bytes = field(repr=False)
    base_pdf_size: int
    opening: Mapping[str, Any]
    clauses: Sequence[Mapping[str, Any]]
    identity_check: Mapping[str, Any]
    attestation: Mapping[str, Any]
    worker_consent: Mapping[str, Any]
    employer_consent: Mapping[str, Any]
    seal_binding: Mapping[str, Any]
    intent: Mapping[str, Any]
    employer_signed_at: datetime


@dataclass(frozen=True)
class Package:
    """One evidence package, ready to be handed over."""

    data: bytes = field(repr=False)
    filename: str
    sha256: str
    checkpoint_size: int
    created_at: datetime


@dataclass(frozen=True)
class ProvableFigure:
    """What a counter of the registry holds; None stands for all regions, or all months (`YYYY-MM`)."""

    region: int | None
    month: str | None
    value: int


@dataclass(frozen=True)
class ProvableFigures:
    """Counters as they stood in one block."""

    block: int
    figures: Sequence[ProvableFigure]


@dataclass(frozen=True)
class PaperCopy:
    """A paper copy that was ordered. The first one of each party is always free."""

    contract_id: str
    number: int
    holder: str
    free: bool
    document_sha256: str
    ordered_at: datetime
