"""What is to be erased, how far it is, and the certificate that remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    """announced → (held ⇄ announced) → destroying → erased. Nothing leads back from destroying."""

    ANNOUNCED = "announced"
    HELD = "held"
    DESTROYING = "destroying"
    ERASED = "erased"


class Ground(StrEnum):
    """Why data is erased."""

    RETENTION_ENDED = "retention_ended"
    """Two years after the contract's end (劳动合同法 art. 50), or after a text that was never concluded was closed."""


@dataclass(frozen=True)
class EndedContract:
    """A contract whose term is over, as the contracts' slice knows it."""

    contract_id: str
    stream: str
    org_id: str
    person_id: str | None
    title: str
    ended_on: date


@dataclass(frozen=True)
class Leftovers:
    """What lies outside the database and is destroyed after the commit: stored blocks, records of the identity service."""

    counts: Mapping[str, int]
    blobs: tuple[str, ...] = ()
    person_refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """The canonical JSON of what was destroyed, and the log key's signed note over its digest."""

    body: str
    note: str


@dataclass(frozen=True)
class Erasure:
    """One erasure as staff see it; it names no person."""

    id: str
    contract_id: str
    state: State
    ground: Ground
    announced_at: datetime
    due_at: datetime
    hold_reason: str | None
    hold_case: str | None
    erased_at: datetime | None
    certificate: Certificate | None
