"""The chain node's status over HTTP, remembered for two seconds so that pages and metrics never queue up
behind it. Of a network's validators the first that is ready speaks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx

from api.insight.model import NodeFacts

_KEEP_SECONDS = 2.0


class HttpNodeStatus:
    """Asks `GET /status` of the node's gateway, or of each validator's until one says that it is ready."""

    def __init__(
        self,
        *urls: str,
        timeout: float = 2.0,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = [url.rstrip("/") for url in urls]
        self._http = httpx.Client(timeout=timeout, transport=transport, trust_env=False)
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._last: NodeFacts | None = None

    def read(self) -> NodeFacts | None:
        """Present facts, or None when no node answers, or not in its own words."""
        with self._lock:
            if self._clock() - self._asked > _KEEP_SECONDS:
                self._last = self._ask()
                self._asked = self._clock()
            return self._last

    def _ask(self) -> NodeFacts | None:
        first: NodeFacts | None = None
        for url in self._urls:
            facts = self._ask_one(url)
            if facts is not None and facts.ready:
                return facts
            first = first or facts
        return first

    def _ask_one(self, url: str) -> NodeFacts | None:
        try:
            facts = self._http.get(f"{url}/status").json()
            ms = facts["ms_per_block"]
            return NodeFacts(
                ready=bool(facts["ready"]),
                height=int(facts["height"]),
                pending=int(facts["pending"]),
                ms_per_block=None if ms is None else float(ms),
                ms_per_block_warn=bool(facts["ms_per_block_warn"]),
                restarts=int(facts["restarts"]),
                trouble=facts["trouble"],
            )
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
