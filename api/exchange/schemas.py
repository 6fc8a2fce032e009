"""JSON shapes of the exchange. Times are ISO 8601 in UTC, amounts of rejected rows stand as they were written."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.exchange.model import Batch, Column, Dataset, Progress, Quarantined
from api.exchange.texts import RULE_TEXTS, STAGE_TEXTS, TEXTS


class ColumnOut(BaseModel):
    """A column of a dataset's schema."""

    name: str
    type: str
    zh: str
    en: str
    nullable: bool
    values: dict[str, str]
    mask: str

    @classmethod
    def of(cls, column: Column) -> ColumnOut:
        """The column as JSON."""
        return cls(
            name=column.name,
            type=column.type.value,
            zh=column.zh,
            en=column.en,
            nullable=column.nullable,
            values=dict(column.values),
            mask=column.mask,
        )


class DatasetOut(BaseModel):
    """A dataset of the catalogue. `covered`: last day of the newest data period that was delivered."""

    code: str
    version: int
    zh: str
    en: str
    owner: str
    owner_zh: str
    owner_en: str
    kind: str
    grain: str
    key: list[str]
    frequency: str
    interval_days: int
    grace_days: int
    sensitivity: int
    basis_zh: str
    basis_en: str
    columns: list[ColumnOut]

    @classmethod
    def of(cls, what: Dataset) -> DatasetOut:
        """The dataset as JSON."""
        return cls(
            code=what.code,
            version=what.version,
            zh=what.zh,
            en=what.en,
            owner=what.owner.code,
            owner_zh=what.owner.zh,
            owner_en=what.owner.en,
            kind=what.kind.value,
            grain=what.grain.value,
            key=list(what.key),
            frequency=what.frequency,
            interval_days=what.interval_days,
            grace_days=what.grace_days,
            sensitivity=what.sensitivity,
            basis_zh=what.basis_zh,
            basis_en=what.basis_en,
            columns=[ColumnOut.of(column) for column in what.columns],
        )


class CountOut(BaseModel):
    """So many rows of a file break a rule in a column."""

    severity: str
    column: str
    rule: str
    value_class: str
    rows: int
    zh: str
    en: str

    @classmethod
    def of(cls, entry: Any) -> CountOut:
        """An entry of a batch's summary as JSON."""
        zh, en = RULE_TEXTS[entry["rule"]]
        return cls(**entry, zh=zh, en=en)


class ProblemOut(BaseModel):
    """Why a file was refused."""

    code: str
    zh: str
    en: str


class ProgressOut(BaseModel):
    """How far the worker is with a file."""

    stage: str = Field(description="queued, reading, validating, matching, comparing, writing")
    zh: str
    en: str
    rows_done: int | None = Field(description="of `rows_total`, in the stage validating; null elsewhere")
    rows_total: int | None
    attempt: int = Field(description="above 1: it was broken off and begun anew")
    at: datetime = Field(description="when the worker last said so")

    @classmethod
    def of(cls, found: Progress) -> ProgressOut:
        """The progress as JSON."""
        zh, en = STAGE_TEXTS[found.stage.value]
        done, total = (found.done, found.of) if found.of else (None, None)
        return cls(
            stage=found.stage.value,
            zh=zh,
            en=en,
            rows_done=done,
            rows_total=total,
            attempt=found.attempt,
            at=found.at,
        )


class BatchOut(BaseModel):
    """A file on its way."""

    id: str
    dataset: str
    schema_version: int
    state: str
    mode: str
    channel: str
    name: str
    sha256: str
    size: int
    received_at: datetime
    period_from: date | None
    period_to: date | None
    rows: int
    new: int
    changed: int
    same: int = Field(description="rows that were accepted already and are not doubled")
    ended: int = Field(description="keys that a snapshot ended")
    quarantined: int
    warned: int
    unmatched: int = Field(description="accepted rows whose enterprise was not found")
    findings: list[CountOut]
    problem: ProblemOut | None
    progress: ProgressOut | None = Field(description="in state checking")
    known_at: datetime | None
    withdrawn_at: datetime | None
    reason: str

    @classmethod
    def of(cls, batch: Batch) -> BatchOut:
        """The batch as JSON."""
        return cls(
            id=batch.id,
            dataset=batch.dataset,
            schema_version=batch.schema_version,
            state=batch.state.value,
            mode=batch.mode.value,
            channel=batch.landing.channel.value,
            name=batch.landing.name,
            sha256=batch.landing.sha256,
            size=batch.landing.size,
            received_at=batch.landing.received_at,
            period_from=batch.period_from,
            period_to=batch.period_to,
            rows=batch.rows,
            new=batch.new,
            changed=batch.changed,
            same=batch.same,
            ended=batch.ended,
            quarantined=batch.quarantined,
            warned=batch.warned,
            unmatched=batch.unmatched,
            findings=[CountOut.of(entry) for entry in batch.summary],
            problem=problem_of(batch),
            progress=None if batch.progress is None else ProgressOut.of(batch.progress),
            known_at=batch.known_at,
            withdrawn_at=batch.withdrawn_at,
            reason=batch.reason,
        )


def problem_of(batch: Batch) -> ProblemOut | None:
    """Why the batch was refused, in both languages; None when it was not."""
    if batch.problem is None:
        return None
    code, facts = str(batch.problem["code"]), batch.problem["facts"]
    zh, en = TEXTS[code]
    return ProblemOut(code=code, zh=zh.format(**facts), en=en.format(**facts))


class BatchesOut(BaseModel):
    """A page of batches, newest first."""

    batches: list[BatchOut]
    next: int | None = Field(description="`before` of the next page")


class FindingOut(BaseModel):
    """Why a cell was rejected; `value_class` says what stands there without repeating it."""

    column: str
    rule: str
    value_class: str
    zh: str
    en: str


class RowOut(BaseModel):
    """A rejected row with its cells as they were written."""

    id: int
    batch: str
    dataset: str
    row: int
    state: str
    cells: dict[str, str | None]
    findings: list[FindingOut]
    settled_at: datetime | None
    reason: str

    @classmethod
    def of(cls, row: Quarantined) -> RowOut:
        """The row as JSON."""
        found = []
        for finding in row.findings:
            zh, en = RULE_TEXTS[finding["rule"]]
            found.append(FindingOut(**finding, zh=zh, en=en))
        return cls(
            id=row.id,
            batch=row.batch_id,
            dataset=row.dataset,
            row=row.row,
            state=row.state.value,
            cells=dict(row.cells),
            findings=found,
            settled_at=row.settled_at,
            reason=row.reason,
        )


class RowsOut(BaseModel):
    """A page of rejected rows."""

    rows: list[RowOut]
    next: int | None = Field(description="`after` of the next page")


class ReasonIn(BaseModel):
    """Why something is taken back or let rest."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=400)


class PushIn(BaseModel):
    """Rows pushed by a department's system: column → text, whole number, Boolean or null; amounts as decimal text."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[str, str | int | bool | None]] = Field(max_length=20_000)
    mode: str = "append"
    trial: bool = False
    period_from: date | None = None
    period_to: date | None = None
