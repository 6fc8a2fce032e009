"""Scoring: the compiled rule set beside the same expressions run bare and beside the generated Python, and many rows streamed.

All pairs are measured in one run, in turn; only ratios are judged. Streaming runs in child processes, so that each one's
peak memory is its own: one decodes every column that the rules read and drops it, the other scores and writes Parquet.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console

from api.risk.scoring import polars_executor, python_executor
from api.risk.scoring.decision import OUTPUT
from api.risk.scoring.digest import digest
from api.risk.scoring.streaming import score_files
from api.risk.spec.delivered import delivered
from api.risk.spec.model import RuleSet
from scripts.bench import report
from scripts.bench.risk_facts import chunk

DISTRICT = 35_834
REPEAT = 7
FILE_ROWS, GROUP_ROWS = 1_000_000, 250_000
"""Rows of a file and of a row group: groups as large as foreign writers make them, the harder case for the memory."""
DISTINCT = 50_000
"""Invented rows of which the files are made."""
ONCE = 10_000_000
"""More rows than this are streamed once, not twice."""
MUST_BARE, MUST_PYTHON, MUST_DECODE, MUST_MB = 0.5, 4.0, 0.25, 1_500


def _bare(ruleset: RuleSet) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """The rules' expressions without what the product adds: no domain of facts, no check of columns."""
    *stages, last = polars_executor.steps(ruleset)

    def score(frame: pl.LazyFrame) -> pl.LazyFrame:
        frame = frame.with_columns(pl.lit(0, pl.Int64).alias("out_of_range"))
        for group in stages:
            frame = frame.with_columns(group)
        return frame.select([*polars_executor.KEYS, *last])

    return score


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def memory(ruleset: RuleSet, rows: int) -> dict[str, Any]:
    """The district's facts in memory, three ways, in turn."""
    facts, wild = chunk(ruleset, 6, 0, rows, wild=False), chunk(ruleset, 6, 0, rows)
    product, bare, oracle = polars_executor.compile(ruleset), _bare(ruleset), python_executor.compile(ruleset)
    dicts = list(facts.select(ruleset.facts).iter_rows(named=True))
    times: dict[str, list[float]] = {"product": [], "bare": [], "wild": [], "python": []}
    for number in range(REPEAT + 1):
        taken = {
            "product": _seconds(lambda: product(facts.lazy()).collect()),
            "bare": _seconds(lambda: bare(facts.lazy()).collect()),
            "wild": _seconds(lambda: product(wild.lazy()).collect()),
            "python": _seconds(lambda: [oracle(row) for row in dicts]) if number < 3 else 0.0,
        }
        if number:  # the first round warms up
            for name, spent in taken.items():
                times[name] += [spent] if spent else []
    made = pl.DataFrame([oracle(row) for row in dicts], schema=dict.fromkeys(OUTPUT, pl.Int64), orient="row")
    same = digest(facts.select("enterprise").hstack(made)) == digest(product(facts.lazy()).collect())
    seconds = {name: median(values) for name, values in times.items()}
    return {
        "rows": rows,
        "facts": len(ruleset.facts),
        "rows_per_second": {name: round(rows / value) for name, value in seconds.items()},
        "of_bare": round(seconds["bare"] / seconds["product"], 2),
        "of_bare_wild": round(seconds["bare"] / seconds["wild"], 2),
        "times_python": round(seconds["python"] / seconds["product"], 1),
        "same_digest": same,
    }


def _write(ruleset: RuleSet, folder: Path, rows: int) -> None:
    """Files of FILE_ROWS: one is written, the others are copies of it, for a page is decoded all the same."""
    some = chunk(ruleset, 7, 0, min(DISTINCT, rows), wild=False)
    first = folder / "first.parquet"
    for number, size in enumerate([FILE_ROWS] * (rows // FILE_ROWS) + [rows % FILE_ROWS]):
        target = folder / f"{number:06d}.parquet"
        if size == FILE_ROWS and first.exists():
            shutil.copyfile(first, target)
        elif size:
            whole = pl.concat([some] * -(-size // some.height)).head(size)
            numbers = pl.int_range(1, size + 1, dtype=pl.Int64, eager=True).alias("enterprise")
            whole.with_columns(numbers).write_parquet(target, row_group_size=GROUP_ROWS)
            if size == FILE_ROWS:
                shutil.copyfile(target, first)
    first.unlink(missing_ok=True)


def child(what: str, folder: str, target: str) -> None:
    """Runs in a process of its own: decode or score the folder's files; prints seconds and peak memory."""
    ruleset = delivered()
    sources = sorted(Path(folder).glob("*.parquet"))
    started, busy = time.perf_counter(), time.process_time()
    if what == "decode":
        frame = pl.scan_parquet(sources)
        frame.select([*polars_executor.KEYS, *ruleset.facts]).sink_batches(lambda _batch: None)
    else:
        score_files(ruleset, sources, Path(target))
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": round(seconds, 2), "processor": round(busy, 2), "peak_mb": peak}))


def _in_child(what: str, folder: Path, target: Path) -> dict[str, Any]:
    code = f"from scripts.bench.risk_scoring import child; child({what!r}, {str(folder)!r}, {str(target)!r})"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )  # fmt: skip
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


def streaming(ruleset: RuleSet, rows: int, folder: Path) -> dict[str, Any]:
    """Rows from Parquet to Parquet beside only decoding them, in turn; the better time of each counts.

    Beside the ratio of times stands that of processor time, which others on the machine disturb less.
    """
    source, target = folder / "facts", folder / "decisions"
    source.mkdir()
    _write(ruleset, source, rows)
    runs: dict[str, list[dict[str, Any]]] = {"decode": [], "score": []}
    for _ in range(2 if rows <= ONCE else 1):
        for what, taken in runs.items():
            shutil.rmtree(target, ignore_errors=True)  # what is there already would be passed over
            taken.append(_in_child(what, source, target))
    best = {what: min(run["seconds"] for run in taken) for what, taken in runs.items()}
    busy = {what: min(run["processor"] for run in taken) for what, taken in runs.items()}
    written = pl.scan_parquet(target / "*.parquet").select(pl.len()).collect().item()
    return {
        "rows": rows,
        "rows_written": written,
        "source_mb": sum(path.stat().st_size for path in source.iterdir()) // 2**20,
        "seconds": best,
        "of_decoding": round(best["decode"] / best["score"], 2),
        "processor": busy,
        "of_decoding_processor": round(busy["decode"] / busy["score"], 2),
        "peak_mb": max(run["peak_mb"] for run in runs["score"]),
        "peak_mb_decoding": max(run["peak_mb"] for run in runs["decode"]),
    }


def run(
    enterprises: Annotated[int, typer.Option(help="enterprises in memory")] = DISTRICT,
    rows: Annotated[int, typer.Option(help="rows streamed from Parquet; 0 leaves that out")] = 5_000_000,
    folder: Annotated[
        Path | None, typer.Option(help="where the Parquet files go for the time of the run")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="print facts as JSON, write nothing")] = False,
) -> None:
    """风险计分：与裸表达式、生成的 Python、纯解码相比 / scoring beside bare expressions, Python and decoding."""
    console = Console(stderr=True)
    ruleset = delivered()
    with console.status("in memory"):
        facts: dict[str, Any] = {"memory": memory(ruleset, enterprises)}
    if rows:
        with console.status("streaming"), tempfile.TemporaryDirectory(dir=folder) as name:
            facts["streaming"] = streaming(ruleset, rows, Path(name))
    if json_:
        print(json.dumps(facts))
        return
    held = facts["memory"]
    lines: list[tuple[object, ...]] = [
        (f"{enterprises} enterprises, of the same expressions bare", held["of_bare"], f"≥ {MUST_BARE}"),
        ("the same with facts outside the domain in every column", held["of_bare_wild"], "–"),
        ("times the generated Python on prebuilt dicts", held["times_python"], f"≥ {MUST_PYTHON}"),
        ("digest of Polars and Python", "same" if held["same_digest"] else "DIFFERENT", "same"),
    ]
    if rows:
        streamed = facts["streaming"]
        lines += [
            (f"{rows} rows streamed, of the speed of decoding", streamed["of_decoding"], f"≥ {MUST_DECODE}"),
            ("the same in processor time", streamed["of_decoding_processor"], "–"),
            ("peak memory of that", f"{streamed['peak_mb']} MB", f"≤ {MUST_MB} MB"),
        ]
    command = f"concord bench risk-scoring --enterprises {enterprises} --rows {rows}"
    notes = (
        "Bare: the same tier, score and grade expressions without the facts' domain and the check of columns. "
        "Decoding: every column that the rules read, from the same files in the same run, dropped. "
        f"The streamed files of {FILE_ROWS} rows repeat {DISTINCT} invented ones, in row groups of {GROUP_ROWS}."
    )
    report.write("risk-scoring", command, ("what", "measured", "must"), lines, notes)
