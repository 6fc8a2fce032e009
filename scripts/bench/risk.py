"""`concord bench risk`: every part of the risk slice beside its must, in one table.

Each part is a bench of its own and runs in a process of its own, so that its peak memory and its caches are its own; what it
prints as JSON is held against the musts here. A part that fails or is missing is a row of the table, never left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from scripts.bench import report

ROOT = Path(__file__).resolve().parents[2]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Must:
    """One line of the table: what was measured is `of(facts)`, and it holds when `holds(measured)`."""

    what: str
    must: str
    of: Callable[[Facts], Any]
    holds: Callable[[Any], bool]


def at_least(what: str, least: float, of: Callable[[Facts], Any]) -> Must:
    """A ratio or count that must not be lower."""
    return Must(what, f"≥ {least:g}", of, lambda value: value >= least)


def at_most(what: str, most: float, of: Callable[[Facts], Any], unit: str = "") -> Must:
    """A ratio or amount that must not be higher."""
    return Must(what, f"≤ {most:g}{unit}", of, lambda value: value <= most)


def exactly(what: str, value: Any, of: Callable[[Facts], Any]) -> Must:
    """Something that must be so."""
    return Must(what, str(value), of, lambda found: found == value)


@dataclass(frozen=True)
class Part:
    """A bench: its command after `concord bench`, arguments for a short run, and its musts over the facts that it prints."""

    command: str
    musts: Sequence[Must]
    short: Sequence[str] = ()
    usual: Sequence[str] = ()


PARTS: dict[str, Part] = {
    "scoring": Part(
        "risk-scoring",
        (
            at_least("scoring, of the same expressions bare", 0.5, lambda f: f["memory"]["of_bare"]),
            at_least("scoring, times the generated Python", 4.0, lambda f: f["memory"]["times_python"]),
            exactly(
                "scoring, digest of Polars and Python the same", True, lambda f: f["memory"]["same_digest"]
            ),
        ),
        ("--rows", "0", "--enterprises", "5000"),
        ("--rows", "0"),
    ),
    "streaming": Part(
        "risk-scoring",
        (
            at_least("streaming, of only decoding", 0.25, lambda f: f["streaming"]["of_decoding"]),
            at_most("streaming, peak memory", 1_500, lambda f: f["streaming"]["peak_mb"], " MB"),
            exactly(
                "streaming, rows written of rows read",
                0,
                lambda f: f["streaming"]["rows"] - f["streaming"]["rows_written"],
            ),
        ),
        ("--rows", "500000", "--enterprises", "500"),
        ("--enterprises", "2000"),
    ),
    "nightly": Part(
        "risk-nightly",
        (at_most("nightly run, × bare scan and group-by", 3.0, lambda f: f["of_bare"]),),
        ("--enterprises", "3000", "--nights", "3"),
    ),
    "backtest": Part(
        "risk-backtest",
        (at_most("36-month backtest, × one scoring pass × 36", 20.0, lambda f: f["times_scoring"]),),
        ("--enterprises", "3000", "--months", "6"),
    ),
    "intake": Part(
        "risk-intake",
        (
            at_least("intake, of bare reading and checking", 0.5, lambda f: f["ratio"]),
            exactly("intake, planted errors not found", 0, lambda f: f["missed"]),
            exactly("intake, right rows quarantined", 0, lambda f: f["false"]),
        ),
        ("--rows", "50000", "--errors", "500"),
    ),
    "pages": Part(
        "risk-pages",
        (
            at_most("pages, slowest p95", 150, lambda f: max(page["p95_ms"] for page in f["pages"]), " ms"),
            exactly(
                "pages whose SQL queries grow", 0, lambda f: sum(not page["constant"] for page in f["pages"])
            ),
        ),
        ("--enterprises", "2000", "--warnings", "100"),
    ),
    "correction": Part(
        "risk-correction",
        (at_most("correction of 100 rows, re-scored ÷ (100 × months)", 1.0, lambda f: f["share_of_limit"]),),
        ("--enterprises", "2000"),
    ),
}


def run_part(part: Part, *, short: bool) -> tuple[Facts | None, str]:
    """The facts that a bench prints with `--json`, or None and what went wrong."""
    command = [sys.executable, "-m", "scripts.cli", "bench", part.command, "--json"]
    command += [*(part.short if short else part.usual)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            facts: Facts = json.loads(line)
            return facts, ""
    last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
    return None, f"exit {done.returncode}: {last[:120]}"


def judged(part: Part, facts: Facts | None, trouble: str) -> list[tuple[str, str, str, str]]:
    """Rows of the table: what, measured, must, whether it holds. Facts that a bench does not print are said so."""
    rows = []
    for must in part.musts:
        if facts is None:
            rows.append((must.what, trouble, must.must, "✗"))
            continue
        try:
            value = must.of(facts)
        except (KeyError, TypeError, ValueError) as error:
            rows.append((must.what, f"not in its facts: {error}", must.must, "✗"))
            continue
        shown = f"{value:,.2f}" if isinstance(value, float) else str(value)
        rows.append((must.what, shown, must.must, "✓" if must.holds(value) else "✗"))
    return rows


def run(
    only: Annotated[
        list[str] | None, typer.Option(help="parts to run, all when none is named: " + ", ".join(PARTS))
    ] = None,
    short: Annotated[
        bool, typer.Option(help="few rows, to see that every part runs; judges nothing")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="print facts as JSON, write nothing")] = False,
) -> None:
    """风险预警全部量测：每项与要求对照 / every part of risk early warning beside its must."""
    chosen = list(only or PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        raise typer.BadParameter("no such part: " + ", ".join(unknown), param_hint="--only")
    console = Console(stderr=True)
    lines: list[tuple[str, str, str, str]] = []
    kept: dict[str, Facts | None] = {}
    for name in chosen:
        started = time.perf_counter()
        with console.status(name):
            kept[name], trouble = run_part(PARTS[name], short=short)
        rows = judged(PARTS[name], kept[name], trouble)
        lines += rows
        for row in rows:
            console.print(*row, sep="  ")
        console.print(f"{name}: {time.perf_counter() - started:.0f} s")
    if json_:
        print(json.dumps({"parts": kept, "rows": lines}, ensure_ascii=False))
    elif not short:
        command = "concord bench risk" + "".join(f" --only {name}" for name in only or ())
        notes = (
            "Each part is a bench of its own with its own section; a part that could not run is a row with ✗."
        )
        report.write("risk", command, ("what", "measured", "must", ""), lines, notes)
    if not short and any(row[3] == "✗" for row in lines):
        raise typer.Exit(1)
