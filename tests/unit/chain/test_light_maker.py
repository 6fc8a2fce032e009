"""Making proofs from what nodes answer: few headers, nothing unchecked, no answer in another form taken."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from chain.errors import GatewayUnavailable, ProofInvalid, RpcRefused
from chain.light import encoding
from chain.light.encoding import message, number, octets
from chain.light.maker import light_record, light_slot, trusted_header
from chain.light.rpc import CometRpc
from chain.light.state import code_key, commitment_slot, storage_key
from tests.factories.light_network import (
    CHAIN,
    Iavl,
    Plan,
    b64,
    equal,
    evm_result,
    evm_store,
    header,
    multistore,
    result_proof,
    sha256,
    signed,
)
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


class Node:
    """A network in one object, that answers as CometBFT's RPC does. `lies` replaces answers by method."""

    def __init__(self, **lies: Any) -> None:
        self.lies = lies
        self.asked: list[tuple[str, int]] = []
        self.store = evm_store(ADDRESS, CODE, {SLOT: COMMITMENT}, crowd=60)
        roots = {"acc": sha256(b"acc"), "bank": sha256(b"bank"), "evm": self.store.root}
        self.app_hash, self.path = multistore(roots, "evm")
        words = event_words(CONTRACT.hex(), 1, COMMITMENT)
        topics = [words[place : place + 32] for place in range(0, 128, 32)]
        self.data = evm_result(ADDRESS, topics, words[128:])
        _, self.results = result_proof(self.data, index=0, total=1)

    def ask(self, method: str, **params: str) -> Mapping[str, Any]:
        height = int(params.get("height", 0))
        self.asked.append((method, height))
        if method in self.lies:
            found: Mapping[str, Any] = self.lies[method]
            return found
        answers: dict[str, Callable[[], Mapping[str, Any]]] = {
            "status": lambda: {"node_info": {"network": CHAIN}},
            "commit": lambda: {"signed_header": self._signed(height)},
            "validators": lambda: self._validators(height),
            "block_results": lambda: {"txs_results": [
                {"code": 0, "data": b64(self.data), "gas_wanted": "400000", "gas_used": "210000", "log": "more"}
            ]},
            "abci_query": lambda: self._query(bytes.fromhex(params["data"][2:])),
        }  # fmt: skip
        return answers[method]()

    def _block(self, height: int) -> dict[str, Any]:
        plan = Plan(
            height, 1_795_000_000 + height, _members(height), tuple(_members(height)), _members(height + 1)
        )
        last = height == HEIGHT + 1
        changes = {"app_hash": self.app_hash.hex(), "last_results_hash": self.results.hex()} if last else {}
        return signed(plan, header(plan, **changes))

    def _signed(self, height: int) -> dict[str, Any]:
        block = self._block(height)
        head, commit = block["header"], block["commit"]
        last = head["last_block"] or {"hash": "", "total": 0, "parts": ""}
        names = [name for name in head if name.endswith("_hash")]
        shown = {name: head[name].upper() for name in names} | {
            "version": {"block": str(head["version"][0])},
            "chain_id": CHAIN,
            "height": str(head["height"]),
            "time": self._time(head["time"]),
            "last_block_id": {
                "hash": last["hash"].upper(),
                "parts": {"total": last["total"], "hash": last["parts"].upper()},
            },
            "proposer_address": head["proposer"].upper(),
        }
        signatures = [
            {"block_id_flag": 2, "timestamp": self._time(vote["time"]), "signature": vote["signature"]}
            if vote
            else {"block_id_flag": 1, "timestamp": "0001-01-01T00:00:00Z", "signature": None}
            for vote in commit["signatures"]
        ]
        block_id = {"hash": "00", "parts": {"total": commit["total"], "hash": commit["parts"].upper()}}
        return {
            "header": shown,
            "commit": {"round": commit["round"], "block_id": block_id, "signatures": signatures},
        }

    @staticmethod
    def _time(value: list[int]) -> str:
        whole = dt.datetime.fromtimestamp(value[0], dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        rest = f"{value[1]:09d}".rstrip("0")
        return f"{whole}.{rest}Z" if rest else f"{whole}Z"

    def _validators(self, height: int) -> dict[str, Any]:
        found = self._block(height)["validators"]
        listed = [{"pub_key": {"value": item["key"]}, "voting_power": str(item["power"])} for item in found]
        return {"total": str(len(listed)), "validators": listed}

    def _query(self, key: bytes) -> dict[str, Any]:
        there = key in self.store.pairs
        inner = message(1, _exists(self.store, key)) if there else message(2, _absent(self.store, key))
        outer = message(
            1,
            octets(1, b"evm") + octets(2, self.store.root) + message(3, octets(5, b"\0")) + _steps(self.path),
        )
        ops = [{"type": "ics23:iavl", "data": b64(inner)}, {"type": "ics23:simple", "data": b64(outer)}]
        return {"response": {"proofOps": {"ops": ops}}}


def _steps(path: list[list[str]]) -> bytes:
    return b"".join(
        message(4, number(1, 1) + octets(2, base64.b64decode(prefix)) + octets(3, base64.b64decode(suffix)))
        for prefix, suffix in path
    )


def _exists(store: Iavl, key: bytes) -> bytes:
    operation = number(1, 1) + number(3, 1) + number(4, 1) + octets(5, store.leaf_prefix)
    return (
        octets(1, key) + octets(2, store.pairs[key]) + message(3, operation) + _steps(store.leaf(key)["path"])
    )


def _absent(store: Iavl, key: bytes) -> bytes:
    low, high = max(k for k in store.pairs if k < key), min(k for k in store.pairs if k > key)
    return octets(1, key) + message(2, _exists(store, low)) + message(3, _exists(store, high))


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
    assert trusted_header(node, 1) == {"height": 1, "hash": encoding.header_hash(CHAIN, header(plan)).hex()}


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
    node.results = bytes(32)
    with pytest.raises(ProofInvalid):
        record(node)
    assert record(node, transaction=None)["result"] is None


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
