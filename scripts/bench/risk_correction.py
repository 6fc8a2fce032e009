"""`concord bench risk-correction`: 100 corrected rows, and how many enterprise-months are scored again for them.

On a temporary installation with monthly runs: a corrected file of one month supersedes 100 rows, the exchange announces them,
and the correction runs as the worker does it. What counts is counted where it is done: enterprises handed to the facts, month
by month. The time stands beside a monthly run of the same district.

`--register` measures the other end instead: the first delivery of a register reaches every enterprise in every scored month,
and is corrected in parts. It has no must; what is shown is that memory stays that of a few months.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console

from api.risk import repository
from api.risk.facts.datasets import DATASETS
from api.risk.runs.engine import default_as_of
from scripts.bench import report
from scripts.bench.risk_installation import DISTRICT, deliver, frame_of, installation
from scripts.bench.risk_nightly import forget_peak, peak_mb, timed

ROWS = 100
DATASET = "si_month"
REGISTER = "union_state"


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises of the district")] = DISTRICT,
    months: Annotated[int, typer.Option(help="months with a monthly run")] = 6,
    record: Annotated[bool, typer.Option(help="write the table into docs/benchmarks.md")] = False,
    register: Annotated[
        bool, typer.Option(help="a whole register instead of 100 rows: parts, memory, time")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print facts only; no must decides")] = False,
) -> None:
    """Enterprise-months scored again for 100 corrected rows: at most 100 × months affected."""
    console = Console()
    if register:
        _register(console, enterprises, months, record, as_json)
        return
    with installation(enterprises, months, datetime(2026, 11, 6, 1, tzinfo=UTC)) as (
        container,
        chosen,
        _rows,
    ):
        runs, clock = container.risk.runs, container.clock
        whole = 0.0
        for month in chosen:
            whole = timed(
                lambda month=month: runs.complete(runs.start_monthly(month, default_as_of(month)).id)  # type: ignore[misc]
            )
        now = clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
        wrong = frame_of(DATASETS[DATASET], enterprises, chosen[0]).head(ROWS)
        deliver(
            container, DATASET, wrong.with_columns(pl.lit(3, pl.Int64).alias("arrears_months")), chosen[0], now,
            changed=ROWS,
        )  # fmt: skip
        scored: list[tuple[int, int]] = []
        original = container.risk.facts.facts

        def counted(month: int, as_of: Any, known_at: Any, named: Any = None) -> pl.DataFrame:
            frame: pl.DataFrame = original(month, as_of, known_at, named)
            scored.append((month, frame.height))
            return frame

        container.risk.facts.facts = counted
        clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
        made: list[Any] = []
        seconds = timed(lambda: made.append(runs.complete(runs.start_correction().id)))
        with container.uow.read() as session:
            log = repository.changes(session, made[0].id, "correction", 0, 10_000)
    affected, done = len({month for month, _rows in scored}), sum(count for _month, count in scored)
    limit = ROWS * affected
    lines = [
        ("corrected rows", f"{ROWS}", ""),
        ("months that they reach", f"{affected} of {months}", ""),
        ("enterprise-months scored again", f"{done}", f"≤ {limit}"),
        ("of a district of", f"{enterprises * months:,}", ""),
        ("log lines “grade changed by correction”", f"{len(log)}", ""),
        ("processor time, beside one monthly run", f"{seconds:.2f} s, {whole:.2f} s", ""),
    ]
    if as_json:
        print(json.dumps({"share_of_limit": round(done / limit, 3), "scored": done, "months": affected}))
        return
    for line in lines:
        console.print(*line)
    if record:
        report.write("risk correction", "concord bench risk-correction", ("What", "measured", "must"), lines)
    if not 0 < done <= limit or not log:
        raise typer.Exit(1)


def _register(console: Console, enterprises: int, months: int, record: bool, as_json: bool) -> None:
    """A delivery of a register that reaches the whole district, and the corrections that follow until nothing waits."""
    with installation(enterprises, months, datetime(2026, 11, 6, 1, tzinfo=UTC)) as (
        container,
        chosen,
        _rows,
    ):
        runs, clock = container.risk.runs, container.clock
        for month in chosen:
            runs.complete(runs.start_monthly(month, default_as_of(month)).id)
        now = clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
        frame = frame_of(DATASETS[REGISTER], enterprises, None).with_columns(has_union=pl.lit(value=False))
        forget_peak()
        noted = timed(lambda: deliver(container, REGISTER, frame, None, now, changed=enterprises))
        noted_peak = peak_mb()
        clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
        sizes: list[int] = []
        peaks: list[int] = []

        def part() -> bool:
            started = runs.start_correction()
            if started is not None:
                sizes.append(runs.complete(started.id).counts["seen"])
            return started is not None

        seconds = 0.0
        while len(peaks) == len(sizes):
            forget_peak()
            seconds += timed(part)
            peaks.append(peak_mb())
    lines = [
        ("enterprise-months that wait", f"{sum(sizes):,}"),
        ("noting them, with the delivery", f"{noted:.1f} s, {noted_peak:,} MB at most"),
        ("corrections, of enterprise-months each", f"{len(sizes)}, {max(sizes):,} at most"),
        ("processor time of all", f"{seconds:.1f} s"),
        ("peak memory of one", f"{max(peaks):,} MB"),
    ]
    if as_json:
        print(json.dumps({"scored": sum(sizes), "parts": len(sizes), "peak_mb": max(peaks)}))
        return
    for line in lines:
        console.print(*line)
    if record:
        command = "concord bench risk-correction --register"
        notes = f"{enterprises:,} enterprises, {months} months with a run."
        report.write("risk register", command, ("What", "measured"), lines, notes)
    if sum(sizes) != enterprises * months:
        raise typer.Exit(1)
