"""Due work of the background process: supervision of open cases, notices whose process died."""

from __future__ import annotations

from typing import Any

PAUSE = 10.0
"""Seconds between two looks: red counts minutes."""


def run_due(container: Any) -> int:
    """One round; how many cases and notices were touched."""
    done: int = container.disposal.watch.run_due() + container.disposal.papers.finish_drafted()
    return done
