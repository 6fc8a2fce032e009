"""Due work: rows whose enterprise came later, files whose process died, files that nothing names, sources that are due."""

from __future__ import annotations

from typing import Any

PAUSE = 15.0


def run_due(container: Any) -> int:
    """One round; how many datasets, batches and files were dealt with."""
    exchange = container.exchange
    return int(exchange.late.ask()) + int(exchange.intake.resume()) + int(exchange.intake.sweep())


def fetch_due(container: Any) -> int:
    """Fetch one source that is due; a department's slow database holds nothing else up."""
    return int(container.exchange.sources.run_due())


LOOPS = {"sources": (fetch_due, PAUSE)}
