"""Proofs of receipts and storage against a block header: type `anvil-mpt` (Merkle-Patricia tries, keccak).

Verification is pure and offline. It says what the header commits to and *nothing about the header*: on the embedded
chain nobody signs headers, so a verdict that rests on such a proof is indeterminate (HEADER_NOT_AUTHENTICATED).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_hash.auto import keccak
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie

from chain.errors import DecodingError, ProofInvalid
from chain.gateway import ProofSource
from chain.transactions import address_bytes, checksum_address

TYPE = "anvil-mpt"
MAX_NODES = 64
MAX_BYTES = 400_000

_HEADER_FIELDS = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot",
    "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash",
)  # fmt: skip
_HEADER_NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas",
}  # fmt: skip
_SLOT = re.compile(r"[0-9a-f]{64}")
_STATE_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIME = 3, 5, 8, 11


@dataclass(frozen=True)
class ProvenLog:
    """An event inside a proven receipt."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class ReceiptFacts:
    """What a receipt proof shows, if its header is the chain's."""

    block_number: int
    block_hash: bytes
    timestamp: int
    index: int
    ok: bool
    logs: tuple[ProvenLog, ...]


@dataclass(frozen=True)
class StorageFacts:
    """What a storage proof shows, if its header is the chain's. `values` by slot; absent slots are 0."""

    block_number: int
    block_hash: bytes
    timestamp: int
    address: str
    code_hash: bytes
    values: Mapping[bytes, int]


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _hex(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _quantity(value: str) -> bytes:
    number = int(value, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encode(value: Any) -> bytes:
    data: bytes = rlp.encode(value)  # type: ignore[attr-defined,no-untyped-call]
    return data


def _decode(data: bytes) -> Any:
    try:
        return rlp.decode(data)  # type: ignore[attr-defined,no-untyped-call]
    except rlp.exceptions.RLPException as exc:
        raise ProofInvalid("not RLP") from exc


# -- building


def header_rlp(block: Mapping[str, Any]) -> bytes:
    """RLP of a header from the JSON-RPC block object; raises ProofInvalid when it does not hash to the block's hash."""
    fields = []
    for name in _HEADER_FIELDS:
        value = block.get(name)
        if value is None:
            break  # a chain of an older hard fork ends earlier
        fields.append(_quantity(value) if name in _HEADER_NUMBERS else _hex(value))
    data = _encode(fields)
    if keccak(data) != _hex(block["hash"]):
        raise ProofInvalid("the node's header does not hash to its block hash")
    return data


def _receipt_rlp(receipt: Mapping[str, Any]) -> bytes:
    kind = int(receipt.get("type", "0x0"), 16)
    logs = [
        [_hex(log["address"]), [_hex(t) for t in log["topics"]], _hex(log["data"])] for log in receipt["logs"]
    ]
    body = _encode(
        [
            _quantity(receipt["status"]),
            _quantity(receipt["cumulativeGasUsed"]),
            _hex(receipt["logsBloom"]),
            logs,
        ]
    )
    return bytes([kind]) + body if kind else body


def build_receipt_proof(source: ProofSource, number: int, index: int) -> dict[str, Any]:
    """JSON of a proof that the receipt at `index` of block `number` is what the header commits to.

    Made at anchoring time: a pruning node forgets old receipts. Raises ProofInvalid when the node contradicts itself.
    """
    return build_receipt_proofs(source, number, [index])[index]


def build_receipt_proofs(
    source: ProofSource, number: int, indexes: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """Proofs of several receipts of one block; the trie is built once."""
    block = source.header(number)
    header = header_rlp(block)
    tree = HexaryTrie({})
    for position, receipt in enumerate(source.block_receipts(number)):
        tree.set(_encode(position), _receipt_rlp(receipt))  # type: ignore[no-untyped-call]
    if tree.root_hash != _hex(block["receiptsRoot"]):
        raise ProofInvalid("the node's receipts do not give the header's root")
    return {
        index: {
            "v": 1,
            "type": TYPE,
            "kind": "receipt",
            "header": _b64(header),
            "index": index,
            "nodes": [_b64(_encode(node)) for node in _proof_nodes(tree, index)],
        }
        for index in indexes
    }


def _proof_nodes(tree: HexaryTrie, index: int) -> Sequence[Any]:
    nodes: Sequence[Any] = tree.get_proof(_encode(index))  # type: ignore[no-untyped-call]
    return nodes


def build_storage_proof(
    source: ProofSource, address: str, slots: Sequence[bytes], number: int
) -> dict[str, Any]:
    """JSON of a proof of storage `slots` (32 bytes each) of the contract at `address` in block `number`."""
    found = source.account_proof(address, slots, number)
    by_slot = {int(item["key"], 16): item["proof"] for item in found["storageProof"]}
    return {
        "v": 1,
        "type": TYPE,
        "kind": "storage",
        "header": _b64(header_rlp(source.header(number))),
        "address": checksum_address(address_bytes(address)),
        "account_nodes": [_b64(_hex(node)) for node in found["accountProof"]],
        "slots": [
            {"slot": slot.hex(), "nodes": [_b64(_hex(node)) for node in by_slot[int.from_bytes(slot, "big")]]}
            for slot in slots
        ],
    }


# -- verifying


def _bytes(value: Any, what: str) -> bytes:
    if not isinstance(value, str) or len(value) > MAX_BYTES:
        raise ProofInvalid(f"{what} is not base64 text of a sensible length")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProofInvalid(f"{what} is not base64") from exc
    if _b64(data) != value:
        raise ProofInvalid(f"{what} is not canonical base64")
    return data


def _nodes(value: Any, what: str) -> list[bytes]:
    if not isinstance(value, list) or len(value) > MAX_NODES:
        raise ProofInvalid(f"{what} is not a short list of nodes")
    return [_bytes(node, what) for node in value]


def _shape(proof: Any, kind: str, fields: set[str]) -> None:
    if not isinstance(proof, Mapping) or proof.get("type") != TYPE or proof.get("kind") != kind:
        raise ProofInvalid(f"not a {kind} proof of type {TYPE}")
    if set(proof) != fields | {"v", "type", "kind"} or proof["v"] != 1 or isinstance(proof["v"], bool):
        raise ProofInvalid("the proof has missing or further fields")


def _header(value: Any) -> tuple[bytes, list[bytes]]:
    data = _bytes(value, "the header")
    fields = _decode(data)
    if (
        not isinstance(fields, list)
        or not 15 <= len(fields) <= 32
        or not all(isinstance(f, bytes) for f in fields)
    ):
        raise ProofInvalid("the header is not one")
    if len(fields[_STATE_ROOT]) != 32 or len(fields[_RECEIPTS_ROOT]) != 32:
        raise ProofInvalid("the header's roots do not have 32 bytes")
    if max(len(fields[_NUMBER]), len(fields[_TIME])) > 8:
        raise ProofInvalid("the header's numbers are out of range")
    return keccak(data), fields


def _look_up(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """The value at `key` of the trie with `root`; empty when the nodes prove its absence."""
    decoded = [_decode(node) for node in nodes]
    try:
        value: bytes = HexaryTrie.get_from_proof(root, key, decoded)  # type: ignore[no-untyped-call]
    except BadTrieProof as exc:
        raise ProofInvalid("the nodes do not lead from the root to the key") from exc
    except (
        Exception
    ) as exc:  # hostile nodes raise many kinds deep inside the trie library: all mean "no proof"
        raise ProofInvalid("the nodes are not those of a trie") from exc
    if not isinstance(value, bytes):
        raise ProofInvalid("the nodes are not those of a trie")
    return value


def verify_receipt_proof(proof: Any) -> ReceiptFacts:
    """What the receipt says that the proof's header commits to. Raises ProofInvalid."""
    _shape(proof, "receipt", {"header", "index", "nodes"})
    index = proof["index"]
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < 1 << 32:
        raise ProofInvalid("the index is not a number")
    block_hash, header = _header(proof["header"])
    value = _look_up(header[_RECEIPTS_ROOT], _encode(index), _nodes(proof["nodes"], "nodes"))
    if not value:
        raise ProofInvalid("there is no receipt at this index")
    fields = _decode(value[1:] if value[0] < 0x7F else value)
    try:
        status, _gas, _bloom, logs = fields
        proven = tuple(
            ProvenLog(checksum_address(address), tuple(bytes(t) for t in topics), bytes(data))
            for address, topics, data in logs
        )
    except (TypeError, ValueError, DecodingError) as exc:
        raise ProofInvalid("the receipt has another shape") from exc
    number, time = (int.from_bytes(header[i], "big") for i in (_NUMBER, _TIME))
    return ReceiptFacts(number, block_hash, time, index, status == b"\x01", proven)


def verify_storage_proof(proof: Any) -> StorageFacts:
    """The values of the slots that the proof's header commits to. Raises ProofInvalid."""
    _shape(proof, "storage", {"header", "address", "account_nodes", "slots"})
    block_hash, header = _header(proof["header"])
    if (
        not isinstance(proof["address"], str)
        or len(proof["address"]) != 42
        or not isinstance(proof["slots"], list)
        or len(proof["slots"]) > MAX_NODES
    ):
        raise ProofInvalid("address or slots have another shape")
    try:
        address = address_bytes(proof["address"])
    except DecodingError as exc:
        raise ProofInvalid("the address is malformed") from exc
    nodes = _nodes(proof["account_nodes"], "account_nodes")
    account = _decode(_look_up(header[_STATE_ROOT], keccak(address), nodes))
    if not isinstance(account, list) or len(account) != 4:
        raise ProofInvalid("there is no account at this address")
    if not isinstance(account[2], bytes) or not isinstance(account[3], bytes):
        raise ProofInvalid("the account has another shape")
    values: dict[bytes, int] = {}
    for item in proof["slots"]:
        if (
            not isinstance(item, Mapping)
            or set(item) != {"slot", "nodes"}
            or not isinstance(item["slot"], str)
        ):
            raise ProofInvalid("a slot has another shape")
        if _SLOT.fullmatch(item["slot"]) is None:
            raise ProofInvalid("a slot is not 64 lower-case hex characters")
        slot = bytes.fromhex(item["slot"])
        found = _look_up(account[2], keccak(slot), _nodes(item["nodes"], "slot nodes"))
        value = _decode(found) if found else b""
        if not isinstance(value, bytes) or len(value) > 32:
            raise ProofInvalid("a stored value has another shape")
        values[slot] = int.from_bytes(value, "big")
    number, time = (int.from_bytes(header[i], "big") for i in (_NUMBER, _TIME))
    return StorageFacts(number, block_hash, time, checksum_address(address), account[3], values)


def mapping_slot(base: int, *keys: bytes) -> bytes:
    """Slot of a Solidity mapping's value, `keys` (32 bytes each) from the outermost in."""
    slot = base.to_bytes(32, "big")
    for key in keys:
        slot = keccak(key.rjust(32, b"\0") + slot)
    return slot
