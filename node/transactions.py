"""Reading a signed raw transaction: who sent it, and would the engine ever execute it (EIP-155, 2718, 2028,
3860, 7623, 7825).

anvil takes a transaction whose gas can never suffice into its pool and drops it silently while mining.
Whoever is told "accepted" must find a receipt, so those checks are made here, before anything is
acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass

import rlp.codec
import rlp.exceptions
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from node.errors import RpcRefused
from signing.accounts import Account

INVALID = -32602
_MAX_TRANSACTION_GAS = 1 << 24
_MAX_INITCODE = 49_152


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """A decoded transaction; ``raw`` are the exact bytes that were sent, ``hash`` has its 0x."""

    raw: bytes
    hash: str
    sender: str
    nonce: int
    gas: int

    @property
    def hex(self) -> str:
        """The bytes as JSON-RPC writes them."""
        return "0x" + self.raw.hex()


def _fields(raw: bytes) -> tuple[int, list[object]]:
    kind, body = (0, raw) if raw[:1] >= b"\xc0" else (raw[0] if raw else -1, raw[1:])
    if kind not in (0, 1, 2):
        raise RpcRefused(INVALID, "transaction type not supported: send legacy, 0x01 or 0x02")
    try:
        fields = rlp.codec.decode(body)  # type: ignore[no-untyped-call]
    except rlp.exceptions.RLPException as error:
        raise RpcRefused(INVALID, "not a raw transaction") from error
    if not isinstance(fields, list) or len(fields) != {0: 9, 1: 11, 2: 12}[kind]:
        raise RpcRefused(INVALID, "not a signed raw transaction")
    return kind, fields


def _integer(value: object) -> int:
    if not isinstance(value, bytes) or len(value) > 32 or value[:1] == b"\x00":
        raise RpcRefused(INVALID, "a number in the transaction is not canonical")
    return int.from_bytes(value, "big")


def _data(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise RpcRefused(INVALID, "not a signed raw transaction")
    return value


def least_gas(to: bytes, data: bytes, access_list: object) -> int:
    """The gas below which a transaction is invalid: intrinsic cost and the call data floor of EIP-7623."""
    zeros = data.count(0)
    tokens = zeros + 4 * (len(data) - zeros)
    intrinsic = 21_000 + 4 * tokens
    if not to:
        intrinsic += 32_000 + 2 * ((len(data) + 31) // 32)
    if isinstance(access_list, list):
        for item in access_list:
            keys = item[1] if isinstance(item, list) and len(item) == 2 and isinstance(item[1], list) else []
            intrinsic += 2_400 + 1_900 * len(keys)
    return max(intrinsic, 21_000 + 10 * tokens)


def decode(raw: bytes, chain_id: int) -> RawTransaction:
    """Decode and check a signed transaction for the chain ``chain_id``.

    Raises ``RpcRefused`` when it is malformed, signed for another chain, not free of charge, or could never
    be executed.
    """
    kind, fields = _fields(raw)
    if kind == 0:
        nonce, price, gas, to, value, data, v = (fields[i] for i in range(7))
        fees: tuple[object, ...] = (price,)
        access: object = []
        signed_chain = (_integer(v) - 35) // 2 if _integer(v) >= 35 else None
    else:
        shift = kind - 1
        signed_chain, nonce = _integer(fields[0]), fields[1]
        fees = (fields[2],) if kind == 1 else (fields[2], fields[3])
        gas, to, value, data, access = (fields[3 + shift + i] for i in range(5))
    if signed_chain != chain_id:
        raise RpcRefused(INVALID, f"transaction is signed for chain {signed_chain}, this is chain {chain_id}")
    if any(_integer(fee) for fee in fees) or _integer(value):
        raise RpcRefused(INVALID, "this chain has no coins: set value and every fee field to 0")
    to_bytes, data_bytes, gas_limit = _data(to), _data(data), _integer(gas)
    if gas_limit > _MAX_TRANSACTION_GAS:
        raise RpcRefused(INVALID, f"gas limit above {_MAX_TRANSACTION_GAS} (EIP-7825)")
    least = least_gas(to_bytes, data_bytes, access)
    if gas_limit < least:
        raise RpcRefused(
            INVALID, f"gas limit {gas_limit} is below the {least} that the transaction needs at least"
        )
    if not to_bytes and len(data_bytes) > _MAX_INITCODE:
        raise RpcRefused(INVALID, f"init code above {_MAX_INITCODE} bytes (EIP-3860)")
    try:
        sender = Account.recover_transaction(raw)
    except Exception as error:  # the library raises many kinds; all mean the same to the caller
        raise RpcRefused(INVALID, "the transaction's signature is not valid") from error
    return RawTransaction(
        raw, "0x" + keccak(raw).hex(), to_checksum_address(sender), _integer(nonce), gas_limit
    )
