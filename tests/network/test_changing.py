"""A new program at a height, and a node that comes back from a backup."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from node.network import program as engine
from node.network.archive import backup, restore
from node.network.gate import Action, Proposal
from node.network.memory import Signed
from tests.network.conftest import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FIRST_BLOCK_AFTER = 30
"""Blocks from the proposal to the upgrade: the votes take a few."""


def test_a_restored_node_signs_again_and_never_twice(network: Any, tmp_path: Path) -> None:
    network.whole()
    node = network.nodes[2]
    network.local.stop(node)
    backup(node.home, tmp_path / "union.tar.gz", with_keys=True)
    shutil.rmtree(node.home)
    above = network.height() + 10
    restore(tmp_path / "union.tar.gz", node.home, Signed(above))
    network.local.start(node)
    network.until(lambda: network.height() > above + 3)
    network.whole()
    memory = json.loads((node.home / "data" / "priv_validator_state.json").read_bytes())
    network.until(lambda: _signed(node) > above)
    assert int(memory["height"]) >= above
    assert not any(network.gate.suspended(member["consensus_key"]) for member in network.gate.members())


def _signed(node: Any) -> int:
    return int(json.loads((node.home / "data" / "priv_validator_state.json").read_bytes())["height"])


def test_block_limits_change_by_vote(network: Any) -> None:
    network.whole()
    proposal = Proposal(Action.SET_PARAMETER, value=180_000_000, label="block.max_gas")
    assert network.gate.decide(network.keys, proposal)["executed"]
    assert network.gate.parameter("block.max_gas") == 180_000_000
    network.grows(blocks=3)
    assert int(network.gateway.header(network.height())["gasLimit"], 16) == 180_000_000


def test_all_change_the_program_at_one_height(network: Any) -> None:
    """The old program stops before the height and does not go on; the new one does, with the same chain."""
    network.whole()
    newer = engine.build(upgrades="v2")
    assert newer != network.local.program
    height = network.height() + FIRST_BLOCK_AFTER
    checksum = bytes.fromhex(engine.facts(newer)["sha256"])
    assert network.gate.decide(network.keys, Proposal.upgrade("v2", height, checksum))["executed"]
    assert network.gate.upgrade() == {"name": "v2", "height": height, "sha256": checksum.hex()}
    network.until(lambda: any('UPGRADE "v2" NEEDED' in network.local.log_tail(n, 200) for n in network.nodes))
    time.sleep(2)
    # The block of that height is agreed on and kept, and carried out by none.
    assert all(network.height(node) <= height for node in network.nodes)
    for node in network.nodes:
        network.local.stop(node)
        network.local.start(node, newer)
    network.until(lambda: network.height() > height + 2, PATIENCE)
    network.whole()
    assert engine.facts(newer)["version"].endswith("+v2")
