"""Due work: large files and those whose process died, rows whose enterprise came later, files that nothing names, sources
that are due."""

from __future__ import annotations

from typing import Any

from api.infra.loops import Loop

PAUSE = 15.0
CHECK_PAUSE = 2.0
"""Somebody watches the page of his file."""


def run_due(container: Any) -> int:
    """One round; how many datasets and files were dealt with."""
    exchange = container.exchange
    return int(exchange.late.ask()) + int(exchange.intake.sweep())


def check_due(container: Any) -> int:
    """Check the files that wait, one after the other; how many. They hold nothing else up."""
    return int(container.exchange.intake.resume())


def fetch_due(container: Any) -> int:
    """Fetch one source that is due; a department's slow database holds nothing else up."""
    return int(container.exchange.sources.run_due())


LOOPS = {"checks": Loop(check_due, CHECK_PAUSE), "sources": Loop(fetch_due, PAUSE)}
