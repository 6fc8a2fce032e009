"""Runs, step by step: every step is one transaction, so a run that dies goes on where it was and warns nobody twice.

opened → (facts, tiers, file on disk) → scored → (batches of standings, episodes, warnings) → folded → finished.
The file is written before the row names it; a batch and the place it reached are one transaction; one episode of an
enterprise has one number and one warning, and the database holds both unique.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import conflict, invalid, not_found
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.force import Row
from api.risk.episodes.grading import Grading, previous_month
from api.risk.model import Run, RunKind, RunState
from api.risk.ports import FactSource, RuleSets, Scorer
from api.risk.runs import regional
from api.risk.runs.daily import hold_rates
from api.risk.runs.decisions import DecisionFiles
from api.risk.runs.fold import Folding
from api.risk.runs.folding import (
    Batch,
    fold_batch,
    fold_rows,
    standings_frame,
    with_places,
    worth_folding,
)
from api.risk.runs.issuing import ENGINE, Issuing
from api.risk.runs.kept import KEPT_DAYS, ORPHAN_SECONDS, KeptFacts
from api.risk.runs.said import Said, holders, is_correction
from api.risk.tables import RunRow

BATCH = 12_000
"""Enterprises written in one transaction."""
LOOK = 5
"""So many batches of enterprises are compared at a time; those that have nothing to learn cost little more than that."""
PART = 100_000
"""Enterprise-months of one correction; a register's first delivery reaches every month of the district and comes in parts."""
SMALL = 5_000
"""A delivery that reaches no more enterprise-months is small: its enterprises don't wait behind a register."""
AHEAD = "correction/ahead/"
"""Slots of corrections that went before others; the next one takes from what waited longer."""


class Runs:
    """Starts runs and brings them to their end."""

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        facts: FactSource,
        scorer: Scorer,
        rulesets: RuleSets,
        files: DecisionFiles,
        kept: KeptFacts,
        issuing: Issuing,
        batch: int = BATCH,
        part: int = PART,
        small: int = SMALL,
    ) -> None:
        self._uow, self._clock = uow, clock
        self._facts, self._scorer, self._rulesets = facts, scorer, rulesets
        self._files, self._kept, self._issuing, self._batch = files, kept, issuing, batch
        self._part, self._small = part, small
        self._said = Said(uow, files)
        self._read = lru_cache(maxsize=2)(files.read)
        self._subjects: tuple[str, pl.DataFrame] | None = None
        self._last: tuple[str, pl.DataFrame] | None = None

    # -- starting

    def start_monthly(self, month: int, as_of: date, by: str = ENGINE) -> Run:
        """The run of a month's points as of a day, or the one that was started before. Raises conflict, invalid."""
        if not 1 <= month % 100 <= 12:
            raise invalid("risk.month_malformed", month=month)
        return self._start(f"monthly/{month}", RunKind.MONTHLY, month, as_of, by)

    def start_daily(self, as_of: date, by: str = ENGINE) -> Run:
        """The run of a day: latest month's points and the events up to today. Raises conflict."""
        with self._uow.read() as session:
            done = repository.monthly_runs(session)
        if not done:
            raise conflict("risk.no_monthly_run")
        return self._start(f"daily/{as_of.isoformat()}", RunKind.DAILY, max(done), as_of, by)

    def _start(self, slot: str, kind: RunKind, month: int, as_of: date, by: str) -> Run:
        with self._uow.read() as session:
            known = repository.run_by_slot(session, slot)
        if known is not None:
            return repository.run_of(known)
        known_at, ruleset = self._clock.now(), self._rulesets.in_force(as_of)
        snapshot = self._facts.snapshot(known_at)
        with self._uow() as session:
            newest = repository.newest_live(session)
            if newest is not None and newest.as_of > as_of:
                raise conflict("risk.run_out_of_order", newest=newest.as_of.isoformat())
            if newest is not None and newest.state != RunState.FINISHED.value:
                raise conflict("risk.run_in_progress", run=newest.id)
            repository.keep_ruleset(
                session, ruleset.name, ruleset.version, ruleset.hash, dict(ruleset.document)
            )
            over = holders(session, month) if kind is RunKind.DAILY else []
            scope = {"over": over} if over else {}
            row = self._row(slot, kind, month, as_of, known_at, by, scope, ruleset.hash, snapshot)
            session.add(row)
            session.flush()
            return repository.run_of(row)

    def start_correction(self, by: str = ENGINE) -> Run | None:
        """A run over the enterprise-months whose rows changed after they were scored; None when there are none.

        At most `part` of them, the oldest months first: more wait for the next correction. Where they wait, what small
        deliveries named goes first, every other time. The months of an enterprise are folded in their order in any case, so
        parts say what one large correction would have said. A month is judged by the rules that judged it, so that what changes
        is the work of the rows alone; the newest one by those of the newest run.
        """
        known_at = self._clock.now()
        snapshot = self._facts.snapshot(known_at)
        with self._uow() as session:
            newest = repository.newest_live(session)
            if newest is None or newest.state != RunState.FINISHED.value:
                return None
            done = repository.monthly_runs(session)
            rules = {month: row.ruleset_hash for month, row in done.items()}
            rules[newest.month] = newest.ruleset_hash
            turn = not repository.newest_correction(session).startswith(AHEAD)
            pending, ahead = repository.take_pending(session, rules, self._part, self._small if turn else 0)
            scope = {
                str(month): {
                    "as_of": (newest if month == newest.month else done[month]).as_of.isoformat(),
                    "enterprises": enterprises,
                }
                for month, enterprises in pending.items()
            }
            if not scope:
                return None
            run_id = new_id()
            row = self._row(
                f"{AHEAD if ahead else 'correction/'}{run_id}",
                RunKind.CORRECTION,
                newest.month,
                newest.as_of,
                known_at,
                by,
                {"months": scope},
                rules[min(pending)],
                snapshot,
            )
            session.add(row)
            session.flush()
            return repository.run_of(row)

    @staticmethod
    def _row(
        slot: str, kind: RunKind, month: int, as_of: date, known_at: Any, by: str, scope: Any,
        ruleset: str, snapshot: str,
    ) -> RunRow:  # fmt: skip
        return RunRow(
            id=new_id(), slot=slot, kind=kind.value, month=month, as_of=as_of, known_at=known_at,
            scope=scope, state=RunState.OPENED.value, ruleset_hash=ruleset, input_hash=snapshot, file="",
            sha256="", digest="", firms=0, place=-1, counts={}, started_by=by, started_at=known_at,
            finished_at=None,
        )  # fmt: skip

    # -- going on

    def complete(self, run_id: str) -> Run:
        """Bring a run to its end from wherever it is."""
        while self.advance(run_id):
            pass
        with self._uow.read() as session:
            row = repository.run(session, run_id)
            if row is None:
                raise not_found()
            return repository.run_of(row)

    def resume(self) -> int:
        """Complete every run that is not finished; how many there were."""
        done = 0
        while True:
            with self._uow.read() as session:
                rows = [row.id for row in repository.unfinished(session)]
            if not rows:
                return done
            for run_id in rows:
                self.complete(run_id)
                done += 1

    def advance(self, run_id: str) -> bool:
        """One step of a run; whether more are to come."""
        with self._uow.read() as session:
            row = repository.run(session, run_id)
            if row is None:
                raise not_found()
            run = row
            document = repository.used_ruleset(session, run.ruleset_hash).document
        match RunState(run.state):
            case RunState.OPENED:
                self._score(run, document)
            case RunState.SCORED:
                self._fold(run, document)
            case RunState.FOLDED:
                self._finish(run, document)
            case RunState.FINISHED:
                return False
        return True

    def decide(
        self, run: RunRow | Run, scope: Mapping[str, Any], document: Mapping[str, Any]
    ) -> pl.DataFrame:
        """The decisions of a run, from its own moment: the same whenever it is asked. Nothing that a run kept is read."""
        return self._judged(run, scope, document, self._facts_of(run, scope), again=True)

    def _facts_of(self, run: RunRow | Run, scope: Mapping[str, Any]) -> list[pl.DataFrame]:
        """The facts that a run reads, month by month, computed from the rows as it knew them."""
        months = scope.get("months")
        if not months:
            return [self._facts.facts(run.month, run.as_of, run.known_at, None)]
        return [
            self._facts.facts(
                int(month), date.fromisoformat(part["as_of"]), run.known_at, part["enterprises"]
            )
            for month, part in months.items()
        ]

    def _judged(
        self,
        run: RunRow | Run,
        scope: Mapping[str, Any],
        document: Mapping[str, Any],
        frames: Sequence[pl.DataFrame],
        *,
        again: bool = False,
    ) -> pl.DataFrame:
        parts = [self._score_month(document, facts) for facts in frames]
        decisions = pl.concat(parts) if len(parts) > 1 else parts[0]
        if over := scope.get("over"):
            month = self._said.month(run.month, over, run.ruleset_hash, self._by_rules(document, again=again))
            points, rates = Grading.of(document).points, self._scorer.rates(document)
            decisions = self._scorer.regraded(document, hold_rates(decisions, month, points, rates))
        return decisions.sort("month", "enterprise")

    def _by_rules(self, document: Mapping[str, Any], *, again: bool) -> Callable[[RunRow, int], pl.DataFrame]:
        """What a rule set says of a month on which a run of other rules decided: a tier means nothing under other rules.

        again: the facts are computed again where the run kept them.
        """

        def judge(row: RunRow, month: int) -> pl.DataFrame:
            facts = None if again else self._kept.frame_of_run(row.id, month)
            if facts is None:
                part = row.scope.get("months", {}).get(str(month))
                as_of = date.fromisoformat(part["as_of"]) if part else row.as_of
                facts = self._facts.facts(month, as_of, row.known_at, part["enterprises"] if part else None)
            return self._score_month(document, facts)

        return judge

    def _score_month(self, document: Mapping[str, Any], facts: pl.DataFrame) -> pl.DataFrame:
        size = (
            pl.col("staff").fill_null(0).cast(pl.Int64) if "staff" in facts.columns else pl.lit(0, pl.Int64)
        )
        sizes = facts.select("enterprise", size.alias("size"))
        return self._scorer.score(document, facts).join(sizes, on="enterprise", how="left")

    def digest(self, decisions: pl.DataFrame) -> str:
        """One hash over the numbers, month by month."""
        months = decisions.partition_by("month", maintain_order=True)
        return (
            self._scorer.digest(months[0])
            if len(months) == 1
            else regional.joined([self._scorer.digest(part) for part in months])
        )

    def _score(self, run: RunRow, document: Mapping[str, Any]) -> None:
        """Facts and decisions on the disk first, then both named in the transaction that moves the state."""
        shadow = run.kind == RunKind.SHADOW.value
        beside = self._kept.frame_of_run(run.scope["beside"], run.month) if shadow else None
        frames = [beside] if beside is not None else self._facts_of(run, run.scope)
        decisions = self._judged(run, run.scope, document, frames)
        digest = self.digest(decisions)
        kept = [] if shadow else [(frame, self._kept.write(frame)) for frame in frames if frame.height]
        name, sha256 = self._files.write(run.id, decisions)
        with self._uow() as session:
            row = repository.lock_run(session, run.id)
            if row is None or row.state != RunState.OPENED.value:
                return
            row.file, row.sha256, row.digest = name, sha256, digest
            row.firms = decisions["enterprise"].n_unique()
            row.state = (RunState.FOLDED if shadow else RunState.SCORED).value
            scopes = row.scope.get("months", {})
            for frame, file in kept:
                month = int(frame["month"][0])
                as_of = scopes.get(str(month), {}).get("as_of")
                self._kept.name(
                    session, file, run_id=row.id, kind=row.kind, month=month,
                    as_of=date.fromisoformat(as_of) if as_of else row.as_of, known_at=row.known_at,
                    now=self._clock.now(),
                )  # fmt: skip

    def subjects(self, run: RunRow) -> pl.DataFrame:
        """Town and industry by enterprise as the run knew them, read once a run."""
        if self._subjects is None or self._subjects[0] != run.id:
            frame = self._facts.subjects(run.known_at).select("enterprise", "town", "industry")
            self._subjects = (run.id, frame)
        return self._subjects[1]

    def _fold(self, run: RunRow, document: Mapping[str, Any]) -> None:
        decisions = self._read(run.file, run.sha256)
        grading = Grading.of(document)
        waiting = decisions.filter(pl.col("enterprise") > run.place)
        firms = waiting["enterprise"].unique().sort()
        end = firms[-1] if len(firms) else run.place
        far = firms[min(len(firms), LOOK * self._batch) - 1] if len(firms) else end
        placed = with_places(waiting.filter(pl.col("enterprise") <= far), self.subjects(run))
        if is_correction(run):
            said = self._before(run, decisions)
            placed = placed.join(said, on=["enterprise", "month"], how="left", maintain_order="left")
        else:
            placed = self._changed(run, placed)
        worth = placed["enterprise"].unique().sort()
        place = worth[self._batch - 1] if len(worth) > self._batch else far
        placed = placed.filter(pl.col("enterprise") <= place)
        scored = waiting.filter(pl.col("enterprise") <= place).height
        batch, shown_by = Batch.of(run, placed, scored, grading), self._shown_by(run)
        rows, mark = self._rows(run, document, batch)
        with self._uow() as session:
            row = repository.lock_run(session, run.id)
            if row is None or row.state != RunState.SCORED.value or row.place != run.place:
                return
            if repository.settled_mark(session) != mark:
                return  # an episode was closed meanwhile: read the rows again
            newest = repository.newest_live(session) if is_correction(run) else None
            of = None if newest is None else (newest.as_of, newest.month)
            folding = Folding(grading, of, shown_by)
            row.counts = fold_batch(session, row, batch, rows, folding, self._issuing, self._clock.now())
            row.place = place
            if place == end:
                row.state = RunState.FOLDED.value

    def _shown_by(self, run: RunRow) -> Grading | None:
        """The rules by which people see a grade, where a correction judged past months by the rules of then."""
        with self._uow.read() as session:
            newest = repository.newest_live(session)
            if newest is None or newest.ruleset_hash == run.ruleset_hash or not is_correction(run):
                return None
            return Grading.of(repository.used_ruleset(session, newest.ruleset_hash).document)

    def _before(self, run: RunRow, decisions: pl.DataFrame) -> pl.DataFrame:
        """What was said last of the enterprise-months of a correction, read once a run."""
        if self._last is None or self._last[0] != run.id:
            self._last = (run.id, self._said.before(run, decisions))
        return self._last[1]

    def _changed(self, run: RunRow, placed: pl.DataFrame) -> pl.DataFrame:
        """The decisions that a standing has anything to learn from.

        Nobody else changes a standing's numbers, and a closure between this look and the transaction changes the mark of
        the settlements, upon which everything is read again.
        """
        if not placed.height:
            return placed
        first, last = placed["enterprise"][0], placed["enterprise"][-1]
        with self._uow.read() as session:
            known = standings_frame(repository.standing_numbers(session, first, last))
            settled = repository.settled_enterprises(session, first, last)
            newest = repository.last_finished_live(session, run)
        same_rules = newest is not None and newest.ruleset_hash == run.ruleset_hash
        quiet = run.kind == RunKind.DAILY.value and same_rules
        return worth_folding(placed, known, settled, quiet=quiet)

    def _rows(
        self, run: RunRow, document: Mapping[str, Any], batch: Batch
    ) -> tuple[Mapping[int, Sequence[Row]], int]:
        """Rows behind coloured points that have settled rows, and how far settlements were read."""
        with self._uow.read() as session:
            mark = repository.settled_mark(session)
            settled = repository.settled(session, batch.enterprises)
        points = fold_rows(batch, settled)
        if not points:
            return {}, mark
        return self._facts.rows(points, document, run.month, run.as_of, run.known_at, settled), mark

    def _finish(self, run: RunRow, document: Mapping[str, Any]) -> None:
        decisions = self._read(run.file, run.sha256)
        extra: dict[str, int] = {}
        if run.kind == RunKind.SHADOW.value:
            with self._uow.read() as session:
                live = repository.run(session, run.scope["beside"])
            if live is None:
                raise not_found()
            extra = regional.moved(self._read(live.file, live.sha256), decisions)
        index = self._index(run, decisions)
        with self._uow() as session:
            row = repository.lock_run(session, run.id)
            if row is None or row.state != RunState.FOLDED.value:
                return
            now = self._clock.now()
            row.state, row.finished_at = RunState.FINISHED.value, now
            row.counts = {**row.counts, **extra}
            for month, rows in index.items():
                repository.write_index(session, month, rows)
            if row.kind in repository.LIVE:
                self._kept.retire(session, row.as_of - timedelta(days=KEPT_DAYS))
                self._open_shadows(session, row)

    def _index(self, run: RunRow, decisions: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
        """The regional index of the months of which the run says what holds from now on."""
        subjects = self.subjects(run)
        if run.kind == RunKind.MONTHLY.value:
            return {run.month: regional.index_rows(run.month, decisions, subjects)}
        if not is_correction(run):
            return {}
        months = [int(month) for month in run.scope["months"]]
        with self._uow.read() as session:
            runs = {month: [*holders(session, month), run.id] for month in months}
        return {
            month: regional.index_rows(month, self._said.month(month, runs[month]), subjects)
            for month in months
        }

    def _open_shadows(self, session: Session, live: RunRow) -> None:
        for shadow in repository.active_shadows(session, live.as_of):
            slot = f"shadow/{shadow.id}/{live.slot}"
            if repository.run_by_slot(session, slot) is None:
                row = self._row(
                    slot, RunKind.SHADOW, live.month, live.as_of, live.known_at, ENGINE, {},
                    shadow.ruleset_hash, live.input_hash,
                )  # fmt: skip
                row.started_at = self._clock.now()
                row.scope = {**live.scope, "beside": live.id}
                session.add(row)

    def sweep(self, *, older_than: float = ORPHAN_SECONDS) -> int:
        """Remove files of runs that died before they were named; for the start of the worker. Returns how many.

        Decision files bear the number of their run, which is there before its file; files of facts don't, so they wait.
        """
        with self._uow.read() as session:
            named = repository.named_files(session)
            named |= {f"{row.id}.parquet" for row in repository.unfinished(session)}
        return self._files.sweep(named) + self._kept.sweep(older_than=older_than)


def due_month(today: date) -> int:
    """The last whole month before `today`."""
    return previous_month(today.year * 100 + today.month)


def default_as_of(month: int) -> date:
    """The fifth of the month after: the day on which a past month is scored when none is given."""
    year, number = divmod(month, 100)
    return date(year + (number == 12), number % 12 + 1, 5)
