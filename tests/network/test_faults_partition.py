"""Lines between members are cut while a load runs: a majority goes on, halves stand still, and nobody ever forks."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chain.gateway_rpc import RpcGateway
from node.network.alarms import judge
from node.network.configuration import write
from node.network.local import LocalNetwork
from signing.accounts import Account
from tests.network.conftest import NAMES, PATIENCE, RELAY_KEY, Consortium
from tests.network.load import Load
from tests.network.namespaces import NEEDS_ROOT, Lines, available

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Wired(Consortium):
    """A consortium whose nodes stand in namespaces; a node is started in its own."""

    lines: Lines

    def start(self, index: int) -> None:
        node = self.nodes[index]
        self.lines.inside(index, lambda: self.local.start(node))


@pytest.fixture(scope="module")
def wired(program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    if not available():
        pytest.skip(NEEDS_ROOT)
    data = tmp_path_factory.mktemp("wired")
    grants = {str(Account.from_key(RELAY_KEY).address): 3}
    local = LocalNetwork.found(data, program, NAMES, grants=grants, block_ms=400)
    with Lines(len(NAMES)) as lines:
        try:
            _configure(local, lines)
            with RpcGateway(local.nodes()[0].evm_url, timeout=60.0) as gateway:
                network = Wired(local, gateway)
                network.lines = lines
                for index, node in enumerate(local.nodes()):
                    network.start(index)
                    ports = node.ports
                    lines.open_doors(index, [ports.rpc, ports.evm, ports.metrics])
                for node in local.nodes():
                    local.wait(node, 3, PATIENCE)
                yield network
        finally:
            for node in local.nodes():
                local.stop(node, signal.SIGKILL)
            shutil.rmtree(data, ignore_errors=True)


def _configure(local: LocalNetwork, lines: Lines) -> None:
    """Each member at an address of its own, and told of the others' ones."""
    from dataclasses import replace

    record = local.record()
    members = {
        node.member.name: replace(node.member, p2p=f"{address}:{node.ports.p2p}")
        for node, address in zip(local.nodes(), lines.addresses, strict=True)
    }
    for node, address in zip(local.nodes(), lines.addresses, strict=True):
        write(
            node.home, members[node.member.name],
            [member for name, member in members.items() if name != node.member.name],
            node.ports, record["evm_chain_id"], (local.data / "genesis.json").read_bytes(),
            listen=address, block_ms=400,
        )  # fmt: skip


def alarms(network: Wired) -> set[str]:
    nodes = [{"member": node.member.name, **network.local.status(node)} for node in network.nodes]
    return {alarm.code for alarm in judge(nodes, 4)}


def test_two_halves_stand_and_go_on_as_one(wired: Wired) -> None:
    with Load(wired) as load:
        wired.lines.cut([2, 3])
        time.sleep(5)  # what was agreed on before may still arrive
        heights = [wired.height(node) for node in wired.nodes]
        written = len(load.entries)
        wired.until(lambda: "network.halted" in alarms(wired))
        assert [wired.height(node) for node in wired.nodes] == heights
        assert len(load.entries) > written + 100, "writing goes on"
        wired.lines.heal()
        load.until_anchored(100)
        load.settle()


def test_three_go_on_and_the_cut_off_one_catches_up(wired: Wired) -> None:
    with Load(wired) as load:
        wired.lines.cut([3])
        time.sleep(5)
        stands = wired.height(wired.nodes[3])
        load.until_anchored(100)
        assert wired.height(wired.nodes[3]) <= stands
        assert wired.height(wired.nodes[0]) > stands + 3
        wired.lines.heal()
        wired.local.wait(wired.nodes[3], wired.height(wired.nodes[0]), PATIENCE)
        load.settle()


def test_the_node_that_the_gateway_asks_is_cut_off(wired: Wired) -> None:
    """It answers, and stands: a sender must notice and go to another one."""
    with Load(wired) as load:
        wired.lines.cut([0])
        load.until_anchored(100)
        wired.lines.heal()
        wired.local.wait(wired.nodes[0], wired.height(wired.nodes[1]), PATIENCE)
        load.settle()
