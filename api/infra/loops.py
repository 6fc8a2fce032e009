"""What a slice's `tasks.LOOPS` names: due work with a thread of its own in the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PAUSE = 1.0
"""Seconds between two rounds of which the first found nothing to do."""


@dataclass(frozen=True)
class Loop:
    """One round over the container, answering how much was done (0 or False: rest for `pause` seconds)."""

    run: Callable[[Any], int]
    pause: float = PAUSE
