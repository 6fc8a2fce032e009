"""Making proofs from what nodes answer: few headers, nothing unchecked, no answer in another form taken."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chain.errors import GatewayUnavailable, ProofInvalid, RpcRefused
from chain.light import encoding
from chain.light.maker import dated_header, light_record, light_slot, trusted_header
from chain.light.rpc import CometRpc
from chain.light.state import code_key, commitment_slot, storage_key
from tests.factories.light_network import (
    CHAIN,
    Plan,
    b64,
    equal,
    evm_result,
    evm_store,
    header,
    sha256,
)
from tests.factories.light_nodes import LightNode
from tests.factories.light_proofs import event_words

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"
CODE, CONTRACT, COMMITMENT = sha256(b"code"), sha256(b"contract"), sha256(b"commitment")
SLOT = commitment_slot(CONTRACT, 1)
HEIGHT = 8
HASH = bytes.fromhex("ab" * 32)


def _members(height: int) -> Mapping[str, int]:
    if height <= 4:
        return equal("a", "b", "c", "d")
    return equal("a", "b", "e", "f") if height <= 6 else equal("e", "f", "g", "h")


class Node(LightNode):
    """The conclusion's network: at height 5 and 7 half of the validators change."""

    def __init__(self, **lies: Any) -> None:
        words = event_words(CONTRACT.hex(), 1, COMMITMENT)
        topics = [words[place : place + 32] for place in range(0, 128, 32)]
        store = evm_store(ADDRESS, CODE, {SLOT: COMMITMENT}, crowd=60)
        results = {HEIGHT: [evm_result(ADDRESS, topics, words[128:])]}
        super().__init__(store, results, members=_members, **lies)


def record(node: Node, **changes: Any) -> dict[str, Any]:
    """The record of the conclusion that the node knows."""
    made: dict[str, Any] = {
        "trusted_height": 2, "registry": ADDRESS, "code_hash": CODE, "contract_id": CONTRACT, "version": 1,
        "commitment": COMMITMENT, "height": HEIGHT, "transaction": HASH,
    }  # fmt: skip
    return light_record(node, **(made | changes))


def test_the_trail_halves_its_way_only_where_it_must() -> None:
    made = record(Node())
    assert [block["header"]["height"] for block in made["light"]["trail"]] == [2, 5, 9]
    near = record(Node(), trusted_height=7)
    assert [block["header"]["height"] for block in near["light"]["trail"]] == [7, 9]
    assert [block["commit"] is None for block in near["light"]["trail"]] == [True, False]


def test_what_is_stamped_is_the_whole_trail() -> None:
    seen: list[bytes] = []

    def stamp(imprint: bytes) -> bytes:
        seen.append(imprint)
        return b"token"

    made = record(Node(), stamp=stamp)
    assert made["light"]["token"] == b64(b"token")
    assert seen == [encoding.trail_imprint(made["light"])]
    assert record(Node())["light"]["token"] is None


def test_an_unwritten_slot_comes_with_its_neighbours() -> None:
    made = light_slot(
        Node(), trusted_height=7, address=ADDRESS, code_hash=CODE, slot=bytes(32), height=HEIGHT
    )
    (item,) = made["state"]["slots"]
    assert item["value"] is None
    assert {base64.b64decode(side["key"])[:1] for side in item["proof"].values()} <= {
        b"\x02",
        b"\x04",
        b"\x03",
    }


def test_the_first_header_of_a_chain_has_none_before_it() -> None:
    node = Node()
    plan = Plan(1, 1_795_000_001, _members(1), (), _members(2))
    known = {"app_hash": node.app_hash.hex(), "last_results_hash": node.results_root(0).hex()}
    block = encoding.header_hash(CHAIN, header(plan, **known)).hex()
    assert trusted_header(node, 1) == {"height": 1, "hash": block}
    assert dated_header(node, 1) == ({"height": 1, "hash": block}, 1_795_000_001)


def test_a_trail_starts_from_the_block_that_is_trusted_and_no_other() -> None:
    node = Node()
    made = record(node, trusted_hash=node.hash(2))
    assert made["light"] == record(node)["light"]
    with pytest.raises(ProofInvalid, match="another block"):
        record(node, trusted_hash=node.hash(3))


def test_conclusions_of_one_block_share_their_trail_and_its_token() -> None:
    node = Node()
    first = record(node, stamp=lambda imprint: b"token")
    node.asked.clear()
    second = record(node, light=first["light"])
    assert second["light"] == first["light"]
    assert {method for method, _ in node.asked} == {"abci_query", "block_results"}
    earlier = record(node, height=6, transaction=None)["light"]
    with pytest.raises(ValueError, match="another block"):
        record(node, light=earlier, transaction=None)


def test_nothing_that_does_not_hold_is_stamped() -> None:
    node = Node()
    node.app_hash = bytes(32)
    with pytest.raises(ProofInvalid):
        record(node, stamp=lambda _: pytest.fail("asked for a token"))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"commitment": bytes(32)}, id="another commitment"),
        pytest.param({"code_hash": bytes(32)}, id="other code"),
        pytest.param({"registry": "0x" + "12" * 20}, id="no contract there"),
        pytest.param({"transaction": bytes(32)}, id="a transaction that is not in the block"),
        pytest.param({"trusted_height": 9}, id="a trusted header that is not before"),
        pytest.param({"version": 2}, id="a version that was never concluded"),
    ],
)
def test_nothing_is_made_of_what_is_not_there(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofInvalid):
        record(Node(), **changes)


def test_a_node_that_contradicts_itself_makes_no_evidence() -> None:
    node = Node()
    node.app_hash = bytes(32)
    with pytest.raises(ProofInvalid):
        record(node)
    node = Node()
    node.results_root = lambda _height: bytes(32)  # type: ignore[method-assign]
    with pytest.raises(ProofInvalid):
        record(node)
    assert record(node, transaction=None)["result"] is None


def test_a_commit_that_does_not_hold_is_a_contradiction() -> None:
    signed = Node()._signed(9)
    signed["commit"]["signatures"][0]["signature"] = b64(bytes(64))

    class Forger(Node):
        def _signed(self, height: int) -> dict[str, Any]:
            return signed if height == 9 else super()._signed(height)

    with pytest.raises(ProofInvalid, match="SIG_CRYPTO_FAILURE"):
        record(Forger())


def test_a_block_of_another_height_leads_nowhere() -> None:
    class Shifted(Node):
        def _signed(self, height: int) -> dict[str, Any]:
            return super()._signed(height if height < 9 else 60)

    with pytest.raises(ProofInvalid, match="height 9"):
        record(Shifted())


def test_a_way_of_too_many_headers_is_not_walked() -> None:
    """Another set at every height: each header needs the one before it."""
    node = Node()
    node.members = lambda height: equal(*(f"{height}{letter}" for letter in "abcd"))
    node.results = {200: node.results[HEIGHT]}
    with pytest.raises(GatewayUnavailable, match="nearer"):
        record(node, height=200)
    assert len([method for method, _ in node.asked if method == "commit"]) < 64


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("commit", {}),
        ("commit", {"signed_header": None}),
        ("validators", {"total": "200", "validators": []}),
        ("status", {"node_info": {}}),
        ("abci_query", {"response": {"proofOps": None}}),
        ("abci_query", {"response": {"proofOps": {"ops": []}}}),
        ("block_results", {"txs_results": [{"code": "x"}]}),
        ("block_results", {}),
    ],
)
def test_an_answer_in_another_form_is_no_answer(method: str, answer: Any) -> None:
    with pytest.raises(GatewayUnavailable):
        record(Node(**{method: answer}))


def test_a_node_that_does_not_answer_is_passed_over_and_asked_last() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "one":
            raise httpx.ConnectError("down")
        if request.url.host == "two":
            return httpx.Response(200, text="<html>")
        return httpx.Response(200, json={"result": {"height": request.url.params["height"]}})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    with CometRpc(["http://one", "http://two", "http://three"], http=http) as rpc:
        assert rpc.ask("commit", height="7") == {"height": "7"}
        rpc.ask("commit", height="8")
    assert asked == ["one", "two", "three", "three"]


def test_an_answer_that_does_not_end_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.light.rpc.LARGEST", 1_000)
    sizes = iter([900, 1_100])
    http = httpx.Client(
        transport=httpx.MockTransport(
            lambda _: httpx.Response(200, json={"result": {"x": "y" * next(sizes)}})
        )
    )
    with CometRpc(["http://one"], http=http) as rpc:
        assert len(rpc.ask("commit")["x"]) == 900
        with pytest.raises(GatewayUnavailable, match="ValueError"):
            rpc.ask("commit")


def test_a_refusal_is_told_and_silence_of_all_as_well() -> None:
    error = {"code": -32603, "message": "Internal error", "data": "height 9 must be less than or equal to 8"}
    answers = [{"error": error}, {"id": -1}]
    http = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(500, text=json.dumps(answers.pop(0))))
    )
    with CometRpc(["http://one"], http=http) as rpc:
        with pytest.raises(RpcRefused, match="height 9"):
            rpc.ask("commit", height="9")
        with pytest.raises(GatewayUnavailable, match="HTTP 500"):
            rpc.ask("commit", height="9")
    with pytest.raises(ValueError, match="address"):
        CometRpc([])


def test_storage_and_code_have_keys_of_their_own() -> None:
    assert storage_key(ADDRESS, SLOT)[0] == 2
    assert code_key(ADDRESS) == b"\x04" + bytes.fromhex(ADDRESS[2:])
