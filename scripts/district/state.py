"""What is true of every enterprise in one month, before any department writes it down, wrongly or rightly.

A month's state is a function of the enterprise and the month's position, never of the state before: months can be
made in any order.
"""

from __future__ import annotations

import polars as pl

from scripts.district.calendar import Month
from scripts.district.draws import Draws
from scripts.district.stories import MUTABLE, NEUTRAL, STORIES, effects

_BITS = 3


def _ages(position: int) -> list[pl.Expr]:
    lengths = {story.name: story.length for story in STORIES}
    after = {story.name: story.after for story in STORIES}
    raw = (position - pl.col("onset")) // pl.col("pace")
    last = pl.col("story").replace_strict(lengths, default=None, return_dtype=pl.Int64) - 1
    ends = pl.col("story").replace_strict(after, default=None, return_dtype=pl.String)
    age = pl.when(raw < 0).then(None).when(raw <= last).then(raw).when(ends != "neutral").then(last)
    return [age.alias("age"), raw.alias("raw_age")]


def _curves(master: pl.DataFrame, position: int) -> pl.LazyFrame:
    """The enterprises with their stories' curves at this position; neutral where there is none or it is muted."""
    frame = (
        master.lazy()
        .with_columns(_ages(position))
        .join(effects().lazy(), on=["story", "age"], how="left", maintain_order="left")
    )
    frame = frame.with_columns(pl.col(name).fill_null(neutral) for name, neutral in NEUTRAL.items())
    hidden = []
    for place, name in enumerate(MUTABLE):
        bits = (pl.col("muted") // (1 << (_BITS * place))) % (1 << _BITS)
        hidden.append(
            pl.when(bits == (1 << _BITS) - 1).then(NEUTRAL[name]).otherwise(pl.col(name)).alias(name)
        )
    return frame.with_columns(hidden)


def _season(month: Month, what: str) -> pl.Expr:
    """Ordinary seasons as a share in ten thousand: building rests in winter, cooling in summer, nobody works at the festival."""
    building, factory = pl.col("section") == "E", pl.col("section") == "C"
    rest, early = month.festival, month.before_festival
    if what == "staff":
        return pl.when(building).then(7_500 if rest or early else 10_300).otherwise(9_700 if rest else 10_000)
    if what == "payroll":
        return (
            pl.when(pl.col("section").is_in(["A", "B"])).then(10_000).otherwise(11_500 if early else 10_000)
        )
    summer = {6: 11_500, 7: 13_500, 8: 13_800, 9: 11_800, 12: 11_000, 1: 11_200}.get(month.month, 10_000)
    return pl.when(factory).then(9_000 + (summer - 10_000) // 3 + 1_000).otherwise(summer)


def _rest(draws: Draws, month: Month) -> pl.Expr:
    """What the festival leaves of a month's use: some keep running, some stop for a fortnight, each the same every year."""
    return 10_000 - (draws.column(3_201, "festival rest") + 1_200) * month.rest_share // 10_000


def _staff(draws: Draws, months: list[Month], position: int) -> pl.Expr:
    grown = pl.col("size") * (10_000 + pl.col("drift") * position // 36) // 10_000
    wobble = (
        pl.when(pl.col("size") >= 12)
        .then(9_700 + draws.column(601, "wobble", position // 3))
        .otherwise(10_000)
    )
    month = months[position] if position >= 0 else months[0].plus(position)
    # One remainder for all months: a season takes one of ten from one firm in ten of ten, not one from each.
    rest = draws.column(10_000, "staff remainder")
    shaped = (grown * wobble // 10_000 * _season(month, "staff") + rest) // 10_000
    shaped = pl.when(pl.col("size") >= 3).then(shaped).otherwise(pl.col("size")) * pl.col("staff") // 10_000
    alive = (
        (pl.col("starts") <= position)
        & (pl.col("closes").is_null() | (pl.col("closes") > position))
        & (pl.col("gone") == 0)
    )
    return pl.when(alive).then(shaped).otherwise(0)


def state(master: pl.DataFrame, draws: Draws, months: list[Month], position: int) -> pl.DataFrame:
    """The enterprises in the month at `position`: headcounts, wage sums (fen), usage shares, arrears; one row each."""
    month = months[position]
    before = (
        _curves(master, position - 1)
        .select(_staff(draws, months, position - 1).alias("staff_before"))
        .collect()
    )
    frame = _curves(master, position).with_columns(before["staff_before"])
    frame = frame.with_columns(_staff(draws, months, position).alias("workers"))
    raised = 10_000 + 45 * position
    wages = pl.col("workers") * pl.col("wage") * raised // 10_000
    shown = wages * pl.col("payroll") // 10_000 * _season(month, "payroll") // 10_000
    noise = 9_850 + draws.column(301, "payroll noise", position)
    usage = pl.col("power") * _season(month, "usage") // 10_000 * _rest(draws, month) // 10_000
    return frame.with_columns(
        (shown * noise // 10_000).alias("due_wages"),
        (wages // 10_000 * 10_000).alias("contract_wages"),
        usage.alias("usage"),
        draws.rounded(pl.col("workers"), pl.col("uninsured"), "uninsured persons", position // 6).alias("uninsured_persons"),
        draws.rounded(pl.col("workers"), pl.col("unsigned"), "unsigned persons", position // 6).alias("unsigned_persons"),
        draws.rounded(pl.col("workers"), pl.col("below"), "below persons", position // 6).alias("below_persons"),
        draws.rounded(pl.col("workers"), 600, "excluded persons", position // 3).alias("excluded_persons"),
    ).collect()  # fmt: skip
