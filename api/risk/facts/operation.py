"""Facts of operation and organs (JY01, JY03–JY05, ZZ01, ZZ02), and those that only the enterprise file shows."""

from __future__ import annotations

import polars as pl

from api.risk.facts.window import Part, Window, flag


def parts(window: Window) -> list[Part]:
    """Registers, courts, banks, unions, property and sites."""
    return [
        _penalties(window),
        _listed(window),
        _registry(window),
        _court(window),
        _loans(window),
        _union(window),
        window.latest(
            "property_month",
            {"rent_arrears_months": pl.col("rent_arrears_months"), "moved_out": flag("moved_out")},
        ),
        _sites(window),
    ]


def _penalties(window: Window) -> Part:
    names = ("market_penalties_12m", "market_penalties_fen_12m")
    if not window.fresh("market_penalty"):
        return Part(("market_penalty",), names, None)
    frame = (
        window.events("market_penalty", ("decided_on", "amount"))
        .filter(window.since("decided_on", months=12))
        .group_by("enterprise")
        .agg(pl.len().cast(pl.Int64).alias(names[0]), pl.col("amount").sum().alias(names[1]))
    )
    return Part(("market_penalty",), names, frame)


def _listed(window: Window) -> Part:
    names = ("market_abnormal_listed", "market_serious_listed")
    if not window.fresh("market_abnormal"):
        return Part(("market_abnormal",), names, None)
    frame = (
        window.events("market_abnormal", ("listed_on", "kind", "removed_on"))
        .filter(window.open_until("removed_on"))
        .group_by("enterprise")
        .agg(
            (pl.col("kind") == "abnormal").any().cast(pl.Int64).alias(names[0]),
            pl.col("kind").is_in(["serious", "revoked"]).any().cast(pl.Int64).alias(names[1]),
        )
    )
    return Part(("market_abnormal",), names, frame)


def _registry(window: Window) -> Part:
    names = ("registry_revoked", "registry_ended")
    if not window.fresh("market_registry"):
        return Part(("market_registry",), names, None)
    status = pl.col("status")
    values = (status == "revoked", status.is_in(["cancelled", "moved"]))
    frame = window.newest("market_registry", ("status",)).select(
        "enterprise",
        *[value.cast(pl.Int64).alias(name) for name, value in zip(names, values, strict=True)],
    )
    return Part(("market_registry",), names, frame)


def _court(window: Window) -> Part:
    names = (
        "court_debt_suits_6m",
        "court_enforcement_6m",
        "court_restricted_6m",
        "court_bankruptcy_6m",
        "court_missing_6m",
    )
    if not window.fresh("court_event"):
        return Part(("court_event",), names, None)
    kind = pl.col("kind")
    pending = window.open_until("ended_on")
    # Who could not be made to pay is a judgment debtor still, though the court has ended this round of enforcement.
    unpaid = (kind == "enforcement") & pl.col("unpaid_end").fill_null(value=False)
    kinds = (["enforcement"], ["dishonest", "limit", "seizure"], ["bankruptcy"], ["missing"])
    frame = (
        window.events("court_event", ("filed_on", "kind", "ended_on", "unpaid_end"))
        .filter(window.since("filed_on", months=6))
        .group_by("enterprise")
        .agg(
            # Suits count whether they ended or not; a status counts while it lasts.
            (kind == "debt").sum().cast(pl.Int64).alias(names[0]),
            *[
                (kind.is_in(found) & (pending | unpaid)).sum().cast(pl.Int64).alias(name)
                for name, found in zip(names[1:], kinds, strict=True)
            ],
        )
    )
    return Part(("court_event",), names, frame)


def _loans(window: Window) -> Part:
    none = pl.col("has_loan").eq(other=False)
    return window.latest(
        "bank_credit",
        {
            "loan_has": flag("has_loan"),
            "loan_overdue_days": pl.when(none).then(pl.lit(0, pl.Int64)).otherwise(pl.col("overdue_days")),
            "wage_account_frozen": flag("wage_account_frozen"),
            "base_account_frozen": flag("base_account_frozen"),
        },
    )


def _union(window: Window) -> Part:
    names = ("union_has", "collective_contract", "workers_congress", "mediation_committee", "rules_published")
    if not window.fresh("union_state"):
        return Part(("union_state",), names, None)
    columns = (
        "has_union",
        "collective_contract_until",
        "congress",
        "mediation_committee",
        "rules_published",
    )
    frame = window.newest("union_state", columns).select(
        "enterprise",
        flag("has_union").alias(names[0]),
        # No date is no contract.
        (pl.col("collective_contract_until") >= window.as_of)
        .fill_null(value=False)
        .cast(pl.Int64)
        .alias(names[1]),
        flag("congress").alias(names[2]),
        flag("mediation_committee").alias(names[3]),
        flag("rules_published").alias(names[4]),
    )
    return Part(("union_state",), names, frame)


def _sites(window: Window) -> Part:
    names = ("site_workers", "sites_without_wage_account", "sites_without_guarantee")
    if not window.fresh("construction_site"):
        return Part(("construction_site",), names, None)
    last = window.reference("construction_site")
    frame = (
        window.months("construction_site", ("wage_account", "guarantee", "workers"), last, 1, single=False)
        .group_by("enterprise")
        .agg(
            pl.col("workers").sum().alias(names[0]),
            pl.col("wage_account").eq(other=False).sum().cast(pl.Int64).alias(names[1]),
            pl.col("guarantee").eq(other=False).sum().cast(pl.Int64).alias(names[2]),
        )
    )
    return Part(("construction_site",), names, frame, None)
