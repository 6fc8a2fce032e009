"""What the runs ask of scoring, facts and rule sets, in their own terms; `api.bootstrap.risk` binds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import polars as pl

from api.risk.episodes.force import Row, Settled
from api.risk.model import RuleSetChoice, RuleSetRef, Run


class Scorer(Protocol):
    """A rule set applied to facts; the same facts and document give the same frame."""

    def score(self, document: Mapping[str, Any], facts: pl.DataFrame) -> pl.DataFrame:
        """One row per fact row, sorted by enterprise: `enterprise`, `month`, `tiers_a`, `tiers_b`, `missing`, `score`,
        `coverage_bp`, `raw_grade`, `out_of_range`; all Int64 but `month` (Int32), no nulls."""
        ...

    def digest(self, decisions: pl.DataFrame) -> str:
        """SHA-256 (hex) over the numbers of one month's decisions, whatever file they lie in."""
        ...

    def rates(self, document: Mapping[str, Any]) -> Collection[str]:
        """Ids of the points that compare shares, and of those that read such a point's tier: they move once a month."""
        ...

    def regraded(self, document: Mapping[str, Any], decisions: pl.DataFrame) -> pl.DataFrame:
        """The decisions with score and raw grade of the tiers that they carry now."""
        ...

    def checked(self, document: Mapping[str, Any]) -> RuleSetRef:
        """The document as rule set with its hash. Raises DomainError invalid for one that does not pass the lint."""
        ...


class FactSource(Protocol):
    """Facts and rows as they were known at a moment; everything is the same however often it is asked."""

    def snapshot(self, known_at: datetime) -> str:
        """SHA-256 (hex) over the accepted batches and files that were there at `known_at`."""
        ...

    def facts(
        self, month: int, as_of: date, known_at: datetime, enterprises: Sequence[int] | None = None
    ) -> pl.DataFrame:
        """One row per enterprise: `enterprise` Int64, `month` Int32 and the facts (Int64, null = unknown).

        Month facts are those of `month`; event facts reach up to `as_of`.
        """
        ...

    def rows(
        self,
        points: Mapping[int, Sequence[str]],
        document: Mapping[str, Any],
        month: int,
        as_of: date,
        known_at: datetime,
        settled: Mapping[int, Sequence[Settled]],
    ) -> Mapping[int, Sequence[Row]]:
        """The event rows behind the given points of each enterprise, with the digest of their content, the tier that each
        gives alone, and the tier that the point has without those that are settled on `as_of` (5: the point's own). A point
        that reads states has none."""
        ...

    def subjects(self, known_at: datetime) -> pl.DataFrame:
        """`enterprise` Int64, `name`, `uscc`, `town` (9 digits), `industry` String, one row per enterprise known then."""
        ...


class RuleSets(Protocol):
    """Published rule sets."""

    def in_force(self, on: date) -> RuleSetRef:
        """The published rule set that holds on a day. Raises not_found when there is none."""
        ...


class Versions(Protocol):
    """Versions of the rule set in any state: what can be measured before it is published."""

    def version(self, version_id: str) -> RuleSetRef:
        """A version by its id. Raises not_found."""
        ...

    def choices(self) -> Sequence[RuleSetChoice]:
        """What can be chosen, newest change first."""
        ...


class Directory(Protocol):
    """The register of enterprises."""

    def named(self, enterprises: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        """Name and unified social credit code of those that are known, by number; one question to the database."""
        ...

    def search(self, text: str, limit: int) -> Sequence[int]:
        """Enterprises whose name holds the text or whose code begins with it, at most `limit`; one question."""
        ...


@dataclass(frozen=True)
class Step:
    """A decision step for the chain's registry. kind: issue, raise, confirm, lift, close or reopen; hashes: 64 hex digits."""

    warning: str
    kind: str
    grade: int
    town_code: int
    input_hash: str
    rule_set_hash: str
    automatic: bool


class WarningSteps(Protocol):
    """Hands decision steps on to be signed and written on chain."""

    def take(self, session: Any, step: Step) -> object:
        """Queue the step in the caller's transaction."""
        ...


class Reasons(Protocol):
    """Why an enterprise's grade is what it is."""

    def explain(self, ruleset: RuleSetRef, run: Run, enterprise: int) -> Mapping[str, Any]:
        """The tree score → dimension → control point → condition → fact, as plain JSON values; empty for an enterprise
        without facts. `facts` describes every fact by name, `as_of`, `month`, `run` say of which run they are."""
        ...

    def behind(self, tree: Mapping[str, Any], enterprise: int, point: str) -> Sequence[FactRows]:
        """The accepted rows behind a control point's facts as the tree's run knew them, facts that read the same rows
        together. Raises not_found for a point that the tree does not have."""
        ...


@dataclass(frozen=True)
class Cell:
    """A column of a source row: its name and its value, both in Chinese and English."""

    zh: str
    en: str
    value_zh: str
    value_en: str


@dataclass(frozen=True)
class SourceRow:
    """An accepted row with the place in the raw file from which it came. `line`: 1 is the first data row.

    `probable`: matched by name only. `file`, `received_at`: empty where the batch is not known any more.
    """

    dataset: str
    zh: str
    en: str
    key: str
    when: str
    cells: Sequence[Cell]
    probable: bool
    batch: str
    line: int
    file: str
    received_at: datetime | None


@dataclass(frozen=True)
class FactRows:
    """Rows that these facts read, newest first; `more` were left out."""

    facts: Sequence[str]
    rows: Sequence[SourceRow]
    more: int


@dataclass(frozen=True)
class SourceStanding:
    """How fresh a dataset is. state: fresh, due, stale or never."""

    dataset: str
    zh: str
    en: str
    owner_zh: str
    owner_en: str
    state: str
    covered_end: date | None
    promised_until: date | None
    days_stale: int


class Sources(Protocol):
    """The departments' data as the file of an enterprise speaks of it."""

    def rows(
        self, facts: Sequence[str], enterprise: int, month: int, as_of: date, known_at: datetime
    ) -> Sequence[FactRows]:
        """Accepted rows behind the facts as they were known at a moment."""
        ...

    def standings(self, on: date) -> Sequence[SourceStanding]:
        """Every dataset of the catalogue, worst first; one question to the database."""
        ...

    def opened_by(self, account: str) -> Collection[str]:
        """Datasets whose batches the account may look at."""
        ...


class KnownFacts(Protocol):
    """Facts of one enterprise, the run that computed them, its day, and up to when it knew rows."""

    @property
    def run_id(self) -> str: ...
    @property
    def as_of(self) -> date: ...
    @property
    def known_at(self) -> datetime: ...
    @property
    def facts(self) -> Mapping[str, int | None]: ...


class Kept(Protocol):
    """Facts that runs left on the disk."""

    def newest(self, month: int, enterprise: int) -> KnownFacts | None:
        """What was computed last of an enterprise's month, by any run; None where nothing is kept."""
        ...

    def history(self, enterprise: int, months: Sequence[int]) -> Mapping[int, Mapping[str, int | None]]:
        """What monthly runs and later corrections computed, by month; one question to the database."""
        ...


@dataclass(frozen=True)
class CaseLine:
    """A disposal case as lists and files name it. `stage`, `outcome`, `measure` are Chinese message ids, empty for none.

    `due`: the deadline of the step that waits first, `over` whether it has passed.
    """

    case_id: str
    number: str
    warning_id: str
    colour: int
    stage: str
    outcome: str
    measure: str
    unit_zh: str
    unit_en: str
    due: datetime | None
    over: bool
    issued_at: datetime
    closed_at: datetime | None


class Cases(Protocol):
    """The disposal of warnings, as far as the person who asks may see it."""

    def of_enterprise(self, who: Any, enterprise: int) -> Sequence[CaseLine]:
        """An enterprise's cases, newest first."""
        ...

    def owned(self, who: Any, enterprise: int) -> bool:
        """Whether a unit for which the person acts answers for an open case of the enterprise."""
        ...

    def of_warnings(self, who: Any, warnings: Collection[str]) -> Mapping[str, CaseLine]:
        """Cases by warning; the number of questions does not grow with their number."""
        ...


class Places(Protocol):
    """Towns and subdistricts."""

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Chinese and English name by nine-digit code."""
        ...


class People(Protocol):
    """Staff."""

    def names(self, accounts: Collection[str]) -> Mapping[str, str]:
        """Names of those who are known, by account; one question to the database."""
        ...
