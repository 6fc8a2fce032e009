"""Fail-over of the network gateway, by nodes that answer as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chain.abi import ACCOUNT_GATE, load
from chain.errors import GatewayUnavailable, RpcRefused
from chain.gateway import SendOutcome
from chain.gateway_network import NetworkGateway
from chain.transactions import Sender

KEY = bytes([5] * 32)
GAS_LIMIT = 1_000_000


class Nodes:
    """Validators by host name: a height each, None for a dead one. Remembers who was asked what."""

    def __init__(self, permissions: int = 3, **heights: int | None) -> None:
        self.heights = heights
        self.permissions = permissions
        self.shown = True
        self.asked: list[tuple[str, str]] = []
        self.errors: dict[str, dict[str, Any]] = {}
        self.poolless: set[str] = set()
        self.knowing: set[str] | None = None
        self.tokens: set[tuple[str, str | None]] = set()

    def gateway(self, **more: Any) -> NetworkGateway:
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        return NetworkGateway([f"http://{name}/" for name in self.heights], http=http, **more)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        height = self.heights[request.url.host]
        if height is None:
            raise httpx.ConnectError("refused")
        self.tokens.add((request.url.host, request.headers.get("authorization")))
        single = isinstance(body, dict)
        answers = [self._one(request.url.host, call, height) for call in ([body] if single else body)]
        return httpx.Response(200, json=answers[0] if single else answers)

    def _one(self, host: str, call: dict[str, Any], height: int) -> dict[str, Any]:
        self.asked.append((host, call["method"]))
        if host in self.errors:
            return {"jsonrpc": "2.0", "id": call["id"], "error": self.errors[host]}
        if host in self.poolless and call["method"] == "eth_sendRawTransaction":
            refusal = {"code": -32000, "message": "exceeds block gas limit"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": refusal}
        hash_ = "0x" + f"{height:064x}"
        results: dict[str, Callable[[], Any]] = {
            "eth_getBlockByNumber": lambda: {
                "number": hex(height), "hash": hash_, "parentHash": hash_, "timestamp": "0x1",
                "gasLimit": hex(GAS_LIMIT),
            },
            "eth_call": lambda: "0x" + (self.permissions.to_bytes(32, "big") + bytes(32)).hex(),
            "eth_sendRawTransaction": lambda: hash_,
            "eth_getTransactionByHash": lambda: None if not self._shows(host) else {
                "hash": call["params"][0], "from": "0x" + "aa" * 20, "nonce": "0x0", "input": "0x", "blockNumber": None,
            },
        }  # fmt: skip
        return {"jsonrpc": "2.0", "id": call["id"], "result": results[call["method"]]()}

    def _shows(self, host: str) -> bool:
        return self.shown if self.knowing is None else host in self.knowing


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


def test_a_head_that_stands_is_compared_with_everybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The validator that is asked may have lost the others: it answers, and its head does not move."""
    nodes = Nodes(a=10, b=10, c=10)
    gateway = nodes.gateway()
    assert gateway.head().number == 10
    nodes.heights |= {"b": 14, "c": 15}
    assert gateway.head().number == 10, "a moment without a block is nothing"
    monkeypatch.setattr("chain.gateway_network._STANDS", -1.0)
    assert gateway.head().number == 14
    assert gateway.url == "http://b/"


def test_a_network_that_stands_is_asked_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("chain.gateway_network.time.monotonic", lambda: now[0])
    nodes = Nodes(a=10, b=10)
    gateway = nodes.gateway()
    gateway.head()
    now[0] += 6.0
    nodes.asked.clear()
    for _ in range(5):
        assert gateway.head().number == 10
    assert [host for host, _ in nodes.asked] == ["a", "b", "a", "a", "a", "a"]


@pytest.mark.parametrize(
    "error",
    [
        {"code": -32005, "message": "the validator's engine does not answer, try again"},
        {"code": -32000, "message": "invalid block range params"},
        {"code": -32000, "message": "header not found"},
        {"code": -32000, "message": "cannot query with height in the future (current: 1, queried: 9)"},
    ],
)
def test_a_node_without_the_answer_is_passed_over(error: dict[str, Any]) -> None:
    nodes = Nodes(a=10, b=12)
    nodes.errors["a"] = error
    gateway = nodes.gateway()
    block = gateway.block(12)
    assert block is not None
    assert block.number == 12
    assert [host for host, _ in nodes.asked] == ["a", "b"]


def test_a_real_refusal_is_told_at_once() -> None:
    nodes = Nodes(a=10, b=12)
    nodes.errors["a"] = {"code": -32602, "message": "invalid argument"}
    with pytest.raises(RpcRefused, match="invalid argument"):
        nodes.gateway().block(12)
    assert [host for host, _ in nodes.asked] == ["a"]


def test_everybody_behind_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.gateway_network._SETTLES", -1.0)
    nodes = Nodes(a=10, b=12)
    nodes.errors = {name: {"code": -32000, "message": "block result not found"} for name in "ab"}
    with pytest.raises(GatewayUnavailable) as caught:
        nodes.gateway().block(12)
    assert caught.value.code == "gateway.behind"


def test_a_pool_without_a_block_yet_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes(a=10, b=10)
    nodes.poolless = {"a"}
    gateway = nodes.gateway()
    sender = Sender(KEY, 1)
    fits = sender.sign("0x" + "00" * 20, b"", 0, GAS_LIMIT)
    assert gateway.send([fits.raw])[0].outcome is SendOutcome.ACCEPTED
    assert [host for host, method in nodes.asked if method == "eth_sendRawTransaction"] == ["a", "b"]
    monkeypatch.setattr("chain.gateway_network._SETTLES", -1.0)
    nodes.poolless = {"a", "b"}
    with pytest.raises(GatewayUnavailable) as caught:
        gateway.send([fits.raw])
    assert caught.value.code == "gateway.behind"


def test_a_transaction_that_no_block_can_hold_is_refused() -> None:
    nodes = Nodes(a=10, b=10)
    nodes.poolless = {"a", "b"}
    large = Sender(KEY, 1).sign("0x" + "00" * 20, b"", 0, GAS_LIMIT + 1)
    result = nodes.gateway().send([large.raw])[0]
    assert (result.outcome, result.reason) == (SendOutcome.REFUSED, "exceeds block gas limit")


def test_unknown_is_what_nobody_knows() -> None:
    nodes = Nodes(a=1, b=1, c=None, d=1)
    nodes.knowing = {"d"}
    gateway = nodes.gateway()
    found = gateway.transactions([b"\1" * 32])[0]
    assert found is not None
    assert found.sender.lower() == "0x" + "aa" * 20
    nodes.knowing = set()
    nodes.asked.clear()
    assert gateway.transactions([b"\2" * 32]) == [None]
    assert sorted({host for host, _ in nodes.asked}) == ["a", "b", "d"]


def test_a_silent_node_is_asked_last() -> None:
    nodes = Nodes(a=5, b=None, c=5)
    gateway = nodes.gateway()
    signed = Sender(KEY, 1).sign("0x" + "00" * 20, b"", 0, 100_000)
    for _ in range(3):
        gateway.send([signed.raw])
    sent = [host for host, method in nodes.asked if method == "eth_sendRawTransaction"]
    assert sent == ["a", "c", "a"]


def test_each_validator_gets_its_own_token() -> None:
    nodes = Nodes(a=None, b=1)
    nodes.gateway(tokens=["one", "two"]).head()
    nodes.heights["a"] = 3
    nodes.gateway(tokens=["one", None]).head()
    assert nodes.tokens == {("b", "Bearer two"), ("a", "Bearer one")}
    with pytest.raises(ValueError, match="shorter"):
        nodes.gateway(tokens=["one"])
