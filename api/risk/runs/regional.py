"""Frames that say something of many enterprises: regional index, moved grades between two scorings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import polars as pl

GRADES = range(5)


def joined(digests: Sequence[str]) -> str:
    """SHA-256 (hex) over digests in their order."""
    return hashlib.sha256("".join(digests).encode("ascii")).hexdigest()


def index_rows(month: int, decisions: pl.DataFrame, subjects: pl.DataFrame) -> list[dict[str, Any]]:
    """Sums of a month for the district, its towns and its industries (section letter).

    An enterprise without known staff counts as one person, so that it is not without weight.
    """
    whole = decisions.filter(pl.col("month") == month).join(subjects, on="enterprise", how="left")
    weight = pl.col("size").clip(lower_bound=1)
    named = whole.with_columns(
        pl.lit("").alias("all"),
        pl.col("town").fill_null(""),
        pl.col("industry").fill_null("").str.slice(0, 1),
        weight.alias("weight"),
    )
    rows: list[dict[str, Any]] = []
    for by in ("all", "town", "industry"):
        grouped = (
            named.group_by(by)
            .agg(
                pl.len().alias("firms"),
                pl.col("weight").sum().alias("size"),
                (pl.col("weight") * pl.col("score")).sum().alias("weighted"),
                *[(pl.col("raw_grade") == grade).sum().alias(str(grade)) for grade in GRADES],
            )
            .sort(by)
        )
        rows += [
            {
                "month": month,
                "by": by,
                "group": row[by],
                "firms": row["firms"],
                "size": row["size"],
                "weighted": row["weighted"],
                "counts": [row[str(grade)] for grade in GRADES],
            }
            for row in grouped.iter_rows(named=True)
        ]
    return rows


def matrix(live: pl.DataFrame, candidate: pl.DataFrame) -> list[list[int]]:
    """How many enterprise-months have grade `i` by the live and grade `j` by the candidate rule set."""
    pairs = (
        live.select("enterprise", "month", "raw_grade")
        .join(
            candidate.select("enterprise", "month", pl.col("raw_grade").alias("other")),
            on=["enterprise", "month"],
        )
        .group_by("raw_grade", "other")
        .len()
    )
    made = [[0 for _ in GRADES] for _ in GRADES]
    for old, new, count in pairs.iter_rows():
        made[old][new] = count
    return made


def moved(live: pl.DataFrame, candidate: pl.DataFrame) -> dict[str, int]:
    """The same as counts `from-to` of a run."""
    return {
        f"{old}-{new}": count
        for old, row in enumerate(matrix(live, candidate))
        for new, count in enumerate(row)
        if count
    }
