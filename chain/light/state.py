"""A storage slot of a contract in the state of the validator network (evidence-spec, 3.6 and 5.4, 5).

Keys of the EVM's store are those of cosmos/evm: 0x02 ‖ address ‖ slot for storage, 0x04 ‖ address for the hash of the
code. The store's root is the value of the key `evm` in the multistore, whose root is the next block's app_hash.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chain.errors import ProofInvalid
from chain.light.ics23 import IAVL, SIMPLE, Leaf, absent_root, steps

STORE: Final = "evm"
STORAGE, CODE_HASH = b"\x02", b"\x04"
RECORDS_SLOT: Final = 1
"""Slot of `_records` in the registry's storage layout; a test compares it with the compiler's own layout."""


def storage_key(address: str, slot: bytes) -> bytes:
    """Key of a 32-byte slot of the contract at `address`."""
    return STORAGE + bytes.fromhex(address[2:]) + slot


def code_key(address: str) -> bytes:
    """Key under which the hash of a contract's code stands."""
    return CODE_HASH + bytes.fromhex(address[2:])


def commitment_slot(contract_id: bytes, version: int) -> bytes:
    """The 32-byte slot of a concluded version's commitment: first member of its record."""
    from chain.state_proofs import mapping_slot

    return mapping_slot(RECORDS_SLOT, contract_id, version.to_bytes(32, "big"))


def _path(value: Sequence[Sequence[str]]) -> list[tuple[bytes, bytes]]:
    return [(base64.b64decode(prefix), base64.b64decode(suffix)) for prefix, suffix in value]


def _leaf(key: bytes, value: bytes, proof: Mapping[str, Any]) -> Leaf:
    return Leaf(key, value, base64.b64decode(proof["prefix"]), steps(_path(proof["path"])))


def _neighbour(value: Mapping[str, Any] | None) -> Leaf | None:
    if value is None:
        return None
    return _leaf(base64.b64decode(value["key"]), base64.b64decode(value["value"]), value)


def slot_root(address: str, item: Mapping[str, Any]) -> bytes:
    """The store's root to which the proof of one slot leads. Raises ProofInvalid."""
    key = storage_key(address, bytes.fromhex(item["slot"]))
    proof = item["proof"]
    if item["value"] is None:
        return absent_root(IAVL, key, _neighbour(proof["left"]), _neighbour(proof["right"]))
    return _leaf(key, bytes.fromhex(item["value"]), proof).root(IAVL)


def check_state(state: Mapping[str, Any], code_hash: bytes, app_hash: bytes) -> None:
    """The code's hash and all slots are in one store of this app_hash. Raises ProofInvalid."""
    address = state["address"]
    root = _leaf(code_key(address), code_hash, state["code"]).root(IAVL)
    if Leaf(STORE.encode(), root, b"\x00", steps(_path(state["store"]))).root(SIMPLE) != app_hash:
        raise ProofInvalid("the contract's code does not lead to the header's app_hash")
    for item in state["slots"]:
        if slot_root(address, item) != root:
            raise ProofInvalid("the slot is not of the same state")
