"""A daily run: latest monthly tiers and today's events (domain C.3); a rate moves once a month.

A point that compares shares keeps the tier that the month's run, or a correction of it, gave: one case more today is an event,
not a new rate. A point that is unknown today says so, and one that the month did not know takes what today knows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from api.risk.episodes.grading import FIRST_WORD, RED

WORDS = ("tiers_a", "tiers_b")


def hold_rates(
    today: pl.DataFrame, month: pl.DataFrame, points: Sequence[str], rates: Collection[str]
) -> pl.DataFrame:
    """Today's decisions with the month's tiers of the rates; score and grade are still those of today's tiers.

    `points`: all points in the order of their numbers. An enterprise that the month does not have keeps today's.
    """
    then = month.select("enterprise", *[pl.col(word).alias(f"{word}_then") for word in WORDS])
    joined = today.join(then, on="enterprise", how="left", maintain_order="left")
    words = []
    for number, word in enumerate(WORDS):
        own = points[:FIRST_WORD] if number == 0 else points[FIRST_WORD:]
        moved = [_difference(word, 16**place) for place, point in enumerate(own) if point in rates]
        words.append(sum(moved, pl.col(word)).cast(pl.Int64).alias(word))
    return joined.with_columns(words).select(today.columns)


def _difference(word: str, power: int) -> pl.Expr:
    now, then = ((pl.col(name) // power) % 16 for name in (word, f"{word}_then"))
    held = (now <= RED) & (then <= RED)
    return pl.when(held).then((then - now) * power).otherwise(0)
