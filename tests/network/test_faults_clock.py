"""One member's clock is wrong. A block's time is the median of its signers' clocks: one of four cannot move it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.network import skewed
from tests.network.conftest import PATIENCE
from tests.network.load import Load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]
BLOCK_SECONDS = 10
"""How far a block's time may lie from ours; the wrong clock is 45 s away."""


@pytest.mark.parametrize("wrong_by", ["45s", "-45s"])
def test_one_wrong_clock_moves_no_block(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong_by: str
) -> None:
    program = skewed.build(tmp_path)
    monkeypatch.setenv(skewed.VARIABLE, wrong_by)
    network.whole()
    node = network.nodes[3]
    with Load(network) as load:
        network.local.stop(node)
        network.local.start(node, program)
        network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
        network.until(lambda: network.local.status(network.nodes[0])["missing_validators"] == 0)
        first = network.height()
        load.until_anchored(150)
        times = [_time(network, number) for number in range(first, network.height() + 1)]
        assert times == sorted(times)
        assert abs((datetime.now(UTC) - times[-1]).total_seconds()) < BLOCK_SECONDS
        network.until(lambda: network.local.status(network.nodes[0])["missing_validators"] == 0)
        network.local.stop(node)
        network.local.start(node)
        load.settle()


def _time(network: Any, height: int) -> datetime:
    url = f"http://127.0.0.1:{network.nodes[0].ports.rpc}/header?height={height}"
    told = httpx.get(url, trust_env=False, timeout=PATIENCE).json()["result"]["header"]["time"]
    return datetime.fromisoformat(told.split(".")[0].rstrip("Z") + "+00:00")
