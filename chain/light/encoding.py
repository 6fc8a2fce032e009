"""CometBFT's deterministic encodings: header, validator set, vote and result (CometBFT specification, "data structures").

A verifier never parses protobuf here: it encodes what the proof states and compares hashes. Annex C of the evidence
specification says the same in one table; times are (unix seconds, nanoseconds).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from chain.merkle import leaf_hash, tree_root

TRAIL_KIND: Final = "concord.light-trail/1"
_PRECOMMIT: Final = 2
_HASHES: Final = (
    "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
    "last_results_hash", "evidence_hash", "proposer",
)  # fmt: skip


def varint(value: int) -> bytes:
    """Shortest unsigned LEB128 of a number from 0."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """A varint field; nothing for 0."""
    return varint(field << 3) + varint(value) if value else b""


def octets(field: int, value: bytes) -> bytes:
    """A bytes or string field; nothing for none."""
    return message(field, value) if value else b""


def message(field: int, value: bytes) -> bytes:
    """An embedded message, written when it is empty too."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def fixed(field: int, value: int) -> bytes:
    """An sfixed64 field; nothing for 0."""
    return varint(field << 3 | 1) + value.to_bytes(8, "little") if value else b""


def _time(value: Sequence[int]) -> bytes:
    return number(1, value[0]) + number(2, value[1])


def _block_id(block_hash: bytes, total: int, parts: str) -> bytes:
    return octets(1, block_hash) + message(2, number(1, total) + octets(2, bytes.fromhex(parts)))


def _root(items: Sequence[bytes]) -> bytes:
    return tree_root([leaf_hash(item) for item in items])


def header_hash(chain_id: str, header: Mapping[str, Any]) -> bytes:
    """Hash of a block, 32 bytes: the tree head over the fourteen members of its header."""
    last = header["last_block"]
    fields = [
        number(1, header["version"][0]) + number(2, header["version"][1]),
        octets(1, chain_id.encode("ascii")),
        number(1, header["height"]),
        _time(header["time"]),
        message(2, b"")
        if last is None
        else _block_id(bytes.fromhex(last["hash"]), last["total"], last["parts"]),
    ]
    return _root(fields + [octets(1, bytes.fromhex(header[name])) for name in _HASHES])


def set_hash(validators: Sequence[Mapping[str, Any]]) -> bytes:
    """Hash of a validator set, 32 bytes, in the set's own order."""
    return _root(
        [message(1, octets(1, base64.b64decode(v["key"]))) + number(2, v["power"]) for v in validators]
    )


def vote_bytes(
    chain_id: str, height: int, block_hash: bytes, commit: Mapping[str, Any], time: Sequence[int]
) -> bytes:
    """What a validator signs for a block: the canonical precommit, behind its length."""
    vote = (
        number(1, _PRECOMMIT)
        + fixed(2, height)
        + fixed(3, commit["round"])
        + message(4, _block_id(block_hash, commit["total"], commit["parts"]))
        + message(5, _time(time))
        + octets(6, chain_id.encode("ascii"))
    )
    return varint(len(vote)) + vote


def result_bytes(result: Mapping[str, Any]) -> bytes:
    """The members of a transaction's result that the network agrees on (ExecTxResult)."""
    return (
        number(1, result["code"])
        + octets(2, base64.b64decode(result["data"]))
        + number(5, result["gas_wanted"])
        + number(6, result["gas_used"])
    )


def trail_imprint(light: Mapping[str, Any]) -> bytes:
    """What the time-stamping authority sees, 32 bytes: headers, validators and signatures of the whole trail."""
    from signing import jcs

    value = {"v": 1, "kind": TRAIL_KIND, "chain_id": light["chain_id"], "trail": light["trail"]}
    return hashlib.sha256(jcs.canonical(value)).digest()
