"""What departments know of each enterprise in one month: the month-grain datasets, before anything is written wrongly.

Frames hold whole numbers, fen, dates and Booleans; `write` turns them into a department's cells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from scripts.district.calendar import Month
from scripts.district.draws import Draws
from scripts.district.stories import CLUSTER

_PER_HEAD = {
    "power": {"C": 420, "H": 300, "D": 500, "I": 120},
    "water": {"C": 9, "H": 14, "O": 8},
    "gas": {"C": 60, "H": 45, "D": 90},
}
_CONTRIBUTIONS = 26
"""Social insurance as a share of the base, in percent: both sides, all branches, roughly."""


@dataclass(frozen=True)
class Moment:
    """The month in hand: all rows of a dataset are made from the enterprises' state in it."""

    state: pl.DataFrame
    month: Month
    position: int
    draws: Draws

    def some(self, rate: int, name: str) -> pl.Expr:
        """About `rate` in ten thousand enterprises, others each month."""
        return self.draws.share(rate, name, self.position)

    @cached_property
    def at_work(self) -> pl.DataFrame:
        """Enterprises with workers."""
        return self.state.filter(pl.col("workers") > 0)

    def named(self, frame: pl.DataFrame, *columns: pl.Expr) -> pl.DataFrame:
        """The enterprise's number, code and name with the month and the dataset's columns."""
        return frame.select(
            "serial", "uscc", "name", pl.lit(self.month.number, dtype=pl.Int64).alias("month"), *columns
        )


def tax_month(at: Moment) -> pl.DataFrame:
    """Declared wages and tax standing; the clusters' paper enterprises appear with nobody."""
    paper = (pl.col("story") == CLUSTER) & (pl.col("raw_age") >= 0) & pl.col("closes").is_null()
    rows = at.state.filter((pl.col("workers") > 0) | paper.fill_null(False))
    vanished = paper.fill_null(False) & at.draws.share(2_500, "vanished") & (pl.col("raw_age") > 6)
    arrears = pl.max_horizontal(pl.col("tax"), at.some(30, "tax arrears").cast(pl.Int64))
    workers = pl.col("workers")
    return at.named(
        rows,
        (at.some(50, "late filing") | vanished).alias("late_filing"),
        arrears.alias("arrears_months"),
        pl.col("grade"),
        vanished.alias("non_normal"),
        (pl.col("due_wages") // 100 * 100).alias("payroll_total"),
        workers.alias("paid_persons"),
        pl.min_horizontal(pl.col("below_persons"), workers).alias("below_min_persons"),
        at.draws.rounded(workers, 9_200, "full time", at.position // 6).alias("full_time_persons"),
        ((pl.col("size") >= 20) & at.draws.share(600, "outsources")).alias("has_outsourcing"),
    )


def si_month(at: Moment) -> pl.DataFrame:
    """Insured persons, arrears and bases; the uninsured and those the law leaves out are missing from the insured."""
    rows = at.at_work.with_columns(
        pl.max_horizontal(
            pl.col("workers")
            - pl.col("uninsured_persons")
            - pl.min_horizontal("excluded_persons", "workers"),
            0,
        ).alias("insured"),
        at.draws.rounded(pl.col("workers"), 250, "churn", at.position).alias("churn"),
        (pl.col("workers") - pl.col("staff_before")).alias("net"),
    ).filter((pl.col("insured") > 0) | (pl.col("si") > 0))
    due = pl.col("insured") * pl.col("wage") * (10_000 + 45 * at.position) // 10_000
    deferred = at.draws.share(60, "deferral")
    arrears = pl.max_horizontal(pl.col("si"), (at.some(70, "si arrears") | deferred).cast(pl.Int64))
    declared = due * pl.col("base") // 10_000
    joiners = pl.col("churn") + pl.max_horizontal(pl.col("net"), 0)
    leavers = pl.min_horizontal(
        pl.col("churn") + pl.max_horizontal(-pl.col("net"), 0), pl.col("staff_before")
    )
    return at.named(
        rows,
        pl.col("insured").alias("insured_persons"),
        arrears.alias("arrears_months"),
        (arrears * due * _CONTRIBUTIONS // 10_000 * 100).alias("arrears_amount"),
        deferred.alias("deferral_approved"),
        declared.alias("base_declared_total"),
        due.alias("base_due_total"),
        joiners.alias("joiners"),
        leavers.alias("leavers"),
        pl.col("staff_before").alias("staff_start"),
        pl.min_horizontal("excluded_persons", "workers").alias("excluded_persons"),
    )


def _through_bank(at: Moment) -> pl.Expr:
    """Whether an enterprise pays its wages through one of the banks that report."""
    return at.draws.share(pl.when(pl.col("size") >= 3).then(9_200).otherwise(4_000), "pays by bank")


def _pay_dates(at: Moment) -> pl.DataFrame:
    """Enterprises paying through banks with due day, day of payment and the share paid in the end."""
    day = pl.min_horizontal(pl.col("pay_day"), at.month.last.day)
    early = at.draws.share(6_000, "early pay", at.position) if at.month.before_festival else pl.lit(False)
    due = pl.lit(at.month.first) + pl.duration(
        days=pl.when(early).then(pl.max_horizontal(day - 6, 1)).otherwise(day) - 1
    )
    usual = at.some(700 if at.month.festival else 150, "pays late")
    late = (
        pl.when(usual)
        .then(at.draws.column(10 if at.month.festival else 3, "days late", at.position) + 1)
        .otherwise(0)
    )
    festive = pl.col("story") == "seasonal_false_alarm"
    held = festive.fill_null(False) & (pl.col("paid") == 0)
    return at.at_work.filter(_through_bank(at)).with_columns(
        due.cast(pl.Date).alias("due_on"),
        pl.when(held)
        .then(24)
        .otherwise(pl.col("delay") + pl.when(pl.col("age").is_null()).then(late).otherwise(0))
        .alias("days"),
        pl.when(held).then(10_000).otherwise(pl.col("paid")).alias("paid"),
    )


def bank_payroll(at: Moment, told_until: dt.date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Wages due and paid as the banks knew them on `told_until`, and the rows that look different later.

    A payment after that day is missing from the first frame and stands in the second: the banks' late corrections.
    """
    amount = pl.col("due_wages") // 100 * 100
    paid = pl.col("paid")
    rows = _pay_dates(at).with_columns(
        (pl.col("due_on") + pl.duration(days="days")).cast(pl.Date).alias("paid_on")
    )
    final = at.named(
        rows,
        pl.col("due_on"),
        amount.alias("due_amount"),
        pl.col("workers").alias("due_persons"),
        (amount * paid // 1_000_000 * 100).alias("paid_amount"),
        (pl.col("workers") * paid // 10_000).alias("paid_persons"),
        pl.when(paid > 0).then(pl.col("paid_on")).alias("paid_on"),
    )
    after = (pl.col("paid_on") > told_until).fill_null(False)
    told = final.with_columns(
        pl.when(after).then(0).otherwise(pl.col("paid_amount")).alias("paid_amount"),
        pl.when(after).then(0).otherwise(pl.col("paid_persons")).alias("paid_persons"),
        pl.when(after).then(None).otherwise(pl.col("paid_on")).alias("paid_on"),
    )
    return told, final.filter(after)


def bank_credit(at: Moment) -> pl.DataFrame:
    """The banks' own customers, with a loan or without; of everybody else they say nothing: the answer is partial."""
    ordinary = (
        pl.when(at.some(60, "overdue"))
        .then(at.draws.column(20, "overdue days", at.position) + 1)
        .otherwise(0)
    )
    overdue = pl.max_horizontal(pl.col("credit"), ordinary)
    loan = pl.col("has_loan")
    return at.named(
        at.at_work.filter(loan | _through_bank(at)),
        loan,
        pl.when(loan).then(overdue).otherwise(0).alias("overdue_days"),
        (loan & (pl.col("credit") >= 65) & at.draws.share(5_000, "wage account frozen")).alias(
            "wage_account_frozen"
        ),
        (pl.col("frozen") > 0).alias("base_account_frozen"),
    )


def _utility(name: str) -> Callable[[Moment], pl.DataFrame]:
    def made(at: Moment) -> pl.DataFrame:
        head = pl.col("section").replace_strict(
            _PER_HEAD[name], default=90 if name == "power" else 6, return_dtype=pl.Int64
        )
        noise = 9_300 + at.draws.column(1_401, f"{name} noise", at.position)
        arrears = pl.max_horizontal(pl.col("utility"), at.some(60, f"{name} arrears").cast(pl.Int64))
        return at.named(
            at.at_work.filter(pl.col(f"has_{name}")),
            pl.lit(True).alias("has_meter"),
            ((pl.col("size") * head + 30) * pl.col("usage") // 10_000 * noise // 10_000).alias("usage"),
            arrears.alias("arrears_months"),
            (pl.col("cut") > 0).alias("cut_off"),
        )

    return made


def property_month(at: Moment) -> pl.DataFrame:
    """Tenants of the buildings whose managers report."""
    gone = (pl.col("workers") > 0) | ((pl.col("moved") > 0) & (pl.col("raw_age") < 8))
    rent = pl.max_horizontal(pl.col("rent"), at.some(100, "rent").cast(pl.Int64))
    rows = at.state.filter(pl.col("tenant") & gone)
    return at.named(rows, rent.alias("rent_arrears_months"), (pl.col("moved") > 0).alias("moved_out"))


def hr_filing(at: Moment) -> pl.DataFrame:
    """Roster and written contracts, with the unsigned ones missing."""
    workers, place = pl.col("workers"), at.position // 6
    tenure = pl.min_horizontal(
        workers, pl.max_horizontal(at.draws.rounded(workers, 9_700, "tenure", place), 1)
    )
    expired = at.draws.rounded(workers, 40, "expired", place)
    return at.named(
        at.at_work,
        workers.alias("roster_persons"),
        tenure.alias("tenure30_persons"),
        pl.max_horizontal(tenure - pl.col("unsigned_persons"), 0).alias("valid_contracts"),
        pl.min_horizontal(expired, workers).alias("expired_unsigned_persons"),
        at.draws.rounded(workers, 20, "extension", place).alias("extension_persons"),
        at.draws.share(4, "layoff reported", at.position).alias("layoff_reported"),
    )


def contract_check(at: Moment) -> pl.DataFrame:
    """New contracts of twelve months and those that failed a blocking rule."""
    new = at.draws.rounded(pl.col("workers"), 4_000, "new contracts", at.position // 12)
    rows = at.at_work.with_columns(new.alias("new")).filter(pl.col("new") > 0)
    failing = at.draws.rounded(pl.col("new"), 60, "failing", at.position // 12)
    return at.named(rows, pl.col("new").alias("new_contracts_12m"), failing.alias("failing_contracts_12m"))


def construction_site(at: Moment) -> pl.DataFrame:
    """One site of each builder with enough workers."""
    rows = at.at_work.filter(pl.col("builds"))
    number = pl.format("GD{}-1", pl.col("serial").cast(pl.String).str.zfill(6))
    return at.named(
        rows,
        at.draws.share(9_300, "wage account").alias("wage_account"),
        at.draws.share(9_000, "guarantee").alias("guarantee"),
        at.draws.rounded(pl.col("workers"), 7_000, "site workers", at.position).alias("workers"),
        number.alias("project_no"),
    )


def attendance(at: Moment) -> pl.DataFrame:
    """Overtime as an attendance platform would report it, were there one."""
    rows = at.at_work.filter(pl.col("size") >= 10)
    over = pl.when(at.draws.share(900, "overtime firm")).then(900).otherwise(80)
    return at.named(
        rows,
        pl.col("workers").alias("staff"),
        at.draws.rounded(pl.col("workers"), over, "overtime", at.position).alias("overtime36_persons"),
        at.draws.share(40, "unpermitted").alias("unpermitted_special"),
    )


def dispatch_month(at: Moment) -> pl.DataFrame:
    """Placements as a dispatch platform would report them, were there one."""
    rows = at.at_work.filter((pl.col("size") >= 20) & at.draws.share(1_500, "uses dispatch"))
    return at.named(
        rows,
        pl.lit(True).alias("has_dispatch"),
        at.draws.rounded(pl.col("workers"), 700, "dispatched", at.position // 6).alias("dispatched"),
        pl.col("workers").alias("own_staff"),
        at.draws.column(60, "fake score").alias("fake_outsourcing_score"),
    )


MONTHLY: dict[str, Callable[[Moment], pl.DataFrame]] = {
    "tax_month": tax_month,
    "si_month": si_month,
    "bank_credit": bank_credit,
    "water": _utility("water"),
    "power": _utility("power"),
    "gas": _utility("gas"),
    "property_month": property_month,
    "hr_filing": hr_filing,
    "contract_check": contract_check,
    "construction_site": construction_site,
    "attendance": attendance,
    "dispatch_month": dispatch_month,
}
"""All month-grain datasets but bank_payroll, whose rows change after they were told."""
