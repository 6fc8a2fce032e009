"""What lists and pages show, put together from rows: statements with files, tasks with cases, periods with their count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.disposal.model import CaseView, Measure, Unit
from api.disposal.rules.law_periods import Computed
from api.disposal.tables import AttachmentRow, LawPeriodRow, NoticeRow, StatementRow, TaskRow


@dataclass(frozen=True)
class Spoken:
    """A statement with its files and, in lists, its case."""

    statement: StatementRow
    files: Sequence[AttachmentRow]
    case: CaseView | None = None


@dataclass(frozen=True)
class OwnCase:
    """A disclosed case. waiting: statements that nobody has answered."""

    case_id: str
    number: str
    unit: Unit
    disclosed_at: datetime
    over: bool
    notices: Sequence[NoticeRow]
    waiting: int
    statements: Sequence[Spoken] = ()


@dataclass(frozen=True)
class Running:
    """An entered event with its computed period. over: the last day has passed and nobody said that it was kept."""

    row: LawPeriodRow
    computed: Computed
    over: bool


@dataclass(frozen=True)
class TaskLine:
    """A joint task with its case; over: it is open past its day. mine: the caller can report on it."""

    task: TaskRow
    case: CaseView
    over: bool
    mine: bool


@dataclass(frozen=True)
class MeasureLine:
    """A measure that was carried out. standing: its step still waits."""

    at: datetime
    measure: Measure
    step: str
    case: CaseView
    standing: bool


@dataclass(frozen=True)
class Transfers:
    """Cases being handed over: to the caller's units, and away from them (or, for the district, all others)."""

    incoming: Sequence[CaseView]
    outgoing: Sequence[CaseView]
