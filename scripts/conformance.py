"""`concord conformance ENTRYPOINT`: every vector against any verifier's command line (docs/conformance.md).

The protocol follows sigstore-conformance: a command line, exit codes and JSON; nothing else is known of the program.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.vectors import FOLDER, ROOT, contents, load

NOT_COMPARED = {"20"}
"""Whether a renderer is at hand is no matter of conformance."""


@dataclass(frozen=True)
class Result:
    """How one vector ended; no problems means as expected."""

    id: str
    problems: tuple[str, ...]


def compare(line: dict[str, Any], exit_code: int, output: str) -> list[str]:
    """What differs between a verifier's answer and the vector."""
    wrong = []
    if exit_code != line["exit_code"]:
        wrong.append(f"exit code {exit_code}, not {line['exit_code']}")
    if line["verdict"] == "unusable":
        return wrong
    try:
        answer = json.loads(output)
        steps = {str(item["no"]): (item["outcome"], item["sub_indication"]) for item in answer["steps"]}
        verdict = answer["verdict"]
    except (ValueError, KeyError, TypeError):
        return [*wrong, f"no JSON result of the specification: {output[:200]!r}"]
    if verdict != line["verdict"]:
        wrong.append(f"verdict {verdict}, not {line['verdict']}")
    expected = {no: (item["outcome"], item["sub_indication"]) for no, item in line["steps"].items()}
    for no in sorted((steps.keys() | expected.keys()) - NOT_COMPARED, key=int):
        if steps.get(no) != expected.get(no):
            wrong.append(f"step {no} is {steps.get(no)}, not {expected.get(no)}")
    return wrong


def run_one(entry: list[str], line: dict[str, Any], folder: Path, seconds: float) -> Result:
    """Run one vector against a program."""
    command = [
        *entry,
        "verify",
        "--trust-root",
        str(folder / line["trust_root"]),
        "--now",
        line["now"],
        "--json",
    ]
    try:
        done = subprocess.run(
            [*command, str(folder / line["file"])],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result(line["id"], (f"no answer within {seconds:.0f} s",))
    except OSError as error:
        return Result(line["id"], (f"the program can't be started: {error}",))
    problems = compare(line, done.returncode, done.stdout)
    if problems and done.stderr.strip():
        problems.append(f"stderr: {done.stderr.strip()[-300:]}")
    return Result(line["id"], tuple(problems))


def run_all(
    entry: list[str], *, only: str = "", folder: Path = FOLDER, jobs: int = 2, seconds: float = 60.0
) -> list[Result]:
    """Run the vectors whose id begins with `only` against a program."""
    lines = [line for line in load(folder) if line["id"].startswith(only)]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        wanted = {line[member] for line in lines for member in ("file", "trust_root")}
        for path, data in contents(folder).items():
            if path in wanted:
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(data)
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(lambda line: run_one(entry, line, place, seconds), lines))


def conformance(
    entrypoint: Annotated[
        str, typer.Argument(help="验证程序的命令 / the verifier's command", show_default=False)
    ],
    only: Annotated[str, typer.Option(help="编号前缀 / ids that begin with this")] = "",
    folder: Annotated[
        Path, typer.Option("--vectors", help="向量所在文件夹 / folder of the vectors")
    ] = FOLDER,
    jobs: Annotated[int, typer.Option(help="并行数 / programs at once")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """用全部向量测试任意验证程序 / run every vector against any verifier."""
    results = run_all(shlex.split(entrypoint), only=only, folder=folder, jobs=jobs)
    wrong = [item for item in results if item.problems]
    if as_json:
        typer.echo(
            json.dumps(
                [{"id": item.id, "problems": item.problems} for item in results], ensure_ascii=False, indent=1
            )
        )
    else:
        for item in wrong:
            typer.echo(f"✗ {item.id}\n    " + "\n    ".join(item.problems))
        typer.echo(f"{len(results) - len(wrong)} / {len(results)} 一致 as expected")
    raise typer.Exit(1 if wrong or not results else 0)


__all__ = ["ROOT", "conformance", "run_all"]
