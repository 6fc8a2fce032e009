"""The chain node's status over HTTP, remembered for two seconds so that pages and metrics never queue up
behind it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx

from api.insight.model import NodeFacts

_KEEP_SECONDS = 2.0


class HttpNodeStatus:
    """Asks `GET /status` of the node's gateway."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 2.0,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout, transport=transport, trust_env=False)
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._last: NodeFacts | None = None

    def read(self) -> NodeFacts | None:
        """Present facts, or None when the node does not answer or not in its own words."""
        with self._lock:
            if self._clock() - self._asked > _KEEP_SECONDS:
                self._last = self._ask()
                self._asked = self._clock()
            return self._last

    def _ask(self) -> NodeFacts | None:
        try:
            facts = self._http.get("/status").json()
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
