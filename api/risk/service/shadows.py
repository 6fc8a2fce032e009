"""Shadow runs: a second rule set scored beside every run of a period; what would have been, and nobody is warned by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.grading import Grading
from api.risk.model import RuleSetRef, Run, RunState
from api.risk.ports import FactSource
from api.risk.rules import may_look, may_sign, written_reason
from api.risk.runs.backtest import moved_rows
from api.risk.runs.decisions import DecisionFiles
from api.risk.runs.regional import GRADES
from api.risk.service.backtests import cut
from api.risk.tables import ShadowRow

LONGEST = 370
"""Days of one period."""
BESIDE = 3
"""Rule sets that may run beside the live one at once: each scores the district again."""


@dataclass(frozen=True)
class ShadowRun:
    """A run of a shadow rule set beside a live run, and its moved-grade matrix `[live][shadow]`."""

    run: Run
    beside: str
    matrix: Sequence[Sequence[int]]

    @property
    def moved(self) -> int:
        """Enterprises whose grade differs."""
        return sum(n for i, row in enumerate(self.matrix) for j, n in enumerate(row) if i != j)


@dataclass(frozen=True)
class ShadowView:
    """A shadow rule set with its runs, newest first. `state`: waiting, running, ended or stopped."""

    row: ShadowRow
    state: str
    name: str
    version: str
    runs: Sequence[ShadowRun]

    @property
    def matrix(self) -> list[list[int]]:
        """All runs together."""
        return [[sum(one.matrix[i][j] for one in self.runs) for j in GRADES] for i in GRADES]


class Shadows:
    """Starts and stops them, and reads what came of them."""

    def __init__(self, uow: UnitOfWork, clock: Clock, facts: FactSource, files: DecisionFiles) -> None:
        self._uow, self._clock, self._facts, self._files = uow, clock, facts, files

    def start(self, who: Principal, candidate: RuleSetRef, first: date, last: date, reason: str) -> ShadowRow:
        """Score a candidate beside the live set from one day to another; audited.

        Raises invalid for a period that is over, reversed or too long, conflict when there are too many beside already.
        """
        may_sign(who.roles)
        text = written_reason(reason)
        today = shanghai_day(self._clock.now())
        if not first <= last <= first + timedelta(days=LONGEST) or last < today:
            raise invalid("risk.shadow_period", pointer="/last_day", days=LONGEST)
        with self._uow() as session:
            if len(repository.shadows_between(session, first, last)) >= BESIDE:
                raise conflict("risk.too_many_shadows", most=BESIDE)
            repository.keep_ruleset(
                session, candidate.name, candidate.version, candidate.hash, dict(candidate.document)
            )
            row = ShadowRow(
                id=new_id(), ruleset_hash=candidate.hash, first_day=first, last_day=last, author=who.actor,
                reason=text, made_at=self._clock.now(), stopped_at=None, stopped_by="",
            )  # fmt: skip
            session.add(row)
            audit.record(session, who, "risk.shadow_started", "shadow", row.id, candidate=candidate.hash)
            return row

    def stop(self, who: Principal, shadow_id: str) -> ShadowRow:
        """End it before its last day; what was scored stays. Audited. Raises not_found, conflict."""
        may_sign(who.roles)
        with self._uow() as session:
            row = session.get(ShadowRow, shadow_id, with_for_update=True)
            if row is None:
                raise not_found()
            if self._state(row) in ("ended", "stopped"):
                raise conflict("risk.shadow_ended")
            row.stopped_at, row.stopped_by = self._clock.now(), who.actor
            audit.record(session, who, "risk.shadow_stopped", "shadow", row.id)
            return row

    def listing(self, who: Principal) -> list[ShadowView]:
        """All of them, newest first, with their runs."""
        may_look(who.roles)
        with self._uow.read() as session:
            rows = repository.shadows(session)
            runs = repository.shadow_runs(session)
            names = repository.names_of_rulesets(session, {row.ruleset_hash for row in rows})
        return [self._view(row, names, runs) for row in rows]

    def get(self, who: Principal, shadow_id: str) -> ShadowView:
        """One of them. Raises not_found."""
        may_look(who.roles)
        with self._uow.read() as session:
            row = session.get(ShadowRow, shadow_id)
            if row is None:
                raise not_found()
            runs = repository.shadow_runs(session, shadow_id)
            names = repository.names_of_rulesets(session, {row.ruleset_hash})
        return self._view(row, names, runs)

    def differences(
        self, who: Principal, shadow_id: str, run_id: str, after: int, limit: int, **chosen: Any
    ) -> tuple[pl.DataFrame, int]:
        """Enterprises whose grade differs in one of its runs (empty: the newest), with reasons; see `Backtests.differences`."""
        view = self.get(who, shadow_id)
        found = next((one for one in view.runs if not run_id or one.run.id == run_id), None)
        if found is None:
            if run_id:
                raise not_found()
            return pl.DataFrame(), 0
        with self._uow.read() as session:
            live, shadow = repository.run(session, found.beside), repository.run(session, found.run.id)
            if live is None or shadow is None:
                raise not_found()
            rules = [repository.used_ruleset(session, row.ruleset_hash).document for row in (live, shadow)]
        was, would = (self._files.read(row.file, row.sha256) for row in (live, shadow))
        own, other = map(Grading.of, rules)
        towns = self._facts.subjects(self._clock.now()).select("enterprise", "town")
        moved = cut(moved_rows(was, would, towns, own, other), **chosen)
        return moved.slice(after, limit), moved.height

    def _view(self, row: ShadowRow, names: Mapping[str, tuple[str, str]], runs: Sequence[Any]) -> ShadowView:
        own = [run for run in runs if run.slot.startswith(f"shadow/{row.id}/")]
        done = [
            ShadowRun(repository.run_of(run), run.scope["beside"], _matrix(run.counts))
            for run in own
            if run.state == RunState.FINISHED.value
        ]
        return ShadowView(row, self._state(row), *names.get(row.ruleset_hash, ("", "")), done)

    def _state(self, row: ShadowRow) -> str:
        today = shanghai_day(self._clock.now())
        if row.stopped_at is not None:
            return "stopped"
        if today > row.last_day:
            return "ended"
        return "waiting" if today < row.first_day else "running"


def _matrix(counts: Mapping[str, int]) -> list[list[int]]:
    return [[counts.get(f"{i}-{j}", 0) for j in GRADES] for i in GRADES]
