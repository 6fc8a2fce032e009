"""Asking a node of this machine about its blocks, by CometBFT's RPC on loopback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx


def sync(port: int, node: str) -> dict[str, Any] | None:
    """`sync_info` of the node with this id, and how many `peers` it has; None when nobody answers, or another node does."""
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(timeout=5, trust_env=False) as http:
            told = http.get(f"{base}/status").json()["result"]
            if told["node_info"]["id"] != node:
                return None
            peers = int(http.get(f"{base}/net_info").json()["result"]["n_peers"])
    except (httpx.HTTPError, ValueError, KeyError):
        return None
    return {**told["sync_info"], "peers": peers}


def age(moment: str) -> float:
    """Seconds since an RFC 3339 moment with nanoseconds, as CometBFT writes it."""
    whole = datetime.fromisoformat(moment.split(".")[0].rstrip("Z") + "+00:00")
    return round((datetime.now(UTC) - whole).total_seconds(), 1)
