"""JSON shapes of runs, warnings, the morning list and the regional index. Times are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.infra.reports import AskedIn
from api.risk.model import Run
from api.risk.ports import CaseLine
from api.risk.tables import JudgementRow, WarningRow
from api.risk.texts import GRADE_CODES
from api.risk.views import IndexLine, Line, Morning, Waiting, Wanted

Grade = Literal["none", "blue", "yellow", "orange", "red", "insufficient"]


def grade(number: int) -> Any:
    """The grade's code; 5 is insufficient data."""
    return GRADE_CODES[number]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MorningExportIn(AskedIn):
    """The morning list to be taken out, with the conditions of the list."""

    q: str = Field("", max_length=60)
    grade: Literal["blue", "yellow", "orange", "red"] | None = None
    town: str = Field("", max_length=9)
    state: Waiting = ""

    def wanted(self) -> Wanted:
        """As the desk takes it."""
        return Wanted(
            None if self.grade is None else GRADE_CODES.index(self.grade), self.town, self.state, self.q
        )


class SignIn(_In):
    """What the person signs: the grade that he saw waiting."""

    grade: Literal["blue", "yellow", "orange", "red"]


class JudgementIn(_In):
    """An override of the displayed grade, or a snooze."""

    kind: Literal["override", "snooze"]
    grade: Literal["none", "blue", "yellow", "orange", "red"] | None = None
    reason: str = Field(min_length=1, max_length=1000)
    expires_on: date


class DecidedIn(_In):
    """How one supporting row was dealt with."""

    point: str = Field(max_length=8)
    key: str = Field(max_length=160)
    outcome: str = Field(max_length=24)
    until: date | None = None
    reason: str = Field("", max_length=1000)


class ClosureIn(_In):
    """A closure as the second person confirms it."""

    proposed_by: str = Field(min_length=1, max_length=64)
    rows: list[DecidedIn] = Field(max_length=500)


class WarningOut(BaseModel):
    """One warning."""

    id: str
    episode: str
    enterprise: int
    town: str
    state: str
    grade: Grade = Field(description="what was issued; none before the first signature")
    pending: Grade = Field(description="what waits for a signature; none when nothing does")
    due_signoff: datetime | None = Field(description="red issues itself at this moment")
    auto: bool = Field(description="the last step was nobody's signature but two hours' silence")
    unconfirmed: bool = Field(
        description="issued by the rules: a person must confirm it, or its closure decides"
    )
    confirmed_at: datetime | None
    issued_at: datetime | None
    raised_at: datetime | None
    closed_at: datetime | None
    created_at: datetime
    input_hash: str
    ruleset_hash: str
    run: str

    @classmethod
    def of(cls, row: WarningRow) -> WarningOut:
        """The row as JSON."""
        return cls(
            id=row.id,
            episode=row.episode_id,
            enterprise=row.enterprise,
            town=row.town,
            state=row.state,
            grade=grade(row.grade),
            pending=grade(row.pending),
            due_signoff=row.due_signoff,
            auto=row.auto,
            unconfirmed=row.unconfirmed,
            confirmed_at=row.confirmed_at,
            issued_at=row.issued_at,
            raised_at=row.raised_at,
            closed_at=row.closed_at,
            created_at=row.created_at,
            input_hash=row.input_hash,
            ruleset_hash=row.ruleset_hash,
            run=row.run_id,
        )


class WarningsOut(BaseModel):
    """A page of warnings."""

    rows: list[WarningOut]
    next: str


class CaseOut(BaseModel):
    """A disposal case in one line. `stage`, `outcome`, `measure` in Chinese."""

    case_id: str
    number: str
    warning: str
    colour: Grade
    stage: str
    outcome: str
    measure: str
    unit: str
    due: datetime | None = Field(description="deadline of the step that waits first")
    over: bool
    issued_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, case: CaseLine) -> CaseOut:
        """The case as JSON."""
        return cls(
            case_id=case.case_id, number=case.number, warning=case.warning_id, colour=grade(case.colour),
            stage=case.stage, outcome=case.outcome, measure=case.measure, unit=case.unit_zh, due=case.due,
            over=case.over, issued_at=case.issued_at, closed_at=case.closed_at,
        )  # fmt: skip


class LineOut(BaseModel):
    """A row of the morning list."""

    warning: WarningOut
    name: str
    uscc: str
    shown: Grade
    displayed: Grade = Field(description="the shown grade, or what a person put over it")
    raw: Grade
    score: int
    coverage_bp: int
    case: CaseOut | None = Field(description="its disposal, where the reader may see it")

    @classmethod
    def of(cls, line: Line) -> LineOut:
        """The line as JSON."""
        return cls(
            warning=WarningOut.of(line.warning),
            name=line.name,
            uscc=line.uscc,
            shown=grade(line.standing.shown),
            displayed=grade(line.displayed),
            raw=grade(line.standing.raw),
            score=line.standing.score,
            coverage_bp=line.standing.coverage_bp,
            case=None if line.case is None else CaseOut.of(line.case),
        )


class FoundOut(BaseModel):
    """An enterprise that the search found beside the list."""

    enterprise: int
    name: str
    uscc: str
    town: str
    shown: Grade


class MorningOut(BaseModel):
    """A page of the morning list, what needs a person first."""

    rows: list[LineOut]
    next: str
    counts: dict[str, int] = Field(
        description="lines by colour under the same town, state and search, whatever the chosen colour"
    )
    waiting: int = Field(description="of these, lines that wait for a signature or a confirmation")
    others: list[FoundOut] = Field(description="found by the search, without a line in the list")
    too_many: bool = Field(description="the search met more enterprises than it looks at")

    @classmethod
    def of(cls, found: Morning) -> MorningOut:
        """The page as JSON."""
        return cls(
            rows=[LineOut.of(line) for line in found.rows],
            next=found.next,
            counts={GRADE_CODES[number]: found.counts.get(number, 0) for number in range(1, 5)},
            waiting=found.waiting,
            others=[
                FoundOut(
                    enterprise=one.enterprise, name=one.name, uscc=one.uscc, town=one.town,
                    shown=grade(one.shown),
                )
                for one in found.others
            ],
            too_many=found.too_many,
        )  # fmt: skip


class JudgementOut(BaseModel):
    """An override or a snooze."""

    id: str
    kind: str
    grade: Grade | None
    reason: str
    made_at: datetime
    expires_on: date

    @classmethod
    def of(cls, row: JudgementRow) -> JudgementOut:
        """The row as JSON."""
        return cls(
            id=row.id,
            kind=row.kind,
            grade=None if row.grade is None else grade(row.grade),
            reason=row.reason,
            made_at=row.made_at,
            expires_on=row.expires_on,
        )


class RunOut(BaseModel):
    """A run with the hashes by which it can be replayed."""

    id: str
    kind: str
    month: int
    as_of: date
    known_at: datetime
    state: str
    ruleset_hash: str
    input_hash: str
    sha256: str
    digest: str
    firms: int
    counts: dict[str, int]
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> RunOut:
        """The run as JSON."""
        return cls.model_validate(run, from_attributes=True)


class RunsOut(BaseModel):
    """A page of runs."""

    rows: list[RunOut]
    next: str


class GroupOut(BaseModel):
    """A group of the regional index. Trend: difference of the mean from three months before."""

    group: str
    firms: int
    mean_score: int
    trend: int | None
    counts: dict[str, int]
    shares_bp: dict[str, int]

    @classmethod
    def of(cls, line: IndexLine) -> GroupOut:
        """The line as JSON."""
        return cls(
            group=line.group,
            firms=line.firms,
            mean_score=line.mean_score,
            trend=None if line.before is None else line.mean_score - line.before,
            counts=dict(zip(GRADE_CODES, line.counts, strict=False)),
            shares_bp={
                code: count * 10_000 // line.firms
                for code, count in zip(GRADE_CODES, line.counts, strict=False)
            },
        )


class IndexOut(BaseModel):
    """The regional index of a month."""

    month: int
    by: str
    rows: list[GroupOut]
