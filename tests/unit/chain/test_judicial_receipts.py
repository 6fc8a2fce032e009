"""Receipts of a court whose chain is a validator network: the place of the acceptance, by the kind of the chain."""

from __future__ import annotations

import pytest

from chain.errors import GatewayUnavailable
from chain.gateway_memory import MemoryGateway
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway
from chain.judicial_receipt import REFERENCE, is_of
from chain.judicial_rpc import NetworkReceipts, RpcReceipts, receipts_of
from tests.support.judicial_world import ADDRESS, CHAIN_ID, JudicialWorld


@pytest.fixture
def world() -> JudicialWorld:
    made = JudicialWorld()
    made.grow(3)
    made.drain()
    return made


def _accepted(gateway: MemoryGateway) -> tuple[int, int, bytes]:
    """Block, index and transaction of the first acceptance."""
    log = gateway.logs(0, gateway.head().number, [ADDRESS])[0]
    receipt = gateway.receipts([log.transaction])[0]
    assert receipt is not None
    return receipt.block_number, receipt.index, log.transaction


def test_a_network_gives_the_place_and_no_proof(world: JudicialWorld) -> None:
    number, index, transaction = _accepted(world.gateway)
    made = NetworkReceipts(world.gateway, CHAIN_ID, ADDRESS).make(number, index)
    block = world.gateway.block(number)
    assert block is not None
    assert made == {
        "v": 1,
        "type": REFERENCE,
        "chain_id": CHAIN_ID,
        "address": ADDRESS,
        "block": number,
        "block_hash": block.hash.hex(),
        "transaction": transaction.hex(),
    }
    assert is_of(made, CHAIN_ID, ADDRESS)


def test_another_place_has_no_receipt_yet(world: JudicialWorld) -> None:
    number, index, _ = _accepted(world.gateway)
    receipts = NetworkReceipts(world.gateway, CHAIN_ID, ADDRESS)
    for place in ((number, index + 1), (number + 1, index)):
        with pytest.raises(GatewayUnavailable):
            receipts.make(*place)


def test_the_kind_of_the_chain_decides() -> None:
    with RpcGateway("http://127.0.0.1:9") as single, NetworkGateway(["http://127.0.0.1:9"]) as network:
        assert isinstance(receipts_of(single, CHAIN_ID, ADDRESS), RpcReceipts)
        assert isinstance(receipts_of(network, CHAIN_ID, ADDRESS), NetworkReceipts)
