"""Facts of safety (AQ01–AQ03): accidents, penalties and hazards, injuries and occupational diseases.

AQ03 compares cases ÷ staff with the industry's frozen mean in whole numbers: cases × 1,000,000 against staff × mean per
million.
"""

from __future__ import annotations

import polars as pl

from api.risk.facts.window import Columns, Part, Window

MILLION = 1_000_000


def parts(window: Window) -> list[Part]:
    """Accidents, penalties of emergency and environment, injuries and diseases of 12 months."""
    return [_accidents(window), _penalties(window), *_shut(window), *injury_parts(window)]


def facts(window: Window) -> Columns:
    """The expected number of cases by the industry's mean; unknown without a mean."""
    means = window.parameters.injury_ppm
    overall = means.get("")
    mean: pl.Expr = pl.lit(overall, pl.Int64)
    if sections := {section: value for section, value in means.items() if section}:
        mean = (
            pl.col("industry")
            .str.slice(0, 1)
            .replace_strict(sections, default=overall, return_dtype=pl.Int64)
        )
    known = pl.col("injury_cases_12m").is_not_null()
    return {
        "injury_scaled_12m": pl.col("injury_cases_12m") * MILLION,
        "injury_expected_12m": pl.when(known).then(pl.col("staff") * mean),
    }


def _accidents(window: Window) -> Part:
    names = ("accidents_12m", "accident_serious_12m", "accident_deaths_12m", "accident_loss_fen_12m")
    if not window.fresh("accident"):
        return Part(("accident",), names, None)
    worst = zip(names[1:], ("serious", "deaths", "loss_amount"), strict=True)
    frame = (
        window.events("accident", ("occurred_on", "deaths", "serious", "loss_amount"))
        .filter(window.since("occurred_on", months=12))
        .group_by("enterprise")
        .agg(
            pl.len().cast(pl.Int64).alias(names[0]),
            *[pl.col(column).max().fill_null(0).alias(name) for name, column in worst],
        )
    )
    return Part(("accident",), names, frame)


def _penalties(window: Window) -> Part:
    datasets = ("safety_penalty", "environment_penalty")
    names = ("safety_penalties_12m", "hazard_overdue_days", "production_stopped_12m")
    if not window.fresh(*datasets):
        return Part(datasets, names, None)
    columns = ("decided_on", "kind", "due_on", "fixed_on")
    rows = pl.concat([window.events(dataset, columns) for dataset in datasets])
    recent = window.since("decided_on", months=12)
    hazard = pl.col("kind") == "hazard"
    days = (pl.lit(window.end(*datasets)) - pl.col("due_on")).dt.total_days()
    frame = rows.group_by("enterprise").agg(
        (recent & ~hazard).sum().cast(pl.Int64).alias(names[0]),
        days.filter(hazard & window.open_until("fixed_on")).max().fill_null(0).clip(0).alias(names[1]),
        (recent & (pl.col("kind") == "stop")).any().cast(pl.Int64).alias(names[2]),
    )
    return Part(datasets, names, frame)


def _shut(window: Window) -> list[Part]:
    """One fact for each authority, so that one stale feed does not hide the other's order."""
    found = []
    for dataset, name in (
        ("safety_penalty", "safety_shut_12m"),
        ("environment_penalty", "environment_shut_12m"),
    ):
        if not window.fresh(dataset):
            found.append(Part((dataset,), (name,), None))
            continue
        frame = (
            window.events(dataset, ("decided_on", "kind"))
            .filter((pl.col("kind") == "shut") & window.since("decided_on", months=12))
            .group_by("enterprise")
            .agg(pl.lit(1, pl.Int64).alias(name))
        )
        found.append(Part((dataset,), (name,), frame))
    return found


def injury_parts(window: Window) -> list[Part]:
    """Injuries plus diseases; the fund's and the health commission's counts of the same diseases are not added."""
    datasets = ("si_injury", "occupational_disease")
    names = ("injury_cases_12m", "injury_cluster_30d")
    if not window.fresh(*datasets):
        return [Part(datasets, names, None)]
    recent = window.since("occurred_on", months=12)
    fund = (
        window.events("si_injury", ("occurred_on", "kind"))
        .filter(recent)
        .select(
            "enterprise", pl.col("occurred_on").alias("day"), pl.col("kind"), pl.lit(1, pl.Int64).alias("n")
        )
    )
    health = (
        window.events("occupational_disease", ("diagnosed_on", "persons"))
        .filter(window.since("diagnosed_on", months=12))
        .select(
            "enterprise",
            pl.col("diagnosed_on").alias("day"),
            pl.lit("health").alias("kind"),
            pl.col("persons").fill_null(1).alias("n"),
        )
    )
    rows = pl.concat([fund, health])
    kind = pl.col("kind")
    counted = rows.group_by("enterprise").agg(
        (
            pl.col("n").filter(kind == "injury").sum()
            + pl.max_horizontal(
                pl.col("n").filter(kind == "occupational").sum(), pl.col("n").filter(kind == "health").sum()
            )
        ).alias(names[0])
    )
    cluster = (
        # Injuries with injuries, diseases with diseases: one source's cases within 30 days.
        rows.group_by("enterprise", "kind", "day")
        .agg(pl.col("n").sum())
        .sort("enterprise", "kind", "day")
        .rolling(index_column="day", period="30d", group_by=["enterprise", "kind"])
        .agg(pl.col("n").sum())
        .group_by("enterprise")
        .agg(pl.col("n").max().alias(names[1]))
    )
    return [Part(datasets, names, counted.join(cluster, on="enterprise", how="left"))]
