"""The two registers: every enterprise with its status, and those with a union."""

from __future__ import annotations

import polars as pl

from scripts.district.monthly import Moment


def market_registry(at: Moment) -> pl.DataFrame:
    """Everything ever registered until now, with its present status."""
    ended = pl.col("closes").is_not_null() & (pl.col("closes") <= at.position)
    struck = ((pl.col("story") == "closure_unpaid") & (pl.col("raw_age") >= 6)) | (
        (pl.col("story") == "fled_boss") & (pl.col("raw_age") >= 10)
    )
    moved = at.draws.share(500, "moved away")
    status = (
        pl.when(struck.fill_null(False))
        .then(pl.lit("revoked"))
        .when(ended & moved)
        .then(pl.lit("moved"))
        .when(ended)
        .then(pl.lit("cancelled"))
        .otherwise(pl.lit("open"))
    )
    rows = at.state.filter(pl.col("starts") <= at.position)
    columns = ("established_on", "industry", "address", "operating_address", "town")
    return rows.select(
        "serial",
        "uscc",
        "name",
        "legal_form",
        status.alias("status"),
        *columns,
        pl.col("established_on").alias("registered_on"),
    )


def union_state(at: Moment) -> pl.DataFrame:
    """Enterprises with a union or a mediation committee; the others are absent: nothing there."""
    until = pl.lit(at.month.last) + pl.duration(days=at.draws.column(900, "collective contract") - 200)
    contract = at.draws.share(7_000, "has collective contract")
    return at.at_work.filter(pl.col("has_union")).select(
        "serial",
        "uscc",
        "name",
        pl.lit(True).alias("has_union"),
        pl.when(contract).then(until.cast(pl.Date)).alias("collective_contract_until"),
        at.draws.share(6_500, "congress").alias("congress"),
        at.draws.share(8_000, "committee").alias("mediation_committee"),
        at.draws.share(9_000, "rules").alias("rules_published"),
    )


SNAPSHOTS = {"market_registry": market_registry, "union_state": union_state}
