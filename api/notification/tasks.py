"""Due work of the slice, run by the background worker."""

from __future__ import annotations

from typing import Any


def run_due(container: Any) -> int:
    """Deliver what is due; how many messages were handled."""
    handled: int = container.notification.delivery.run_due()
    return handled
