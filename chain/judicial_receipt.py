"""What the judicial chain's receipt (E13) says and how the court's seal reads (docs/evidence-spec.md, sections 3 and 8).

No gateway and no keys: shared by the relay that makes receipts, the verifier and the court's node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TYPE: Final = "anvil-mpt"
REFERENCE: Final = "cometbft-reference"
"""Of a court whose chain is a validator network: the place of the acceptance, which proves nothing by itself."""

ACCEPTED_TOPIC: Final = bytes.fromhex("b27f25f816487cb5355895139892bfab485c60488b18214f3535ffa8da4d6f2d")
"""keccak-256 of `CheckpointAccepted(uint64,bytes32,uint64)`."""


def seal_text(chain_id: int, number: int, block_hash: bytes) -> bytes:
    """The text under a block's seal: a C2SP signed note whose first line can be no checkpoint's origin."""
    return f"concord-block-seal/v1\n{chain_id}\n{number}\n{block_hash.hex()}\n".encode("ascii")


def evidence_number(index: int, size: int, root: str) -> str:
    """The number that a party holds: entry `index` of the log, as of the checkpoint of `size` entries with this root."""
    return f"{index}@{size}-{root[:16]}"


def is_of(receipt: Mapping[str, Any] | None, chain_id: int, address: str) -> bool:
    """Whether a receipt is one of this contract on this chain."""
    return receipt is not None and (receipt.get("chain_id"), receipt.get("address")) == (chain_id, address)


def reference_entry(
    chain_id: int, address: str, block: int, block_hash: bytes, transaction: bytes
) -> dict[str, Any]:
    """`judicial/receipt.json` without a proof: hashes are 64 hex digits. Step 18 leaves this type open."""
    return {
        "v": 1,
        "type": REFERENCE,
        "chain_id": chain_id,
        "address": address,
        "block": block,
        "block_hash": block_hash.hex(),
        "transaction": transaction.hex(),
    }


def receipt_entry(chain_id: int, address: str, proof: Mapping[str, Any], seal: str | None) -> dict[str, Any]:
    """`judicial/receipt.json` from a receipt proof as `chain.state_proofs` builds it."""
    return {
        "v": 1,
        "type": TYPE,
        "chain_id": chain_id,
        "address": address,
        "header": proof["header"],
        "seal": seal,
        "receipt_index": proof["index"],
        "receipt_proof": list(proof["nodes"]),
    }
