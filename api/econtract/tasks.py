"""Due work of the background process: deadlines of worker and employer."""

from __future__ import annotations

from typing import Any


def run_due(container: Any) -> int:
    """Expires texts that have run out and raises alarms; returns how many contracts were touched."""
    done: int = container.econtract.progress.run_due()
    return done
