"""What the background worker does for the slice: tell the identity service about disputed checks, drop old sessions."""

from __future__ import annotations

from typing import Any


def run_due(container: Any) -> int:
    """One pass; number of things done."""
    done: int = container.identity.workers.send_disputes() + container.identity.sessions.tidy()
    return done
