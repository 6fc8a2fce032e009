"""A candidate rule set against the live one over past months: which grades move, for whom and why, and what it costs.

A site visit is due when an enterprise's grade reaches yellow from below, or rises above yellow (C.4: blue is answered by
the enterprise itself). More visits in a street and month than the stated capacity need a second person's acceptance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from api.risk.episodes.grading import FIRST_WORD, YELLOW, Grading
from api.risk.runs.regional import GRADES, matrix


@dataclass(frozen=True)
class Pair:
    """A month's decisions by the live and by the candidate set."""

    live: pl.DataFrame
    candidate: pl.DataFrame


@dataclass(frozen=True)
class Compared:
    """One month: moved-grade matrix `[live][candidate]`, one row per enterprise that moved, visits by street."""

    matrix: list[list[int]]
    moved: pl.DataFrame
    visits: list[dict[str, Any]]


def compare(
    month: Pair, before: Pair | None, towns: pl.DataFrame, live: Grading, candidate: Grading
) -> Compared:
    """Compare the scorings of a month; `before` is the month before it (None: there is none, and no visits are counted).

    `towns`: enterprise, town. `moved`: enterprise, month, town, live and candidate grade and score, and `reasons`:
    `point:before>after` of every point whose tier differs, or `score` when the same tiers count otherwise. `visits`:
    town, month, live, candidate.
    """
    visits: list[dict[str, Any]] = []
    if before is not None:
        both = _visits(before.live, month.live, towns, "live").join(
            _visits(before.candidate, month.candidate, towns, "candidate"),
            on=["town", "month"],
            how="full",
            coalesce=True,
        )
        visits = both.with_columns(pl.col("live", "candidate").fill_null(0)).sort("month", "town").to_dicts()
    moved = moved_rows(month.live, month.candidate, towns, live, candidate)
    return Compared(matrix(month.live, month.candidate), moved, visits)


@dataclass
class Tally:
    """What the compared months came to so far; small enough to be one JSON column."""

    matrix: list[list[int]] = field(default_factory=lambda: [[0 for _ in GRADES] for _ in GRADES])
    moved: int = 0
    visits: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    parts: list[list[str]] = field(default_factory=list)

    def add(self, month: int, found: Compared, facts: str, part: tuple[str, str]) -> None:
        """Add a month with the digest of its facts and the file of its moved rows."""
        for total, row in zip(self.matrix, found.matrix, strict=True):
            for place, count in enumerate(row):
                total[place] += count
        self.moved += found.moved.height
        self.visits += found.visits
        self.facts[str(month)] = facts
        self.parts.append(list(part))

    def result(self, capacity: int) -> dict[str, Any]:
        """The kept result: matrix, movements, visits by street and month, and where they exceed the capacity.

        A street is over when the candidate asks for more visits than the capacity and for more than the live set does.
        """
        over = [row for row in self.visits if row["candidate"] > capacity and row["candidate"] > row["live"]]
        return {
            "matrix": self.matrix,
            "moved": self.moved,
            "more_visits": sum(row["candidate"] - row["live"] for row in self.visits),
            "visits": self.visits,
            "over": over,
        }


def _visits(before: pl.DataFrame, now: pl.DataFrame, towns: pl.DataFrame, name: str) -> pl.DataFrame:
    last = before.select("enterprise", pl.col("raw_grade").alias("last"))
    risen = (
        now.select("enterprise", "month", "raw_grade")
        .join(last, on="enterprise", how="left")
        .filter((pl.col("raw_grade") >= YELLOW) & (pl.col("raw_grade") > pl.col("last").fill_null(0)))
    )
    placed = risen.join(towns, on="enterprise", how="left").with_columns(pl.col("town").fill_null(""))
    return placed.group_by("town", "month").agg(pl.len().cast(pl.Int64).alias(name))


def moved_rows(
    old: pl.DataFrame, new: pl.DataFrame, towns: pl.DataFrame, live: Grading, candidate: Grading
) -> pl.DataFrame:
    """Enterprises whose grade differs between two scorings of a month, with reasons; see `compare`."""
    columns = ["tiers_a", "tiers_b", "score", "raw_grade"]
    both = (
        old.select("enterprise", "month", *columns)
        .join(new.select("enterprise", "month", *columns), on=["enterprise", "month"], suffix="_new")
        .filter(pl.col("raw_grade") != pl.col("raw_grade_new"))
        .join(towns, on="enterprise", how="left")
    )
    shared = [point for point in live.points if point in candidate.points]
    differing = [
        pl.when(_tier(point, live, "") != _tier(point, candidate, "_new")).then(
            pl.format("{}:{}>{}", pl.lit(point), _tier(point, live, ""), _tier(point, candidate, "_new"))
        )
        for point in shared
    ]
    named = pl.concat_str(differing, separator=" ", ignore_nulls=True)
    return both.select(
        "enterprise",
        "month",
        pl.col("town").fill_null(""),
        pl.col("raw_grade").alias("live"),
        pl.col("raw_grade_new").alias("candidate"),
        pl.col("score").alias("live_score"),
        pl.col("score_new").alias("candidate_score"),
        pl.when(named == "").then(pl.lit("score")).otherwise(named).alias("reasons"),
    ).sort("enterprise")


def _tier(point: str, grading: Grading, suffix: str) -> pl.Expr:
    place = grading.points.index(point)
    second = place >= FIRST_WORD
    word = pl.col(("tiers_b" if second else "tiers_a") + suffix)
    power: int = 16 ** (place - FIRST_WORD * second)
    return (word // power) % 16
