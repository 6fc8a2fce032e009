"""A whole platform of its own for tests: every program started as `concord up` does, on free loopback ports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.installation import prepare
from scripts.up import Platform

SLIPS = re.compile(
    r"\b(TypeError|AttributeError|NameError|UnboundLocalError|ImportError|KeyError|IndexError)\b.*"
)
"""What no outage and no kill explains: somebody wrote it wrong."""


def slips(logs: Path) -> list[str]:
    """Programming errors that a program only logged, each with the file; a worker's round fails and is tried for ever."""
    return [
        f"{path.name}: {found.group()[:200]}"
        for path in sorted(logs.glob("*.log"))
        for found in SLIPS.finditer(path.read_text("utf-8", errors="replace"))
    ]


@contextmanager
def running_platform(folder: Path) -> Iterator[Platform]:
    """Start everything under `folder` and end it; the folder can be started again afterwards.

    Fails at the end when a program has logged a programming error.
    """
    platform = Platform(prepare(folder, first_port=0))
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
    found = slips(platform.installation.logs)
    assert not found, f"{len(found)} programming errors in the logs: {found[:3]}"
