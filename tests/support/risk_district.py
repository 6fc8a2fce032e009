"""A small district: facts are tiers by point as a test sets them, a rule set that packs them, runs over a real database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from api.infra.db import Database, UnitOfWork
from api.kernel.clock import FixedClock
from api.kernel.errors import invalid
from api.kernel.events import Bus, DomainEvent, EventDraft, EventRef
from api.risk.episodes.force import Row
from api.risk.episodes.grading import UNKNOWN, Grading
from api.risk.model import RuleSetChoice, RuleSetRef
from api.risk.runs.decisions import DecisionFiles
from api.risk.runs.engine import Runs
from api.risk.runs.issuing import Issuing
from api.risk.runs.kept import KeptFacts
from api.risk.runs.replay import Replay
from api.risk.service.backtests import Backtests
from api.risk.service.history import RunHistory
from api.risk.service.shadows import Shadows
from tests.support.risk_story import DOCUMENT, WEIGHTS, tiers

START = datetime(2026, 2, 5, 1, 0, tzinfo=UTC)
TOWNS = ("500107001", "500107002", "500107101")


class TierScorer:
    """Takes the facts `point:<id>` as tiers; everything else as a rule set does it."""

    def score(self, document: Mapping[str, Any], facts: pl.DataFrame) -> pl.DataFrame:
        grading = Grading.of(document)
        rows = []
        for row in facts.iter_rows(named=True):
            given = {
                point: UNKNOWN if row.get(f"point:{point}") is None else row[f"point:{point}"]
                for point in grading.points
            }
            first, second = grading.pack(given)
            graded = grading.grade(given)
            rows.append(
                {
                    "enterprise": row["enterprise"],
                    "month": row["month"],
                    "tiers_a": first,
                    "tiers_b": second,
                    "missing": sum(1 << i for i, p in enumerate(grading.points) if given[p] == UNKNOWN),
                    "score": graded.score,
                    "coverage_bp": sum(WEIGHTS[p] for p, tier in given.items() if tier != UNKNOWN),
                    "raw_grade": graded.grade,
                    "out_of_range": 0,
                }
            )
        types = dict.fromkeys(rows[0] if rows else (), pl.Int64) | {"month": pl.Int32}
        return pl.DataFrame(rows, schema=types).sort("enterprise")

    def digest(self, decisions: pl.DataFrame) -> str:
        names = [name for name in decisions.columns if name != "size"]
        return hashlib.sha256(decisions.select(sorted(names)).write_csv().encode()).hexdigest()

    def rates(self, document: Mapping[str, Any]) -> Sequence[str]:
        return list(document.get("rates", ()))

    def regraded(self, document: Mapping[str, Any], decisions: pl.DataFrame) -> pl.DataFrame:
        grading = Grading.of(document)
        graded = [
            grading.grade(grading.unpack(first, second))
            for first, second in decisions.select("tiers_a", "tiers_b").iter_rows()
        ]
        return decisions.with_columns(
            pl.Series("score", [one.score for one in graded], dtype=pl.Int64),
            pl.Series("raw_grade", [one.grade for one in graded], dtype=pl.Int64),
        )

    def checked(self, document: Mapping[str, Any]) -> RuleSetRef:
        if sum(point["weight_bp"] for point in document["points"]) != 10_000:
            raise invalid("risk.ruleset_weights")
        text = json.dumps(document, sort_keys=True)
        return RuleSetRef(
            document["id"], document["version"], hashlib.sha256(text.encode()).hexdigest(), document
        )


@dataclass
class Said:
    """Something that the departments said from a moment on."""

    at: datetime
    enterprise: int
    first: date
    last: date
    tiers: dict[str, int]
    rows: list[Row] = field(default_factory=list)


class Departments:
    """Facts by (enterprise, day), bitemporal: what was said later holds from the moment it was said."""

    def __init__(self, enterprises: Sequence[int]) -> None:
        self.enterprises = list(enterprises)
        self.said: list[Said] = []
        self.asked: list[tuple[int, tuple[int, ...] | None]] = []

    def say(
        self, at: datetime, enterprise: int, text: str, first: date = date(2000, 1, 1),
        last: date = date(2100, 1, 1), rows: Sequence[Row] = (),
    ) -> None:  # fmt: skip
        self.said.append(Said(at, enterprise, first, last, tiers(text), list(rows)))

    def _known(self, enterprise: int, on: date, known_at: datetime) -> Said | None:
        fitting = [
            s for s in self.said
            if s.enterprise == enterprise and s.first <= on <= s.last and s.at <= known_at
        ]  # fmt: skip
        return fitting[-1] if fitting else None

    def snapshot(self, known_at: datetime) -> str:
        known = [str(s) for s in self.said if s.at <= known_at]
        return hashlib.sha256("\n".join(known).encode()).hexdigest()

    def facts(
        self, month: int, as_of: date, known_at: datetime, enterprises: Sequence[int] | None = None
    ) -> pl.DataFrame:
        self.asked.append((month, None if enterprises is None else tuple(enterprises)))
        wanted = self.enterprises if enterprises is None else enterprises
        rows = []
        for enterprise in wanted:
            known = self._known(enterprise, as_of, known_at)
            given = tiers("") if known is None else known.tiers
            rows.append(
                {"enterprise": enterprise, "month": month, "staff": 10 * enterprise}
                | {f"point:{p}": None if t == UNKNOWN else t for p, t in given.items()}
            )
        types = {"month": pl.Int32} | {f"point:{p}": pl.Int64 for p in WEIGHTS}
        return pl.DataFrame(rows, schema_overrides=types)

    def rows(
        self, points: Mapping[int, Sequence[str]], document: Mapping[str, Any], month: int, as_of: date,
        known_at: datetime, settled: Mapping[int, Sequence[Any]] | None = None,
    ) -> Mapping[int, Sequence[Row]]:  # fmt: skip
        found = {}
        for enterprise, named in points.items():
            known = self._known(enterprise, as_of, known_at)
            found[enterprise] = [r for r in (known.rows if known else ()) if r.point in named]
        return found

    def subjects(self, known_at: datetime) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "enterprise": self.enterprises,
                "name": [f"示例企业{e}号" for e in self.enterprises],
                "uscc": [f"9100000000000{e:05d}" for e in self.enterprises],
                "town": [TOWNS[e % len(TOWNS)] for e in self.enterprises],
                "industry": ["C13" if e % 2 else "F51" for e in self.enterprises],
            },
            schema_overrides={"enterprise": pl.Int64},
        )

    def explain(
        self, document: Mapping[str, Any], enterprise: int, month: int, as_of: date, known_at: datetime
    ) -> Mapping[str, Any]:
        known = self._known(enterprise, as_of, known_at)
        return {"enterprise": enterprise, "points": {} if known is None else known.tiers}


class Published:
    """One rule set for ever; others that a test adds can be chosen by their version."""

    def __init__(self, scorer: TierScorer) -> None:
        self.ref = scorer.checked(DOCUMENT)
        self.others: dict[str, RuleSetRef] = {}

    def in_force(self, on: date) -> RuleSetRef:
        return self.ref

    def version(self, version_id: str) -> RuleSetRef:
        return self.others[version_id]

    def choices(self) -> list[RuleSetChoice]:
        return [
            RuleSetChoice(name, ref.version, "validated", "试行", ref.hash)
            for name, ref in self.others.items()
        ]


class Register:
    """Names of enterprises."""

    def named(self, enterprises: Sequence[int]) -> dict[int, tuple[str, str]]:
        return {e: (f"示例企业{e}号", f"9100000000000{e:05d}") for e in enterprises}


class Record:
    """Keeps evidence drafts; part of no database, so a test reads only what a committed step left (see `drafts`)."""

    def __init__(self) -> None:
        self.drafts: list[EventDraft] = []
        self.fail: bool = False

    def record(self, session: Any, draft: EventDraft) -> EventRef:
        if self.fail:
            raise RuntimeError("the recorder died")
        self.drafts.append(draft)
        return EventRef(draft.stream, len(self.drafts), "00" * 32, START)


class District:
    """Everything together, with short ways to run a month or a day."""

    def __init__(self, database: Database, folder: Path, firms: int = 6, batch: int = 4) -> None:
        self.database, self.folder, self.batch = database, folder, batch
        self.clock = FixedClock(START)
        self.departments = Departments(range(1, firms + 1))
        self.scorer = TierScorer()
        self.rulesets = Published(self.scorer)
        self.record = Record()
        self.events: list[DomainEvent] = []
        self.bus = Bus()
        self.issuing = Issuing(self.bus, self.record)
        self.files = DecisionFiles(folder / "decisions")
        self.kept = KeptFacts(UnitOfWork(database), folder / "facts")
        self.runs = self.process()

    def hear(self, *kinds: type[DomainEvent]) -> None:
        for kind in kinds:
            self.bus.subscribe(kind, lambda _session, event: self.events.append(event))

    def process(self, uow: Any = None) -> Runs:
        """A process that knows nothing of what another one had in memory."""
        return Runs(
            uow or UnitOfWork(self.database), self.clock, self.departments, self.scorer, self.rulesets,
            self.files, self.kept, self.issuing, self.batch,
        )  # fmt: skip

    def services(self, printer: Any = None) -> SimpleNamespace:
        """The slice's services as pages and API see them; without a typesetter reports are kept to be looked at."""
        from tests.support.risk_file import risk_of

        uow = UnitOfWork(self.database)
        return risk_of(
            self,
            printer,
            runs=self.runs,
            kept=self.kept,
            backtests=self.backtests(),
            shadows=Shadows(uow, self.clock, self.departments, self.files),
            history=RunHistory(uow),
            directory=Register(),
            replay=Replay(uow, self.clock, self.runs, self.departments, self.files),
        )

    def backtests(self) -> Backtests:
        """A process of its own that measures."""
        return Backtests(
            UnitOfWork(self.database), self.clock, self.departments, self.kept, self.scorer, self.rulesets,
            self.rulesets, self.folder / "backtests",
        )  # fmt: skip

    def at(self, day: date) -> None:
        self.clock.advance(datetime(day.year, day.month, day.day, 1, tzinfo=UTC) - self.clock.now())

    def month(self, month: int, day: date) -> Any:
        self.at(day)
        return self.runs.complete(self.runs.start_monthly(month, day).id)

    def today(self, day: date) -> Any:
        self.at(day)
        return self.runs.complete(self.runs.start_daily(day).id)

    def later(self, **delta: int) -> datetime:
        return self.clock.advance(timedelta(**delta))
