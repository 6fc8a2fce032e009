"""JSON shapes of an enterprise's file: reasons down to the row of a raw file, log, judgements, cases, sources. Times are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from api.risk.ports import Cell, FactRows, SourceRow, SourceStanding
from api.risk.schemas import CaseOut, Grade, JudgementOut, WarningOut, grade
from api.risk.tables import ChangeRow, SettledRow
from api.risk.views import Change, EnterpriseFile, Judged, PointFile


class ChangeOut(BaseModel):
    """An entry of the log. `correction`: grade changed by correction."""

    at: datetime
    month: int
    reason: str
    raw_before: Grade | None
    raw_after: Grade | None
    shown_before: Grade | None
    shown_after: Grade | None

    @classmethod
    def of(cls, row: ChangeRow) -> ChangeOut:
        """The row as JSON."""
        grades = {
            name: None if getattr(row, name) is None else grade(getattr(row, name))
            for name in ("raw_before", "raw_after", "shown_before", "shown_after")
        }
        return cls(at=row.at, month=row.month, reason=row.reason, **grades)


class SettledOut(BaseModel):
    """A row that is visible but without force while it gets no worse."""

    point: str
    key: str
    tier: Grade
    outcome: str
    until: date | None
    settled_at: datetime

    @classmethod
    def of(cls, row: SettledRow) -> SettledOut:
        """The row as JSON."""
        return cls(
            point=row.point,
            key=row.key,
            tier=grade(row.tier),
            outcome=row.outcome,
            until=row.until,
            settled_at=row.settled_at,
        )


class EpisodeOut(BaseModel):
    """An episode with its warning."""

    id: str
    number: int
    opened_on: date
    clocks_from: date
    grade: Grade
    repeated: bool = Field(description="it came within the window after the last closure: a level up")
    closed_at: datetime | None
    warning: WarningOut


class JudgedOut(JudgementOut):
    """An override or a snooze, one that holds no more too."""

    author: str = Field(description="name of the account; its id where the name is not known")
    state: str = Field(description="holds, expired or withdrawn")
    withdrawn_at: datetime | None

    @classmethod
    def of_judged(cls, judged: Judged) -> JudgedOut:
        """The judgement as JSON."""
        return cls(
            **JudgementOut.of(judged.row).model_dump(),
            author=judged.author or judged.row.author,
            state=judged.state,
            withdrawn_at=judged.row.withdrawn_at,
        )


class NearOut(BaseModel):
    """A nearest threshold: what the computed grade would be if one fact came to `to`."""

    point: str
    fact: str
    value: int
    to: int
    tier: str
    grade: str
    score: int
    better: bool

    @classmethod
    def of(cls, change: Change) -> NearOut:
        """The change as JSON."""
        return cls.model_validate(change, from_attributes=True)


class SourceOut(BaseModel):
    """How fresh a dataset is."""

    dataset: str
    zh: str
    en: str
    owner_zh: str
    owner_en: str
    state: str = Field(description="fresh, due, stale or never")
    covered_end: date | None
    promised_until: date | None
    days_stale: int

    @classmethod
    def of(cls, standing: SourceStanding) -> SourceOut:
        """The standing as JSON."""
        return cls.model_validate(standing, from_attributes=True)


class EnterpriseOut(BaseModel):
    """An enterprise's file. Source rows of a control point: `…/points/{point}`."""

    enterprise: int
    name: str
    uscc: str
    town: str
    industry: str
    score: int
    coverage_bp: int
    raw: Grade
    effective: Grade
    shown: Grade
    displayed: Grade
    tiers: dict[str, int] = Field(
        description="0 none, 1 blue, 2 yellow, 3 orange, 4 red, 5 unknown, 6 not applicable"
    )
    unknown_since: dict[str, date]
    month: int
    as_of: date
    run: str
    episodes: list[EpisodeOut]
    cases: list[CaseOut] = Field(description="those that the reader may see")
    log: list[ChangeOut]
    judgements: list[JudgedOut] = Field(description="newest first, expired and withdrawn ones too")
    settled: list[SettledOut]
    sources: list[SourceOut]
    nearest: list[NearOut] = Field(description="nearest single facts that would change the computed grade")
    differing: list[str] = Field(
        description="control points whose explained state is not the standing's: a run is under way"
    )
    explanation: dict[str, Any] = Field(
        description="score → dimensions → points → conditions with values → facts, with a sentence in both languages"
    )

    @classmethod
    def of(cls, file: EnterpriseFile) -> EnterpriseOut:
        """The file as JSON."""
        row = file.standing
        return cls(
            enterprise=row.enterprise, name=file.name, uscc=file.uscc, town=row.town, industry=row.industry,
            score=row.score, coverage_bp=row.coverage_bp, raw=grade(row.raw),
            effective=grade(row.effective), shown=grade(row.shown), displayed=grade(file.displayed),
            tiers=dict(file.tiers), unknown_since=row.memory["unknown_since"], month=file.month,
            as_of=file.as_of, run=row.run_id,
            episodes=[
                EpisodeOut(
                    id=episode.id, number=episode.number, opened_on=episode.opened_on,
                    clocks_from=episode.clocks_from, grade=grade(episode.grade), repeated=bool(episode.lift),
                    closed_at=episode.closed_at, warning=WarningOut.of(warning),
                )
                for episode, warning in file.episodes
            ],
            cases=[CaseOut.of(case) for case in file.cases],
            log=[ChangeOut.of(change) for change in file.log],
            judgements=[JudgedOut.of_judged(judged) for judged in file.judged],
            settled=[SettledOut.of(settled) for settled in file.settled],
            sources=[SourceOut.of(source) for source in file.sources],
            nearest=[NearOut.of(change) for change in file.changes],
            differing=list(file.differing),
            explanation=dict(file.explanation),
        )  # fmt: skip


class CellOut(BaseModel):
    """A column of a source row."""

    zh: str
    en: str
    value_zh: str
    value_en: str

    @classmethod
    def of(cls, cell: Cell) -> CellOut:
        """The cell as JSON."""
        return cls.model_validate(cell, from_attributes=True)


class SourceRowOut(BaseModel):
    """An accepted row and the place in the raw file from which it came."""

    dataset: str
    zh: str
    en: str
    key: str
    when: str
    cells: list[CellOut]
    probable: bool = Field(description="matched by name only; it can't make a point red")
    batch: str
    file: str
    line: int = Field(description="1 is the first data row of the file")
    received_at: datetime | None
    batch_page: str = Field(description="path of the batch, empty where the reader may not open it")

    @classmethod
    def of(cls, row: SourceRow, opened: frozenset[str]) -> SourceRowOut:
        """The row as JSON."""
        return cls(
            dataset=row.dataset, zh=row.zh, en=row.en, key=row.key, when=row.when,
            cells=[CellOut.of(cell) for cell in row.cells], probable=row.probable, batch=row.batch,
            file=row.file, line=row.line, received_at=row.received_at,
            batch_page=f"/exchange/batches/{row.batch}" if row.dataset in opened else "",
        )  # fmt: skip


class RowsOut(BaseModel):
    """Rows that these facts read, newest first."""

    facts: list[str]
    rows: list[SourceRowOut]
    more: int = Field(description="older rows that are not listed")

    @classmethod
    def of(cls, group: FactRows, opened: frozenset[str]) -> RowsOut:
        """The group as JSON."""
        return cls(
            facts=list(group.facts),
            rows=[SourceRowOut.of(row, opened) for row in group.rows],
            more=group.more,
        )


class PointOut(BaseModel):
    """A control point of an enterprise: conditions with their values, facts, and the rows behind them."""

    enterprise: int
    month: int
    as_of: date
    point: dict[str, Any]
    facts: dict[str, Any]
    behind: list[RowsOut]

    @classmethod
    def of(cls, file: PointFile) -> PointOut:
        """The point as JSON."""
        return cls(
            enterprise=file.enterprise, month=file.month, as_of=file.as_of, point=dict(file.point),
            facts={name: file.facts[name] for name in file.point["facts"]},
            behind=[RowsOut.of(group, file.opened) for group in file.behind],
        )  # fmt: skip
