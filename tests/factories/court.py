"""The court's chain, forged: a block with the anchor contract's receipt, and the court's seal under its header."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from chain.checkpoint import Checkpoint, LogKey, SignedNote
from chain.package import contents
from signing import jcs
from tests.factories.evidence import Forge
from tests.factories.witnesses import COURT_CHAIN, anchor_address
from tests.factories.world import World, secret

COURT_NAME = "court.test/chain"
BLOCK = 7


def court_key(label: str = "court seal") -> LogKey:
    """The key by which the court seals its blocks."""
    return LogKey.from_seed(COURT_NAME, secret(label))


def trusted_court(world: World, **changes: Any) -> dict[str, Any]:
    """The member of a trust root that names the court's chain."""
    entry = {
        "chain_id": COURT_CHAIN,
        "genesis_hash": hashlib.sha256(b"court genesis").hexdigest(),
        "address": anchor_address(world),
        "code_hash": hashlib.sha256(b"JudicialAnchor").hexdigest(),
        "seal_vkey": court_key().vkey,
    }
    return {"judicial": [entry | changes]}


def block_seal(chain_id: int, number: int, block_hash: bytes, key: LogKey) -> str:
    """The court's word that this block is one of its chain."""
    text = f"concord-block-seal/v1\n{chain_id}\n{number}\n{block_hash.hex()}\n".encode()
    return SignedNote(text, (key.sign(text),)).encode().decode()


def accepted(forge: Forge, **changes: Any) -> tuple[str, list[bytes], bytes]:
    """Address, topics and data of CheckpointAccepted for the package's checkpoint, or what `changes` say."""
    head = Checkpoint.parse(SignedNote.parse(forge.checkpoint_file).text)
    size, root = changes.get("size", head.size), changes.get("root", head.root)
    topics = [keccak(b"CheckpointAccepted(uint64,bytes32,uint64)"), size.to_bytes(32, "big")]
    return changes.get("emitter", anchor_address(forge.world)), topics, root + bytes(32)


def receipt(forge: Forge, **changes: Any) -> dict[str, Any]:
    """The judicial receipt; `changes` replace what is proven (size, root, emitter, ok), the sealing `key`, what the
    seal says (sealed_chain, sealed_number, sealed_hash), or whole members."""
    address, topics, data = accepted(forge, **changes)
    status = b"\x01" if changes.get("ok", True) else b""
    other = b"\x02" + rlp.encode([b"\x01", b"\x10", bytes(256), []])
    own = b"\x02" + rlp.encode([status, b"\x20", bytes(256), [[bytes.fromhex(address[2:]), topics, data]]])
    tree = HexaryTrie({})
    tree.set(rlp.encode(0), other)
    tree.set(rlp.encode(1), own)
    header = rlp.encode([
        bytes(32), bytes(32), bytes(20), bytes(32), bytes(32), tree.root_hash, bytes(256), b"", bytes([BLOCK]), b"\x01",
        b"\x01", (1_795_330_000).to_bytes(4, "big"), b"", bytes(32), bytes(8), b"",
    ])  # fmt: skip
    seal = block_seal(
        changes.get("sealed_chain", COURT_CHAIN),
        changes.get("sealed_number", BLOCK),
        changes.get("sealed_hash", keccak(header)),
        changes.get("key", court_key()),
    )
    nodes = tree.get_proof(rlp.encode(changes.get("proven_index", 1)))
    made = {
        "v": 1,
        "type": "anvil-mpt",
        "chain_id": COURT_CHAIN,
        "address": anchor_address(forge.world),
        "header": base64.b64encode(header).decode(),
        "seal": seal,
        "receipt_index": 1,
        "receipt_proof": [base64.b64encode(rlp.encode(node)).decode() for node in nodes],
    }
    return made | {name: value for name, value in changes.items() if name in made}


def with_receipt(
    alter: Callable[[dict[str, Any]], dict[str, Any]] | None = None, **changes: Any
) -> Callable[[dict[str, bytes], Forge], dict[str, bytes]]:
    """Change for `files`: with a judicial receipt."""

    def change(files: dict[str, bytes], forge: Forge) -> dict[str, bytes]:
        made = receipt(forge, **changes)
        return files | {contents.JUDICIAL: jcs.canonical(alter(made) if alter else made)}

    return change
