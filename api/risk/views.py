"""What a reader is shown, put together from rows of several tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from api.risk.ports import CaseLine, FactRows, SourceStanding
from api.risk.tables import JudgementRow, SettledRow, StandingRow, WarningRow

Waiting = Literal["", "waiting", "issued", "snoozed"]


@dataclass(frozen=True)
class Wanted:
    """Which lines of the morning list: by colour (the higher of issued and waiting), town, state and search text.

    `state`: empty for everything that needs a person, else waiting (a signature or confirmation is missing), signed
    already, or put off by a snooze.
    """

    grade: int | None = None
    town: str = ""
    state: Waiting = ""
    text: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the morning list. `displayed`: the shown grade, or the one that a person put over it; `case`: where the reader
    may see it."""

    warning: WarningRow
    standing: StandingRow
    name: str
    uscc: str
    displayed: int
    override: JudgementRow | None
    case: CaseLine | None


@dataclass(frozen=True)
class Found:
    """An enterprise of the register that a search found beside the list."""

    enterprise: int
    name: str
    uscc: str
    town: str
    shown: int


@dataclass(frozen=True)
class Morning:
    """A page of the morning list.

    `counts`: lines by colour under the same town, state and search; `waiting` of them need a signature or a confirmation.
    `others`: found enterprises that have no line here; `too_many`: the search met more enterprises than it looks at.
    """

    rows: Sequence[Line]
    next: str
    counts: Mapping[int, int]
    waiting: int
    others: Sequence[Found]
    too_many: bool

    @property
    def total(self) -> int:
        """Lines of every colour."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Moment:
    """Something that happened to an enterprise; `facts` as the kind needs them."""

    at: datetime
    kind: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """An override or a snooze with its author's name. state: holds, expired or withdrawn."""

    row: JudgementRow
    author: str
    state: str


@dataclass(frozen=True)
class Change:
    """A nearest threshold: if one fact came to `to`, the computed grade would become `grade`."""

    point: str
    fact: str
    value: int
    to: int
    tier: str
    grade: str
    score: int
    better: bool


@dataclass(frozen=True)
class EnterpriseFile:
    """Everything about one enterprise that this slice knows, and its cases.

    `as_of`, `month`: of the facts. `differing`: points whose explained state is another than the standing's, because a run
    is under way. `log_more`: older changes are not in the timeline. `input_hash`, `ruleset_hash`: of the run that explains
    the standing, hex.
    """

    standing: StandingRow
    name: str
    uscc: str
    place: tuple[str, str]
    displayed: int
    tiers: Mapping[str, int]
    as_of: date
    month: int
    episodes: Sequence[Any]
    log: Sequence[Any]
    judged: Sequence[Judged]
    settled: Sequence[SettledRow]
    explanation: Mapping[str, Any]
    changes: Sequence[Change]
    differing: Sequence[str]
    cases: Sequence[CaseLine]
    sources: Sequence[SourceStanding]
    timeline: Sequence[Moment]
    log_more: bool
    input_hash: str
    ruleset_hash: str


@dataclass(frozen=True)
class PointFile:
    """One control point of one enterprise with the rows behind it. `opened`: datasets whose batches the reader may open."""

    enterprise: int
    name: str
    point: Mapping[str, Any]
    dimension: Mapping[str, Any]
    facts: Mapping[str, Any]
    names: Mapping[str, tuple[str, str]]
    as_of: date
    month: int
    behind: Sequence[FactRows]
    opened: frozenset[str]


@dataclass(frozen=True)
class IndexLine:
    """A group's index of a month: size-weighted mean score, firms per grade, and the mean three months before."""

    group: str
    firms: int
    mean_score: int
    counts: Sequence[int]
    before: int | None
