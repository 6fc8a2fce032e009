"""Facts of workers' rights (QY01–QY04): disputes, group events, inspection and credit, performance of awards.

One dispute that goes through mediation, arbitration and court carries one `dispute_ref` and counts once, with the
largest number of persons that any stage names.
"""

from __future__ import annotations

import polars as pl

from api.risk.facts.window import Part, Window

_CASES = ("dispute_cases_12m", "dispute_persons_12m", "same_claim_persons")


def parts(window: Window) -> list[Part]:
    """Disputes of 12 months, petitions and events, acts of the inspection, lists, awards not performed or enforced in vain."""
    return [
        _disputes(window), _events(window), _acts(window), _credit(window), _awards(window), _unpaid(window),
    ]  # fmt: skip


def _disputes(window: Window) -> Part:
    datasets = ("dispute_case", "court_event")
    if not window.fresh(*datasets):
        return Part(datasets, _CASES, None)
    reference = pl.coalesce("dispute_ref", "case_no").alias("ref")
    persons = pl.col("persons").fill_null(1).clip(1).alias("persons")
    cases = (
        window.events("dispute_case", ("accepted_on", "case_no", "dispute_ref", "persons", "claim"))
        .filter(window.since("accepted_on", months=12))
        .select("enterprise", reference, persons, "claim")
    )
    suits = (
        window.events("court_event", ("filed_on", "case_no", "dispute_ref", "persons", "kind"))
        .filter((pl.col("kind") == "labour") & window.since("filed_on", months=12))
        .select("enterprise", reference, persons, pl.lit(None, pl.String).alias("claim"))
    )
    disputes = (
        pl.concat([cases, suits])
        .group_by("enterprise", "ref")
        .agg(pl.col("persons").max(), pl.col("claim").min())
    )
    claims = (
        # A dispute whose claim nobody names is a claim of its own.
        disputes.group_by("enterprise", pl.coalesce("claim", "ref").alias("claim"))
        .agg(pl.col("persons").sum())
        .group_by("enterprise")
        .agg(pl.col("persons").max().alias("same_claim_persons"))
    )
    counted = disputes.group_by("enterprise").agg(
        pl.len().cast(pl.Int64).alias("dispute_cases_12m"),
        pl.col("persons").sum().alias("dispute_persons_12m"),
    )
    return Part(datasets, _CASES, counted.join(claims, on="enterprise", how="left"))


def _events(window: Window) -> Part:
    names = ("group_event_persons", "street_online_events")
    if not window.fresh("group_event"):
        return Part(("group_event",), names, None)
    frame = (
        window.events("group_event", ("occurred_on", "kind", "persons"))
        .filter(window.since("occurred_on", months=12))
        .group_by("enterprise")
        .agg(
            pl.col("persons").max().fill_null(0).alias("group_event_persons"),
            pl.col("kind").is_in(["street", "online"]).sum().cast(pl.Int64).alias("street_online_events"),
        )
    )
    return Part(("group_event",), names, frame)


def _acts(window: Window) -> Part:
    names = ("inspection_acts_12m", "inspection_punished_12m", "inspection_public_12m")
    if not window.fresh("inspection_act"):
        return Part(("inspection_act",), names, None)
    state = pl.col("state")
    frame = (
        window.events("inspection_act", ("found_on", "state"))
        .filter(window.since("found_on", months=12))
        .group_by("enterprise")
        .agg(
            pl.len().cast(pl.Int64).alias(names[0]),
            state.is_in(["punished", "late"]).sum().cast(pl.Int64).alias(names[1]),
            state.is_in(["publicised", "listed", "police"]).sum().cast(pl.Int64).alias(names[2]),
        )
    )
    return Part(("inspection_act",), names, frame)


def _credit(window: Window) -> Part:
    names = ("credit_grade_c", "credit_wage_dishonest")
    if not window.fresh("credit_list"):
        return Part(("credit_list",), names, None)
    kind = pl.col("kind")
    frame = (
        window.events("credit_list", ("listed_on", "kind", "removed_on"))
        .filter(window.open_until("removed_on"))
        .group_by("enterprise")
        .agg(
            (kind == "grade_c").any().cast(pl.Int64).alias(names[0]),
            (kind == "wage_dishonest").any().cast(pl.Int64).alias(names[1]),
        )
    )
    return Part(("credit_list",), names, frame)


def _awards(window: Window) -> Part:
    """Days since the last date set for performance in a dispute, until one of its stages is performed."""
    names = ("award_overdue_days",)
    if not window.fresh("dispute_case"):
        return Part(("dispute_case",), names, None)
    end = window.end("dispute_case")
    days = (pl.lit(end) - pl.col("due")).dt.total_days()
    columns = ("accepted_on", "case_no", "dispute_ref", "perform_due_on", "performed_on")
    frame = (
        window.events("dispute_case", columns)
        .group_by("enterprise", pl.coalesce("dispute_ref", "case_no").alias("ref"))
        .agg(
            pl.col("perform_due_on").max().alias("due"),
            (pl.col("performed_on") <= window.as_of).any().alias("performed"),
        )
        .filter(~pl.col("performed"))
        .group_by("enterprise")
        .agg(days.max().fill_null(0).clip(0).alias("award_overdue_days"))
    )
    return Part(("dispute_case",), names, frame)


def _unpaid(window: Window) -> Part:
    """Enforcement of what a dispute decided that ended unpaid; a commercial creditor's is a matter of JY03."""
    name = "enforcement_unpaid_12m"
    if not window.fresh("court_event"):
        return Part(("court_event",), (name,), None)
    ended = pl.coalesce("ended_on", "filed_on").alias("ended")
    labour = (pl.col("kind") == "labour") | pl.col("dispute_ref").is_not_null()
    frame = (
        window.events("court_event", ("filed_on", "kind", "dispute_ref", "ended_on", "unpaid_end"))
        .filter(pl.col("unpaid_end") & labour)
        .select("enterprise", ended)
        .filter(window.since("ended", months=12))
        .group_by("enterprise")
        .agg(pl.len().cast(pl.Int64).alias(name))
    )
    return Part(("court_event",), (name,), frame)
