"""Pace of anonymous readers: a token bucket for each address, in memory only. Nothing about anybody is stored."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

KEPT = 10_000
"""Addresses remembered at a time; the one that was quiet longest is forgotten first."""


class Pace:
    """`burst` requests at once, then `rate` a second, for each key."""

    def __init__(
        self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic, kept: int = KEPT
    ) -> None:
        self._rate, self._burst, self._monotonic, self._kept = rate, burst, monotonic, kept
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
        """Take a token: 0, or the whole seconds until there is one (nothing is taken then)."""
        with self._lock:
            now = self._monotonic()
            tokens, at = self._buckets.pop(key, (self._burst, now))
            tokens = min(self._burst, tokens + (now - at) * self._rate)
            short = 1.0 - tokens
            self._buckets[key] = (tokens if short > 0 else tokens - 1.0, now)
            while len(self._buckets) > self._kept:
                self._buckets.popitem(last=False)
        return 0 if short <= 0 else max(1, round(short / self._rate + 0.5))
