"""JSON shapes of units, posts, duty, the command view and measures. Shares are basis points."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import AwareDatetime, BaseModel, Field

from api.disposal.model import (
    Board,
    Capacity,
    Line,
    Outcome,
    Reason,
    Subject,
    UnitKind,
)
from api.disposal.rules.measuring import HitRate, Share
from api.disposal.schemas.cases import CaseOut, EventOut, Strict, SubjectOut
from api.disposal.tables import InspectionRow, SampleRow


class UnitIn(Strict):
    """A unit."""

    kind: UnitKind
    name: str = Field(max_length=80)
    name_en: str = Field(max_length=120)


class PostIn(Strict):
    """A post."""

    account_id: str = Field(max_length=64)
    unit: str = Field(max_length=20)
    capacity: Capacity
    valid_from: date
    valid_to: date | None = None
    deputy_of: str | None = Field(None, max_length=64)


class EndIn(Strict):
    """The last day of a post."""

    last: date


class DutyIn(Strict):
    """A time on duty."""

    unit: str = Field(max_length=20)
    account_id: str = Field(max_length=64)
    phone: str = Field("", max_length=20)
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class DutyOut(BaseModel):
    """Who is on duty."""

    unit: str
    account_id: str
    phone: str | None
    starts_at: datetime
    ends_at: datetime


class RosterOut(DutyOut):
    """A time on duty that can be taken back."""

    id: str


class LineOut(BaseModel):
    """One red case on the board."""

    case: CaseOut
    step: str
    due: datetime | None
    over: bool
    tasks_open: int
    tasks_done: int
    next_measure: str
    next_at: datetime | None
    last: EventOut | None

    @classmethod
    def of(cls, line: Line) -> LineOut:
        """The line as JSON."""
        return cls(
            case=CaseOut.of(line.case, line.measure),
            step=str(line.step or ""),
            due=line.due,
            over=line.over,
            tasks_open=line.tasks_open,
            tasks_done=line.tasks_done,
            next_measure=str(line.next_measure or ""),
            next_at=line.next_at,
            last=EventOut.of(line.last) if line.last else None,
        )


class BoardOut(BaseModel):
    """The command view."""

    at: datetime
    open: int
    unsigned: int
    overdue: int
    tasks_open: int
    cases: list[LineOut]
    next: str
    duty: list[DutyOut]

    @classmethod
    def of(cls, board: Board) -> BoardOut:
        """The board as JSON."""
        return cls(
            at=board.at,
            open=board.cases,
            unsigned=board.unsigned,
            overdue=board.overdue,
            tasks_open=board.tasks_open,
            next=board.next,
            cases=[LineOut.of(line) for line in board.lines],
            duty=[DutyOut.model_validate(row, from_attributes=True) for row in board.duty],
        )


class ShareOut(BaseModel):
    """A share with its 95 % Wilson interval in basis points; `bp` is null without any case."""

    hits: int
    total: int
    bp: int | None
    low: int
    high: int

    @classmethod
    def of(cls, share: Share) -> ShareOut:
        """The share as JSON."""
        return cls(**share.__dict__)


class MissedOut(BaseModel):
    """An incident without yellow or higher in the 90 days before."""

    enterprise: int
    kind: str
    on: date
    persons: int
    town: str
    highest: int


class HitRateOut(BaseModel):
    """What the warnings were worth."""

    overall: ShareOut
    by_colour: dict[str, ShareOut]
    by_street: dict[str, ShareOut]
    by_point: dict[str, ShareOut]
    by_finding: dict[str, int]
    apart: dict[str, int]
    recall: ShareOut
    missed: list[MissedOut]
    missed_by_kind: dict[str, int]
    random: ShareOut

    @classmethod
    def of(cls, report: HitRate) -> HitRateOut:
        """The report as JSON."""

        def shares(found: Mapping[str, Share]) -> dict[str, ShareOut]:
            return {name: ShareOut.of(share) for name, share in found.items()}

        return cls(
            overall=ShareOut.of(report.overall),
            by_colour=shares(report.by_colour),
            by_street=shares(report.by_street),
            by_point=shares(report.by_point),
            by_finding=dict(report.by_finding),
            apart=dict(report.apart),
            recall=ShareOut.of(report.recall),
            missed=[
                MissedOut(
                    enterprise=m.incident.enterprise,
                    kind=m.incident.kind,
                    on=m.incident.on,
                    persons=m.incident.persons,
                    town=m.incident.town,
                    highest=m.highest,
                )
                for m in report.missed
            ],
            missed_by_kind=dict(report.missed_by_kind),
            random=ShareOut.of(report.random),
        )


class SampleIn(Strict):
    """Draw the sample of a month."""

    month: int
    size: int = Field(ge=1, le=500)


class SampleOut(BaseModel):
    """A drawn sample: everything that is needed to draw it again."""

    month: int
    seed: str
    size: int
    population: int
    population_digest: str
    drawn_at: datetime

    @classmethod
    def of(cls, row: SampleRow) -> SampleOut:
        """The sample as JSON."""
        return cls.model_validate(row, from_attributes=True)


class InspectionIn(Strict):
    """An inspection that no warning asked for."""

    enterprise: int = Field(ge=1, le=2**53)
    reason: Reason


class InspectionReportIn(Strict):
    """What an inspection found."""

    finding: Outcome
    persons: int = Field(0, ge=0, le=1_000_000)
    note: str = Field("", max_length=4000)


class InspectionOut(BaseModel):
    """An inspection and why it was made."""

    id: str
    subject: SubjectOut
    town: str
    month: int
    reason: str
    rank: int
    case_id: str | None
    state: str
    finding: str
    persons: int
    made_at: datetime | None

    @classmethod
    def of(cls, row: InspectionRow, subject: Subject | None) -> InspectionOut:
        """The inspection as JSON."""
        return cls(
            id=row.id,
            subject=SubjectOut.of(row.enterprise, subject),
            town=row.town,
            month=row.month,
            reason=row.reason,
            rank=row.rank,
            case_id=row.case_id,
            state=row.state,
            finding=row.finding,
            persons=row.persons,
            made_at=row.made_at,
        )


class InspectionsOut(BaseModel):
    """A page of inspections."""

    inspections: list[InspectionOut]
    next: str
