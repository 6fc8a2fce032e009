"""The past again: a run's decisions scored from the rows as it knew them, and one enterprise's light in a month."""

from __future__ import annotations

import hashlib
from datetime import datetime

import polars as pl

from api.infra import audit
from api.infra.auth import Principal
from api.infra.db import UnitOfWork
from api.kernel.clock import Clock
from api.kernel.errors import not_found
from api.kernel.ids import new_id
from api.risk import repository
from api.risk.episodes.grading import Grading
from api.risk.model import Light, Replayed, RunState
from api.risk.ports import FactSource
from api.risk.runs.decisions import DecisionFiles, encoded
from api.risk.runs.engine import Runs
from api.risk.tables import ReplayRow, RunRow


class Replay:
    """Answers for the past; what was asked is kept, nothing else is written."""

    def __init__(
        self, uow: UnitOfWork, clock: Clock, runs: Runs, facts: FactSource, files: DecisionFiles
    ) -> None:
        self._uow, self._clock, self._runs = uow, clock, runs
        self._facts, self._files = facts, files

    def asked(self, who: Principal, run_id: str) -> Replayed:
        """`replay` for a person: kept with its outcome, audited. Raises not_found."""
        found = self.replay(run_id)
        with self._uow() as session:
            session.add(
                ReplayRow(
                    id=new_id(), run_id=run_id, same_bytes=found.same_bytes, same_numbers=found.same_numbers,
                    same_input=found.same_input, stored=found.stored, found=found.found,
                    asked_by=who.actor, asked_at=self._clock.now(),
                )
            )  # fmt: skip
            audit.record(session, who, "risk.run_replayed", "run", run_id, same=found.same_bytes)
        return found

    def replay(self, run_id: str) -> Replayed:
        """Score a run again as of its own moment and compare bytes and numbers. Raises not_found."""
        row, document = self._run(run_id)
        found = self._runs.decide(row, row.scope, document)
        sha256 = hashlib.sha256(encoded(found)).hexdigest()
        return Replayed(
            run_id=run_id,
            same_bytes=sha256 == row.sha256,
            same_numbers=self._runs.digest(found) == row.digest,
            same_input=self._facts.snapshot(row.known_at) == row.input_hash,
            stored=row.sha256,
            found=sha256,
        )

    def _run(self, run_id: str) -> tuple[RunRow, dict[str, object]]:
        with self._uow.read() as session:
            row = repository.run(session, run_id)
            if row is None or row.state == RunState.OPENED.value:
                raise not_found()
            return row, repository.used_ruleset(session, row.ruleset_hash).document

    def light(self, enterprise: int, month: int, known_at: datetime | None = None) -> Light:
        """What was said last of an enterprise's month (up to `known_at`): the monthly run or a later correction."""
        with self._uow.read() as session:
            rows = repository.runs_of_month(session, month, known_at)
        for row in rows:
            frame = self._files.read(row.file, row.sha256).filter(
                (pl.col("enterprise") == enterprise) & (pl.col("month") == month)
            )
            if frame.height:
                with self._uow.read() as session:
                    grading = Grading.of(repository.used_ruleset(session, row.ruleset_hash).document)
                said = frame.row(0, named=True)
                return Light(
                    row.id, enterprise, month, said["score"], said["coverage_bp"], said["raw_grade"],
                    grading.unpack(said["tiers_a"], said["tiers_b"]),
                )  # fmt: skip
        raise not_found()
