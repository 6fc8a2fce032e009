"""What runs said of a month: the monthly run's decisions with those of later corrections laid over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl
from sqlalchemy.orm import Session

from api.infra.db import UnitOfWork
from api.risk import repository
from api.risk.model import RunKind
from api.risk.runs.decisions import DecisionFiles
from api.risk.tables import RunRow


def holders(session: Session, month: int) -> list[str]:
    """Ids of the finished runs that hold a month now, in the order in which they were started."""
    return [row.id for row in repository.holders(session, month)]


class Said:
    """Reads decision files; every file once a question."""

    def __init__(self, uow: UnitOfWork, files: DecisionFiles) -> None:
        self._uow, self._files = uow, files

    def month(
        self,
        month: int,
        runs: Sequence[str],
        rules: str = "",
        otherwise: Callable[[RunRow, int], pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """A month's decisions by these runs, the later one holding; sorted by enterprise.

        rules: hash of the rule set by which the month is asked for; `otherwise` says it for a run that had another one.
        """
        with self._uow.read() as session:
            rows = [row for run in runs if (row := repository.run(session, run)) is not None]
        frames = [
            self._files.read(row.file, row.sha256).filter(pl.col("month") == month)
            if otherwise is None or row.ruleset_hash == rules
            else otherwise(row, month)
            for row in rows
        ]
        merged = frames[0]
        for frame in frames[1:]:
            merged = pl.concat(
                [merged.join(frame, on="enterprise", how="anti"), frame.select(merged.columns)]
            )
        return merged.sort("enterprise")

    def before(self, run: RunRow, decisions: pl.DataFrame) -> pl.DataFrame:
        """`enterprise, month, last`: the raw grades, as they were said last, of the enterprise-months of a correction."""
        months = [int(month) for month in run.scope["months"]]
        with self._uow.read() as session:
            monthly = list(repository.monthly_runs(session, months).values())
            since = min((row.started_at for row in monthly), default=run.started_at)
            others = [row for row in repository.corrections(session, since) if row.id != run.id]
        wanted = decisions.select("enterprise", "month")
        place = ["enterprise", "month"]
        said = [
            self._files.read(row.file, row.sha256)
            .select(*place, pl.col("raw_grade").alias("last"))
            .join(wanted, on=place, how="semi")
            for row in [*monthly, *others]
        ]
        empty = wanted.clear().with_columns(pl.lit(None, pl.Int64).alias("last"))
        return pl.concat([empty, *said], how="vertical_relaxed").unique(
            place, keep="last", maintain_order=True
        )


def is_correction(run: RunRow) -> bool:
    """Whether the run scores changed enterprise-months only."""
    return run.kind == RunKind.CORRECTION.value
