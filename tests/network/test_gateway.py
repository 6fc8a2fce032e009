"""The gateway's conformance suite, unchanged, on a network; and what only a network asks of a gateway."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.abi import load
from chain.calls import Contracts
from chain.errors import GatewayUnavailable
from chain.gateway import SendOutcome
from chain.gateway_network import NetworkGateway
from chain.transactions import Sender
from node.network.local import LocalNetwork
from tests.conformance.chain.conftest import Bench
from tests.conformance.chain.test_gateway_conformance import *  # noqa: F403
from tests.network.conftest import NAMES, PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BLOCK_MS = 4_000
"""Long enough for a test to look at what is waiting: blocks come by themselves here."""
KEY = bytes([5] * 32)


@pytest.fixture(scope="module")
def local(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNetwork]:
    data = tmp_path_factory.mktemp("slow-network")
    grants = {Sender(KEY, 1).address: 3}
    network = LocalNetwork.found(data, program, NAMES, grants=grants, block_ms=BLOCK_MS)
    try:
        for node in network.nodes():
            network.start(node)
        for node in network.nodes():
            network.wait(node, 2, PATIENCE)
        yield network
    finally:
        for node in network.nodes():
            network.stop(node, signal.SIGKILL)
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def gateway(local: LocalNetwork) -> Iterator[NetworkGateway]:
    with NetworkGateway([node.evm_url for node in local.nodes()], timeout=30.0) as opened:
        yield opened


@pytest.fixture
def bench(gateway: NetworkGateway) -> Bench:
    """Just after a block, with a fresh log contract."""

    def mine() -> None:
        before = gateway.head().number
        deadline = time.monotonic() + PATIENCE
        while gateway.head().number == before:
            assert time.monotonic() < deadline, "no block"
            time.sleep(0.05)

    mine()  # what an earlier test left waiting is in it
    sender = Sender(KEY, gateway.chain_id())
    nonce = gateway.transaction_count(sender.address)
    created = sender.sign(None, load("EvidenceLog").creation_code(), nonce, 5_000_000)
    gateway.send([created.raw])
    receipt = None
    for _ in range(10):
        mine()
        receipt = gateway.receipts([created.hash])[0]
        if receipt is not None:
            break
        gateway.send([created.raw])
    assert receipt is not None
    assert receipt.contract
    contracts = Contracts(receipt.contract, "0x" + "02" * 20, "0x" + "03" * 20)
    return Bench(gateway, mine, contracts, sender)


def test_an_account_without_permission_is_told_so(gateway: NetworkGateway) -> None:
    nobody = Sender(bytes([9] * 32), gateway.chain_id())
    signed = nobody.sign(None, load("EvidenceLog").creation_code(), 0, 5_000_000)
    result = gateway.send([signed.raw])[0]
    assert (result.outcome, result.hash) == (SendOutcome.REFUSED, signed.hash)
    assert "may not send" in result.reason


def test_a_dead_validator_is_passed_over(local: LocalNetwork, gateway: NetworkGateway) -> None:
    first = local.nodes()[0]
    before = gateway.head().number
    local.stop(first, signal.SIGKILL)
    try:
        assert gateway.head().number >= before
        assert gateway.url != first.evm_url
        assert gateway.chain_id() == Sender(KEY, gateway.chain_id()).chain_id
    finally:
        local.start(first)
        local.wait(first, before, PATIENCE)


def test_when_nobody_answers_nothing_is_known() -> None:
    with NetworkGateway(["http://127.0.0.1:9", "http://127.0.0.1:10"], timeout=2.0) as gateway:
        with pytest.raises(GatewayUnavailable):
            gateway.head()
        with pytest.raises(GatewayUnavailable):
            gateway.send([Sender(KEY, 1).sign(None, b"", 0, 100_000).raw])
