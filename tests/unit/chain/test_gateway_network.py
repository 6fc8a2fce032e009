"""Fail-over of the network gateway, by nodes that answer as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chain.abi import ACCOUNT_GATE, load
from chain.errors import GatewayUnavailable
from chain.gateway import SendOutcome
from chain.gateway_network import NetworkGateway
from chain.transactions import Sender

KEY = bytes([5] * 32)


class Nodes:
    """Validators by host name: a height each, None for a dead one. Remembers who was asked what."""

    def __init__(self, permissions: int = 3, **heights: int | None) -> None:
        self.heights = heights
        self.permissions = permissions
        self.shown = True
        self.asked: list[tuple[str, str]] = []

    def gateway(self) -> NetworkGateway:
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        return NetworkGateway([f"http://{name}/" for name in self.heights], http=http)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        height = self.heights[request.url.host]
        if height is None:
            raise httpx.ConnectError("refused")
        single = isinstance(body, dict)
        answers = [self._one(request.url.host, call, height) for call in ([body] if single else body)]
        return httpx.Response(200, json=answers[0] if single else answers)

    def _one(self, host: str, call: dict[str, Any], height: int) -> dict[str, Any]:
        self.asked.append((host, call["method"]))
        hash_ = "0x" + f"{height:064x}"
        results: dict[str, Callable[[], Any]] = {
            "eth_getBlockByNumber": lambda: {
                "number": hex(height), "hash": hash_, "parentHash": hash_, "timestamp": "0x1",
            },
            "eth_call": lambda: "0x" + (self.permissions.to_bytes(32, "big") + bytes(32)).hex(),
            "eth_sendRawTransaction": lambda: hash_,
            "eth_getTransactionByHash": lambda: None if not self.shown else {
                "hash": call["params"][0], "from": "0x" + "aa" * 20, "nonce": "0x0", "input": "0x", "blockNumber": None,
            },
        }  # fmt: skip
        return {"jsonrpc": "2.0", "id": call["id"], "result": results[call["method"]]()}


def test_a_node_that_is_behind_is_passed_over() -> None:
    nodes = Nodes(a=10, b=7, c=11)
    gateway = nodes.gateway()
    assert gateway.head().number == 10
    nodes.heights["a"] = None
    assert gateway.head().number == 11, "b is behind what was seen"
    nodes.heights["c"] = 9
    nodes.heights["b"] = 8
    with pytest.raises(GatewayUnavailable, match="behind"):
        gateway.head()


def test_a_transaction_handed_over_again_goes_to_another_node() -> None:
    nodes = Nodes(a=1, b=1)
    gateway = nodes.gateway()
    signed = Sender(KEY, 1).sign("0x" + "00" * 20, b"", 0, 100_000)
    for _ in range(3):
        assert gateway.send([signed.raw])[0].outcome is SendOutcome.ACCEPTED
    sent = [host for host, method in nodes.asked if method == "eth_sendRawTransaction"]
    assert sent == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("permissions", "to", "taken"), [(0, True, False), (1, True, True), (1, False, False), (3, False, True)]
)
def test_what_the_network_would_drop_is_refused_here(permissions: int, to: bool, taken: bool) -> None:
    nodes = Nodes(permissions=permissions, a=1)
    signed = Sender(KEY, 1).sign("0x" + "00" * 20 if to else None, b"", 0, 100_000)
    result = nodes.gateway().send([signed.raw])[0]
    assert result.outcome is (SendOutcome.ACCEPTED if taken else SendOutcome.REFUSED)
    assert (("a", "eth_sendRawTransaction") in nodes.asked) is taken


def test_a_waiting_transactions_receipt_is_not_asked_for() -> None:
    nodes = Nodes(a=1)
    assert nodes.gateway().receipts([b"\1" * 32]) == [None]
    assert [method for _, method in nodes.asked] == ["eth_getTransactionByHash"]


def test_what_the_engine_took_waits_until_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(a=1)
    nodes.shown = False
    gateway = nodes.gateway()
    sender = Sender(KEY, 1)
    signed = sender.sign("0x" + "00" * 20, b"", 7, 100_000)
    assert gateway.transactions([signed.hash]) == [None]
    gateway.send([signed.raw])
    waiting = gateway.transactions([signed.hash])[0]
    assert waiting is not None
    assert (waiting.sender, waiting.nonce, waiting.block_number) == (sender.address, 7, None)
    monkeypatch.setattr("chain.gateway_network._DROPPED_AFTER", -1.0)
    assert gateway.transactions([signed.hash]) == [None], "dropped without a word"


def test_the_gate_answers_as_the_simulation_does() -> None:
    function = load(ACCOUNT_GATE).function("permissionsOf")
    assert function.outputs == ("uint256", "address")


def test_a_network_has_an_address() -> None:
    with pytest.raises(ValueError, match="at least one"):
        NetworkGateway([])
