"""The second verifier (chain/verifier_js) as a program: run under Node, compared with the first.

Two implementations that share no code and no libraries must come to the same verdict. Where they do not, one of them is
wrong, and neither verdict should be relied on before a person has looked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chain.errors import ChainError
from chain.verifier.outcome import Outcome, Report, StepResult

PROGRAM: Final = Path(__file__).resolve().parents[1] / "verifier_js" / "cli.mjs"
PAGE: Final = PROGRAM.parent / "dist" / "verifier.html"
"""The same verifier as one HTML file for a browser without a network."""
SECONDS: Final = 60.0
MEGABYTES: Final = 512
RENDERING: Final = 20
"""The step that depends on a renderer at hand: the second verifier has none, so it is not compared."""

_MISSING: Final = {
    "node": (
        "找不到 Node（20 或更高）。请安装 Node，或改用 --engine python。",
        "Node (20 or later) is not installed. Install it, or use --engine python.",
    ),
    "program": (
        "找不到第二验证程序 chain/verifier_js。",
        "The second verifier, chain/verifier_js, is not here.",
    ),
    "libraries": (
        "第二验证程序缺少库文件。请在项目目录运行 npm ci。",
        "The second verifier lacks its libraries. Run npm ci in the project's folder.",
    ),
    "broken": ("第二验证程序没有给出结果。", "The second verifier gave no result."),
    "slow": ("第二验证程序超出时间，已停止。", "The second verifier was stopped: over its time."),
}


class SecondVerifierMissing(ChainError):
    """The second verifier can't be run here, or ended without an answer; `code` says which."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"second_verifier.{reason}", detail=detail)
        self.reason = reason
        self.detail = detail

    @property
    def zh(self) -> str:
        """The text in Chinese."""
        return f"{_MISSING[self.reason][0]}{self.detail}"

    @property
    def en(self) -> str:
        """The text in English."""
        return f"{_MISSING[self.reason][1]} {self.detail}".rstrip()


@dataclass(frozen=True)
class Difference:
    """Something that the two verifiers judged differently; step 0 is the verdict."""

    step: int
    first: str
    second: str

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON."""
        return {"step": self.step, "python": self.first, "js": self.second}


def node() -> str:
    """Path of the Node program; raises SecondVerifierMissing."""
    found = shutil.which("node")
    if found is None:
        raise SecondVerifierMissing("node")
    if not PROGRAM.is_file():
        raise SecondVerifierMissing("program")
    return found


def verify_with_node(data: bytes, trust_root: bytes, *, now: datetime, seconds: float = SECONDS) -> Report:
    """The second verifier's report on a package under a trust root (both as the bytes of their files).

    Raises SecondVerifierMissing when there is no Node, no libraries or no answer in time.
    """
    program = node()
    with tempfile.TemporaryDirectory(prefix="concord-verify-") as folder:
        file, root = Path(folder) / "package.zip", Path(folder) / "trust-root.json"
        file.write_bytes(data)
        root.write_bytes(trust_root)
        moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        command = [program, f"--max-old-space-size={MEGABYTES}", str(PROGRAM), "verify", str(file)]
        command += ["--trust-root", str(root), "--now", moment, "--json"]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired as error:
            raise SecondVerifierMissing("slow") from error
    try:
        return _report(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError) as error:
        if "ERR_MODULE_NOT_FOUND" in done.stderr:
            raise SecondVerifierMissing("libraries") from error
        raise SecondVerifierMissing("broken", done.stderr.strip()[-300:]) from error


def _report(value: dict[str, Any]) -> Report:
    steps = tuple(
        StepResult(
            item["no"], item["name"], Outcome(item["outcome"]), item["sub_indication"], dict(item["facts"])
        )
        for item in value["steps"]
    )
    return Report(Outcome(value["verdict"]), steps)


def differences(first: Report, second: Report) -> list[Difference]:
    """Where two verifiers disagree: on the verdict, or on outcome or sub-indication of a step other than 20."""
    found = []
    if first.verdict is not second.verdict:
        found.append(Difference(0, first.verdict.value, second.verdict.value))
    for no in sorted({step.no for step in (*first.steps, *second.steps)} - {RENDERING}):
        texts = (_text(first.step(no)), _text(second.step(no)))
        if texts[0] != texts[1]:
            found.append(Difference(no, *texts))
    return found


def _text(step: StepResult | None) -> str:
    if step is None:
        return "–"
    return f"{step.outcome.value} {step.sub_indication}".rstrip()
