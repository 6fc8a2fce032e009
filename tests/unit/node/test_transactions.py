"""Reading raw transactions: sender, chain, charges, and gas that can never suffice."""

from __future__ import annotations

import pytest
from eth_account import Account

from node.errors import RpcRefused
from node.transactions import decode, least_gas

CHAIN = 9_876_543_210
KEY = Account.from_key("0x" + "11" * 32)
TO = "0x" + "ab" * 20


def _raw(**changes: object) -> bytes:
    fields = {
        "nonce": 3,
        "to": Account.from_key("0x" + "22" * 32).address,
        "value": 0,
        "data": b"\x01\x00",
        "gas": 100_000,
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "chainId": CHAIN,
        "type": 2,
    }
    fields.update(changes)
    return bytes(KEY.sign_transaction({k: v for k, v in fields.items() if v is not None}).raw_transaction)


def _legacy(**changes: object) -> bytes:
    plain = {"type": None, "maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 0}
    return _raw(**{**plain, **changes})


def test_sender_hash_and_nonce_are_read() -> None:
    signed = KEY.sign_transaction(
        {
            "nonce": 7,
            "to": KEY.address,
            "value": 0,
            "gas": 21_000,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "chainId": CHAIN,
            "type": 2,
        }
    )
    found = decode(bytes(signed.raw_transaction), CHAIN)
    assert found.sender == KEY.address
    assert found.hash == "0x" + signed.hash.hex().removeprefix("0x")
    assert (found.nonce, found.gas) == (7, 21_000)


def test_legacy_and_access_list_forms_are_read() -> None:
    assert decode(_legacy(), CHAIN).sender == KEY.address
    access = [{"address": TO, "storageKeys": ["0x" + "00" * 32]}]
    raw = _legacy(type=1, accessList=access)
    assert decode(raw, CHAIN).sender == KEY.address


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not supported"),
        (b"\x03" + b"\xc0", "not supported"),
        (b"\x02\xff", "not a raw"),
        (b"\x02\xc0", "not a signed"),
        (_raw()[:-1], "not a raw"),
        (_raw() + b"\x00", "not a raw"),
    ],
)
def test_malformed_bytes_are_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(RpcRefused, match=reason):
        decode(raw, CHAIN)


@pytest.mark.parametrize("maker", [_raw, _legacy])
def test_another_chains_transaction_is_refused(maker: object) -> None:
    with pytest.raises(RpcRefused, match="signed for chain 5"):
        decode(maker(chainId=5), CHAIN)  # type: ignore[operator]


@pytest.mark.parametrize(
    "change", [{"value": 1}, {"maxFeePerGas": 1}, {"maxFeePerGas": 2, "maxPriorityFeePerGas": 2}]
)
def test_coins_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(RpcRefused, match="no coins"):
        decode(_raw(**change), CHAIN)


def test_gas_that_never_suffices_is_refused_and_one_more_passes() -> None:
    data = b"\x01" * 500
    least = least_gas(b"x" * 20, data, [])
    with pytest.raises(RpcRefused, match="at least"):
        decode(_raw(data=data, gas=least - 1), CHAIN)
    assert decode(_raw(data=data, gas=least), CHAIN).gas == least


def test_gas_above_the_cap_of_one_transaction_is_refused() -> None:
    with pytest.raises(RpcRefused, match="EIP-7825"):
        decode(_raw(gas=(1 << 24) + 1), CHAIN)


def test_oversized_init_code_is_refused() -> None:
    with pytest.raises(RpcRefused, match="EIP-3860"):
        decode(_raw(to=None, data=b"\x00" * 49_153, gas=1 << 24), CHAIN)
