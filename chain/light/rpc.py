"""A node's CometBFT RPC: signed headers, validator sets, results, and state with proofs.

Source: CometBFT RPC (`commit`, `validators`, `block_results`, `abci_query`). Whatever a node answers is checked by the
maker before it is kept; an answer in another form counts as no answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx

from chain.errors import GatewayUnavailable, RpcRefused

LARGEST: Final = 32_000_000
"""Octets of an answer: the results of the largest block are a few million."""
LONGEST: Final = 30.0
"""Seconds that a whole answer may take."""


class CometSource(Protocol):
    """Where the parts of a light proof come from."""

    def ask(self, method: str, **params: str) -> Mapping[str, Any]:
        """The `result` of a call; raises GatewayUnavailable without an answer, RpcRefused for a refusal."""
        ...


class CometRpc:
    """The first of several nodes that answers. `urls`: their RPC addresses."""

    def __init__(
        self, urls: Sequence[str], *, timeout: float = 10.0, http: httpx.Client | None = None
    ) -> None:
        if not urls:
            raise ValueError("a network has at least one address")
        self._urls = list(urls)
        self._http = http or httpx.Client(timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(self, method: str, **params: str) -> Mapping[str, Any]:
        """The `result` of a call; a node that does not answer is asked last from then on."""
        reason = ""
        for _ in self._urls:
            try:
                status, value = self._answer(f"{self._urls[0]}/{method}", params)
                if isinstance(value, dict) and isinstance(value.get("result"), dict):
                    found: dict[str, Any] = value["result"]
                    return found
                error = value.get("error") if isinstance(value, dict) else None
                if isinstance(error, dict):
                    raise RpcRefused(
                        int(error.get("code", 0)), f"{error.get('message')} {error.get('data')}"[:300]
                    )
                reason = f"HTTP {status}"
            except (httpx.HTTPError, ValueError, RecursionError) as error:
                reason = type(error).__name__
            self._urls.append(self._urls.pop(0))
        raise GatewayUnavailable(reason)

    def _answer(self, url: str, params: Mapping[str, str]) -> tuple[int, Any]:
        """HTTP status and JSON of an answer; ValueError for one that is too long or drips."""
        ends = time.monotonic() + LONGEST
        data = bytearray()
        with self._http.stream("GET", url, params=dict(params)) as answer:
            for part in answer.iter_bytes():
                data += part
                if len(data) > LARGEST or time.monotonic() > ends:
                    raise ValueError("the answer does not end")
        return answer.status_code, json.loads(data)
