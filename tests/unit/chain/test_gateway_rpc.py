"""What the JSON-RPC gateway makes of answers that are late, missing, malformed or refusals. No sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from chain.errors import CallReverted, GatewayUnavailable, RpcRefused
from chain.gateway import SendOutcome
from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender, address_bytes, checksum_address, read_raw

TO = "0x" + "11" * 20


def gateway(answer: Callable[[Any], httpx.Response], token: str | None = None) -> RpcGateway:
    def handle(request: httpx.Request) -> httpx.Response:
        handle.headers = request.headers  # type: ignore[attr-defined]
        return answer(json.loads(request.content))

    made = RpcGateway(
        "http://node.test/", token=token, http=httpx.Client(transport=httpx.MockTransport(handle))
    )
    made.seen = handle  # type: ignore[attr-defined]
    return made


def result(value: Any) -> Callable[[Any], httpx.Response]:
    return lambda body: httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": value})


def error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    return {"code": code, "message": message, "data": data}


def test_the_token_travels_as_bearer() -> None:
    made = gateway(result("0x1"), token="secret")
    assert made.chain_id() == 1
    assert made.seen.headers["authorization"] == "Bearer secret"  # type: ignore[attr-defined]


def _raise(error_: Exception) -> httpx.Response:
    raise error_


@pytest.mark.parametrize(
    "answer",
    [
        lambda body: httpx.Response(502, text="<html>"),
        lambda body: httpx.Response(200, json=[]),
        lambda body: httpx.Response(200, json={"id": 1}),
        lambda body: httpx.Response(503, json={"id": 1, "error": error(-32005, "not ready")}),
        lambda body: _raise(httpx.ReadTimeout("late")),
        lambda body: _raise(httpx.ConnectError("closed")),
    ],
)
def test_no_usable_answer_is_unavailable(answer: Callable[[Any], httpx.Response]) -> None:
    with pytest.raises(GatewayUnavailable):
        gateway(answer).chain_id()


@pytest.mark.parametrize(
    "answers",
    [
        lambda body: body[:-1],
        lambda body: [{**c, "id": 7} for c in body],
        lambda body: [{"id": c["id"]} for c in body],
        lambda body: {"id": None, "error": error(-32005, "not ready")},
    ],
)
def test_a_broken_batch_is_unavailable(answers: Callable[[Any], Any]) -> None:
    with pytest.raises(GatewayUnavailable):
        gateway(lambda body: httpx.Response(200, json=answers(body))).receipts([bytes(32), bytes([1] * 32)])


def test_batches_are_matched_by_id_not_by_order() -> None:
    def answer(body: Any) -> httpx.Response:
        return httpx.Response(200, json=[{"id": c["id"], "result": None} for c in reversed(body)])

    assert gateway(answer).receipts([bytes(32)] * 150) == [None] * 150


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("already known", SendOutcome.KNOWN),
        ("nonce too low", SendOutcome.KNOWN),
        ("transaction already imported", SendOutcome.KNOWN),
        ("sender not listed", SendOutcome.REFUSED),
    ],
)
def test_refusals_of_transactions(message: str, outcome: SendOutcome) -> None:
    made = gateway(
        lambda body: httpx.Response(
            200, json=[{"id": c["id"], "error": error(-32000, message)} for c in body]
        )
    )
    assert made.send([b"\x02raw"])[0].outcome is outcome


def test_reverts_carry_their_data() -> None:
    made = gateway(
        lambda body: httpx.Response(
            200, json={"id": 1, "error": error(3, "execution reverted", "0x01020304")}
        )
    )
    with pytest.raises(CallReverted) as caught:
        made.call(TO, b"")
    assert caught.value.data == b"\x01\x02\x03\x04"
    other = gateway(
        lambda body: httpx.Response(200, json={"id": 1, "error": error(-32601, "no such method")})
    )
    with pytest.raises(RpcRefused) as refused:
        other.call(TO, b"")
    assert "no such method" in refused.value.zh


def test_fees_are_zero_and_the_sender_is_recovered() -> None:
    sender = Sender(bytes([3] * 32), 99)
    signed = sender.sign(TO, b"data", 7, 21_000)
    fields = read_raw(signed.raw)
    assert fields.fees == (0, 0)
    assert (fields.sender, fields.nonce, fields.to, fields.data, fields.chain_id, fields.hash) == (
        sender.address, 7, checksum_address(address_bytes(TO)), b"data", 99, signed.hash,
    )  # fmt: skip


def test_addresses_are_checked() -> None:
    good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55
    assert checksum_address(address_bytes(good)) == good
    for bad in ("0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x12", "zz", good[2:]):
        with pytest.raises(Exception, match="解读"):
            address_bytes(bad)


def test_signing_leaves_the_recursion_limit_alone() -> None:
    code = (
        "import sys; before = sys.getrecursionlimit()\n"
        "from chain.transactions import Sender\n"
        "Sender(bytes([3] * 32), 1)\n"
        "assert sys.getrecursionlimit() == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_a_node_that_has_no_block_yet_is_no_answer() -> None:
    with pytest.raises(GatewayUnavailable, match="no block"):
        gateway(result(None)).head()
