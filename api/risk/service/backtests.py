"""Backtests: a candidate rule set against the live one over past months, as a job that a process can leave and another take on.

Raw grades are compared (ADR 0091): they need no history, so a month says the same whoever scored the months before it. A job
goes month by month; each step writes a file of what moved and commits it together with the sums so far.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock, shanghai_day
from api.kernel.errors import DomainError, conflict, invalid, not_found
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.grading import Grading, previous_month
from api.risk.model import BacktestState, RuleSetChoice, RuleSetRef
from api.risk.ports import FactSource, RuleSets, Scorer, Versions
from api.risk.rules import may_look, may_sign, second_person, written_reason
from api.risk.runs.backtest import Pair, Tally, compare
from api.risk.runs.decisions import DecisionFiles
from api.risk.runs.engine import default_as_of
from api.risk.runs.kept import COMPUTED, KeptFacts
from api.risk.tables import BacktestRow

MOST = 60
"""Months of one backtest."""
OPEN = (BacktestState.QUEUED.value, BacktestState.RUNNING.value)


class Backtests:
    """Measures candidates; nothing of it touches a standing or a warning."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        facts: FactSource,
        kept: KeptFacts,
        scorer: Scorer,
        rulesets: RuleSets,
        versions: Versions,
        folder: Path,
    ) -> None:
        self._uow, self._clock, self._files = uow, clock, DecisionFiles(folder)
        self._facts, self._kept, self._scorer = facts, kept, scorer
        self._rulesets, self._versions = rulesets, versions
        self._last: tuple[str, int, Pair] | None = None

    # -- asking for one

    def choices(self, who: Principal) -> list[RuleSetChoice]:
        """Versions that can be measured."""
        may_look(who.roles)
        return list(self._versions.choices())

    def candidate(self, version: str | None, document: Mapping[str, Any] | None) -> RuleSetRef:
        """The rule set of a version's id or of a document itself. Raises invalid for neither, both, or one with errors."""
        if (version is None) == (document is None):
            raise invalid("risk.candidate_missing", pointer="/version")
        found = self._versions.version(version).document if version is not None else document
        return self._scorer.checked(found or {})

    def ask(self, who: Principal, candidate: RuleSetRef, first: int, last: int, capacity: int) -> BacktestRow:
        """Queue the comparison with the live rule set over the months from `first` to `last`; audited. Raises invalid."""
        may_sign(who.roles)
        months = months_between(first, last)
        now = self._clock.now()
        today = shanghai_day(now)
        if last > today.year * 100 + today.month:
            raise invalid("risk.month_ahead", pointer="/last_month", month=last)
        live = self._rulesets.in_force(today)
        with self._uow() as session:
            for used in (live, candidate):
                repository.keep_ruleset(session, used.name, used.version, used.hash, dict(used.document))
            row = BacktestRow(
                id=new_id(), candidate_hash=candidate.hash, live_hash=live.hash, input_hash="",
                first_month=first, last_month=last, capacity=capacity, result={}, file="", sha256="",
                over_capacity=False, requested_by=who.actor, requested_at=now, accepted_by="",
                accepted_at=None, state=BacktestState.QUEUED.value, done=0, total=len(months),
                progress=vars(Tally()),
            )  # fmt: skip
            session.add(row)
            audit.record(
                session, who, "risk.backtest_asked", "backtest", row.id, candidate=candidate.hash,
                months=len(months), capacity=capacity,
            )  # fmt: skip
            return row

    def cancel(self, who: Principal, backtest_id: str) -> BacktestRow:
        """Give up a backtest that is not finished; audited. Raises conflict."""
        may_sign(who.roles)
        with self._uow() as session:
            row = self._row(session.get(BacktestRow, backtest_id, with_for_update=True))
            if row.state not in OPEN:
                raise conflict("risk.backtest_ended")
            row.state, row.finished_at = BacktestState.CANCELLED.value, self._clock.now()
            audit.record(session, who, "risk.backtest_cancelled", "backtest", row.id)
            return row

    # -- the work

    def step_due(self) -> bool:
        """One month of the oldest open backtest; whether there was one."""
        with self._uow.read() as session:
            found = repository.open_backtest(session, OPEN)
        if found is None:
            return False
        self.step(found)
        return True

    def complete(self, backtest_id: str) -> BacktestRow:
        """Bring a backtest to its end in this process. Raises what ended it when it fails."""
        while self.step(backtest_id):
            pass
        with self._uow.read() as session:
            row = self._row(session.get(BacktestRow, backtest_id))
        if row.state == BacktestState.FAILED.value:
            raise conflict(row.problem)
        return row

    def step(self, backtest_id: str) -> bool:
        """One month, or the end after the last one; whether more is to come. A month that cannot be scored ends the job."""
        with self._uow.read() as session:
            row = self._row(session.get(BacktestRow, backtest_id))
        if row.state not in OPEN:
            return False
        try:
            if row.done < row.total:
                self._month(row)
            else:
                self._finish(row)
        except DomainError as error:
            with self._uow() as session:
                found = self._row(session.get(BacktestRow, backtest_id, with_for_update=True))
                found.state, found.problem = BacktestState.FAILED.value, error.code
                found.finished_at = self._clock.now()
            return False
        return True

    def _month(self, row: BacktestRow) -> None:
        months = months_between(row.first_month, row.last_month)
        month = months[row.done]
        live, candidate = self._documents(row)
        before = None
        if row.done:
            if self._last is None or self._last[:2] != (row.id, months[row.done - 1]):
                self._last = (row.id, months[row.done - 1], self._pair(row, months[row.done - 1]))
            before = self._last[2]
        elif row.total == 1 or self._kept.digest(previous_month(month)) is not None:
            # Visits are counted against the month before; without one the only month would cost nothing and always pass.
            before = self._pair(row, previous_month(month))
        pair = self._pair(row, month)
        towns = self._facts.subjects(self._clock.now()).select("enterprise", "town")
        found = compare(pair, before, towns, Grading.of(live), Grading.of(candidate))
        part = self._files.keep(f"{row.id}.{month}", found.moved)
        tally = Tally(**row.progress)
        tally.add(month, found, self._kept.digest(month) or "", part)
        with self._uow() as session:
            now = self._row(session.get(BacktestRow, row.id, with_for_update=True))
            if now.state not in OPEN or now.done != row.done:
                return
            now.progress, now.done = vars(tally), row.done + 1
            now.state = BacktestState.RUNNING.value
        self._last = (row.id, month, pair)

    def _finish(self, row: BacktestRow) -> None:
        tally = Tally(**row.progress)
        moved = pl.concat([self._files.read(name, sha256) for name, sha256 in tally.parts])
        name, sha256 = self._files.keep(row.id, moved)
        read = "".join(f"{month} {digest}\n" for month, digest in sorted(tally.facts.items()))
        with self._uow() as session:
            now = self._row(session.get(BacktestRow, row.id, with_for_update=True))
            if now.state not in OPEN:
                return
            now.result, now.file, now.sha256 = tally.result(row.capacity), name, sha256
            now.over_capacity = bool(now.result["over"])
            now.input_hash = hashlib.sha256(read.encode("ascii")).hexdigest()
            now.state, now.finished_at = BacktestState.FINISHED.value, self._clock.now()
            now.progress = vars(Tally())
        self._last = None
        self._files.drop(name for name, _sha256 in tally.parts)

    def _pair(self, row: BacktestRow, month: int) -> Pair:
        facts = self.facts(month, default_as_of(month), row)
        live, candidate = self._documents(row)
        return Pair(self._scorer.score(live, facts), self._scorer.score(candidate, facts))

    def facts(self, month: int, as_of: date, row: BacktestRow) -> pl.DataFrame:
        """The kept facts of a month; of one that no run scored they are computed now and kept."""
        found = self._kept.whole(month)
        if found is not None:
            return found
        frame = self._facts.facts(month, as_of, row.requested_at)
        file = self._kept.write(frame)
        with self._uow() as session:
            self._kept.name(
                session, file, run_id=None, kind=COMPUTED, month=month, as_of=as_of,
                known_at=row.requested_at, now=self._clock.now(),
            )  # fmt: skip
        return frame

    def _documents(self, row: BacktestRow) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        with self._uow.read() as session:
            live = repository.used_ruleset(session, row.live_hash).document
            return live, repository.used_ruleset(session, row.candidate_hash).document

    def sweep(self) -> int:
        """Remove files that no backtest names; how many."""
        with self._uow.read() as session:
            rows = repository.backtest_files(session, OPEN)
        named = {file for _id, file, _first, _last in rows if file}
        for row_id, file, first, last in rows:
            if not file:
                named.add(f"{row_id}.parquet")
                named |= {f"{row_id}.{month}.parquet" for month in months_between(first, last)}
        return self._files.sweep(named)

    # -- reading and accepting

    def get(self, who: Principal, backtest_id: str) -> BacktestRow:
        """One backtest. Raises not_found."""
        may_look(who.roles)
        with self._uow.read() as session:
            return self._row(session.get(BacktestRow, backtest_id))

    def listing(self, who: Principal, before: str, limit: int) -> list[BacktestRow]:
        """Backtests, newest first, from the one before the id `before` on."""
        may_look(who.roles)
        with self._uow.read() as session:
            return repository.backtests(session, before, limit)

    def named(self, hashes: set[str]) -> Mapping[str, tuple[str, str]]:
        """Name and version of used rule sets by hash."""
        with self._uow.read() as session:
            return repository.names_of_rulesets(session, hashes)

    def differences(
        self, who: Principal, backtest_id: str, after: int, limit: int, **chosen: Any
    ) -> tuple[pl.DataFrame, int]:
        """Enterprise-months that moved, with reasons, from row number `after` on, and how many there are in all.

        chosen: town, month, point (a point whose tier differs), direction (`up`, `down`), enterprise; absent ones don't cut.
        """
        row = self.get(who, backtest_id)
        if row.state != BacktestState.FINISHED.value:
            return pl.DataFrame(), 0
        found = cut(self._files.read(row.file, row.sha256), **chosen)
        return found.slice(after, limit), found.height

    def accept(self, who: Principal, backtest_id: str, reason: str) -> BacktestRow:
        """A second person accepts that streets get more visits than their capacity; audited. Raises conflict, forbidden."""
        may_sign(who.roles)
        text = written_reason(reason)
        with self._uow() as session:
            row = self._row(session.get(BacktestRow, backtest_id, with_for_update=True))
            if row.state != BacktestState.FINISHED.value or not row.over_capacity:
                raise conflict("risk.nothing_to_accept")
            second_person(row.requested_by, who.actor)
            if row.accepted_at is not None:
                raise conflict("risk.already_accepted")
            row.accepted_by, row.accepted_at, row.acceptance = who.actor, self._clock.now(), text
            audit.record(session, who, "risk.backtest_accepted", "backtest", row.id)
            return row

    def passed(self, candidate_hash: str) -> bool:
        """Whether a candidate was measured, and accepted where it exceeds a street's capacity: what publishing asks."""
        with self._uow.read() as session:
            row = repository.newest_backtest(session, candidate_hash)
        return row is not None and (not row.over_capacity or row.accepted_at is not None)

    def now(self) -> datetime:
        """The moment, UTC."""
        return self._clock.now()

    @staticmethod
    def _row(row: BacktestRow | None) -> BacktestRow:
        if row is None:
            raise not_found()
        return row


def cut(
    moved: pl.DataFrame,
    *,
    town: str = "",
    month: int | None = None,
    point: str = "",
    direction: str = "",
    enterprise: int | None = None,
) -> pl.DataFrame:
    """The rows that are asked for."""
    tests = []
    if town:
        tests.append(pl.col("town") == town)
    if month is not None:
        tests.append(pl.col("month") == month)
    if enterprise is not None:
        tests.append(pl.col("enterprise") == enterprise)
    if point:
        tests.append(pl.col("reasons").str.contains(f"{point}:", literal=True))
    if direction:
        up = pl.col("candidate") > pl.col("live")
        tests.append(up if direction == "up" else ~up)
    return moved.filter(*tests) if tests else moved


def months_between(first: int, last: int) -> list[int]:
    """All months from first to last, both included. Raises invalid `risk.period_malformed`."""
    if first > last or not all(1 <= month % 100 <= 12 for month in (first, last)):
        raise invalid("risk.period_malformed", most=MOST)
    found = [first]
    while found[-1] < last:
        year, month = divmod(found[-1], 100)
        found.append((year + 1) * 100 + 1 if month == 12 else found[-1] + 1)
        if len(found) > MOST:
            raise invalid("risk.period_malformed", most=MOST)
    return found
