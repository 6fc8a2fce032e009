"""Tries, receipts and storage proofs made by Python's libraries, for the JavaScript tests."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from chain.state_proofs import mapping_slot

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
STORED = 4711


def cases() -> dict[str, Any]:
    """Everything that `trie.test.mjs` reads."""
    slot = mapping_slot(3, (310101001).to_bytes(32, "big"), (202611).to_bytes(32, "big"))
    stored, storage_root = _storage(slot)
    account = _encode([b"\x01", b"", storage_root, keccak(b"code")])
    state = HexaryTrie({})
    for number in range(40):
        state.set(keccak(number.to_bytes(20, "big")), _encode([b"", b"", keccak(b""), keccak(b"")]))
    key = keccak(bytes.fromhex(ADDRESS[2:]))
    state.set(key, account)
    receipts = HexaryTrie({})
    log = [bytes.fromhex(ADDRESS[2:]), [keccak(b"Topic()")], b"data"]
    for index in range(200):
        receipts.set(_encode(index), b"\x02" + _encode([b"\x01", b"\x52", b"\0" * 256, [log]]))
    header = _b64(_encode(_header(state.root_hash, receipts.root_hash)))
    common = {"v": 1, "type": "anvil-mpt", "kind": "storage", "header": header, "address": ADDRESS}
    common["account_nodes"] = _nodes(state, key)
    absent = keccak(b"another slot")
    return {
        "tries": _tries(),
        "slot": slot.hex(),
        "stored": STORED,
        "storage": common | {"slots": [{"slot": slot.hex(), "nodes": _nodes(stored, keccak(slot))}]},
        "absent": common | {"slots": [{"slot": absent.hex(), "nodes": _nodes(stored, keccak(absent))}]},
        "receipt": {
            "v": 1,
            "type": "anvil-mpt",
            "kind": "receipt",
            "header": header,
            "index": 130,
            "nodes": _nodes(receipts, _encode(130)),
        },
    }


def _storage(slot: bytes) -> tuple[HexaryTrie, bytes]:
    stored = HexaryTrie({})
    for number in range(100):
        stored.set(keccak(number.to_bytes(32, "big")), _encode(number + 1))
    stored.set(keccak(slot), _encode(STORED))
    return stored, stored.root_hash


def _tries() -> list[dict[str, Any]]:
    """Small tries with short keys, where nodes are inlined, values sit in branches, and keys are missing."""
    found = []
    for size in (0, 1, 2, 3, 17, 60):
        keys = [
            hashlib.sha256(b"%d-%d" % (size, number)).digest()[: 1 + number % 3] for number in range(size)
        ]
        found += _lookups(keys, [b"", b"\x00", b"\xff\xff\xff\xff", *(key + b"\x01" for key in keys[:10])])
    # long common prefixes: extensions, which a missing key leaves in their middle
    keys = [b"common prefix %d" % number for number in range(12)]
    found += _lookups(
        keys, [b"cOmmon prefix 7", b"common prefiX 1", b"commom prefix 11", b"common prefix 77"]
    )
    return found


def _lookups(keys: list[bytes], absent: list[bytes]) -> list[dict[str, Any]]:
    tree = HexaryTrie({})
    for number, key in enumerate(keys):
        tree.set(key, b"v" if number % 2 else b"value of %d, long enough not to be inlined" % number)
    return [
        {
            "root": tree.root_hash.hex(),
            "key": key.hex(),
            "value": tree.get(key).hex(),
            "nodes": _nodes(tree, key),
        }
        for key in (*keys, *absent)
    ]


def _header(state_root: bytes, receipts_root: bytes) -> list[bytes]:
    fields = [b"\x11" * 32] * 15
    fields[3], fields[5] = state_root, receipts_root
    fields[8], fields[11] = b"\x07", b"\x65\x00\x00\x00"
    return fields


def _nodes(tree: HexaryTrie, key: bytes) -> list[str]:
    return [_b64(_encode(node)) for node in tree.get_proof(key)]


def _encode(value: Any) -> bytes:
    return bytes(rlp.encode(value))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
