"""What the runs speak about: kinds and states of a run, rule sets as used, and what a warning's reader sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class RunKind(StrEnum):
    """MONTHLY: all points; DAILY: latest monthly tiers with today's events; CORRECTION: changed enterprise-months only;
    SHADOW: a second rule set beside a run, without consequences."""

    MONTHLY = "monthly"
    DAILY = "daily"
    CORRECTION = "correction"
    SHADOW = "shadow"


class RunState(StrEnum):
    """How far a run is; every step ends with one of these in the same transaction as its work."""

    OPENED = "opened"
    SCORED = "scored"
    FOLDED = "folded"
    FINISHED = "finished"


class WarningState(StrEnum):
    """PROPOSED: waits for its first signature; ISSUED: clocks run; CLOSED: its episode ended."""

    PROPOSED = "proposed"
    ISSUED = "issued"
    CLOSED = "closed"


@dataclass(frozen=True)
class RuleSetRef:
    """A rule set in full. `hash`: SHA-256 (hex) of its canonical document."""

    name: str
    version: str
    hash: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class RuleSetChoice:
    """A version that can be measured: its id, what it calls itself, state (draft, validated, published), note, hash."""

    id: str
    version: str
    state: str
    note: str
    hash: str


class BacktestState(StrEnum):
    """QUEUED: nobody has begun; RUNNING: some months are done; the others are ends."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Run:
    """A run as others see it."""

    id: str
    kind: RunKind
    month: int
    as_of: date
    known_at: datetime
    state: RunState
    ruleset_hash: str
    input_hash: str
    sha256: str
    digest: str
    firms: int
    folded_to: int
    counts: Mapping[str, int]
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Replayed:
    """A run scored again from the rows as it knew them: the same bytes, the same numbers, or neither."""

    run_id: str
    same_bytes: bool
    same_numbers: bool
    same_input: bool
    stored: str
    found: str


@dataclass(frozen=True)
class Light:
    """What one run said of one enterprise in one month."""

    run_id: str
    enterprise: int
    month: int
    score: int
    coverage_bp: int
    raw: int
    tiers: Mapping[str, int]


@dataclass(frozen=True)
class Page:
    """Rows and the cursor of the next page (empty at the end)."""

    rows: Sequence[Any]
    next: str


@dataclass(frozen=True)
class Opened:
    """An episode and its warning as rows of their tables."""

    episode: dict[str, Any]
    warning: dict[str, Any]
