"""A batch of decisions written in one transaction: changed standings, the log, episodes and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import insert
from sqlalchemy.orm import Session

from api.risk import repository
from api.risk.episodes.force import Row, Settled
from api.risk.episodes.grading import Grading
from api.risk.model import RunKind
from api.risk.runs.fold import Folded, Seen, coloured, fold
from api.risk.runs.issuing import Issuing
from api.risk.tables import ChangeRow, RunRow

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
    """Decisions by enterprise, months ascending. `scored`: how many the batch stands for, those left out included.

    grading: of the rules that decided; shown_by: of those that say what people see, which differ for a past month only.
    """

    enterprises: Sequence[int]
    seen: Mapping[int, Sequence[Seen]]
    grading: Grading
    scored: int
    shown_by: Grading

    @classmethod
    def of(
        cls, run: RunRow, placed: pl.DataFrame, scored: int, grading: Grading, shown_by: Grading | None = None
    ) -> Batch:
        """The rows of a run's decisions with their places (`with_places`)."""
        days = {int(month): date.fromisoformat(scope["as_of"]) for month, scope in _months(run).items()}
        seen: dict[int, list[Seen]] = {}
        for row in placed.iter_rows(named=True):
            month = row["month"]
            seen.setdefault(row["enterprise"], []).append(
                Seen(
                    numbers={**{name: row[name] for name in NUMBERS}, "raw": row["raw_grade"]},
                    place={name: row[name] for name in PLACE},
                    as_of=days.get(month, run.as_of),
                    month=None if run.kind == RunKind.DAILY.value else month,
                    of_month=month,
                )
            )
        return cls(sorted(seen), seen, grading, scored, shown_by or grading)


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
                for point in coloured(seen.numbers["tiers_a"], seen.numbers["tiers_b"], batch.grading)
            }
            if points:
                wanted[enterprise] = sorted(points)
    return wanted


def fold_batch(
    session: Session,
    run: RunRow,
    batch: Batch,
    rows: Mapping[int, Sequence[Row]],
    before: Mapping[tuple[int, int], int],
    newest: RunRow | None,
    issuing: Issuing,
    now: datetime,
) -> dict[str, int]:
    """Write what the batch means; returns the run's counts so far."""
    correction = run.kind == RunKind.CORRECTION.value
    mark = (newest.as_of, newest.month) if correction and newest is not None else None
    known = repository.standings(session, batch.enterprises)
    settled = repository.settled(session, batch.enterprises)
    counts, log = Counter(run.counts), []
    counts["seen"] += batch.scored
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for enterprise in batch.enterprises:
        standing: Any = known.get(enterprise)
        for seen in batch.seen[enterprise]:
            own = settled.get(enterprise, [])
            if standing is None and mark is not None and seen.of_month < mark[1]:
                continue  # an enterprise that was never scored in the newest month has nothing to correct
            done = fold(standing, seen, own, rows.get(enterprise, ()), batch.grading, mark, batch.shown_by)
            # Of the newest month the standing says what was said last: a daily run may have said it since the month's run.
            past = mark is not None and seen.of_month < mark[1]
            said = before.get((enterprise, seen.of_month))
            last = said if past or (correction and standing is None) else done.raw_before
            if _moved(done, last, seen):
                counts["moved"] += 1
                log.append(_change(run, enterprise, seen, done, last, now))
            if done.values is not None:
                values = {"enterprise": enterprise, **done.values}
                values |= {"month": run.month, "as_of": run.as_of, "run_id": run.id, "changed_at": now}
                (new if enterprise not in known else old).append(values)
                standing = _After(standing, values)
            if done.observed.opened:
                counts["opened"] += 1
                issuing.open(session, run, enterprise, seen.place["town"], done.observed, now)
            elif done.observed.raised_from is not None:
                counts["raised"] += 1
                issuing.raise_(session, run, enterprise, done.observed, now)
    counts["written"] += len({values["enterprise"] for values in (*new, *old)})
    session.flush()
    repository.write_standings(session, _last(new), _last(old))
    if log:
        session.execute(insert(ChangeRow), log)
    return dict(counts)


class _After:
    """A standing with values that are not written yet, for the next month of the same correction."""

    def __init__(self, standing: Any, values: Mapping[str, Any]) -> None:
        self._standing, self._values = standing, values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._standing, name)


def _last(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per enterprise with every value that any of its rows has, the last one holding."""
    merged: dict[int, dict[str, Any]] = {}
    for row in rows:
        merged[row["enterprise"]] = merged.get(row["enterprise"], {}) | row
    shapes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in merged.values():
        shapes.setdefault(tuple(sorted(row)), []).append(row)
    return [row for same in shapes.values() for row in same]


def _moved(done: Folded, last: int | None, seen: Seen) -> bool:
    return done.observed.moved or (last is not None and last != seen.numbers["raw"])


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
        "raw_after": seen.numbers["raw"],
        "shown_before": done.observed.before,
        "shown_after": done.observed.state.shown,
    }
