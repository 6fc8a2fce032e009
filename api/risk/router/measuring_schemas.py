"""JSON of backtests, shadow runs and replays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.risk.model import Run
from api.risk.service.shadows import ShadowView
from api.risk.tables import BacktestRow

Month = Field(ge=200001, le=209912, description="YYYYMM")


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CandidateIn(_In):
    """The rule set to measure: the id of a version, or a document that is nowhere kept yet."""

    version: str | None = Field(None, max_length=26)
    document: dict[str, Any] | None = None


class BacktestIn(CandidateIn):
    """A candidate, the months, and the capacity it is measured against."""

    first_month: int = Month
    last_month: int = Month
    capacity: int = Field(ge=0, le=1_000_000, description="site visits per street and month")


class AcceptanceIn(_In):
    """Why more visits than the capacity are accepted."""

    reason: str = Field(min_length=1, max_length=1000)


class BacktestOut(BaseModel):
    """A backtest: queued, running (`done` of `total` months), finished, failed (`problem`) or cancelled.

    `result`: matrix `[live][candidate]` of grades none to red over all enterprise-months, number of moved ones, visits by
    town and month, and the town-months above the capacity.
    """

    id: str
    state: str
    done: int
    total: int
    problem: str
    candidate_hash: str
    live_hash: str
    input_hash: str
    first_month: int
    last_month: int
    capacity: int
    over_capacity: bool
    requested_at: datetime
    finished_at: datetime | None
    accepted_at: datetime | None
    acceptance: str
    result: dict[str, Any]

    @classmethod
    def of(cls, row: BacktestRow) -> BacktestOut:
        """The row as JSON."""
        return cls.model_validate(row, from_attributes=True)


class BacktestsOut(BaseModel):
    """A page of backtests."""

    rows: list[BacktestOut]
    next: str


class DifferencesOut(BaseModel):
    """Enterprise-months whose grade differs. `total`: of all pages; grades 0 none to 4 red."""

    total: int
    rows: list[dict[str, Any]]


class ShadowIn(CandidateIn):
    """A rule set beside the live one from one day to another, both included."""

    first_day: date
    last_day: date
    reason: str = Field(min_length=1, max_length=1000)


class ShadowRunOut(BaseModel):
    """One run beside a live run."""

    run: str
    beside: str
    as_of: date
    matrix: list[list[int]]
    moved: int


class ShadowOut(BaseModel):
    """A shadow rule set: waiting, running, ended or stopped."""

    id: str
    state: str
    ruleset: str
    version: str
    ruleset_hash: str
    first_day: date
    last_day: date
    reason: str
    stopped_at: datetime | None
    matrix: list[list[int]]
    runs: list[ShadowRunOut]

    @classmethod
    def of(cls, view: ShadowView) -> ShadowOut:
        """The view as JSON."""
        row = view.row
        runs = [
            ShadowRunOut(
                run=one.run.id, beside=one.beside, as_of=one.run.as_of,
                matrix=[list(line) for line in one.matrix], moved=one.moved,
            )
            for one in view.runs
        ]  # fmt: skip
        return cls(
            id=row.id, state=view.state, ruleset=view.name, version=view.version,
            ruleset_hash=row.ruleset_hash, first_day=row.first_day, last_day=row.last_day,
            reason=row.reason, stopped_at=row.stopped_at, matrix=view.matrix, runs=runs,
        )  # fmt: skip


class ReplayOut(BaseModel):
    """A run scored again: equal bytes, equal numbers, and whether the rows behind it are still those of then."""

    run_id: str
    same_bytes: bool
    same_numbers: bool
    same_input: bool
    stored: str
    found: str


class RunDetailOut(BaseModel):
    """A run with its rule set and the digests of the facts that it kept."""

    run: dict[str, Any]
    ruleset: str
    version: str
    facts: list[dict[str, Any]]

    @classmethod
    def of(cls, run: Run, name: str, version: str, facts: list[dict[str, Any]]) -> RunDetailOut:
        """The file as JSON."""
        return cls(run=vars(run), ruleset=name, version=version, facts=facts)
