"""Nodes that die or stall while a load runs: nothing is lost, nothing comes twice, the order stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from node.network import program as engine
from node.network.alarms import judge
from node.network.cli import app
from tests.network.conftest import PATIENCE
from tests.network.load import Load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def load(network: Any) -> Iterator[Load]:
    network.whole()
    with Load(network) as running:
        yield running


def alarms(network: Any) -> dict[str, bool]:
    """Code → critical, of what the nodes say now."""
    nodes = [{"member": node.member.name, **network.local.status(node)} for node in network.nodes]
    return {alarm.code: alarm.critical for alarm in judge(nodes, 4)}


def test_one_of_four_dies_and_nobody_waits(network: Any, load: Load) -> None:
    for dead in (network.nodes[0], network.nodes[3]):  # the first is the one that the gateway asks
        network.kill(dead)
        load.until_anchored(60)
        network.until(lambda: alarms(network).get("network.no_spare") is False)
        assert alarms(network)["network.node_down"] is True
        network.local.start(dead)
        network.local.wait(dead, network.height(network.nodes[1]), PATIENCE)
    assert load.outages == 0
    load.settle()


def test_two_of_four_die_and_the_queue_waits(network: Any, load: Load) -> None:
    """The halt is seen and alarmed, writing goes on, and everything comes out when one is back."""
    network.kill(*network.nodes[2:])
    network.until(lambda: alarms(network).get("network.halted") is True)
    stands, written = network.height(), len(load.entries)
    told = CliRunner().invoke(app, ["status", "--data", str(network.local.data)])
    assert told.exit_code == 1
    assert "!! network.halted: 网络停止出块" in told.stderr
    assert "the network stands" in told.stderr
    network.until(lambda: len(load.entries) > written + 100)
    assert network.height() == stands
    assert load.waiting > 100
    network.local.start(network.nodes[2])
    load.until_anchored(100)
    network.whole()
    network.until(lambda: not any(alarms(network).values()))
    load.settle()


def test_all_are_killed_at_once(network: Any, load: Load) -> None:
    for node in network.nodes:
        os.kill(network.local.pid(node), signal.SIGKILL)
    network.kill(*network.nodes)
    network.until(lambda: load.outages > 2)
    assert alarms(network)["network.halted"] is True
    for node in network.nodes:
        network.local.start(node)
    load.until_anchored(60)
    load.settle()


def test_a_rolling_restart_stops_nobody(network: Any, load: Load) -> None:
    for node in network.nodes:
        network.local.stop(node)
        load.until_anchored(20)
        network.local.start(node)
        network.until(lambda node=node: network.local.status(node)["height"] is not None)
        network.local.wait(node, network.height(_another(network, node)), PATIENCE)
    assert load.outages == 0
    load.settle()


def test_a_rolling_change_of_the_program_stops_nobody(network: Any, load: Load) -> None:
    """Another file with the same rules, one node after the other: no height has to be agreed on for that."""
    newer = engine.build(upgrades="v2")
    assert engine.facts(newer)["sha256"] != engine.facts(network.local.program)["sha256"]
    for node in network.nodes:
        network.local.stop(node)
        network.local.start(node, newer)
        network.until(lambda node=node: network.local.status(node)["height"] is not None)
        network.local.wait(node, network.height(_another(network, node)), PATIENCE)
        load.until_anchored(10)
    assert load.outages == 0
    load.settle()


def test_a_node_that_stalls_holds_nobody_up(network: Any, load: Load) -> None:
    """The process is stopped and continued, 1.5 s of every 2 s: an overcommitted machine."""
    slow = network.local.pid(network.nodes[1])
    before, deadline = load.anchored, time.monotonic() + 20
    try:
        while time.monotonic() < deadline:
            os.kill(slow, signal.SIGSTOP)
            time.sleep(1.5)
            os.kill(slow, signal.SIGCONT)
            time.sleep(0.5)
    finally:
        os.kill(slow, signal.SIGCONT)
    assert load.anchored > before + 100
    assert network.local.pid(network.nodes[1]) == slow
    load.settle()


def _another(network: Any, node: Any) -> Any:
    return next(other for other in network.nodes if other.member.name != node.member.name)
