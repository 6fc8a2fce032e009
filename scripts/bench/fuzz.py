"""`concord bench fuzz`: both verifiers over many mutants of real packages; what they disagree on is kept as files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from scripts.bench.report import write

if TYPE_CHECKING:
    from tests.support.differences import Difference

CHUNK = 200


def run(
    n: Annotated[int, typer.Option("--n", help="变异个数 / number of mutants")] = 100_000,
    seed: Annotated[int, typer.Option(help="种子 / seed")] = 1,
    start: Annotated[int, typer.Option(help="从第几个起 / number of the first")] = 0,
    keep: Annotated[Path, typer.Option(help="不一致者存放处 / folder for disagreements")] = Path("var/fuzz"),
) -> None:
    """两个验证程序的差分模糊测试 / differential fuzzing of the two verifiers."""
    import resource

    from tests.support.differences import Tally, compare, mutator

    source, tally = mutator(seed), Tally()
    begin, own = time.perf_counter(), time.process_time()
    kept = 0
    for first in track(range(start, start + n, CHUNK), description="mutants"):
        compare(source, range(first, min(first + CHUNK, start + n)), tally)
        for item in tally.differences[kept:]:
            _keep(keep, seed, item)
            typer.echo(f"✗ {item}")
        kept = len(tally.differences)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    js = children.ru_utime + children.ru_stime
    rows = [
        ("mutants", f"{tally.total:,}", f"seed {seed}, from {start}"),
        ("disagreements", f"{len(tally.differences)}", "must be 0"),
        ("wall time", f"{time.perf_counter() - begin:.0f} s", ""),
        (
            "CPU time, Python (making them included)",
            f"{(time.process_time() - own) / tally.total * 1000:.1f} ms each",
            "",
        ),
        ("CPU time, JavaScript", f"{js / tally.total * 1000:.1f} ms each", ""),
    ]
    ends = "\n".join(f"| {step} | {count} |" for step, count in sorted(tally.failing.items(), key=_order))
    notes = f"Where the mutants ended (first failing step, else the verdict):\n\n| Step | Mutants |\n|---|---|\n{ends}"
    write("fuzz", f"concord bench fuzz --n {n} --seed {seed}", ("What", "Value", "Bound"), rows, notes)
    for row in rows:
        typer.echo(" | ".join(row))
    raise typer.Exit(1 if tally.differences else 0)


def _order(item: tuple[str, int]) -> tuple[int, str]:
    return (int(item[0]), "") if item[0].isdigit() else (99, item[0])


def _keep(folder: Path, seed: int, found: Difference) -> None:
    """Everything that is needed to look at it again, or to make it a fixture."""
    folder.mkdir(parents=True, exist_ok=True)
    name = folder / f"{seed}-{found.number}"
    made = found.mutant.made
    name.with_suffix(".zip").write_bytes(made.package)
    name.with_suffix(".root.json").write_bytes(made.root.canonical())
    told = {
        "story": str(found),
        "now": made.now.isoformat(),
        "python": found.python.compared,
        "js": found.js.compared,
    }
    name.with_suffix(".json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
