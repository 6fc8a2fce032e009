"""A chain of one's own making: a header, a receipt trie and the contracts' events in it, as any stranger can forge."""

from __future__ import annotations

import base64
from typing import Any

import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from chain.abi import load
from tests.factories.evidence import Forge


def concluded(forge: Forge, **changes: Any) -> tuple[str, list[bytes], bytes]:
    """Address, topics and data of the registry's Concluded event for a forged contract."""
    values = {
        "address": forge.root.address_of("LaborContractRegistry"),
        "contract_id": bytes.fromhex(forge.contract_id),
        "commitment": forge.commitment,
        "version": forge.opening["version"],
    } | changes
    topic = load("LaborContractRegistry").event("Concluded").topic0
    org = bytes.fromhex(forge.world.org_id)
    data = values["version"].to_bytes(32, "big") + bytes(32 * 8)
    return values["address"], [topic, values["contract_id"], org, values["commitment"]], data


def receipt_proof(address: str, topics: list[bytes], data: bytes, *, ok: bool = True) -> dict[str, Any]:
    """A receipt proof against a header that nobody but us has made."""
    logs = [[bytes.fromhex(address[2:]), topics, data]]
    receipt = b"\x02" + rlp.encode([b"\x01" if ok else b"", b"\x10", bytes(256), logs])
    tree = HexaryTrie({})
    tree.set(rlp.encode(0), receipt)
    header = [
        bytes(32), bytes(32), bytes(20), bytes(32), bytes(32), tree.root_hash, bytes(256), b"", b"\x07", b"\x01",
        b"\x01", (1_795_000_000).to_bytes(4, "big"), b"", bytes(32), bytes(8), b"",
    ]  # fmt: skip
    nodes = tree.get_proof(rlp.encode(0))
    assert keccak(rlp.encode(header))
    return {
        "v": 1,
        "type": "anvil-mpt",
        "kind": "receipt",
        "header": base64.b64encode(rlp.encode(header)).decode(),
        "index": 0,
        "nodes": [base64.b64encode(rlp.encode(node)).decode() for node in nodes],
    }
