"""The nightly pass of a district: accepted rows → facts → file → decisions → file, beside a bare scan and group-by.

The rows are invented column by column, without any story: their number, types and months are what costs time. Both sides read
the same files and months in the same run; the bare side takes one maximum of every column by enterprise, all datasets in one
collection. Nothing of SQL is measured here: what the exchange needs to find its segments and what a run commits come on top.
"""

from __future__ import annotations

import calendar
import hashlib
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from api.risk.facts import FactParameters, compute_facts, write_month
from api.risk.facts.datasets import DATASETS, Dataset
from api.risk.facts.window import month_index, month_of
from api.risk.scoring import polars_executor
from api.risk.spec.delivered import delivered
from scripts.bench import report

DISTRICT = 35_834
EVENTS = 40_000
LAST = 202610
MUST = 3.0
_PARAMETERS = FactParameters(average_wage_fen=979_550, injury_ppm={"": 5_000})
_COUNTS: dict[str, Sequence[str]] = {
    "tax_month": (
        "arrears_months",
        "payroll_total",
        "paid_persons",
        "below_min_persons",
        "full_time_persons",
    ),
    "si_month": (
        *("insured_persons", "arrears_months", "arrears_amount", "base_declared_total", "base_due_total"),
        *("joiners", "leavers", "staff_start", "excluded_persons"),
    ),
    "bank_payroll": ("due_persons", "paid_persons"),
    "bank_credit": ("overdue_days",),
    "water": ("usage", "arrears_months"),
    "power": ("usage", "arrears_months"),
    "gas": ("usage", "arrears_months"),
    "property_month": ("rent_arrears_months",),
    "construction_site": ("workers",),
    "hr_filing": (
        *("roster_persons", "tenure30_persons", "valid_contracts", "expired_unsigned_persons"),
        "extension_persons",
    ),
    "contract_check": ("new_contracts_12m", "failing_contracts_12m"),
    "attendance": ("staff", "overtime36_persons"),
    "dispatch_month": ("dispatched", "own_staff", "fake_outsourcing_score"),
    "market_penalty": ("amount",),
    "court_event": ("persons",),
    "dispute_case": ("persons",),
    "inspection_act": ("persons", "amount"),
    "arrears_clue": ("persons",),
    "group_event": ("persons",),
    "accident": ("deaths", "serious", "loss_amount", "minor"),
    "occupational_disease": ("persons",),
}
_FLAGS: dict[str, Sequence[str]] = {
    "tax_month": ("late_filing", "non_normal", "has_outsourcing"),
    "si_month": ("deferral_approved",),
    "bank_credit": ("has_loan", "wage_account_frozen", "base_account_frozen"),
    "water": ("has_meter", "cut_off"),
    "power": ("has_meter", "cut_off"),
    "gas": ("has_meter", "cut_off"),
    "property_month": ("moved_out",),
    "construction_site": ("wage_account", "guarantee"),
    "union_state": ("has_union", "congress", "mediation_committee", "rules_published"),
    "hr_filing": ("layoff_reported",),
    "attendance": ("unpermitted_special",),
    "dispatch_month": ("has_dispatch",),
    "court_event": ("unpaid_end",),
    "arrears_clue": ("verified",),
}
_DATES: dict[str, Sequence[str]] = {
    "market_abnormal": ("removed_on",),
    "court_event": ("ended_on",),
    "dispute_case": ("perform_due_on", "performed_on"),
    "inspection_act": ("due_on", "settled_on"),
    "arrears_clue": ("closed_on",),
    "credit_list": ("removed_on",),
    "safety_penalty": ("due_on", "fixed_on"),
    "environment_penalty": ("due_on", "fixed_on"),
    "union_state": ("collective_contract_until",),
}
_WORDS: dict[str, dict[str, Sequence[str] | Sequence[int]]] = {
    "market_registry": {"status": ("open", "open", "revoked")},
    "market_abnormal": {"kind": ("abnormal", "serious")},
    "tax_month": {"grade": ("A", "B", "B", "D")},
    "si_injury": {"kind": ("injury", "occupational")},
    "court_event": {"kind": ("debt", "labour", "enforcement"), "case_no": (), "dispute_ref": ()},
    "dispute_case": {"claim": ("wages", "overtime"), "case_no": (), "dispute_ref": ()},
    "inspection_act": {"kind": ("wages", "contract", "fled"), "state": ("corrected", "late")},
    "arrears_clue": {"unpaid_period": (202608, 202609)},
    "group_event": {"kind": ("petition", "street"), "claim": ("wages",)},
    "credit_list": {"kind": ("grade_a", "grade_c")},
    "safety_penalty": {"kind": ("penalty", "hazard")},
    "environment_penalty": {"kind": ("penalty", "hazard")},
}


def _draw(seed: int, size: int) -> pl.Expr:
    return (pl.int_range(pl.len()).hash(seed) % size).cast(pl.Int64)


def _rows(dataset: Dataset, enterprises: int, months: Sequence[int]) -> pl.LazyFrame:
    """Invented rows of a dataset; the same call gives the same rows."""
    firms = pl.LazyFrame({"enterprise": range(1, enterprises + 1)}, schema={"enterprise": pl.Int64})
    code = dataset.code
    if dataset.grain == "month":
        frame = pl.LazyFrame({"month": months}, schema={"month": pl.Int32}).join(firms, how="cross")
    elif dataset.grain == "snapshot":
        frame = firms
    else:
        count = EVENTS * enterprises // DISTRICT
        frame = pl.LazyFrame().select(pl.int_range(count).alias("n"))
        frame = frame.select((_draw(1, enterprises) + 1).alias("enterprise"))
    epoch = (date(2023, 11, 1) - date(1970, 1, 1)).days
    dates = [*([dataset.dated] if dataset.grain == "event" else []), *_DATES.get(code, ())]
    words = [
        ((pl.lit("x") + _draw(40 + n, 5_000).cast(pl.String)) if not chosen else _word(chosen, 40 + n)).alias(
            name
        )
        for n, (name, chosen) in enumerate(_WORDS.get(code, {}).items())
    ]
    frame = frame.with_columns(
        *[(_draw(10 + n, 40) + 1).alias(name) for n, name in enumerate(_COUNTS.get(code, ()))],
        *[(_draw(20 + n, 20) == 0).alias(name) for n, name in enumerate(_FLAGS.get(code, ()))],
        *[
            (_draw(30 + n, 1090) + epoch).cast(pl.Int32).cast(pl.Date).alias(name)
            for n, name in enumerate(dates)
        ],
        *words,
    )
    if code == "bank_payroll":
        day = pl.date(pl.col("month") // 100, pl.col("month") % 100, 15)
        # One month in thirty is short of its wages: as many as a bad winter has.
        paid = pl.when(_draw(50, 30) == 0).then(4_000).otherwise(10_000)
        frame = frame.with_columns(
            due_on=day, paid_on=day, due_amount=pl.lit(10_000, pl.Int64), paid_amount=paid
        )
    return frame.with_columns(
        pl.lit("b").alias("_batch"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"),
        pl.lit(datetime(2026, 11, 1, tzinfo=UTC)).alias("_known"),
        pl.lit(value=False).alias("_probable"),
    )


def _word(chosen: Sequence[str] | Sequence[int], seed: int) -> pl.Expr:
    return pl.lit(pl.Series(list(chosen))).gather(_draw(seed, len(chosen)))


class _Files:
    """The district's rows on disk, one file for each dataset, all of them fresh and covered to the month's end."""

    def __init__(self, folder: Path, end: date) -> None:
        self._folder, self._end = folder, end

    def scan(
        self,
        dataset: str,
        *,
        first_month: int | None = None,
        last_month: int | None = None,
        known_at: datetime | None = None,
        enterprises: Sequence[int] | None = None,
    ) -> pl.LazyFrame:
        frame = pl.scan_parquet(self._folder / f"{dataset}.parquet")
        if first_month is not None and last_month is not None:
            frame = frame.filter(pl.col("month").is_between(first_month, last_month))
        if known_at is not None:
            frame = frame.filter(pl.col("_known") <= known_at)
        return frame if enterprises is None else frame.filter(pl.col("enterprise").is_in(list(enterprises)))

    def covered(self, dataset: str, known_at: datetime | None = None) -> date | None:
        return self._end

    def fresh(self, dataset: str, as_of: date, known_at: datetime | None = None) -> bool:
        return as_of <= self._end

    def snapshot(self, datasets: Sequence[str], known_at: datetime | None = None) -> bytes:
        digests = [
            hashlib.sha256((self._folder / f"{code}.parquet").read_bytes()).digest() for code in datasets
        ]
        return hashlib.sha256(b"".join(sorted(digests))).digest()


def _bare(files: _Files, month: int) -> None:
    plans = []
    for code, dataset in DATASETS.items():
        first = month_of(month_index(month) - dataset.months + 1) if dataset.months else None
        frame = files.scan(code, first_month=first, last_month=month if first else None)
        names = [n for n in frame.collect_schema().names() if n != "enterprise" and not n.startswith("_")]
        plans.append(frame.group_by("enterprise").agg(pl.col(names).max()))
    pl.collect_all(plans)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises of the district")] = DISTRICT,
    months: Annotated[int, typer.Option(help="months to pass, the newest last")] = 12,
    record: Annotated[bool, typer.Option(help="write the table into docs/benchmarks.md")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print facts only; no must decides")] = False,
) -> None:
    """Rows to facts to decisions, month by month, beside a bare scan and group-by of the same rows (processor seconds)."""
    chosen = [month_of(month_index(LAST) - n) for n in range(months - 1, -1, -1)]
    span = [month_of(month_index(chosen[0]) - n) for n in range(17, 0, -1)] + chosen
    score = polars_executor.compile(delivered())
    subjects = pl.DataFrame(
        {"enterprise": range(1, enterprises + 1)}, schema={"enterprise": pl.Int64}
    ).with_columns(pl.lit("C18").alias("industry"))
    seconds: dict[str, list[float]] = {"bare": [], "facts": [], "whole": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for code, dataset in DATASETS.items():
            _rows(dataset, enterprises, span).collect().write_parquet(
                folder / f"{code}.parquet", row_group_size=enterprises
            )
        for month in chosen:
            year, number = divmod(month, 100)
            end = date(year, number, calendar.monthrange(year, number)[1])
            files = _Files(folder, end)

            def facts(files: _Files = files, month: int = month, end: date = end) -> pl.DataFrame:
                return compute_facts(files, subjects, month, end, _PARAMETERS)

            def whole() -> None:
                file = write_month(facts(), folder / "facts")
                score(pl.scan_parquet(file.path)).sink_parquet(folder / "decisions.parquet")

            seconds["bare"].append(_timed(lambda files=files, month=month: _bare(files, month)))  # type: ignore[misc]
            seconds["facts"].append(_timed(facts))
            seconds["whole"].append(_timed(whole))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    bare = median(seconds["bare"])
    rows = [
        (what, f"{median(seconds[key]):.2f} s", f"{median(seconds[key]) / bare:.2f}", must)
        for what, key, must in (
            ("bare scan and group-by", "bare", ""),
            ("facts", "facts", ""),
            ("facts, both files, decisions", "whole", f"≤ {MUST:g}"),
        )
    ]
    if as_json:
        print(json.dumps({"of_bare": round(median(seconds["whole"]) / bare, 2)}))
        return
    console = Console()
    for row in rows:
        console.print(*row)
    console.print(f"{enterprises:,} enterprises, {months} months, peak {peak} MB")
    if record:
        report.write(
            "risk pass",
            "concord bench risk-pass",
            ("What", "processor time a month (median)", "× bare", "must"),
            rows,
            f"{enterprises:,} enterprises, {months} months, peak {peak} MB. Rows are invented without stories; SQL is not in it.",
        )
    if median(seconds["whole"]) > MUST * bare:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(run)
