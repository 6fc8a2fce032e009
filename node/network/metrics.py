"""What a node says in its Prometheus metrics (CometBFT's instrumentation), on loopback only."""

from __future__ import annotations

from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

WATCHED = {
    "missing_validators": "cometbft_consensus_missing_validators",
    "byzantine_validators": "cometbft_consensus_byzantine_validators",
    "rounds": "cometbft_consensus_rounds",
}
"""Facts of `LocalNetwork.status` by the metric that they come from: validators that did not sign the last block,
those with evidence against them in it, and the round that is voted on (0 while all is well)."""


def read(port: int) -> dict[str, int | None]:
    """The watched facts from the metrics port; None where the node does not tell them."""
    found: dict[str, int | None] = dict.fromkeys(WATCHED)
    served = families(port)
    for name, metric in WATCHED.items():
        samples = served.get(metric)
        if samples:
            found[name] = int(samples[0].value)
    return found


def families(port: int) -> dict[str, Any]:
    """Samples of every metric that a node serves, by the metric's name; empty when it does not answer."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5, trust_env=False).text
    except httpx.HTTPError:
        return {}
    return {family.name: family.samples for family in text_string_to_metric_families(text)}
