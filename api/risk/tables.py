"""Tables of runs, standings, episodes, warnings and what people decided about them. No personal data."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    column,
    table,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, JsonText, UtcDateTime
from api.risk.board.tables import TownEditionRow, TownRow
from api.risk.rulesets.repository import RuleSetRow

__all__ = ["RuleSetRow", "TownEditionRow", "TownRow"]
"""The tables of rule sets and towns belong to the slice's migrations, too."""

_KEY = BigInteger().with_variant(Integer, "sqlite")


class RunRow(Base):
    """One run. `slot` names what it computes: at most one run has it. A Parquet file counts only if a row names it."""

    __tablename__ = "risk_run"
    __table_args__ = (Index("ix_risk_run_kind_month", "kind", "month"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    slot: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    month: Mapped[int]
    as_of: Mapped[date] = mapped_column(Date)
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scope: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(10), index=True)
    ruleset_hash: Mapped[str] = mapped_column(String(64))
    input_hash: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    firms: Mapped[int]
    place: Mapped[int]
    counts: Mapped[Any] = mapped_column(JsonText)
    started_by: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FactsRow(Base):
    """Facts of a month as one Parquet file: a whole district's, or of a correction the enterprises that it computed again.

    `run_id` None: a past month that no run scored, computed for backtests.
    """

    __tablename__ = "risk_facts"
    __table_args__ = (Index("ix_risk_facts_month_made", "month", "made_at"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(String(26), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    month: Mapped[int]
    as_of: Mapped[date] = mapped_column(Date)
    known_at: Mapped[datetime] = mapped_column(UtcDateTime)
    firms: Mapped[int]
    file: Mapped[str] = mapped_column(String(80), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReplayRow(Base):
    """A run scored again: what a person asked and what came out. Append only."""

    __tablename__ = "risk_replay"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(26), index=True)
    same_bytes: Mapped[bool] = mapped_column(Boolean)
    same_numbers: Mapped[bool] = mapped_column(Boolean)
    same_input: Mapped[bool] = mapped_column(Boolean)
    stored: Mapped[str] = mapped_column(String(64))
    found: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class UsedRuleSetRow(Base):
    """A rule set as a run or a backtest used it: the document by its hash, so that the past can be replayed."""

    __tablename__ = "risk_used_ruleset"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    document: Mapped[Any] = mapped_column(JsonText)


class StandingRow(Base):
    """An enterprise as it stands now. `resting`: the next run changes nothing unless its tiers change; `quiet`: a daily
    run by the same rules doesn't."""

    __tablename__ = "risk_standing"
    __table_args__ = (Index("ix_risk_standing_list", "shown", "score"),)

    enterprise: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    town: Mapped[str] = mapped_column(String(9), index=True)
    industry: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    tiers_a: Mapped[int] = mapped_column(BigInteger)
    tiers_b: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[int]
    score: Mapped[int]
    coverage_bp: Mapped[int]
    raw: Mapped[int]
    effective: Mapped[int]
    shown: Mapped[int]
    resting: Mapped[bool] = mapped_column(Boolean)
    quiet: Mapped[bool] = mapped_column(Boolean, default=False)
    memory: Mapped[Any] = mapped_column(JsonText)
    month: Mapped[int]
    as_of: Mapped[date] = mapped_column(Date)
    run_id: Mapped[str] = mapped_column(String(26))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


STANDING = table(
    StandingRow.__tablename__,
    *(column(c.name, Text() if c.name == "memory" else c.type) for c in StandingRow.__table__.columns),
)
"""Standings with their memory as the text that is stored: a district's are compared and written, and seldom read."""


class EpisodeRow(Base):
    """One episode of an enterprise, from the first grade above none to closure."""

    __tablename__ = "risk_episode"
    __table_args__ = (UniqueConstraint("enterprise", "number"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    enterprise: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    opened_on: Mapped[date] = mapped_column(Date)
    grade: Mapped[int]
    lift: Mapped[int]
    clocks_from: Mapped[date] = mapped_column(Date)
    run_id: Mapped[str] = mapped_column(String(26))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str] = mapped_column(String(64))
    second: Mapped[str] = mapped_column(String(64))


class WarningRow(Base):
    """The warning of an episode. `grade`: what was issued (0 before); `pending`: what waits for a signature.

    `unconfirmed`: the rules issued it and no person has decided yet.
    """

    __tablename__ = "risk_warning"
    __table_args__ = (Index("ix_risk_warning_due", "pending", "due_signoff"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("risk_episode.id"), unique=True)
    enterprise: Mapped[int] = mapped_column(BigInteger, index=True)
    town: Mapped[str] = mapped_column(String(9), index=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    grade: Mapped[int]
    pending: Mapped[int]
    pending_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_signoff: Mapped[datetime | None] = mapped_column(UtcDateTime)
    auto: Mapped[bool] = mapped_column(Boolean)
    signed_by: Mapped[str] = mapped_column(String(64))
    unconfirmed: Mapped[bool] = mapped_column(Boolean, default=False)
    confirmed_by: Mapped[str] = mapped_column(String(64), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    raised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    input_hash: Mapped[str] = mapped_column(String(64))
    ruleset_hash: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SettledRow(Base):
    """A supporting row as it was dealt with; append only, the newest of a row holds."""

    __tablename__ = "risk_settled"

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    enterprise: Mapped[int] = mapped_column(BigInteger, index=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("risk_episode.id"), index=True)
    point: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(160))
    tier: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64))
    until: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(1000))
    settled_by: Mapped[str] = mapped_column(String(64))
    settled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChangeRow(Base):
    """The log: a grade that moved, and why (`run`, `correction`: grade changed by correction, `closure`, `reopening`)."""

    __tablename__ = "risk_change"
    __table_args__ = (Index("ix_risk_change_enterprise_no", "enterprise", "no"),)

    no: Mapped[int] = mapped_column(_KEY, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    as_of: Mapped[date] = mapped_column(Date)
    enterprise: Mapped[int] = mapped_column(BigInteger)
    month: Mapped[int]
    reason: Mapped[str] = mapped_column(String(12))
    run_id: Mapped[str | None] = mapped_column(String(26), index=True)
    raw_before: Mapped[int | None]
    raw_after: Mapped[int | None]
    shown_before: Mapped[int | None]
    shown_after: Mapped[int | None]


class PendingRow(Base):
    """An enterprise-month whose rows changed after it was scored, until a correction run takes it up.

    `reach`: how many enterprise-months the smallest delivery reached that named it; 0 from before this was noted.
    """

    __tablename__ = "risk_pending"

    enterprise: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reach: Mapped[int] = mapped_column(default=0)


class IndexRow(Base):
    """Regional index of a month: sums per group, so that means and shares of any union are exact."""

    __tablename__ = "risk_index"

    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by: Mapped[str] = mapped_column(String(10), primary_key=True)
    group: Mapped[str] = mapped_column(String(12), primary_key=True)
    firms: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    weighted: Mapped[int] = mapped_column(BigInteger)
    counts: Mapped[Any] = mapped_column(JsonText)


class JudgementRow(Base):
    """A person's override of the displayed grade or a snooze in the morning list; it never withholds a warning."""

    __tablename__ = "risk_judgement"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    enterprise: Mapped[int] = mapped_column(BigInteger, index=True)
    kind: Mapped[str] = mapped_column(String(10))
    grade: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(1000))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_on: Mapped[date] = mapped_column(Date)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ShadowRow(Base):
    """A rule set that is scored beside the live one for a period; nobody is warned by it. `stopped_at`: ended early."""

    __tablename__ = "risk_shadow"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    ruleset_hash: Mapped[str] = mapped_column(String(64))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    author: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(1000))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    stopped_by: Mapped[str] = mapped_column(String(64), default="")


class BacktestRow(Base):
    """A candidate against the live rule set over past months; above the stated capacity a second person must accept.

    A job: `done` of `total` months are compared, `progress` holds what they came to; `result` and `file` are there when
    `state` is finished. `known_at` is the moment up to which rows count, for months that have no facts yet.
    """

    __tablename__ = "risk_backtest"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    candidate_hash: Mapped[str] = mapped_column(String(64), index=True)
    live_hash: Mapped[str] = mapped_column(String(64))
    input_hash: Mapped[str] = mapped_column(String(64))
    first_month: Mapped[int]
    last_month: Mapped[int]
    capacity: Mapped[int]
    result: Mapped[Any] = mapped_column(JsonText)
    file: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    over_capacity: Mapped[bool] = mapped_column(Boolean)
    requested_by: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_by: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acceptance: Mapped[str] = mapped_column(String(1000), default="")
    state: Mapped[str] = mapped_column(String(10), index=True, default="finished")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    progress: Mapped[Any] = mapped_column(JsonText, default=dict)
    problem: Mapped[str] = mapped_column(String(80), default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
