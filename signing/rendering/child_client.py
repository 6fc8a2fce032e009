"""Starts the limited rendering process, waits no longer than allowed, and reads its one answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
OUTCOMES = frozenset({"rendered", "unavailable", "refused", "failed"})


@dataclass(frozen=True)
class ChildResult:
    """`rendered` with a digest; `unavailable` (renderer, template or fonts not here: indeterminate); `refused` (the
    data breaks the template's rules); `failed` (TIMEOUT or CRASHED)."""

    outcome: str
    base_pdf_sha256: str | None
    sub_indication: str
    facts: Mapping[str, str | int]


def render_in_child(
    *,
    template_sha256: str,
    renderer_id: str,
    data_json: bytes,
    fonts: Sequence[Path],
    timeout_s: float = 20.0,
    memory_mb: int = 1024,
) -> ChildResult:
    """Renders `data_json` in a child process with limits of time and memory; never raises for bad data."""
    request = {
        "template_sha256": template_sha256,
        "renderer_id": renderer_id,
        "data": data_json.decode("utf-8", "replace"),
        "fonts": [str(folder) for folder in fonts],
        "memory_mb": memory_mb,
    }
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(_PACKAGE_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "RAYON_NUM_THREADS": "1",
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "signing.rendering.child"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=timeout_s,
            env=environment,
            cwd=_PACKAGE_ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ChildResult("failed", None, "TIMEOUT", {"seconds": int(timeout_s)})
    if done.returncode != 0:
        return ChildResult("failed", None, "CRASHED", {"exit": done.returncode})
    try:
        found = json.loads(done.stdout)
        if found["outcome"] not in OUTCOMES:
            raise ValueError("unknown outcome")
        return ChildResult(
            found["outcome"], found["base_pdf_sha256"], found["sub_indication"], dict(found["facts"])
        )
    except (ValueError, KeyError, TypeError):
        return ChildResult("failed", None, "CRASHED", {"exit": done.returncode})
