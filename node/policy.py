"""What the gateway lets through:

methods, parameters, sizes and rates. Pure; the HTTP side is in ``gateway``.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from node.errors import RpcRefused
from node.settings import Limits

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNAUTHORISED = -32001
LIMITED = -32002
SEND = "eth_sendRawTransaction"
SEAL = "concord_blockSeal"
"""Answered by the node itself, never by anvil: the seal under a block, where the chain is sealed."""

READS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_gasPrice",
        "eth_getBalance",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getBlockTransactionCountByHash",
        "eth_getBlockTransactionCountByNumber",
        "eth_getCode",
        "eth_getLogs",
        "eth_getProof",
        "eth_getStorageAt",
        "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByBlockNumberAndIndex",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "eth_getTransactionReceipt",
        "eth_maxPriorityFeePerGas",
        "eth_syncing",
        "net_version",
        "web3_clientVersion",
    }
)
_EXECUTED = frozenset({"eth_call", "eth_estimateGas"})
_MAX_REMOTES = 4_096
_QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,14})")


@dataclass(frozen=True, slots=True)
class Call:
    """One well-formed JSON-RPC call that the policy admits."""

    id: str | int | None
    method: str
    params: list[Any]

    def as_json(self) -> dict[str, Any]:
        """The call as it goes on to anvil: nothing but these four members."""
        return {"jsonrpc": "2.0", "id": self.id, "method": self.method, "params": self.params}


def parse_body(body: bytes, limits: Limits) -> tuple[list[Any], bool]:
    """The calls of a request body and whether it was a batch. Raises ``RpcRefused``."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RpcRefused(PARSE_ERROR, "the body is not JSON", 400) from error
    if isinstance(payload, dict):
        return [payload], False
    if not isinstance(payload, list) or not payload:
        raise RpcRefused(INVALID_REQUEST, "send a JSON-RPC 2.0 call or a batch of calls", 400)
    if len(payload) > limits.batch_calls:
        raise RpcRefused(LIMITED, f"a batch holds at most {limits.batch_calls} calls", 413)
    return payload, True


def call_id(raw: object) -> str | int | None:
    """The id to answer with, also for a call that is otherwise malformed."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def admit(raw: object, limits: Limits) -> Call:
    """A call that may go on. Raises ``RpcRefused`` for anything malformed or not on the list of methods."""
    if not isinstance(raw, dict) or raw.get("jsonrpc") != "2.0" or not isinstance(raw.get("method"), str):
        raise RpcRefused(INVALID_REQUEST, "not a JSON-RPC 2.0 call", 400)
    method = raw["method"]
    params = raw.get("params", [])
    if method not in READS and method not in (SEND, SEAL):
        raise RpcRefused(METHOD_NOT_FOUND, "this method is not available here")
    if not isinstance(params, list):
        raise RpcRefused(INVALID_PARAMS, "params must be a list")
    if method in _EXECUTED:
        params = _bounded_execution(params, limits)
    return Call(call_id(raw), method, params)


def _bounded_execution(params: list[Any], limits: Limits) -> list[Any]:
    """A simulated call with a gas limit of ours:

    no caller keeps the engine busy for seconds; no state overrides.
    """
    if not 1 <= len(params) <= 2 or not isinstance(params[0], dict):
        raise RpcRefused(INVALID_PARAMS, "send a transaction object and at most a block")
    asked = params[0].get("gas")
    try:
        gas = limits.call_gas if asked is None else min(int(str(asked), 16), limits.call_gas)
    except ValueError as error:
        raise RpcRefused(INVALID_PARAMS, "gas is not a hexadecimal quantity") from error
    return [{**params[0], "gas": hex(gas)}, *params[1:]]


def block_number(call: Call) -> int:
    """The block that a ``concord_blockSeal`` call asks about, from a hexadecimal quantity. Raises ``RpcRefused``."""
    value = call.params[0] if len(call.params) == 1 else None
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise RpcRefused(INVALID_PARAMS, "send one block number as a hexadecimal quantity")
    return int(value, 16)


def raw_transaction(call: Call, limits: Limits) -> bytes:
    """The bytes of an ``eth_sendRawTransaction`` call. Raises ``RpcRefused``."""
    if len(call.params) != 1 or not isinstance(call.params[0], str) or not call.params[0].startswith("0x"):
        raise RpcRefused(INVALID_PARAMS, "send one raw transaction in hexadecimal with 0x")
    text = call.params[0][2:]
    if len(text) > 2 * limits.transaction_bytes:
        raise RpcRefused(LIMITED, f"a transaction has at most {limits.transaction_bytes} bytes", 413)
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise RpcRefused(INVALID_PARAMS, "the raw transaction is not hexadecimal") from error


class RateLimit:
    """A token bucket per remote address; remembers the latest few thousand addresses only."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, remote: str, cost: int, now: float) -> bool:
        """Whether ``cost`` calls of ``remote`` may pass at ``now`` (seconds of a steady clock)."""
        tokens, at = self._buckets.pop(remote, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        passes = tokens >= cost
        self._buckets[remote] = (tokens - cost if passes else tokens, now)
        if len(self._buckets) > _MAX_REMOTES:
            self._buckets.popitem(last=False)
        return passes
