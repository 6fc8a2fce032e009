"""What runs said of a month: the monthly run's decisions with those of later corrections laid over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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

    def before(self, run: RunRow) -> Mapping[tuple[int, int], int]:
        """Raw grades, as they were said last, of the enterprise-months that a correction scores again."""
        scope = run.scope["months"]
        months = [int(month) for month in scope]
        with self._uow.read() as session:
            monthly = list(repository.monthly_runs(session, months).values())
            since = min((row.started_at for row in monthly), default=run.started_at)
            others = [row for row in repository.corrections(session, since) if row.id != run.id]
        wanted = pl.DataFrame(
            [(enterprise, int(month)) for month, part in scope.items() for enterprise in part["enterprises"]],
            schema={"enterprise": pl.Int64, "month": pl.Int32},
            orient="row",
        )
        found: dict[tuple[int, int], int] = {}
        for row in [*monthly, *others]:
            frame = self._files.read(row.file, row.sha256).join(wanted, on=["enterprise", "month"])
            found |= {
                (e, m): raw for e, m, raw in frame.select("enterprise", "month", "raw_grade").iter_rows()
            }
        return found


def is_correction(run: RunRow) -> bool:
    """Whether the run scores changed enterprise-months only."""
    return run.kind == RunKind.CORRECTION.value
