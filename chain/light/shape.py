"""Shapes of light proofs (evidence-spec, 3.6): every object has exactly these members, every number its bounds."""

from __future__ import annotations

from typing import Any, Final

from chain.light import TYPE
from chain.package import schema as s

MOST: Final = 2**53 - 1
MAX_TOKEN: Final = 16_384
MOST_BLOCKS: Final = 32

_v1 = s.constant(1)
_type = s.constant(TYPE)
_chain_id: Final = s.pattern(r"[A-Za-z0-9._-]{1,50}", "the name of a chain")
_time = s.pair(s.integer(0, 253_402_300_799), s.integer(0, 999_999_999))
_prefix = s.b64(3, 12)
_path = s.array(s.pair(s.b64(1, 64), s.b64(0, 64)), 0, 64)
_leaf = s.members(prefix=_prefix, path=_path)
_neighbour = s.optional(s.members(key=s.b64(1, 1024), value=s.b64(1, 65_536), prefix=_prefix, path=_path))
_absent = s.members(left=_neighbour, right=_neighbour)
_version = s.integer(1, 2**32 - 1)
_total = s.integer(1, 2**32 - 1)

_header = s.members(
    version=s.pair(s.integer(0, MOST), s.integer(0, MOST)),
    height=s.integer(1, MOST),
    time=_time,
    last_block=s.optional(s.members(hash=s.hex32, total=_total, parts=s.hex32)),
    last_commit_hash=s.hex32,
    data_hash=s.hex32,
    validators_hash=s.hex32,
    next_validators_hash=s.hex32,
    consensus_hash=s.hex32,
    app_hash=s.hex32,
    last_results_hash=s.hex32,
    evidence_hash=s.hex32,
    proposer=s.pattern(r"[0-9a-f]{40}", "40 lower-case hex characters"),
)
_commit = s.members(
    round=s.integer(0, 2**31 - 1),
    total=_total,
    parts=s.hex32,
    signatures=s.array(s.optional(s.members(time=_time, signature=s.b64(64, 64))), 1, 100),
)
_block = s.members(
    header=_header,
    validators=s.array(s.members(key=s.b64(32, 32), power=s.integer(1, 10**12)), 1, 100),
    commit=s.optional(_commit),
)


def _slot_proof(value: Any, path: str) -> None:
    """Presence for a value, absence for null."""
    s.mapping(s.text(100), s.anything, 10)(value, path)
    present = value.get("value") is not None
    s.members(slot=s.hex32, value=s.optional(s.hex32), proof=_leaf if present else _absent)(value, path)
    if not present and value["proof"]["left"] is None and value["proof"]["right"] is None:
        raise s.ShapeError(f"{path}/proof", "at least one neighbour")


_light = s.members(
    chain_id=_chain_id, trail=s.array(_block, 2, MOST_BLOCKS), token=s.optional(s.b64(1, MAX_TOKEN))
)
_state = s.members(address=s.address, code=_leaf, slots=s.array(_slot_proof, 1, 1), store=_path)
_result = s.members(
    index=s.integer(0, 2**31 - 1),
    total=s.integer(1, 2**31 - 1),
    path=s.array(s.hex32, 0, 32),
    code=s.integer(0, 2**32 - 1),
    data=s.b64(0, 100_000),
    gas_wanted=s.integer(0, MOST),
    gas_used=s.integer(0, MOST),
)
_record = s.members(
    v=_v1,
    type=_type,
    conclusion=s.members(contract_id=s.hex32, version=_version, commitment=s.hex32),
    light=_light,
    state=_state,
    result=s.optional(_result),
)
_figure = s.members(v=_v1, type=_type, light=_light, state=_state)

NETWORK: Final = s.members(
    chain_id=_chain_id,
    trusting_period=s.integer(1, 10**10),
    headers=s.array(s.members(height=s.integer(1, MOST), hash=s.hex32), 1, 1000),
)
"""The trust root's member `network` (evidence-spec, 4.3)."""


def check_record(value: Any) -> None:
    """Raise ShapeError unless this is the record of a conclusion."""
    _record(value, "")
    result = value["result"]
    if result is not None and result["index"] >= result["total"]:
        raise s.ShapeError("/result/index", "below total")
    _check_trail(value["light"]["trail"])


def check_figure(value: Any) -> None:
    """Raise ShapeError unless this is the proof of a figure."""
    _figure(value, "")
    _check_trail(value["light"]["trail"])


def _check_trail(trail: list[dict[str, Any]]) -> None:
    for number, block in enumerate(trail):
        path = f"/light/trail/{number}"
        keys = [validator["key"] for validator in block["validators"]]
        if len(set(keys)) != len(keys):
            raise s.ShapeError(f"{path}/validators", "each key once")
        if (block["commit"] is None) != (number == 0):
            raise s.ShapeError(f"{path}/commit", "null in the first block alone")
        if number and len(block["commit"]["signatures"]) != len(keys):
            raise s.ShapeError(f"{path}/commit/signatures", "as many as validators")
