"""Facts of employment (LY01–LY05) and the staff that rates divide by."""

from __future__ import annotations

import polars as pl

from api.risk.facts.window import Columns, Part, Window, flag


def parts(window: Window) -> list[Part]:
    """Contracts from HR's filings, the legality engine, attendance and dispatch; heads in insurance, payroll, roster."""
    missing = (pl.col("tenure30_persons") - pl.col("valid_contracts")).clip(0)
    expired = (pl.col("expired_unsigned_persons") - pl.col("extension_persons")).clip(0)
    return [
        window.latest(
            "hr_filing",
            {
                "contract_missing": missing,
                "contract_staff": pl.col("tenure30_persons"),
                "expired_unsigned": expired,
                "layoff_reported": flag("layoff_reported"),
            },
        ),
        window.latest(
            "contract_check",
            {
                "contracts_new_12m": pl.col("new_contracts_12m"),
                "contracts_failing_12m": pl.col("failing_contracts_12m"),
            },
        ),
        window.latest(
            "dispatch_month",
            {
                "dispatch_has": flag("has_dispatch"),
                "dispatch_persons": _unless_none(pl.col("dispatched")),
                "dispatch_total": _unless_none(pl.col("dispatched") + pl.col("own_staff")),
                "_outsourcing_score": pl.col("fake_outsourcing_score"),
            },
        ),
        window.latest(
            "attendance",
            {
                "attendance_staff": pl.col("staff"),
                "overtime_persons": pl.col("overtime36_persons"),
                "special_hours_unpermitted": flag("unpermitted_special"),
            },
        ),
        *staff_parts(window),
    ]


def staff_parts(window: Window) -> list[Part]:
    """Heads in insurance, payroll and roster; the month before serves in a gap."""
    return [
        window.latest("si_month", {"_staff_insured": pl.col("insured_persons")}, carry=True),
        window.latest(
            "bank_payroll",
            {"_staff_payroll": pl.max_horizontal("due_persons", "paid_persons")},
            carry=True,
        ),
        window.latest("hr_filing", {"_staff_roster": pl.col("roster_persons")}, carry=True),
    ]


def facts() -> Columns:
    """Facts over the joined parts."""
    heads = [pl.col(name) for name in ("_staff_insured", "_staff_payroll", "_staff_roster")]
    known = pl.all_horizontal([head.is_not_null() for head in heads])
    none = (pl.col("outsourcing_has") == 0).fill_null(value=False)
    score = pl.col("_outsourcing_score")
    # Whether a firm outsources comes from its tax invoices: without them the score alone says nothing of the rest.
    known_outsourcing = pl.col("outsourcing_has").is_not_null()
    return {
        "staff": pl.when(known).then(pl.max_horizontal(heads)),
        "outsourcing_score": pl.when(known_outsourcing).then(
            pl.when(none).then(score.fill_null(0)).otherwise(score)
        ),
    }


def _unless_none(value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("has_dispatch").eq(other=False)).then(pl.lit(0, pl.Int64)).otherwise(value)
