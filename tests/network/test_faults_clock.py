"""One member's clock is wrong. A block's time is the median of its signers' clocks: one of four cannot move it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.network import skewed
from tests.network.conftest import PATIENCE
from tests.network.load import Load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]
BLOCK_SECONDS = 10
"""How far a block's time may lie from ours; the wrong clock is 45 s away."""


@pytest.mark.parametrize("wrong_by", ["45s", "-45s"])
def test_one_wrong_clock_moves_no_block(network: Any, tmp_path: Path, wrong_by: str) -> None:
    program = skewed.build(wrong_by, tmp_path)
    network.whole()
    node = network.nodes[3]
    with Load(network) as load:
        network.local.stop(node)
        network.local.start(node, program)
        network.local.wait(node, network.height(network.nodes[0]), PATIENCE)
        network.until(lambda: network.local.status(network.nodes[0])["missing_validators"] == 0)
        first = network.height()
        load.until_anchored(150)
        before = network.gateway.block(first)
        for number in range(first + 1, network.height()):
            block = network.gateway.block(number)
            assert before.timestamp <= block.timestamp
            before = block
        assert abs(time.time() - network.gateway.head().timestamp) < BLOCK_SECONDS
        assert network.local.status(network.nodes[0])["missing_validators"] == 0, "its signatures count"
        network.local.stop(node)
        network.local.start(node)
        load.settle()
