"""What only a network asks of a gateway; what every gateway must do stands in tests/conformance/chain."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from chain.abi import load
from chain.errors import GatewayUnavailable
from chain.gateway import SendOutcome
from chain.gateway_network import NetworkGateway
from chain.transactions import Sender
from tests.network.conftest import PATIENCE, RELAY_KEY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def gateway(network: Any) -> Iterator[NetworkGateway]:
    with NetworkGateway([node.evm_url for node in network.nodes], timeout=30.0) as opened:
        yield opened


def test_an_account_without_permission_is_told_so(gateway: NetworkGateway) -> None:
    nobody = Sender(bytes([9] * 32), gateway.chain_id())
    signed = nobody.sign(None, load("EvidenceLog").creation_code(), 0, 5_000_000)
    result = gateway.send([signed.raw])[0]
    assert (result.outcome, result.hash) == (SendOutcome.REFUSED, signed.hash)
    assert "may not send" in result.reason


def test_a_dead_validator_is_passed_over(network: Any, gateway: NetworkGateway) -> None:
    first = network.nodes[0]
    before = gateway.head().number
    network.local.stop(first, signal.SIGKILL)
    try:
        network.until(lambda: gateway.head().number > before + 1)
        assert gateway.url != first.evm_url
        sender = Sender(RELAY_KEY, gateway.chain_id())
        nonce = gateway.transaction_count(sender.address)
        signed = sender.sign("0x" + "44" * 20, b"with one of four away", nonce, 100_000)
        gateway.send([signed.raw])
        network.until(lambda: gateway.receipts([signed.hash])[0] is not None)
    finally:
        network.local.start(first)
        network.local.wait(first, before, PATIENCE)


def test_what_is_asked_of_a_block_that_a_validator_lacks_is_asked_of_another(
    network: Any, gateway: NetworkGateway
) -> None:
    """The refusals of a node that is behind are recognised by their words: an upgrade of the engine may change them."""
    beyond = gateway.head().number + 1_000
    for question in (
        lambda: gateway.logs(1, beyond, ["0x" + "01" * 20]),
        lambda: gateway.storage("0x" + "01" * 20, [bytes(32)], beyond),
        lambda: gateway.block_receipts(beyond),
    ):
        with pytest.raises(GatewayUnavailable) as caught:
            question()
        assert caught.value.code == "gateway.behind"


def test_when_nobody_answers_nothing_is_known() -> None:
    with NetworkGateway(["http://127.0.0.1:9", "http://127.0.0.1:10"], timeout=2.0) as gateway:
        with pytest.raises(GatewayUnavailable):
            gateway.head()
        with pytest.raises(GatewayUnavailable):
            gateway.send([Sender(RELAY_KEY, 1).sign(None, b"", 0, 100_000).raw])
