"""Facts of wages: arrears (GZ01), fall of the payroll (GZ03), clues (GZ04).

GZ01, one due month after another: the due day is the contract's, else the month's start plus the median distance of the
pay days of the six months before, else the month's last day. The due amount is the contract's wages, else the median of
what was paid in the three months before. Paid less than `paid_share_bp` by the day that the data can know = overdue.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from api.risk.facts.window import Columns, Part, Window, median, sorted_in_place

ARREARS_MONTHS = 12
HISTORY_MONTHS = 6
MEDIAN_MONTHS = 3
_BANK = ("due_on", "due_amount", "due_persons", "paid_amount", "paid_persons", "paid_on")


def parts(window: Window) -> list[Part]:
    """Bank payroll of 18 months, tax payroll of 7, inspection's open orders, clues of 90 days."""
    return [*_payroll(window), _tax(window), _orders(window), _clues(window)]


def facts() -> Columns:
    """The payroll's fall: the banks' series of firms that pay through them, the tax return's of all others."""
    banked = pl.col("_bank_any") > 0
    now, usual = pl.col("_bank_now"), pl.col("_bank_median")
    median_fen = pl.when(banked).then(usual).otherwise(pl.col("_tax_median"))
    drop = (median_fen - pl.when(banked).then(now).otherwise(pl.col("_tax_now"))).clip(0)
    persons = pl.when(banked).then(pl.col("_bank_persons")).otherwise(pl.col("_tax_persons"))
    known = pl.col("_tax_median").is_not_null() & pl.col("_bank_any").is_not_null()
    equivalent = pl.when(median_fen > 0).then(persons * drop // median_fen).otherwise(0)
    return {
        "payroll_median_fen": pl.when(known).then(median_fen),
        "payroll_drop_fen": pl.when(known).then(drop),
        "payroll_drop_persons": pl.when(known & drop.is_not_null()).then(equivalent),
    }


def _payroll(window: Window) -> list[Part]:
    arrears = ("wage_overdue_days", "wage_overdue_persons", "wage_overdue_fen")
    series = ("_bank_any", "_bank_now", "_bank_median", "_bank_persons")
    if not window.fresh("bank_payroll"):
        return [Part(("bank_payroll",), arrears, None), Part(("bank_payroll",), series, None)]
    last = window.reference("bank_payroll")
    heads = pl.max_horizontal("due_persons", "paid_persons")
    rows = window.months("bank_payroll", _BANK, last, ARREARS_MONTHS + HISTORY_MONTHS)
    recent = window.months(
        "bank_payroll", ("paid_amount", "due_persons", "paid_persons"), last, HISTORY_MONTHS + 1
    )
    found = _series(
        recent.select("enterprise", "k", pl.col("paid_amount").alias("paid"), heads.alias("heads"))
    )
    return [
        Part(("bank_payroll",), arrears, _arrears(window, rows, last)),
        Part(
            ("bank_payroll",),
            series,
            found.select(
                "enterprise",
                pl.lit(1, pl.Int64).alias("_bank_any"),
                pl.col("now").alias("_bank_now"),
                pl.col("paid").alias("_bank_median"),
                pl.col("heads").alias("_bank_persons"),
            ),
        ),
    ]


def _tax(window: Window) -> Part:
    names = ("_tax_now", "_tax_median", "_tax_persons")
    if not window.fresh("tax_month"):
        return Part(("tax_month",), names, None)
    rows = window.months(
        "tax_month", ("payroll_total", "paid_persons"), window.reference("tax_month"), HISTORY_MONTHS + 1
    )
    columns = (pl.col("payroll_total").alias("paid"), pl.col("paid_persons").alias("heads"))
    found = _series(rows.select("enterprise", "k", *columns))
    return Part(
        ("tax_month",),
        names,
        found.select(
            "enterprise", **dict(zip(names, (pl.col("now"), pl.col("paid"), pl.col("heads")), strict=True))
        ),
    )


def _series(rows: pl.LazyFrame) -> pl.LazyFrame:
    """`enterprise, now, paid, heads`: this month's amount and the medians of the six months before of `enterprise, k, paid,
    heads`. A month without a row is zero, a gap makes `now` unknown, an empty amount the median."""
    k, history = pl.col("k"), range(1, HISTORY_MONTHS + 1)
    names = {what: [f"{what}{n}" for n in history] for what in ("paid", "heads")}
    seen = rows.group_by("enterprise").agg(
        (k == 0).any().alias("here"),
        (k == 1).any().alias("before"),
        (pl.col("paid").is_null() & (k > 0)).any().alias("empty"),
        pl.when(k == 0).then(pl.col("paid")).max().alias("now"),
        *[
            pl.when(k == n).then(pl.col(what)).otherwise(0).sum().alias(name)
            for what, columns in names.items()
            for n, name in zip(history, columns, strict=True)
        ],
    )
    for columns in names.values():
        seen = sorted_in_place(seen, columns)
    middle = HISTORY_MONTHS // 2
    usual = {
        what: (pl.col(columns[middle - 1]) + pl.col(columns[middle])) // 2 for what, columns in names.items()
    }
    zero = pl.lit(0, pl.Int64)
    return seen.select(
        "enterprise",
        pl.when(pl.col("here"))
        .then(pl.col("now"))
        .when(pl.col("before"))
        .then(None)
        .otherwise(zero)
        .alias("now"),
        pl.when(~pl.col("empty")).then(usual["paid"]).alias("paid"),
        usual["heads"].alias("heads"),
    )


def _arrears(window: Window, rows: pl.LazyFrame, last: int) -> pl.LazyFrame:
    names = ("wage_overdue_days", "wage_overdue_persons", "wage_overdue_fen")
    k, end = pl.col("k"), window.end("bank_payroll")
    share = window.parameters.paid_share_bp
    # What is paid after the day that the run speaks for has not happened.
    happened = pl.col("paid_on").is_null() | (pl.col("paid_on") <= window.as_of)
    paid = pl.when(happened).then(pl.col("paid_amount")).otherwise(0)
    heads = pl.when(happened).then(pl.col("paid_persons").fill_null(0)).otherwise(0)
    short = pl.col("due_amount").is_null() | (paid * 10_000 < pl.col("due_amount") * share)
    # The few months that may be short first, then what is costly to say of a month.
    months = rows.filter((k < ARREARS_MONTHS) & short).with_columns(
        started=_started(last, "k"), paid=paid, heads=heads
    )
    known = rows.select(
        "enterprise", pl.col("k").alias("then"), "paid_on", paid.alias("paid"), heads.alias("heads")
    )
    months = months.join(_before(known, months, last), on=["enterprise", "k"], how="left")
    usual_day = pl.col("started") + pl.duration(days=pl.col("usual_pace"))
    days = (pl.lit(end) - pl.col("due_day")).dt.total_days()
    # Everybody got a part: all of them wait for the rest.
    unpaid = pl.when(pl.col("heads") >= pl.col("persons")).then(pl.col("persons"))
    overdue = (
        months.with_columns(
            due_day=pl.coalesce(pl.col("due_on"), usual_day, pl.col("started").dt.month_end()),
            due=pl.coalesce("due_amount", "usual_paid", 0),
            persons=pl.coalesce("due_persons", "usual_heads", 0),
        )
        .filter(pl.col("paid") * 10_000 < pl.col("due") * share)
        .with_columns(days=days, unpaid=unpaid.otherwise(pl.col("persons") - pl.col("heads")))
        .filter(pl.col("days") > 0)
        .group_by("enterprise")
        .agg(
            wage_overdue_days=pl.col("days").max(),
            wage_overdue_persons=pl.col("unpaid").max(),
            wage_overdue_fen=(pl.col("due") - pl.col("paid")).sum(),
        )
    )
    # In a gap arrears that are known already stay known; "none" would not be.
    gap = (k == 1).any() & ~(k == 0).any()
    newest = window.months("bank_payroll", ("paid_amount",), last, 2)
    gaps = newest.group_by("enterprise").agg(gap.alias("gap")).filter("gap")
    unknown = gaps.join(overdue, on="enterprise", how="anti").select(
        "enterprise", *[pl.lit(None, pl.Int64).alias(name) for name in names]
    )
    return pl.concat(
        [overdue.select("enterprise", *[pl.col(name).cast(pl.Int64) for name in names]), unknown]
    )


def _started(last: int, k: str) -> pl.Expr:
    """The first day of the month `k` before month index `last`."""
    index = last - pl.col(k)
    return pl.date(index // 12, index % 12 + 1, 1)


def _before(known: pl.LazyFrame, months: pl.LazyFrame, last: int) -> pl.LazyFrame:
    """`enterprise, k, usual_pace, usual_paid, usual_heads` of the months whose contract does not say everything."""
    silent = pl.any_horizontal(pl.col("due_on", "due_amount", "due_persons").is_null())
    ago = pl.col("then") - pl.col("k")
    near = ago <= MEDIAN_MONTHS

    def of_three(column: str) -> pl.Expr:
        """The median of three months; one without a row is zero, so of two the smaller one counts and of one none."""
        value = pl.col(column).filter(near)
        three = value.sum() - value.min() - value.max()
        return pl.when(near.sum() == 3).then(three).when(near.sum() == 2).then(value.min()).otherwise(0)

    return (
        months.filter(silent)
        .select("enterprise", "k")
        .join(known, on="enterprise")
        .filter(ago.is_between(1, HISTORY_MONTHS))
        .with_columns(pace=(pl.col("paid_on") - _started(last, "then")).dt.total_days())
        .group_by("enterprise", "k")
        .agg(
            pl.col("pace").alias("paces"),
            of_three("paid").alias("usual_paid"),
            of_three("heads").alias("usual_heads"),
        )
        .with_columns(usual_pace=median(pl.col("paces")))
        .drop("paces")
    )


def _orders(window: Window) -> Part:
    """Wages that the inspection ordered and that are not settled; a boss who fled, in 12 months and not settled."""
    names = ("wage_order_overdue_days", "wage_order_persons", "wage_order_fen", "boss_fled")
    if not window.fresh("inspection_act"):
        return Part(("inspection_act",), names, None)
    end = window.end("inspection_act")
    columns = ("found_on", "kind", "state", "persons", "amount", "due_on", "settled_on")
    acts = window.events("inspection_act", columns).filter(
        window.open_until("settled_on") & window.since("found_on", months=ARREARS_MONTHS)
    )
    wages = (pl.col("kind") == "wages") & (pl.col("state") != "corrected")
    days = _days(end, pl.coalesce("due_on", "found_on"))
    late = wages & (days > 0)
    frame = acts.group_by("enterprise").agg(
        days.filter(late).max().fill_null(0).alias("wage_order_overdue_days"),
        pl.col("persons").filter(late).max().fill_null(0).alias("wage_order_persons"),
        pl.col("amount").filter(late).sum().alias("wage_order_fen"),
        (pl.col("kind") == "fled").any().cast(pl.Int64).alias("boss_fled"),
    )
    return Part(("inspection_act",), names, frame)


def _clues(window: Window) -> Part:
    names = ("clue_verified_persons_30d", "clue_unverified_persons_30d", "clue_same_period_90d")
    if not window.fresh("arrears_clue"):
        return Part(("arrears_clue",), names, None)
    columns = ("received_on", "persons", "verified", "unpaid_period", "closed_on")
    clues = window.events("arrears_clue", columns).filter(window.since("received_on", days=90))
    persons = pl.col("persons").fill_null(1).clip(1)
    verified = pl.col("verified").fill_null(value=False)
    recent = window.since("received_on", days=30)
    periods = (
        clues.filter(verified & pl.col("unpaid_period").is_not_null())
        .group_by("enterprise", "unpaid_period")
        .len()
        .group_by("enterprise")
        .agg(pl.col("len").cast(pl.Int64).max().alias("clue_same_period_90d"))
    )
    counted = clues.group_by("enterprise").agg(
        persons.filter(verified & recent).sum().alias("clue_verified_persons_30d"),
        # Closed without being verified: refuted.
        persons.filter(~verified & recent & window.open_until("closed_on"))
        .sum()
        .alias("clue_unverified_persons_30d"),
    )
    frame = counted.join(periods, on="enterprise", how="left").with_columns(
        pl.col("clue_same_period_90d").fill_null(0)
    )
    return Part(("arrears_clue",), names, frame)


def _days(end: date, start: pl.Expr) -> pl.Expr:
    return (pl.lit(end) - start).dt.total_days()
