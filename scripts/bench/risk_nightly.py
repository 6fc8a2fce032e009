"""`concord bench risk-nightly`: a night of the district, from accepted rows to committed decisions, beside a bare pass.

On a temporary installation: segments are found by SQL, facts computed and kept, tiers, score and grade written with their
digests, standings compared, changes, episodes and warnings committed, and finished. Each night 200 new clues came in. The
baseline of the same run reads the same rows of the same files and groups them. Processor seconds, in turn. Peak memory is that
of the process, of each piece of work by itself: `--enterprises 350000` shows what a district ten times as large would need.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated

import polars as pl
import typer
from rich.console import Console

from api.infra.auth import Principal
from api.risk import repository
from api.risk.facts.datasets import DATASETS
from api.risk.model import Run
from api.risk.runs.engine import Runs, default_as_of
from scripts.bench import report
from scripts.bench.risk_installation import DISTRICT, bare, deliver, frame_of, installation

MUST = 3.0
CLUES = 200
FIRST_DAY = date(2026, 11, 5)


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises of the district")] = DISTRICT,
    nights: Annotated[int, typer.Option(help="nights to run")] = 7,
    record: Annotated[bool, typer.Option(help="write the table into docs/benchmarks.md")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print facts only; no must decides")] = False,
) -> None:
    """A nightly run with its SQL beside a bare scan and group-by of the same rows (processor seconds)."""
    console = Console()
    start = datetime(2026, 11, 5, 18, tzinfo=UTC)
    with installation(enterprises, 2, start) as (container, (before, month), rows):
        runs = container.risk.runs
        seconds: dict[str, list[float]] = {"bare": [], "night": []}
        peaks: dict[str, list[int]] = {"bare": [], "night": []}
        bare(container, month, start)  # Polars' first collection is slower than all others
        forget_peak()
        first = timed(lambda: runs.complete(runs.start_monthly(before, default_as_of(before)).id))
        first_peak = peak_mb()
        forget_peak()
        later = timed(lambda: runs.complete(runs.start_monthly(month, FIRST_DAY).id))
        later_peak = peak_mb()
        changed = []
        for night in range(1, nights + 1):
            day = FIRST_DAY + timedelta(days=night)
            now = container.clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
            deliver(container, "arrears_clue", clues(enterprises, night, day), None, now)
            with container.uow() as session:
                repository.take_pending(session, {}, 0, 0)  # its corrections are measured by risk-correction
            done: list[Run] = []
            works = {"bare": partial(bare, container, month, now), "night": partial(_night, runs, day, done)}
            for name, work in works.items():
                forget_peak()
                seconds[name].append(timed(work))
                peaks[name].append(peak_mb())
            changed.append(done[0].counts.get("written", 0))
        warned = sum(row.counts.get("opened", 0) for row in container.risk.desk.runs(analyst()).rows)
    baseline = median(seconds["bare"])
    ratio = median(seconds["night"]) / baseline
    lines = [
        ("bare scan and group-by of the same rows", f"{baseline:.2f} s", "1", "", _megabytes(peaks["bare"])),
        (
            "a night: rows → facts → decisions, committed",
            f"{median(seconds['night']):.2f} s",
            f"{ratio:.2f}",
            f"≤ {MUST:g}",
            _megabytes(peaks["night"]),
        ),
        (
            "a month's run",
            f"{later:.2f} s",
            f"{later / baseline:.2f}",
            "",
            _megabytes([later_peak]),
        ),
        (
            "the first run of all, every standing new",
            f"{first:.2f} s",
            f"{first / baseline:.2f}",
            "",
            _megabytes([first_peak]),
        ),
    ]
    if as_json:
        facts = {
            "of_bare": round(ratio, 2),
            "month_of_bare": round(later / baseline, 2),
            "first_of_bare": round(first / baseline, 2),
        }
        print(json.dumps({**facts, "peak_mb": max(peaks["night"]), "first_peak_mb": first_peak}))
        return
    for line in lines:
        console.print(*line)
    note = (
        f"{enterprises:,} enterprises, {rows:,} accepted rows, {nights} nights with {CLUES} new clues each; standings"
        f" written a night {median(changed):.0f}, warnings {warned}."
    )
    console.print(note)
    if record:
        report.write(
            "risk nightly", "concord bench risk-nightly",
            ("What", "processor time (median)", "× bare", "must", "peak memory"), lines, note,
        )  # fmt: skip
    if ratio > MUST:
        raise typer.Exit(1)


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of this process, all threads."""
    started = time.process_time()
    work()
    return time.process_time() - started


def forget_peak() -> None:
    """Begin the peak memory of this process anew, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def peak_mb() -> int:
    """Peak resident memory of this process in MB since `forget_peak`; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0


def _megabytes(peaks: Sequence[int]) -> str:
    return f"{max(peaks):,} MB"


def analyst() -> Principal:
    """Whoever measures."""
    return Principal(kind="staff", account_id="bench", roles=frozenset({"risk_analyst"}))


def clues(enterprises: int, night: int, day: date) -> pl.DataFrame:
    """New clues of a night: half of them verified, each of another enterprise."""
    frame = frame_of(DATASETS["arrears_clue"], enterprises, None).head(min(CLUES, enterprises))
    place = pl.int_range(pl.len(), dtype=pl.Int64)
    return frame.with_columns(
        ((place * 97 + night * 1_009) % enterprises + 1).alias("enterprise"),
        pl.lit(day).alias("received_on"),
        (place % 2 == 0).alias("verified"),
        pl.format("{}-{}", pl.lit(night), place).alias("_key"),
    )


def _night(runs: Runs, day: date, done: list[Run]) -> None:
    done.append(runs.complete(runs.start_daily(day).id))
