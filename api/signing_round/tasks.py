"""What is due: signatures that a killed process left unfinished, rounds that wait for a document timestamp."""

from __future__ import annotations

from typing import Any


def run_due(container: Any) -> int:
    """Finish whatever can be finished now; returns how many rounds moved on."""
    done: int = container.signing_round.run_due()
    return done
