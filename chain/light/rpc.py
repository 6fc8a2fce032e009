"""A node's CometBFT RPC: signed headers, validator sets, results, and state with proofs.

Source: CometBFT RPC (`commit`, `validators`, `block_results`, `abci_query`). Whatever a node answers is checked by the
maker before it is kept; an answer in another form counts as no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

from chain.errors import GatewayUnavailable, RpcRefused


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
                answer = self._http.get(f"{self._urls[0]}/{method}", params=params)
                value = answer.json()
                if isinstance(value, dict) and isinstance(value.get("result"), dict):
                    found: dict[str, Any] = value["result"]
                    return found
                error = value.get("error") if isinstance(value, dict) else None
                if isinstance(error, dict):
                    raise RpcRefused(
                        int(error.get("code", 0)), f"{error.get('message')} {error.get('data')}"[:300]
                    )
                reason = f"HTTP {answer.status_code}"
            except (httpx.HTTPError, ValueError) as error:
                reason = type(error).__name__
            self._urls.append(self._urls.pop(0))
        raise GatewayUnavailable(reason)
