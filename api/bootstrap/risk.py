"""Wires risk early warning: rules and facts to the runs, changed rows to corrections, decisions to events and the chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy.orm import Session

from api.bootstrap import risk_board, risk_pages
from api.bootstrap.risk_board import Board
from api.bootstrap.risk_rows import EventRows
from api.bootstrap.risk_rules import (
    MeasuredCandidates,
    Names,
    PublishedRules,
    RulesScorer,
    rule_set_exports,
    ruleset_of,
)
from api.kernel.clock import shanghai_day, utc_text
from api.kernel.errors import unavailable
from api.kernel.events import CaseClosed, CaseReopened, CaseVerified, RowsChanged
from api.kernel.ids import new_id
from api.risk import reading, repository
from api.risk.episodes.closure import Decided
from api.risk.episodes.force import Outcome, Row, Settled
from api.risk.facts import (
    AcceptedRows,
    FactParameters,
    affected_months,
    compute_facts,
    reference,
)
from api.risk.facts.datasets import DATASETS
from api.risk.facts.lexicon import fact_of
from api.risk.rulesets.exports import RuleSetExports
from api.risk.rulesets.service import RuleSetService
from api.risk.runs.decisions import DecisionFiles
from api.risk.runs.engine import Runs
from api.risk.runs.issuing import Issuing
from api.risk.runs.kept import KeptFacts
from api.risk.runs.replay import Replay
from api.risk.runs.trend import Trend
from api.risk.service.backtests import Backtests
from api.risk.service.desk import Desk
from api.risk.service.enterprise import EnterpriseFiles
from api.risk.service.exports import Exports
from api.risk.service.history import RunHistory
from api.risk.service.shadows import Shadows
from api.risk.service.warnings import Warnings
from api.risk.spec.delivered import delivered_document
from api.risk.spec.model import facts_of

if TYPE_CHECKING:
    from api.bootstrap.container import Container

REGISTER = "market_registry"
"""Dataset that the register of enterprises is made of."""
DISTRICT = "500107"
"""Place whose average wage bounds contribution bases."""


class DistrictFacts:
    """`FactSource` over accepted rows."""

    def __init__(self, container: Container) -> None:
        self._c = container
        self._register: tuple[bytes, pl.DataFrame] | None = None

    @property
    def _rows(self) -> AcceptedRows:
        exchange = getattr(self._c, "exchange", None)
        if exchange is None:
            raise unavailable("risk.exchange_missing")
        rows: AcceptedRows = exchange.accepted
        return rows

    def _subjects(self, known_at: datetime) -> pl.DataFrame:
        """The register as it was believed at a moment; all its versions are read again only when it changed."""
        exchange = getattr(self._c, "exchange", None)
        if exchange is None:
            raise unavailable("risk.exchange_missing")
        mark = self._rows.snapshot([REGISTER])
        if self._register is None or self._register[0] != mark:
            self._register = (mark, exchange.subjects.versions())
        moment = pl.lit(known_at)
        return (
            self._register[1]
            .filter(
                (pl.col("known_from") <= moment)
                & (pl.col("known_to").is_null() | (pl.col("known_to") > moment))
            )
            .drop("known_from", "known_to")
        )

    def snapshot(self, known_at: datetime) -> str:
        """Batches and files behind every dataset of the facts."""
        return self._rows.snapshot(sorted(DATASETS), known_at).hex()

    def _parameters(self, month: int, as_of: date, known_at: datetime) -> FactParameters:
        wage = self._c.parameters.average_monthly_wage(DISTRICT, as_of)
        if wage is None:
            raise unavailable("risk.average_wage_missing")
        return FactParameters(average_wage_fen=int(wage.monthly * 100), known_at=known_at)

    def _measured_by(self, month: int, as_of: date, known_at: datetime) -> FactParameters:
        """The parameters with the month's reference table."""
        plain = self._parameters(month, as_of, known_at)
        table = self._reference(month, as_of, known_at, plain)
        return replace(plain, injury_ppm=table["injury_ppm"], season_bp=table["season_bp"])

    def facts(
        self, month: int, as_of: date, known_at: datetime, enterprises: Sequence[int] | None = None
    ) -> pl.DataFrame:
        """Facts of all enterprises of the register, or of those that are named."""
        subjects, rows = self._subjects(known_at).sort("enterprise"), self._rows
        parameters = self._measured_by(month, as_of, known_at)
        if enterprises is not None:
            subjects = subjects.filter(pl.col("enterprise").is_in(list(enterprises)))
        return compute_facts(rows, subjects, month, as_of, parameters)

    def _reference(
        self, month: int, as_of: date, known_at: datetime, parameters: FactParameters
    ) -> Mapping[str, Mapping[str, int]]:
        """The month's reference table of the whole district's industries, frozen with its monthly run: computed once and
        kept.

        It follows from the run's own moment alone, so a file that is lost or was cut is only computed again.
        """
        with self._c.uow.read() as session:
            run = repository.run_by_slot(session, f"monthly/{month}")
        day, moment = (as_of, known_at) if run is None else (run.as_of, run.known_at)
        name = hashlib.sha256(f"{month} {day} {utc_text(moment)}".encode()).hexdigest()[:16]
        path = self._c.settings.data_dir / "risk" / "reference" / f"{month}-{name}.json"
        try:
            kept: Mapping[str, Mapping[str, int]] = json.loads(path.read_bytes())
            return kept
        except (FileNotFoundError, ValueError):
            pass
        frozen = replace(parameters, known_at=moment)
        table = reference(self._rows, self._subjects(moment).sort("enterprise"), month, day, frozen)
        made = {"injury_ppm": dict(table.injury_ppm), "season_bp": dict(table.season_bp)}
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{new_id()}")
        part.write_text(json.dumps(made, sort_keys=True), "utf-8")
        part.replace(path)
        return made

    def rows(
        self,
        points: Mapping[int, Sequence[str]],
        document: Mapping[str, Any],
        month: int,
        as_of: date,
        known_at: datetime,
        settled: Mapping[int, Sequence[Settled]],
    ) -> Mapping[int, Sequence[Row]]:
        """Event rows behind the points, and the point itself where it reads states as well."""
        subjects, parameters = self._subjects(known_at), self._measured_by(month, as_of, known_at)

        def facts(rows: AcceptedRows, of: Mapping[int, int]) -> pl.DataFrame:
            variants = pl.DataFrame(list(of.items()), schema=["variant", "enterprise"], orient="row")
            named = variants.join(subjects, on="enterprise", how="left", maintain_order="left")
            owners = named.select(pl.col("variant").alias("enterprise"), pl.col("industry").fill_null(""))
            return compute_facts(rows, owners, month, as_of, parameters)

        events = EventRows(self._rows, ruleset_of(document), facts)
        found = events.weighed(events.behind(points, month, as_of, known_at), settled, as_of)
        return {
            enterprise: [row for point in named for row in found[enterprise, point]]
            for enterprise, named in points.items()
        }

    def subjects(self, known_at: datetime) -> pl.DataFrame:
        """The register as it was believed at a moment."""
        return self._subjects(known_at).select("enterprise", "name", "uscc", "town", "industry")


class Supporting:
    """What the case of a warning asks when it closes: open rows, and settling them in the case's transaction."""

    def __init__(self, warnings: Warnings) -> None:
        self._warnings = warnings

    def open_rows(self, episode: str) -> Sequence[Row]:
        """Supporting rows that nobody has settled."""
        return self._warnings.open_rows(episode)

    def settle(
        self, session: Session, episode: str, rows: Sequence[Any], outcome: str, until: date | None,
        reason: str = "see the case",
    ) -> None:  # fmt: skip
        """Settle exactly these rows."""
        decided = [Decided(row.point, row.key, Outcome(outcome), until, reason) for row in rows]
        self._warnings.settle(session, episode, decided, "case")


class Risk:
    """The slice's services, each built on first use."""

    def __init__(self, container: Container) -> None:
        self._c = container
        self.folder = container.settings.data_dir / "risk"
        self.kept = KeptFacts(container.uow, self.folder / "facts")
        self.facts = DistrictFacts(container)
        self.scorer = RulesScorer()
        self.versions = RuleSetService(
            container.uow,
            container.clock,
            delivered_document(),
            Names(),
            MeasuredCandidates(lambda: self.backtests),
            risk_pages.StaffNames(container),
        )
        self.rulesets = PublishedRules(self.versions)
        self._swept = False

    @cached_property
    def issuing(self) -> Issuing:
        """Writes warnings; tells the registry on chain where one is bound."""
        steps = getattr(self._c.anchoring, "warnings", None)
        return Issuing(self._c.bus, self._c.recorder, steps, int(DISTRICT))

    @cached_property
    def runs(self) -> Runs:
        """Starts runs and brings them to their end."""
        return Runs(
            self._c.uow, self._c.clock, self.facts, self.scorer, self.rulesets,
            DecisionFiles(self.folder / "decisions"), self.kept, self.issuing,
        )  # fmt: skip

    @cached_property
    def trend(self) -> Trend:
        """Regional index over months, for the board."""
        return Trend(self._c.uow)

    @cached_property
    def replay(self) -> Replay:
        """Answers for the past."""
        return Replay(
            self._c.uow, self._c.clock, self.runs, self.facts, DecisionFiles(self.folder / "decisions")
        )

    @cached_property
    def warnings(self) -> Warnings:
        """Signatures, closure, judgements."""
        return Warnings(self._c.uow, self._c.clock, self.facts, self.issuing)

    @cached_property
    def supporting(self) -> Supporting:
        """For the disposal of warnings."""
        return Supporting(self.warnings)

    @cached_property
    def desk(self) -> Desk:
        """Lists."""
        return risk_pages.desk(self._c)

    @cached_property
    def files(self) -> EnterpriseFiles:
        """Enterprise files."""
        return risk_pages.files(self._c)

    @cached_property
    def exports(self) -> Exports:
        """What is taken out of them."""
        return risk_pages.exports(self._c)

    @cached_property
    def rule_set_exports(self) -> RuleSetExports:
        """What is taken out of the rule sets."""
        return rule_set_exports(self._c, self.versions)

    @cached_property
    def board(self) -> Board:
        """Map, trend, index, funnel, overview, towns, exports."""
        return risk_board.build(self._c, self.directory)

    @cached_property
    def backtests(self) -> Backtests:
        """Candidates."""
        return Backtests(
            self._c.uow, self._c.clock, self.facts, self.kept, self.scorer, self.rulesets,
            self.rulesets, self.folder / "backtests",
        )  # fmt: skip

    @cached_property
    def shadows(self) -> Shadows:
        """Rule sets beside the live one."""
        return Shadows(self._c.uow, self._c.clock, self.facts, DecisionFiles(self.folder / "decisions"))

    @cached_property
    def history(self) -> RunHistory:
        """What the pages of runs show."""
        return RunHistory(self._c.uow)

    @cached_property
    def directory(self) -> risk_pages.RegisterNames:
        """Names of enterprises."""
        return risk_pages.RegisterNames(self._c)

    def sweep_once(self) -> int:
        """Remove what processes that died left behind, once in the life of this process; how many files."""
        if self._swept:
            return 0
        self._swept = True
        return self.runs.sweep() + self.backtests.sweep()

    def points_of_datasets(self) -> Mapping[str, Sequence[str]]:
        """Ids of the control points of the rule set in force that read a dataset, by dataset."""
        ruleset = ruleset_of(self.rulesets.in_force(shanghai_day(self._c.clock.now())).document)
        found: dict[str, list[str]] = {}
        for point in ruleset.points:
            codes = {code for fact in facts_of(point) for code in fact_of(fact).datasets}
            for code in codes:
                found.setdefault(code, []).append(point.id)
        return found

    def highest_shown(self, enterprise: int, first: date, last: date) -> int:
        """The highest shown grade (0–4) between two days, both included."""
        with self._c.uow.read() as session:
            return reading.highest_shown(session, enterprise, first, last)

    def unwarned(self) -> Mapping[int, str]:
        """Enterprises without an open episode now, with their towns."""
        with self._c.uow.read() as session:
            return reading.without_episode(session)


def build(c: Container) -> Risk:
    """The slice's services."""
    return Risk(c)


def subscribe(c: Container) -> None:
    """Changed rows wait for a correction; what happens to a case happens to its warning in the same transaction."""

    def changed(session: Session, event: RowsChanged) -> None:
        months = repository.monthly_runs(session)
        computed = c.risk.kept.without_run(session)
        c.risk.kept.outdated(session, affected_months(event.dataset, event.pairs, computed))
        affected = affected_months(event.dataset, event.pairs, months)
        repository.add_pending(session, affected, c.clock.now())

    def closed(session: Session, event: CaseClosed) -> None:
        c.risk.warnings.case_closed(session, replace(event, outcome=_outcome(event.outcome)))

    def verified(session: Session, event: CaseVerified) -> None:
        c.risk.warnings.case_verified(session, replace(event, finding=_outcome(event.finding)))

    def reopened(session: Session, event: CaseReopened) -> None:
        c.risk.warnings.case_reopened(session, event)

    c.bus.subscribe(RowsChanged, changed)
    c.bus.subscribe(CaseClosed, closed)
    c.bus.subscribe(CaseVerified, verified)
    c.bus.subscribe(CaseReopened, reopened)


def _outcome(word: str) -> str:
    """Disposal's word for an outcome in this slice's words."""
    from api.bootstrap.disposal_risk import OUTCOMES

    return {str(disposed): own for disposed, own in OUTCOMES.items()}.get(word, word)
