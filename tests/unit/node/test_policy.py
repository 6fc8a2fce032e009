"""What passes the gateway: methods, shapes, sizes and rates."""

from __future__ import annotations

import json

import pytest

from node.errors import RpcRefused
from node.policy import (
    LIMITED,
    METHOD_NOT_FOUND,
    READS,
    RateLimit,
    admit,
    call_id,
    parse_body,
    raw_transaction,
)
from node.settings import Limits

LIMITS = Limits(batch_calls=3, transaction_bytes=10, call_gas=1_000)


def _call(method: str, *params: object, **more: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params), **more}


@pytest.mark.parametrize(
    "method",
    [
        "anvil_setBalance",
        "anvil_dumpState",
        "anvil_impersonateAccount",
        "evm_mine",
        "evm_revert",
        "debug_traceTransaction",
        "hardhat_setCode",
        "eth_sendTransaction",
        "eth_sendUnsignedTransaction",
        "eth_accounts",
        "eth_sign",
        "personal_sign",
        "txpool_content",
        "eth_newFilter",
        "eth_subscribe",
        "ETH_CALL",
        "eth_call ",
        "",
    ],
)
def test_everything_not_listed_is_refused(method: str) -> None:
    with pytest.raises(RpcRefused) as refused:
        admit(_call(method), LIMITS)
    assert refused.value.code == METHOD_NOT_FOUND


def test_no_listed_method_changes_anything() -> None:
    for method in READS:
        assert method.startswith(("eth_get", "eth_", "net_version", "web3_clientVersion"))
        assert not method.startswith(("eth_send", "eth_sign", "eth_submit"))


@pytest.mark.parametrize(
    "raw", [7, None, [], {"id": 1, "method": "eth_chainId"}, {"jsonrpc": "2.0", "method": 4}]
)
def test_malformed_calls_are_refused(raw: object) -> None:
    with pytest.raises(RpcRefused):
        admit(raw, LIMITS)


def test_named_parameters_are_refused() -> None:
    with pytest.raises(RpcRefused, match="list"):
        admit({"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": {"a": 1}}, LIMITS)


def test_foreign_members_do_not_reach_the_engine() -> None:
    call = admit(_call("eth_chainId", extra="x"), LIMITS)
    assert set(call.as_json()) == {"jsonrpc", "id", "method", "params"}


@pytest.mark.parametrize(("asked", "given"), [(None, "0x3e8"), ("0x10", "0x10"), ("0xffffff", "0x3e8")])
def test_simulated_calls_get_a_gas_limit(asked: str | None, given: str) -> None:
    transaction = {"to": "0x00"} if asked is None else {"to": "0x00", "gas": asked}
    assert admit(_call("eth_call", transaction, "latest"), LIMITS).params[0]["gas"] == given


def test_state_overrides_are_refused() -> None:
    with pytest.raises(RpcRefused):
        admit(_call("eth_call", {}, "latest", {"0x0": {"balance": "0x1"}}), LIMITS)


def test_bodies_and_batches() -> None:
    assert parse_body(json.dumps(_call("eth_chainId")).encode(), LIMITS)[1] is False
    assert len(parse_body(json.dumps([_call("a")] * 3).encode(), LIMITS)[0]) == 3
    for body, code in (
        (b"{", -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (json.dumps([1] * 4).encode(), LIMITED),
    ):
        with pytest.raises(RpcRefused) as refused:
            parse_body(body, LIMITS)
        assert refused.value.code == code


def test_deep_nesting_is_refused_and_does_not_crash_the_process() -> None:
    import node.transactions  # noqa: F401 - puts the recursion limit back after py_ecc raised it

    with pytest.raises(RpcRefused, match="not JSON"):
        parse_body(b"[" * 100_000, LIMITS)


def test_raw_transaction_shapes() -> None:
    call = admit(_call("eth_sendRawTransaction", "0x0102"), LIMITS)
    assert raw_transaction(call, LIMITS) == b"\x01\x02"
    for params in ([], ["0102"], ["0x1"], ["0x" + "00" * 11], [1], ["0x00", "0x00"]):
        with pytest.raises(RpcRefused):
            raw_transaction(admit(_call("eth_sendRawTransaction", *params), LIMITS), LIMITS)


def test_ids() -> None:
    assert call_id({"id": "a"}) == "a"
    assert call_id({"id": True}) is None
    assert call_id([1]) is None


def test_rate_limit_fills_again() -> None:
    limit = RateLimit(per_second=10, burst=5)
    assert limit.take("a", 5, now=0.0)
    assert not limit.take("a", 1, now=0.0)
    assert limit.take("b", 1, now=0.0)
    assert limit.take("a", 1, now=0.1)
    assert not limit.take("a", 5, now=0.2)
