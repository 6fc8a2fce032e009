"""Due work of the background process: events of the network's contract."""

from __future__ import annotations

from typing import Any

PAUSE = 5.0
"""Seconds between two looks: a decision stands on the page soon after it was made."""


def run_due(container: Any) -> bool:
    """Read the next blocks' events; whether more are to come."""
    more: bool = container.governance.follow()
    return more
