"""A batch of decisions written in one transaction: changed standings, the log, episodes and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy.orm import Session

from api.risk import repository
from api.risk.episodes.force import Row, Settled
from api.risk.episodes.grading import Grading
from api.risk.model import Opened, RunKind
from api.risk.runs.fold import Folded, Folding, Seen, coloured
from api.risk.runs.issuing import Issuing
from api.risk.tables import RunRow

NUMBERS = ("tiers_a", "tiers_b", "missing", "score", "coverage_bp")
PLACE = ("town", "industry", "size")
_KINDS = {"resting": pl.Boolean, "quiet": pl.Boolean, "town": pl.String, "industry": pl.String}
"""Types of the columns of a standing that are no whole numbers."""


def with_places(decisions: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Decisions with town and industry, by enterprise and month; an enterprise without a subject stands in no town."""
    return (
        decisions.join(subjects, on="enterprise", how="left")
        .with_columns(pl.col("town", "industry").fill_null(""), pl.col("size").fill_null(0))
        .sort("enterprise", "month")
    )


def standings_frame(parts: Iterable[Sequence[Any]]) -> pl.DataFrame:
    """Rows of `repository.STANDING_NUMBERS`, some at a time, as a frame: column by column, which costs a third of rows."""
    names = repository.STANDING_NUMBERS
    empty = pl.DataFrame(schema={name: _KINDS.get(name, pl.Int64) for name in names})
    return pl.concat(
        [empty]
        + [
            pl.DataFrame(
                [
                    pl.Series(name, values, empty.schema[name])
                    for name, values in zip(names, zip(*rows, strict=True), strict=True)
                ]
            )
            for rows in parts
        ]
    )


def worth_folding(
    placed: pl.DataFrame, known: pl.DataFrame, settled: Sequence[int], *, quiet: bool
) -> pl.DataFrame:
    """The rows that can change a standing: the others say what it says already, and it waits for nothing.

    `known`: the standings (`standings_frame`). With `quiet` (a daily run by the rules of the run before) a standing that is
    marked quiet is passed over as well. Settled rows may lapse from one day to the next, so their enterprises are always
    looked at.
    """
    if not known.height:
        return placed
    joined = placed.with_columns(pl.col("raw_grade").alias("raw")).join(
        known, on="enterprise", how="left", suffix="_was", maintain_order="left"
    )
    same = pl.all_horizontal(
        *[
            (pl.col(name) == pl.col(f"{name}_was")).fill_null(value=False)
            for name in (*NUMBERS, "raw", *PLACE)
        ]
    )
    rests = pl.col("resting") | pl.col("quiet") if quiet else pl.col("resting")
    mine = pl.col("enterprise").is_in(pl.Series(list(settled), dtype=pl.Int64).implode())
    return joined.filter(~(same & rests.fill_null(value=False)) | mine).select(placed.columns)


@dataclass(frozen=True)
class Batch:
    """Decisions by enterprise, months ascending. `scored`: how many the batch stands for, those left out included."""

    enterprises: Sequence[int]
    seen: Mapping[int, Sequence[Seen]]
    grading: Grading
    scored: int

    @classmethod
    def of(cls, run: RunRow, placed: pl.DataFrame, scored: int, grading: Grading) -> Batch:
        """The rows of a run's decisions with their places (`with_places`)."""
        days = {int(month): date.fromisoformat(scope["as_of"]) for month, scope in _months(run).items()}
        seen: dict[int, list[Seen]] = {}
        daily = run.kind == RunKind.DAILY.value
        months = placed["month"].to_list()
        last = placed["last"].to_list() if "last" in placed.columns else [None] * len(months)
        said = placed.select("enterprise", *NUMBERS, pl.col("raw_grade").alias("raw"), *PLACE).to_dicts()
        for month, before, values in zip(months, last, said, strict=True):
            one = Seen(values, days.get(month, run.as_of), None if daily else month, month, before)
            seen.setdefault(values["enterprise"], []).append(one)
        return cls(sorted(seen), seen, grading, scored)


def _months(run: RunRow) -> Mapping[str, Any]:
    months: Mapping[str, Any] = run.scope.get("months", {})
    return months


def fold_rows(batch: Batch, settled: Mapping[int, Sequence[Settled]]) -> dict[int, list[str]]:
    """Coloured points with settled rows by enterprise: those whose rows must be looked at."""
    wanted: dict[int, list[str]] = {}
    for enterprise in batch.enterprises:
        if own := {item.point for item in settled.get(enterprise, ())}:
            points = own & {
                point
                for seen in batch.seen[enterprise]
                for point in coloured(seen.values["tiers_a"], seen.values["tiers_b"], batch.grading)
            }
            if points:
                wanted[enterprise] = sorted(points)
    return wanted


def fold_batch(
    session: Session,
    run: RunRow,
    batch: Batch,
    rows: Mapping[int, Sequence[Row]],
    folding: Folding,
    issuing: Issuing,
    now: datetime,
) -> dict[str, int]:
    """Write what the batch means; returns the run's counts so far."""
    correction, mark = run.kind == RunKind.CORRECTION.value, folding.newest
    standings = repository.standings(session, batch.enterprises)
    settled = repository.settled(session, batch.enterprises)
    by = {"month": run.month, "as_of": run.as_of, "run_id": run.id, "changed_at": now}
    counts = Counter(run.counts)
    counts["seen"] += batch.scored
    written: dict[int, dict[str, Any]] = {}
    opened: dict[int, Opened] = {}
    log: list[dict[str, Any]] = []
    for enterprise in batch.enterprises:
        standing = standings.get(enterprise)
        own, behind = settled.get(enterprise, ()), rows.get(enterprise, ())
        for seen in batch.seen[enterprise]:
            if standing is None and mark is not None and seen.of_month < mark[1]:
                continue  # an enterprise that was never scored in the newest month has nothing to correct
            done = folding.fold(standing, seen, own, behind)
            # Of the newest month the standing says what was said last: a daily run may have said it since the month's run.
            past = mark is not None and seen.of_month < mark[1]
            last = seen.last if past or (correction and standing is None) else done.raw_before
            if _moved(done, last, seen):
                counts["moved"] += 1
                log.append(_change(run, enterprise, seen, done, last, now))
            if done.values is not None:
                before: Mapping[str, Any] = standing or {"enterprise": enterprise}
                written[enterprise] = standing = {**before, **done.values, **by}
            if done.observed.opened:
                counts["opened"] += 1
                opened[enterprise] = issuing.open(
                    session, run, enterprise, seen.values["town"], done.observed, now
                )
            elif done.observed.raised_from is not None:
                counts["raised"] += 1
                if enterprise in opened:  # by an earlier month of the same correction
                    repository.write_opened(session, [opened.pop(enterprise)])
                issuing.raise_(session, run, enterprise, done.observed, now)
    counts["written"] += len(written)
    repository.write_opened(session, list(opened.values()))
    repository.write_standings(session, list(written.values()))
    repository.write_changes(session, log)
    return dict(counts)


def _moved(done: Folded, last: int | None, seen: Seen) -> bool:
    return done.observed.moved or (last is not None and last != seen.values["raw"])


def _change(
    run: RunRow, enterprise: int, seen: Seen, done: Folded, last: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "at": now,
        "as_of": run.as_of,
        "enterprise": enterprise,
        "month": seen.of_month,
        "reason": "correction" if run.kind == RunKind.CORRECTION.value else "run",
        "run_id": run.id,
        "raw_before": last,
        "raw_after": seen.values["raw"],
        "shown_before": done.observed.before,
        "shown_after": done.observed.state.shown,
    }
