"""Due work of the background process: erasures that are to be announced or carried out."""

from __future__ import annotations

from typing import Any

PAUSE = 60.0
"""Seconds between two looks: retention counts in days."""


def run_due(container: Any) -> int:
    """Announces and erases; returns how many erasures moved."""
    moved: int = container.rights.run_due()
    return moved
