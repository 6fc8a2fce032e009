"""The gateway in front of a validator's engine: nothing but the policy's methods ever reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from node.errors import InstallationMismatch
from node.gateway import build_app
from node.network.__main__ import parse
from node.network.front import HALT_SECONDS, FrontSettings, ValidatorFront
from signing.accounts import Account

CHAIN_ID = 77
NOW = 1_800_000_000.0
SENDER = Account.from_key(bytes([7] * 32))
STRANGER = Account.from_key(bytes([8] * 32))


class Engine:
    """Answers as told, and remembers every call that came through."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.chain_id = CHAIN_ID
        self.away = False
        self.body: bytes | None = None
        self.status = 200
        self.time = int(NOW)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused")
        if self.body is not None:
            return httpx.Response(self.status, content=self.body)
        asked = json.loads(request.content)
        single = isinstance(asked, dict)
        self.calls += [asked] if single else asked
        answers = [self._one(call) for call in ([asked] if single else asked)]
        return httpx.Response(200, json=answers[0] if single else answers[::-1])  # a batch has no order

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        answer = {"jsonrpc": "2.0", "id": call["id"]}
        if call["method"] == "eth_getCode":
            return {**answer, "error": {"code": -32000, "message": "refused by the engine"}}
        results = {
            "eth_chainId": hex(self.chain_id),
            "eth_getBlockByNumber": {"number": "0x9", "hash": "0x" + "ab" * 32, "timestamp": hex(self.time)},
            "eth_sendRawTransaction": "0x" + "cd" * 32,
        }
        return {**answer, "result": results.get(call["method"], call["params"])}

    @property
    def methods(self) -> list[str]:
        return [call["method"] for call in self.calls]


def raw(account: Any = SENDER, chain_id: int = CHAIN_ID, nonce: int = 0) -> str:
    fields = {
        "type": 2, "chainId": chain_id, "nonce": nonce, "gas": 100_000, "value": 0, "to": SENDER.address,
        "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "data": b"",
    }  # fmt: skip
    return "0x" + bytes(account.sign_transaction(fields).raw_transaction).hex()


Visit = Callable[[httpx.AsyncClient, ValidatorFront], Awaitable[None]]


def served(folder: Path, engine: Engine, visit: Visit, *, look: bool = True) -> None:
    """A front over that engine, after one look at it, and a client at its door."""

    async def scene() -> None:
        settings = FrontSettings(folder, "http://engine.test", CHAIN_ID, senders=(SENDER.address,))
        front = ValidatorFront(settings, transport=httpx.MockTransport(engine), now=lambda: NOW)
        try:
            if look:
                await front.look()
                engine.calls.clear()
            door = httpx.ASGITransport(build_app(front))
            async with httpx.AsyncClient(transport=door, base_url="http://door.test") as client:
                await visit(client, front)
        finally:
            await front.close()

    asyncio.run(scene())


def call(method: str, *params: Any, identity: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": list(params)}


@pytest.mark.parametrize(
    "method",
    [
        *(
            "debug_traceTransaction",
            "debug_setHead",
            "txpool_content",
            "personal_sign",
            "eth_sendTransaction",
        ),
        *("eth_sign", "eth_subscribe", "engine_newPayloadV4", "admin_addPeer", "miner_start", "evm_mine"),
        *("broadcast_tx_sync", "abci_query", "unsafe_flush_mempool", "cosmos_tx", "rpc_modules"),
    ],
)
def test_what_is_not_listed_never_reaches_the_engine(tmp_path: Path, method: str) -> None:
    engine = Engine()

    async def visit(door: httpx.AsyncClient, _front: ValidatorFront) -> None:
        token = (tmp_path / "rpc-token").read_text().strip()
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            single = await door.post("/", json=call(method), headers=headers)
            batch = await door.post("/", json=[call(method), call("eth_chainId")], headers=headers)
            assert single.json()["error"]["code"] == -32601
            assert [("error" in answer) for answer in batch.json()] == [True, False]

    served(tmp_path, engine, visit)
    assert set(engine.methods) == {"eth_chainId"}


def test_sending_needs_token_and_list(tmp_path: Path) -> None:
    engine = Engine()

    async def visit(door: httpx.AsyncClient, _front: ValidatorFront) -> None:
        token = {"Authorization": "Bearer " + (tmp_path / "rpc-token").read_text().strip()}
        refused = [
            (call("eth_sendRawTransaction", raw()), {}, -32001),
            (call("eth_sendRawTransaction", raw()), {"Authorization": "Bearer wrong"}, -32001),
            (call("eth_sendRawTransaction", raw(STRANGER)), token, -32003),
            (call("eth_sendRawTransaction", raw(chain_id=78)), token, -32602),
            (call("eth_sendRawTransaction", "0x" + "00" * 600_000), token, -32002),
        ]
        for body, headers, code in refused:
            answer = await door.post("/", json=body, headers=headers)
            assert answer.json()["error"]["code"] == code
        assert engine.calls == []
        sent = await door.post("/", json=call("eth_sendRawTransaction", raw()), headers=token)
        assert len(sent.json()["result"]) == 66

    served(tmp_path, engine, visit)
    assert engine.methods == ["eth_sendRawTransaction"]
    assert (tmp_path / "rpc-token").stat().st_mode & 0o077 == 0


def test_answers_of_a_batch_go_to_the_calls_that_asked(tmp_path: Path) -> None:
    """Callers may give two calls one id, and an engine may answer in any order."""
    engine = Engine()

    async def visit(door: httpx.AsyncClient, _front: ValidatorFront) -> None:
        asked = [call("eth_getBalance", n, identity="same") for n in range(3)] + [call("eth_getCode")]
        answers = (await door.post("/", json=asked)).json()
        assert [answer.get("result") for answer in answers] == [[0], [1], [2], None]
        assert [answer["id"] for answer in answers] == ["same"] * 3 + [1]
        assert answers[3]["error"] == {"code": -32000, "message": "refused by the engine"}

    served(tmp_path, engine, visit)


@pytest.mark.parametrize(
    ("status", "body"), [(0, b""), (500, b"{}"), (200, b"no json"), (200, b"{}"), (200, b"[1]"), (200, b"\xff")]
)  # fmt: skip
def test_an_engine_that_is_away_or_strange_is_not_ready(tmp_path: Path, status: int, body: bytes) -> None:
    engine = Engine()

    async def visit(door: httpx.AsyncClient, front: ValidatorFront) -> None:
        assert (await door.get("/health/ready")).status_code == 200
        engine.away, engine.body, engine.status = status == 0, body, status
        token = {"Authorization": "Bearer " + (tmp_path / "rpc-token").read_text().strip()}
        for asked in (call("eth_getBalance"), call("eth_sendRawTransaction", raw())):
            answers = (await door.post("/", json=[asked], headers=token)).json()
            assert answers[0]["error"]["code"] == -32005
        await front.look()
        assert (await door.get("/health/ready")).status_code == 503
        assert (await door.get("/status")).json()["trouble"] == "the validator's engine does not answer"
        engine.away, engine.body = False, None
        await front.look()
        assert (await door.get("/health/ready")).status_code == 200

    served(tmp_path, engine, visit)


def test_a_network_that_stands_is_told(tmp_path: Path) -> None:
    engine = Engine()

    async def visit(door: httpx.AsyncClient, front: ValidatorFront) -> None:
        facts = (await door.get("/status")).json()
        assert (facts["ready"], facts["height"], facts["head_age"], facts["trouble"]) == (True, 9, 0.0, None)
        engine.time = int(NOW - HALT_SECONDS - 1)
        await front.look()
        facts = (await door.get("/status")).json()
        assert facts["ready"]
        assert "the newest block is 31 s old" in facts["trouble"]
        assert (await door.get("/health/ready")).status_code == 503
        assert "concord_node_head_age_seconds 31" in (await door.get("/metrics")).text
        assert (await door.post("/", json=call("concord_blockSeal", "0x1"))).json()["error"]["code"] == -32601

    served(tmp_path, engine, visit)


def test_an_engine_of_another_chain_ends_the_gateway(tmp_path: Path) -> None:
    engine = Engine()
    engine.chain_id = 78

    async def visit(_door: httpx.AsyncClient, front: ValidatorFront) -> None:
        with pytest.raises(InstallationMismatch, match="chain 78"):
            await front.run()
        assert not front.ready.is_set()

    served(tmp_path, engine, visit, look=False)


def test_one_folder_has_one_door(tmp_path: Path) -> None:
    async def visit(_door: httpx.AsyncClient, front: ValidatorFront) -> None:
        with pytest.raises(InstallationMismatch):
            ValidatorFront(front.settings)

    served(tmp_path, Engine(), visit)


def test_the_command_line_names_engine_and_chain() -> None:
    found = parse(
        ["--data", "d", "--engine", "http://e", "--chain-id", "5", "--port", "1", "--sender", "0xA"]
    )
    assert found == FrontSettings(Path("d"), "http://e", 5, 1, "127.0.0.1", ("0xA",))
