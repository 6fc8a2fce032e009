"""Facts of the monthly returns: social insurance (SB01–SB04), minimum wages (GZ02), status of tax (JY04)."""

from __future__ import annotations

import polars as pl

from api.risk.facts.window import COMPARED, Columns, Part, Window, flag


def parts(window: Window) -> list[Part]:
    """Arrears, bases and movements of the insured; paid persons of the tax return."""
    return [
        window.latest("si_month", _insurance(window)),
        _common(window, "tax_month", {"_paid": pl.col("paid_persons")}),
        _common(
            window,
            "si_month",
            {"_insured": pl.col("insured_persons"), "_excluded": pl.col("excluded_persons")},
        ),
        _tax(window),
    ]


def facts() -> Columns:
    """Facts over the joined parts: both sides of SB02 leave the excluded persons out."""
    insurable = (pl.col("_paid") - pl.col("_excluded")).clip(0)
    return {
        "insurable_persons": pl.when(pl.col("_insured").is_not_null()).then(insurable),
        "uninsured_persons": (insurable - pl.col("_insured")).clip(0),
    }


def _insurance(window: Window) -> Columns:
    # An approved deferral is no arrears; whether there is one must be known only when there are arrears.
    deferred = pl.col("deferral_approved") & (pl.col("arrears_months") > 0)
    average = window.parameters.average_wage_fen
    insured = pl.col("insured_persons")
    floor = insured * (average * window.parameters.base_floor_bp // 10_000)
    ceiling = insured * (average * window.parameters.base_ceiling_bp // 10_000)
    # The return's own total is mostly bounded already; bounding it again changes nothing then.
    due = pl.min_horizontal(pl.max_horizontal("base_due_total", floor), ceiling)
    due = pl.when(pl.col("base_due_total").is_not_null() & insured.is_not_null()).then(due)
    short = (due - pl.col("base_declared_total")).clip(0)
    persons = pl.when(due > 0).then(insured * short // due).otherwise(short)
    return {
        "insurance_arrears_months": _unless(deferred, pl.col("arrears_months")),
        "insurance_arrears_fen": _unless(deferred, pl.col("arrears_amount")),
        "base_due_fen": due,
        "base_short_fen": short,
        "base_short_persons": persons,
        "net_leavers": (pl.col("leavers") - pl.col("joiners")).clip(0),
        "net_leavers_base": pl.col("staff_start"),
    }


def _unless(deferred: pl.Expr, value: pl.Expr) -> pl.Expr:
    zero = pl.lit(0, pl.Int64)
    return (
        pl.when(value == 0)
        .then(zero)
        .when(deferred.is_null())
        .then(None)
        .when(deferred)
        .then(zero)
        .otherwise(value)
    )


def _common(window: Window, dataset: str, columns: Columns) -> Part:
    """A part at the newest month that both returns cover: a month of one is never compared with another of the other."""
    if not window.fresh(*COMPARED):
        return Part(COMPARED, tuple(columns), None)
    part = window.latest(dataset, columns, last=window.reference(*COMPARED))
    return Part(COMPARED, part.columns, part.frame, part.absent)


def _tax(window: Window) -> Part:
    """The return's status (JY04), workers below the minimum wage (GZ02), whether the firm outsources (LY04)."""
    return window.latest(
        "tax_month",
        {
            "minimum_wage_below": pl.col("below_min_persons"),
            "tax_late_filing": flag("late_filing"),
            "tax_arrears_months": pl.col("arrears_months"),
            "tax_grade_d": (pl.col("grade") == "D"),
            "tax_non_normal": flag("non_normal"),
            "outsourcing_has": flag("has_outsourcing"),
        },
    )
