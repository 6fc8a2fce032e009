"""What a dataset promises and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What the absence of a row means (risk rules, C.3): nothing or ended, nothing, or not known."""

    EXHAUSTIVE = "exhaustive"
    EVENT = "event"
    PARTIAL = "partial"


class Absence(StrEnum):
    """How a missing row is read."""

    ZERO = "zero"
    NONE = "none"
    UNKNOWN = "unknown"


class State(StrEnum):
    """FRESH: within its interval; DUE: the next period is late but within grace; STALE: past it; NEVER: nothing came yet."""

    FRESH = "fresh"
    DUE = "due"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True)
class Promise:
    """What a department promised for a dataset. Days are calendar days."""

    dataset: str
    zh: str
    en: str
    owner_zh: str
    owner_en: str
    kind: Kind
    interval_days: int
    grace_days: int


@dataclass(frozen=True)
class Standing:
    """How a dataset stands on a day.

    covered_end: last day of the newest covered data period. next_due: when the next period should be in; promised_until: last
    day on which the dataset is fresh. since: first day of being stale (None while it is not, or if nothing ever came).
    """

    promise: Promise
    as_of: date
    covered_end: date | None
    next_due: date | None
    promised_until: date | None
    state: State
    since: date | None
    days_stale: int
    points: Sequence[str] = ()


@dataclass(frozen=True)
class Board:
    """All datasets on a day, worst first. `unknown`: control points that are unknown because a source of theirs is not fresh."""

    as_of: date
    rows: Sequence[Standing]
    unknown: Sequence[str]
