"""Signing and reading of raw transactions (EIP-1559, every fee field an explicit 0: nobody needs coins)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import rlp
from eth_hash.auto import keccak

from chain.errors import DecodingError

if TYPE_CHECKING:
    from signing.accounts import LocalAccount


@dataclass(frozen=True)
class SignedTransaction:
    """A transaction ready for broadcast: its bytes, its hash, its place in the sender's sequence."""

    raw: bytes
    hash: bytes
    nonce: int


@dataclass(frozen=True)
class RawFields:
    """What a raw transaction says; `to` is None for a contract creation."""

    sender: str
    to: str | None
    nonce: int
    gas: int
    data: bytes
    chain_id: int
    fees: tuple[int, int]
    hash: bytes


@lru_cache(maxsize=4096)
def checksum_address(address: bytes) -> str:
    """EIP-55 text of 20 address bytes."""
    if len(address) != 20:
        raise DecodingError(f"an address has 20 bytes, not {len(address)}")
    plain = address.hex()
    digest = keccak(plain.encode("ascii")).hex()
    return "0x" + "".join(c.upper() if int(digest[i], 16) >= 8 else c for i, c in enumerate(plain))


def address_bytes(address: str) -> bytes:
    """The 20 bytes of an address text; the checksum is checked where the text has mixed case."""
    try:
        data = bytes.fromhex(address.removeprefix("0x"))
    except ValueError as exc:
        raise DecodingError("an address is 0x and 40 hex characters") from exc
    if len(data) != 20 or not address.startswith("0x"):
        raise DecodingError("an address is 0x and 40 hex characters")
    plain = address[2:]
    if plain not in {plain.lower(), plain.upper()} and checksum_address(data) != address:
        raise DecodingError("the address's checksum is wrong")
    return data


class Sender:
    """The account from which transactions are sent. It holds no authority: signed statements decide on chain."""

    def __init__(self, key: bytes, chain_id: int) -> None:
        from signing.accounts import Account  # a second of import time that only senders pay

        self._account: LocalAccount = Account.from_key(key)
        self.chain_id = chain_id
        self.address: str = str(self._account.address)

    def sign(self, to: str | None, data: bytes, nonce: int, gas: int) -> SignedTransaction:
        """A type 2 transaction with value 0 and all fees 0; `to` None creates a contract."""
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "data": data,
        }
        if to is not None:
            fields["to"] = to
        signed = self._account.sign_transaction(fields)
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash), nonce)


def read_raw(raw: bytes) -> RawFields:
    """Fields and recovered sender of a raw type 2 transaction. Raises DecodingError."""
    from signing.accounts import Account

    if not raw or raw[0] != 2:
        raise DecodingError("not a type 2 transaction")
    try:
        items: list[bytes] = rlp.decode(raw[1:])  # type: ignore[attr-defined,no-untyped-call]
        chain_id, nonce, priority, fee, gas, to, _value, data = items[:8]
        sender = Account.recover_transaction(raw)
    except Exception as exc:
        # rlp, eth-keys and eth-account raise many kinds of error for one fact: these bytes are no transaction.
        raise DecodingError("not a well-formed transaction") from exc
    number = int.from_bytes
    return RawFields(
        sender=str(sender),
        to=checksum_address(to) if to else None,
        nonce=number(nonce, "big"),
        gas=number(gas, "big"),
        data=bytes(data),
        chain_id=number(chain_id, "big"),
        fees=(number(fee, "big"), number(priority, "big")),
        hash=keccak(raw),
    )
