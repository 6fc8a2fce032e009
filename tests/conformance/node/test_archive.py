"""What the gateway tells about mined blocks is, byte for byte, what an engine that never forgets says about the same chain."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node import engine as engines
from node.engine import Engine
from node.history import read_blocks
from node.installation import read_facts
from node.launch import RunningNode
from node.settings import NodeSettings
from tests.support.chain_caller import SENDER, Caller

AA, BB, CC = ("0x" + "00" * 31 + last for last in ("aa", "bb", "cc"))
NOWHERE = "0x" + "11" * 32
# Created contracts that log in their constructor: topics BB and AA with a word of data, then no topic at all.
_LOGGING = "60ff60005260aa60bb60206000a260206000a000"
_REVERTING = "0x5f5ffd"
_EMPTY_BLOCKS_BEHIND = 70


class Twin:
    """A second engine with the node's own journal in it, which keeps everything."""

    def __init__(self, node: RunningNode, scratch: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._engine = self._loop.run_until_complete(self._start(node, scratch))

    async def _start(self, node: RunningNode, scratch: Path) -> Engine:
        binary = NodeSettings(data_dir=node.data_dir).anvil_binary()
        engine = await Engine.start(binary, read_facts(node.data_dir), 16, scratch)
        for block, transactions in read_blocks(node.data_dir / "blocks.journal"):
            await engine.mine(transactions, block.time, block.one_sender)
        return engine

    def exchange(self, payload: object) -> bytes:
        return self._loop.run_until_complete(self._engine.exchange(payload))

    def close(self) -> None:
        self._loop.run_until_complete(self._engine.kill())
        self._loop.close()


def _create(caller: Caller, nonce: int, code: str) -> str:
    return caller.raw(nonce, None, bytes.fromhex(code.removeprefix("0x")))


@pytest.fixture(scope="module")
def chain(node: RunningNode) -> str:
    """A short chain with everything in it; the hash of a block with logs."""
    with Caller(node.rpc_url, node.token, node.chain_id) as caller:
        counter = caller.deploy_counter()
        for size in (1, 3, 12):
            nonce = caller.next_nonce()
            raws = [caller.raw(nonce, counter, b""), _create(caller, nonce + 1, _REVERTING)]
            raws += [_create(caller, nonce + 2 + place, _LOGGING) for place in range(size)]
            sent = caller.batch([("eth_sendRawTransaction", [raw]) for raw in raws])
            receipt = caller.receipt(sent[-1]["result"])
        for _ in range(_EMPTY_BLOCKS_BEHIND):
            caller.receipt(
                caller("eth_sendRawTransaction", caller.raw(caller.next_nonce(), counter, b"later"))
            )
        return str(receipt["blockHash"])


@pytest.fixture(scope="module")
def twin(node: RunningNode, chain: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_KEPT_BLOCKS", 1_000_000)
        found = Twin(node, tmp_path_factory.mktemp("twin"))
    yield found
    found.close()


def _questions(caller: Caller, block_hash: str) -> Iterator[tuple[str, list[Any]]]:
    height = int(caller("eth_blockNumber"), 16)
    numbers = [hex(number) for number in range(height + 2)]
    for name in [*numbers, "latest", "earliest", "safe", "finalized"]:
        yield "eth_getBlockByNumber", [name, True]
        yield "eth_getBlockByNumber", [name, False]
        yield "eth_getBlockReceipts", [name]
        yield "eth_getBlockReceipts", [{"blockNumber": name}]
        yield "eth_getBlockTransactionCountByNumber", [name]
        for place in ("0x0", "0x3", "0x99"):
            yield "eth_getTransactionByBlockNumberAndIndex", [name, place]
    yield "eth_getBlockReceipts", ["pending"]
    for found in (block_hash, NOWHERE, "0x" + block_hash[2:].upper()):
        yield "eth_getBlockByHash", [found, True]
        yield "eth_getBlockByHash", [found, False]
        yield "eth_getBlockReceipts", [found]
        yield "eth_getBlockReceipts", [{"blockHash": found}]
        yield "eth_getBlockTransactionCountByHash", [found]
        yield "eth_getTransactionByBlockHashAndIndex", [found, "0x1"]
    transactions = [
        item["result"]["transactions"]
        for item in caller.batch([("eth_getBlockByNumber", [number, False]) for number in numbers[:-1]])
    ]
    for transaction in [*itertools.chain(*transactions), NOWHERE]:
        yield "eth_getTransactionByHash", [transaction]
        yield "eth_getTransactionReceipt", [transaction]


def _filters(caller: Caller, block_hash: str) -> Iterator[dict[str, Any]]:
    height = int(caller("eth_blockNumber"), 16)
    middle, head = int(caller("eth_getBlockByHash", block_hash, False)["number"], 16), hex(height)
    ranges: list[dict[str, Any]] = [
        {},
        {"fromBlock": None, "toBlock": None},
        {"blockHash": block_hash},
        {"blockHash": NOWHERE},
        {"fromBlock": "0x0"},
        {"fromBlock": "earliest", "toBlock": "latest"},
        {"fromBlock": "0x0", "toBlock": "pending"},
        {"fromBlock": "pending"},
        {"fromBlock": "safe"},
        {"fromBlock": "finalized", "toBlock": "safe"},
        {"fromBlock": hex(middle), "toBlock": hex(middle)},
        {"fromBlock": hex(height - 1), "toBlock": hex(height + 99)},
        {"fromBlock": hex(height + 1)},
        {"fromBlock": head, "toBlock": "0x1"},
        {"toBlock": hex(height - 1)},
    ]
    logs = caller("eth_getLogs", {"fromBlock": "0x0"})
    addresses = sorted({log["address"] for log in logs})
    assert len(addresses) > 10
    places: list[dict[str, Any]] = [
        {},
        {"address": addresses[0]},
        {"address": "0x" + addresses[1][2:].upper()},
        {"address": addresses[:5]},
        {"address": []},
        {"address": None},
        {"address": "0x" + "22" * 20},
    ]
    topics: list[Any] = [
        None,
        [],
        [BB],
        [AA],
        [None, AA],
        [BB, None],
        [BB, AA],
        [BB, AA, None, None],
        [None, None, None],
        [BB, AA, CC],
        [[AA, BB]],
        [[]],
        [[], AA],
        [[None, CC]],
        [CC],
    ]
    for extent in ranges:
        for place in places:
            for topic in topics:
                yield {**extent, **place, "topics": topic}


def _asked(method: str, params: list[Any], identity: object = 7) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def test_every_question_about_blocks_and_transactions_is_answered_as_by_an_engine_that_keeps_all(
    caller: Caller, chain: str, twin: Twin
) -> None:
    count = 0
    for method, params in _questions(caller, chain):
        payload = _asked(method, params)
        assert caller.http.post("/", json=payload).content == twin.exchange(payload), payload
        count += 1
    assert count > 700


def test_every_log_filter_finds_what_an_engine_that_keeps_all_finds(
    caller: Caller, chain: str, twin: Twin
) -> None:
    lengths = set()
    for wanted in _filters(caller, chain):
        payload = _asked("eth_getLogs", [wanted])
        told = caller.http.post("/", json=payload).content
        assert told == twin.exchange(payload), wanted
        lengths.add(len(json.loads(told).get("result", "")))
    assert len(lengths) >= 10, "the filters should find different things"


def test_a_batch_is_answered_as_its_calls_are(caller: Caller, chain: str, twin: Twin) -> None:
    calls = [
        _asked("eth_getBlockByHash", [chain, True], "twice"),
        _asked("eth_getBalance", [SENDER.address, "latest"], None),
        _asked("eth_getLogs", [{"fromBlock": "0x0"}], "twice"),
        _asked("eth_getTransactionReceipt", [NOWHERE], 3),
        _asked("eth_getBlockTransactionCountByNumber", ["0xffff"], 4),
    ]
    told = caller.http.post("/", json=calls).json()
    alone = [json.loads(twin.exchange({**call, "id": place})) for place, call in enumerate(calls)]
    assert told == [{**answer, "id": call["id"]} for answer, call in zip(alone, calls, strict=True)]


def test_pages_of_blocks_add_up_to_all_logs(caller: Caller, chain: str) -> None:
    height = int(caller("eth_blockNumber"), 16)
    every = caller("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    pages = [
        caller("eth_getLogs", {"fromBlock": hex(first), "toBlock": hex(first + 6)})
        for first in range(0, height + 1, 7)
    ]
    assert list(itertools.chain(*pages)) == every
    assert [(int(log["blockNumber"], 16), int(log["logIndex"], 16)) for log in every] == sorted(
        (int(log["blockNumber"], 16), int(log["logIndex"], 16)) for log in every
    )


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", [3, True]),
        ("eth_getBlockByNumber", ["3", True]),
        ("eth_getBlockByNumber", ["LATEST", True]),
        ("eth_getBlockByNumber", ["0x1"]),
        ("eth_getBlockByNumber", ["0x1", None]),
        ("eth_getBlockByHash", ["0x12", False]),
        ("eth_getBlockReceipts", [{"blockNumber": "0x1", "blockHash": NOWHERE}]),
        ("eth_getTransactionByBlockNumberAndIndex", ["0x1", 0]),
        ("eth_getTransactionReceipt", [NOWHERE[2:]]),
        ("eth_getLogs", []),
        ("eth_getLogs", [{"fromBlock": 1}]),
        ("eth_getLogs", [{"blockHash": NOWHERE, "toBlock": "0x1"}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "limit": 5}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": BB}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": [None] * 5}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "topics": ["0xbb"]}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "address": [None]}]),
    ],
)
def test_a_parameter_that_cannot_be_read_never_reaches_the_engine(
    caller: Caller, method: str, params: list[Any]
) -> None:
    assert caller.answer(method, *params)["error"]["code"] == -32602


def test_a_filter_with_too_many_values_is_refused(caller: Caller) -> None:
    wanted = {"fromBlock": "0x0", "topics": [[BB] * 1_001]}
    assert caller.answer("eth_getLogs", wanted)["error"]["code"] == -32002
