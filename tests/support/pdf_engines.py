"""Steps 5 to 7 of both engines over one PDF, so that tests can compare them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chain.package import contents
from chain.trust_root import TrustRoot
from chain.verifier.case import Case
from chain.verifier.outcome import Judgement
from chain.verifier.steps import document as steps

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "tests" / "unit" / "verifier_pdf" / "steps.mjs"


@dataclass(frozen=True)
class Verdict:
    """The first of steps 5 to 7 that did not pass (0: all passed), how it ended, and the processor time it took."""

    step: int
    outcome: str
    sub: str
    facts: Any = field(default=None, compare=False)
    ms: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Scene:
    """One PDF and what it is judged against."""

    pdf: bytes
    base_length: int
    root: TrustRoot
    now: dt.datetime
    revocation: Sequence[tuple[str, bytes]] = ()


def judge_in_python(scene: Scene) -> Verdict:
    """Run the first engine's steps."""
    case = Case(data=b"", trust_root=scene.root, now=scene.now)
    base = scene.pdf[: scene.base_length]
    case.entries[contents.PDF] = scene.pdf
    case.entries.update(dict(scene.revocation))
    vars(case)["base_pdf"] = base
    vars(case)["opening"] = {"base_pdf_sha256": hashlib.sha256(base).hexdigest()}
    started, number = time.process_time(), 4
    try:
        for step in (steps.document, steps.timestamps, steps.certificates):
            number += 1
            step(case)
    except Judgement as error:
        spent = 1000 * (time.process_time() - started)
        return Verdict(number, error.outcome.value, error.sub_indication, error.facts, spent)
    return Verdict(0, "passed", "", None, 1000 * (time.process_time() - started))


class SecondEngine:
    """The second engine's steps in one Node process."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            ["node", str(RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
        self._folder.cleanup()

    def judge(self, scene: Scene) -> Verdict:
        """Run the steps over one scene."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        path = Path(self._folder.name) / "file.pdf"
        path.write_bytes(scene.pdf)
        request = {
            "pdf": str(path),
            "baseLength": scene.base_length,
            "cas": scene.root.value["cas"],
            "tsas": scene.root.value["tsas"],
            "now": int(scene.now.timestamp() * 1000),
            "revocation": [
                {"kind": name.rpartition(".")[2], "der": base64.b64encode(der).decode()}
                for name, der in scene.revocation
            ],
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the second engine died"
        return Verdict(**json.loads(answer))
