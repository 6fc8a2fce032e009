"""What the exchange speaks about: datasets and their columns, landed files, batches, findings, quarantined rows, subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class ColumnType(StrEnum):
    """How a raw cell is read; inside, money is integer fen, a month the integer YYYYMM, a flag a Boolean."""

    USCC = "uscc"
    NAME = "name"
    KEY = "key"
    TEXT = "text"
    INT = "int"
    MONEY = "money"
    DATE = "date"
    MONTH = "month"
    FLAG = "flag"
    ENUM = "enum"


class Kind(StrEnum):
    """What an absent row means: the thing is 0 or ended, it did not happen, or nothing is known."""

    EXHAUSTIVE = "exhaustive"
    EVENT = "event"
    PARTIAL = "partial"


class Grain(StrEnum):
    """What one row is about: an enterprise in a month, one event, or the present state."""

    MONTH = "month"
    EVENT = "event"
    SNAPSHOT = "snapshot"


class Mode(StrEnum):
    """How a file meets what is accepted already.

    append: new keys are added, changed rows supersede; snapshot: as append, and keys of the file's period that it does not
    name end; correction: as append, but every key must be known. rematch: no sender's; rows that a file brought get the
    enterprises that matching finds for them now.
    """

    APPEND = "append"
    SNAPSHOT = "snapshot"
    CORRECTION = "correction"
    REMATCH = "rematch"


SENDERS_MODES = (Mode.APPEND, Mode.SNAPSHOT, Mode.CORRECTION)


class BatchState(StrEnum):
    """landed | checking → tried | committed | refused; tried → checking | committed | discarded; committed → withdrawn.

    landed: who received the file is at work on it; checking: it is the worker's, waiting or at work.
    """

    LANDED = "landed"
    CHECKING = "checking"
    TRIED = "tried"
    COMMITTED = "committed"
    REFUSED = "refused"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"


AT_WORK = (BatchState.LANDED.value, BatchState.CHECKING.value)
UNDECIDED = (*AT_WORK, BatchState.TRIED.value)


class Stage(StrEnum):
    """How far the worker is with a file, in the order of its steps."""

    QUEUED = "queued"
    READING = "reading"
    VALIDATING = "validating"
    MATCHING = "matching"
    COMPARING = "comparing"
    WRITING = "writing"


@dataclass(frozen=True)
class Progress:
    """`done` of `of` rows are validated in that stage; both are 0 where a stage has no figure. `attempt`: 1 for the first."""

    stage: Stage
    done: int
    of: int
    attempt: int
    at: datetime


class RowState(StrEnum):
    """State of a quarantined row."""

    OPEN = "open"
    FIXED = "fixed"
    WAIVED = "waived"


class Channel(StrEnum):
    """How a file came in."""

    UPLOAD = "upload"
    PUSH = "push"
    PULL = "pull"
    COMMAND = "command"
    REPAIR = "repair"


ERROR, WARN = "error", "warn"


@dataclass(frozen=True)
class Column:
    """One column of a dataset's schema.

    `minimum`, `maximum`: whole numbers, for money in yuan. `values`: code → Chinese label. `future`: a date may lie ahead.
    `not_before`, `at_most`: another column that this one must not precede or exceed. `mask`: how it is shown to others.
    `since`: version of the schema that brought it; `until`: the last one that had it (0: it is still there).
    """

    name: str
    type: ColumnType
    zh: str
    en: str
    nullable: bool = False
    minimum: int = 0
    maximum: int = 10_000_000_000
    max_length: int = 60
    pattern: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    future: bool = False
    not_before: str = ""
    at_most: str = ""
    mask: str = "none"
    since: int = 1
    until: int = 0


@dataclass(frozen=True)
class Owner:
    """The department that answers for a dataset."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Dataset:
    """A dataset of the catalogue. `key`: columns of the business key; `date`: column of the event time, None for snapshots.

    `columns`: those of the present version; `retired`: those that it gave up. Files of older versions are still taken.
    `interval_days`, `grace_days`: the freshness promise; `sensitivity` 1 (open) to 4.
    """

    code: str
    version: int
    zh: str
    en: str
    owner: Owner
    kind: Kind
    grain: Grain
    key: Sequence[str]
    date: str | None
    frequency: str
    interval_days: int
    grace_days: int
    sensitivity: int
    basis_zh: str
    basis_en: str
    columns: Sequence[Column]
    retired: Sequence[Column] = ()

    def names_of(self, version: int) -> set[str]:
        """Columns of a file of that version of the schema."""
        every = [*self.columns, *self.retired]
        return {found.name for found in every if found.since <= version and not 0 < found.until < version}

    @property
    def names(self) -> list[str]:
        """Column names in the order of the schema."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """The column of that name; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def title(self, name: str) -> tuple[str, str]:
        """Chinese and English title of a column, one that was given up, too; the name itself where there is none."""
        for column in (*self.columns, *self.retired):
            if column.name == name:
                return column.zh, column.en
        return name, name


@dataclass(frozen=True)
class Landed:
    """A raw file as it was received: append only."""

    id: str
    dataset: str
    sha256: str
    size: int
    name: str
    channel: Channel
    received_at: datetime
    received_by: str


@dataclass(frozen=True)
class Batch:
    """A landed file on its way; `summary` counts findings by column and rule, `problem` names why it was refused.

    `progress`: of a batch that the worker has; None for all others.
    """

    id: str
    dataset: str
    schema_version: int
    landing: Landed
    mode: Mode
    state: BatchState
    period_from: date | None
    period_to: date | None
    rows: int
    new: int
    same: int
    changed: int
    ended: int
    quarantined: int
    warned: int
    unmatched: int
    summary: Sequence[Mapping[str, Any]]
    problem: Mapping[str, Any] | None
    created_at: datetime
    known_at: datetime | None
    withdrawn_at: datetime | None
    reason: str
    progress: Progress | None = None

    @property
    def accepted(self) -> int:
        """Rows that the batch brought: new or in place of an older version."""
        return self.new + self.changed


@dataclass(frozen=True)
class Request:
    """What the sender says about his file."""

    dataset: str
    mode: Mode
    trial: bool
    channel: Channel
    name: str
    period_from: date | None = None
    period_to: date | None = None
    expected_rows: int | None = None
    expected_sha256: str = ""


@dataclass(frozen=True)
class Quarantined:
    """A rejected row: raw cells and findings (column, rule, value class)."""

    id: int
    batch_id: str
    dataset: str
    row: int
    state: RowState
    cells: Mapping[str, str | None]
    findings: Sequence[Mapping[str, str]]
    settled_at: datetime | None
    settled_by: str | None
    reason: str


@dataclass(frozen=True)
class Segment:
    """The Parquet file of a committed batch; months are YYYYMM of the first and last row."""

    batch_id: str
    seq: int
    path: str
    sha256: str
    first_month: int | None
    last_month: int | None
    superseding: int
    known_at: datetime
