"""The verifiers of this house behind one face: the Python one in this process, the JavaScript one under Node."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chain.verifier import verify
from tests.attacks.evidence.story import Made

ROOT = Path(__file__).resolve().parents[2]
JS = ROOT / "chain" / "verifier_js" / "cli.mjs"
RENDERING = 20
"""The step that depends on a renderer at hand: never compared."""


@dataclass(frozen=True)
class Judged:
    """A verdict and what each step came to: number → (outcome, sub-indication). `trouble`: no verdict at all."""

    verdict: str
    steps: dict[int, tuple[str, str]]
    trouble: str = ""

    @classmethod
    def of(cls, value: dict[str, Any]) -> Judged:
        """Read the JSON result of the specification, section 6."""
        if "steps" not in value:
            return cls("", {}, str(value.get("error", value))[:300])
        steps = {item["no"]: (item["outcome"], item["sub_indication"]) for item in value["steps"]}
        return cls(value["verdict"], steps)

    @property
    def compared(self) -> tuple[str, dict[int, tuple[str, str]]]:
        """What engines must agree on."""
        return self.verdict, {no: step for no, step in self.steps.items() if no != RENDERING}


class Engine(Protocol):
    """A verifier."""

    name: str

    def judge(self, packages: Sequence[Made]) -> list[Judged]:
        """Judge packages, in order."""
        ...


class Python:
    """The first verifier, in this process."""

    name = "python"

    def judge(self, packages: Sequence[Made]) -> list[Judged]:
        """Judge packages, in order."""
        return [Judged.of(verify(item.package, item.root, now=item.now).to_json()) for item in packages]


class JavaScript:
    """The second verifier: one Node process for a whole batch."""

    name = "js"

    def judge(self, packages: Sequence[Made], seconds: float = 600.0) -> list[Judged]:
        """Judge packages, in order."""
        with tempfile.TemporaryDirectory() as folder:
            lines = [self._write(Path(folder), number, item) for number, item in enumerate(packages)]
            done = subprocess.run(
                ["node", str(JS), "--batch"],
                input="".join(json.dumps(line) + "\n" for line in lines),
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                cwd=ROOT,
            )
        answers = [Judged.of(json.loads(line)) for line in done.stdout.splitlines()]
        if len(answers) != len(packages):
            raise RuntimeError(f"{len(answers)} answers to {len(packages)} packages: {done.stderr[-2000:]}")
        return answers

    @staticmethod
    def _write(folder: Path, number: int, item: Made) -> dict[str, str]:
        file, root = folder / f"{number}.zip", folder / f"{item.root.fingerprint}.json"
        file.write_bytes(item.package)
        if not root.exists():
            root.write_bytes(item.root.canonical())
        return {
            "file": str(file),
            "trust_root": str(root),
            "now": item.now.isoformat().replace("+00:00", "Z"),
        }


def engines() -> list[Engine]:
    """All engines that stand in this checkout."""
    return [Python(), JavaScript()] if JS.exists() else [Python()]
