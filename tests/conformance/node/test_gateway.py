"""The gateway in front of a real anvil: what it answers, what it refuses, and that nothing else is a door."""

from __future__ import annotations

import json

import httpx
import pytest

from node.launch import RunningNode
from node.policy import READS
from tests.support.chain_caller import SECOND, SENDER, STRANGER, Caller


def test_reads_answer_without_a_token(node: RunningNode, caller: Caller) -> None:
    with Caller(node.rpc_url, None, node.chain_id) as anyone:
        assert int(anyone("eth_chainId"), 16) == node.chain_id
        assert anyone("net_version") == str(node.chain_id)
        assert "anvil" in anyone("web3_clientVersion")


def test_a_transaction_is_mined_and_everything_about_it_answers(caller: Caller) -> None:
    counter = caller.deploy_counter()
    sent = caller("eth_sendRawTransaction", caller.raw(caller.next_nonce(), counter, b"hello"))
    receipt = caller.receipt(sent)
    assert receipt["status"] == "0x1"
    number = receipt["blockNumber"]
    block = caller("eth_getBlockByNumber", number, True)
    assert block["hash"] == receipt["blockHash"]
    assert block["baseFeePerGas"] == "0x0"
    assert [t["hash"] for t in block["transactions"]] == [sent]
    assert caller("eth_getBlockByHash", block["hash"], False)["number"] == number
    assert caller("eth_getTransactionByHash", sent)["blockNumber"] == number
    assert caller("eth_getBlockReceipts", number)[0]["transactionHash"] == sent
    (log,) = caller("eth_getLogs", {"address": counter, "fromBlock": "0x0", "toBlock": "latest"})
    assert bytes.fromhex(log["data"][2:]) == b"hello"
    assert int(caller("eth_getStorageAt", counter, "0x0", "latest"), 16) == 1
    proof = caller("eth_getProof", counter, ["0x" + "00" * 32], number)
    assert proof["storageProof"][0]["value"] == "0x1"
    assert caller("eth_getCode", counter, "latest") != "0x"
    assert caller("eth_call", {"to": counter, "data": "0x"}, "latest") == "0x"


def test_every_listed_read_is_known_to_the_engine(caller: Caller) -> None:
    for method in sorted(READS):
        answer = caller.answer(method)
        assert answer.get("error", {}).get("code") != -32601, method


@pytest.mark.parametrize(
    "method", ["evm_mine", "anvil_setBalance", "anvil_dumpState", "debug_traceBlock", "eth_sendTransaction"]
)
def test_engine_controls_are_refused_even_with_the_token(caller: Caller, method: str) -> None:
    before = caller("eth_blockNumber")
    assert caller.answer(method)["error"]["code"] == -32601
    assert caller.batch([(method, []), ("eth_blockNumber", [])])[0]["error"]["code"] == -32601
    assert caller("eth_blockNumber") == before


def test_sending_needs_the_token(node: RunningNode, caller: Caller) -> None:
    raw = caller.raw(caller.next_nonce(), None, b"\x00")
    for token in (None, "wrong"):
        with Caller(node.rpc_url, token, node.chain_id) as anyone:
            payload = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]}
            response = anyone.http.post("/", json=payload)
            assert (response.status_code, response.json()["error"]["code"]) == (401, -32001)
    assert caller("eth_getTransactionCount", SENDER.address, "pending") == hex(caller.next_nonce())


def test_an_unlisted_sender_is_refused_until_he_is_listed(node: RunningNode, caller: Caller) -> None:
    raw = caller.raw(0, SENDER.address, b"", account=STRANGER)
    assert caller.answer("eth_sendRawTransaction", raw)["error"]["code"] == -32003
    second = caller.raw(0, SENDER.address, b"", account=SECOND)
    assert "not on the list" in caller.answer("eth_sendRawTransaction", second)["error"]["message"]
    senders = node.data_dir / "senders.txt"
    senders.write_text(senders.read_text() + SECOND.address + "\n")
    caller.receipt(caller("eth_sendRawTransaction", second))
    assert caller.answer("eth_sendRawTransaction", raw)["error"]["code"] == -32003


def test_sending_again_gives_the_same_hash_pending_or_mined(caller: Caller) -> None:
    raw = caller.raw(caller.next_nonce(), SENDER.address, b"again")
    answers = caller.batch([("eth_sendRawTransaction", [raw])] * 3)
    assert len({answer["result"] for answer in answers}) == 1
    caller.receipt(answers[0]["result"])
    assert caller("eth_sendRawTransaction", raw) == answers[0]["result"]


def test_nonces_are_neither_reused_nor_skipped(caller: Caller) -> None:
    nonce = caller.next_nonce()
    taken, other, skipping = (
        caller.raw(nonce, SENDER.address, b"a"),
        caller.raw(nonce, SENDER.address, b"b"),
        caller.raw(nonce + 2, SENDER.address, b"c"),
    )
    first, second, third = caller.batch(
        [("eth_sendRawTransaction", [raw]) for raw in (taken, other, skipping)]
    )
    assert "result" in first
    assert "waits already" in second["error"]["message"]
    assert "nonce too high" in third["error"]["message"]
    caller.receipt(first["result"])
    assert "nonce too low" in caller.answer("eth_sendRawTransaction", other)["error"]["message"]


def test_a_batch_answers_in_order_with_the_callers_ids(caller: Caller) -> None:
    nonce = caller.next_nonce()
    calls: list[tuple[str, list[object]]] = [
        ("eth_chainId", []),
        ("eth_sendRawTransaction", [caller.raw(nonce, SENDER.address, b"1")]),
        ("evm_mine", []),
        ("eth_sendRawTransaction", [caller.raw(nonce + 1, SENDER.address, b"2")]),
        ("eth_getBlockByNumber", ["nonsense", False]),
    ]
    answers = caller.batch(calls)
    assert [answer["id"] for answer in answers] == ["c0", "c1", "c2", "c3", "c4"]
    assert ["result" in answer for answer in answers] == [True, True, False, True, False]


def test_several_senders_share_a_block_in_arrival_order(node: RunningNode, caller: Caller) -> None:
    a, b = caller.next_nonce(SENDER), caller.next_nonce(SECOND)
    raws = [
        caller.raw(a + i // 2, SENDER.address, bytes([i]), account=SENDER)
        if i % 2 == 0
        else caller.raw(b + i // 2, SENDER.address, bytes([i]), account=SECOND)
        for i in range(40)
    ]
    senders = node.data_dir / "senders.txt"
    if SECOND.address not in senders.read_text():
        senders.write_text(senders.read_text() + SECOND.address + "\n")
    sent = [answer["result"] for answer in caller.batch([("eth_sendRawTransaction", [raw]) for raw in raws])]
    places = [
        (int(r["blockNumber"], 16), int(r["transactionIndex"], 16)) for r in (caller.receipt(h) for h in sent)
    ]
    assert places == sorted(places)


def test_what_can_never_run_is_refused_instead_of_vanishing(caller: Caller) -> None:
    counter = caller.deploy_counter()
    answer = caller.answer(
        "eth_sendRawTransaction", caller.raw(caller.next_nonce(), counter, b"\x01" * 5_000, gas=25_000)
    )
    assert "at least" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, -32700),
        (b"[" * 50_000, "application/json", 400, -32700),
        (b"{}", "application/json", 400, -32600),
        (b"{}", "text/plain", 415, -32600),
        (json.dumps([{}] * 501).encode(), "application/json", 413, -32002),
        (b" " * (8 * 1024 * 1024 + 1), "application/json", 413, -32002),
    ],
)
def test_bodies_that_are_refused(
    node: RunningNode, content: bytes, kind: str, status: int, code: int
) -> None:
    response = httpx.post(node.rpc_url, content=content, headers={"Content-Type": kind}, trust_env=False)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_status_health_and_metrics(node: RunningNode, caller: Caller) -> None:
    status = caller.http.get("/status").json()
    assert status["ready"] is True
    assert status["height"] == int(caller("eth_blockNumber"), 16)
    assert status["head_hash"] == caller("eth_getBlockByNumber", "latest", False)["hash"]
    assert status["ms_per_block"] > 0
    assert caller.http.get("/health/live").status_code == 200
    assert caller.http.get("/health/ready").status_code == 200
    text = caller.http.get("/metrics").text
    assert f"concord_node_height {status['height']}" in text
    assert 'concord_node_refusals_total{code="-32601"}' in text


def test_other_doors_are_closed(node: RunningNode, caller: Caller) -> None:
    assert caller.http.get("/").status_code == 405
    assert caller.http.get("/anything").status_code == 404
    preflight = caller.http.options(
        "/", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers


def test_a_request_whose_headers_are_too_long_is_refused(node: RunningNode, caller: Caller) -> None:
    answer = httpx.get(f"{node.rpc_url}/status", headers={"X-Long": "a" * 80_000}, trust_env=False)
    assert answer.status_code == 431
    assert int(caller("eth_chainId"), 16) == node.chain_id
