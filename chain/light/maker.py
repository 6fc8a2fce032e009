"""Making light proofs, at anchoring time: nodes forget old state (evidence-spec, 3.6).

Everything that is made is judged here as a verifier would judge it before it is handed out, so a node that
contradicts itself makes no evidence. The time-stamping authority is a port: a function from imprint to token.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chain.errors import GatewayUnavailable, ProofInvalid
from chain.figures import counter_slot
from chain.light import TYPE
from chain.light.encoding import header_hash, result_bytes, trail_imprint
from chain.light.errors import Gap, LightRefused
from chain.light.reading import Fields, of_octets, one, read
from chain.light.results import responses, results_root
from chain.light.rpc import CometSource
from chain.light.shape import MOST_BLOCKS, check_figure, check_record
from chain.light.state import STORE, check_state, code_key, commitment_slot, storage_key
from chain.light.trail import Trail
from chain.merkle import MemoryTiles, OverlayTiles, Tree, leaf_hash
from chain.package.schema import ShapeError

Stamp = Callable[[bytes], bytes]
"""From a SHA-256 imprint (32 bytes) to the DER of an RFC 3161 token over it."""
Json = dict[str, Any]

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
_SIGNED = 2
_HASHES = (
    "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
    "last_results_hash", "evidence_hash",
)  # fmt: skip


def light_record(
    source: CometSource,
    *,
    trusted_height: int,
    registry: str,
    code_hash: bytes,
    contract_id: bytes,
    version: int,
    commitment: bytes,
    height: int,
    transaction: bytes | None = None,
    trusted_hash: str | None = None,
    light: Json | None = None,
    stamp: Stamp | None = None,
) -> Json:
    """`chain/record.json` of a conclusion that the registry holds at `height`.

    `transaction`: Ethereum hash of the transaction of that block that concluded; its event is proven too. `light`: the
    same member of another record of this block, which is taken over with its token. Needs block `height + 1`. Raises
    RpcRefused when the node doesn't have it yet, ProofInvalid when it contradicts itself or `trusted_hash`, and
    GatewayUnavailable without an answer.
    """
    slot = commitment_slot(contract_id, version)
    if light is not None and light["trail"][-1]["header"]["height"] != height + 1:
        raise ValueError("the trail of another block")
    made: Json = {
        "v": 1,
        "type": TYPE,
        "conclusion": {
            "contract_id": contract_id.hex(),
            "version": version,
            "commitment": commitment.hex(),
        },
        "light": light or _trail(source, trusted_height, trusted_hash, height + 1),
        "state": state_proof(source, registry, code_hash, slot, height),
        "result": None if transaction is None else _result(source, transaction, height),
    }
    if made["state"]["slots"][0]["value"] != commitment.hex():
        raise ProofInvalid("the registry holds another commitment")
    return _finished(made, check_record, code_hash, stamp)


def light_figure(
    source: CometSource,
    *,
    trusted_height: int,
    registry: str,
    code_hash: bytes,
    region: int | None,
    month: str | None,
    height: int,
    stamp: Stamp | None = None,
) -> Json:
    """`figure/proof.json` of the counter of a region and month at `height`; raises as `light_record` does."""
    return light_slot(
        source,
        trusted_height=trusted_height,
        address=registry,
        code_hash=code_hash,
        slot=counter_slot(region, month),
        height=height,
        stamp=stamp,
    )


def light_slot(
    source: CometSource,
    *,
    trusted_height: int,
    address: str,
    code_hash: bytes,
    slot: bytes,
    height: int,
    trusted_hash: str | None = None,
    stamp: Stamp | None = None,
) -> Json:
    """The proof of any 32-byte slot of the contract at `address`, in the form of a figure's."""
    made = {
        "v": 1,
        "type": TYPE,
        "light": _trail(source, trusted_height, trusted_hash, height + 1),
        "state": state_proof(source, address, code_hash, slot, height),
    }
    return _finished(made, check_figure, code_hash, stamp)


def trusted_header(source: CometSource, height: int) -> Json:
    """What a trust root's `network.headers` holds of the block at `height`: people compare it among the members."""
    return dated_header(source, height)[0]


def dated_header(source: CometSource, height: int) -> tuple[Json, int]:
    """The same, and the block's time in unix seconds."""
    header = _block(source, height)["header"]
    found = {"height": height, "hash": header_hash(chain_name(source), header).hex()}
    return found, int(header["time"][0])


def with_token(made: Json, stamp: Stamp) -> Json:
    """A proof or record with a token over its whole trail."""
    light = made["light"]
    token = base64.b64encode(stamp(trail_imprint(light))).decode("ascii")
    return made | {"light": light | {"token": token}}


def _finished(made: Json, shape: Callable[[Any], None], code_hash: bytes, stamp: Stamp | None) -> Json:
    """The same with its token, after it was judged: what does not hold is never stamped."""
    light = made["light"]
    try:
        shape(made)
    except ShapeError as error:
        raise ProofInvalid(f"the node's answer does not fit: {error}") from error
    trail = Trail.of(light)
    try:
        trail.check()
        trail.check_trust()
    except LightRefused as error:
        raise ProofInvalid(f"{error.sub_indication}: {error.reason}") from error
    check_state(made["state"], code_hash, bytes.fromhex(trail.end.header["app_hash"]))
    result = made.get("result")
    if result is not None and results_root(result).hex() != trail.end.header["last_results_hash"]:
        raise ProofInvalid("the node's results are not those that the next header names")
    return made if stamp is None else with_token(made, stamp)


# -- headers


def _trail(source: CometSource, trusted_height: int, trusted_hash: str | None, height: int) -> Json:
    """Headers from the trusted one to `height`, as few as skipping verification allows (halving the way at a gap)."""
    if not 0 < trusted_height < height:
        raise ProofInvalid("the trusted header is not of before the proof's")
    blocks = [_block(source, trusted_height)]
    chain_id = chain_name(source)
    if trusted_hash not in (None, header_hash(chain_id, blocks[0]["header"]).hex()):
        raise ProofInvalid("the node has another block where the trusted one should be")
    wanted = [height]
    known: dict[int, Json] = {}
    while wanted:
        at, last = wanted[-1], blocks[-1]
        known[at] = known.get(at) or _block(source, at)
        low = last["header"]["height"]
        light = {"chain_id": "", "trail": [last, known[at]]}
        try:
            Trail.of(light).check_trust()
        except Gap:
            if len(blocks) + len(wanted) >= MOST_BLOCKS:
                raise GatewayUnavailable("a nearer trusted header is needed", code="gateway.behind") from None
            wanted.append(low + (at - low) // 2)
            continue
        blocks.append(known[wanted.pop()])
    return {"chain_id": chain_id, **_light(blocks), "token": None}


def _light(blocks: list[Json]) -> Json:
    return {"trail": [{**blocks[0], "commit": None}, *blocks[1:]]}


def chain_name(source: CometSource) -> str:
    """The chain's name as CometBFT knows it (not the EVM's number)."""
    return str(_known(lambda: source.ask("status")["node_info"]["network"]))


def newest_height(source: CometSource) -> int:
    """Height of the node's newest block."""
    found: int = _known(lambda: int(source.ask("status")["sync_info"]["latest_block_height"]))
    return found


def _block(source: CometSource, height: int) -> Json:
    """The light block at `height`."""
    found = source.ask("commit", height=str(height))
    listed = source.ask("validators", height=str(height), per_page="100")
    block: Json = _known(lambda: _light_block(found["signed_header"], listed))
    if block["header"]["height"] != height:
        raise ProofInvalid(f"asked for the block at height {height}, the node shows another one")
    return block


def _known(read_answer: Callable[[], Any]) -> Any:
    """What a reading of a node's answer gives; another form of it counts as no answer."""
    try:
        return read_answer()
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise GatewayUnavailable(type(error).__name__, code="gateway.answer_malformed") from error


def _light_block(signed: Mapping[str, Any], listed: Mapping[str, Any]) -> Json:
    header, commit = signed["header"], signed["commit"]
    last = header["last_block_id"]
    version = header["version"]
    made = {
        "version": [int(version.get("block") or 0), int(version.get("app") or 0)],
        "height": int(header["height"]),
        "time": _time(header["time"]),
        "last_block": None if not last["hash"] else {"hash": last["hash"].lower(), **_parts(last)},
        **{name: header[name].lower() for name in _HASHES},
        "proposer": header["proposer_address"].lower(),
    }
    if int(listed["total"]) != len(listed["validators"]):
        raise ValueError("more than a hundred validators")
    members = [{"key": v["pub_key"]["value"], "power": int(v["voting_power"])} for v in listed["validators"]]
    signatures = [_vote(item) for item in commit["signatures"]]
    own = {"round": int(commit["round"]), **_parts(commit["block_id"]), "signatures": signatures}
    return {"header": made, "validators": members, "commit": own}


def _parts(block_id: Mapping[str, Any]) -> Json:
    return {"total": int(block_id["parts"]["total"]), "parts": block_id["parts"]["hash"].lower()}


def _vote(item: Mapping[str, Any]) -> Json | None:
    if int(item["block_id_flag"]) != _SIGNED:
        return None
    return {"time": _time(item["timestamp"]), "signature": item["signature"]}


def _time(text: str) -> list[int]:
    """Unix seconds and nanoseconds of a time as CometBFT writes it."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("a time in another form")
    return [
        int(datetime.fromisoformat(match[1] + "+00:00").timestamp()),
        int((match[2] or "0").ljust(9, "0")),
    ]


# -- state


def state_proof(source: CometSource, address: str, code_hash: bytes, slot: bytes, height: int) -> Json:
    """`state`: the contract's code and one slot at `height`. Raises ProofInvalid for a contract of other code."""
    value, proof, _ = _query(source, code_key(address), height)
    if value != code_hash:
        raise ProofInvalid("there is no such contract of this code")
    stored, found, store = _query(source, storage_key(address, slot), height)
    item = {"slot": slot.hex(), "value": None if stored is None else stored.hex(), "proof": found}
    return {"address": address, "code": proof, "slots": [item], "store": store}


def code_hash_of(source: CometSource, address: str, height: int) -> bytes:
    """Hash of the contract's code as the node says it, 32 bytes. Raises ProofInvalid where there is no contract."""
    found, _, _ = _query(source, code_key(address), height)
    if found is None:
        raise ProofInvalid("there is no contract at this address")
    return found


def _query(source: CometSource, key: bytes, height: int) -> tuple[bytes | None, Json, list[list[str]]]:
    """Value (None: nothing there), proof in the store, and the store's own path."""
    answer = source.ask(
        "abci_query", path=f'"/store/{STORE}/key"', data=f"0x{key.hex()}", height=str(height), prove="true"
    )
    ops = _known(
        lambda: [(op["type"], base64.b64decode(op["data"])) for op in answer["response"]["proofOps"]["ops"]]
    )
    if [kind for kind, _ in ops] != ["ics23:iavl", "ics23:simple"]:
        raise GatewayUnavailable("no proof", code="gateway.answer_malformed")
    (_, inner), (_, outer) = ops
    store = _existence(read(one(read(outer), 1)))["path"]
    proof = read(inner)
    if 1 not in proof:
        absent = read(one(proof, 2))
        return None, {"left": _neighbour(absent, 2), "right": _neighbour(absent, 3)}, store
    present = read(one(proof, 1))
    return one(present, 2), _existence(present), store


def _existence(proof: Fields) -> Json:
    path = []
    for item in proof.get(4, []):
        step = read(of_octets(item))
        path.append([_b64(one(step, 2)), _b64(one(step, 3))])
    return {"prefix": _b64(one(read(one(proof, 3)), 5)), "path": path}


def _neighbour(absent: Fields, field: int) -> Json | None:
    if field not in absent:
        return None
    proof = read(one(absent, field))
    return {"key": _b64(one(proof, 1)), "value": _b64(one(proof, 2)), **_existence(proof)}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# -- results


def _result(source: CometSource, transaction: bytes, height: int) -> Json:
    """The result of the transaction with that Ethereum hash, among those of its block."""
    listed = _known(lambda: source.ask("block_results", height=str(height))["txs_results"] or [])
    results = _known(lambda: [_stated(item) for item in listed])
    wanted = f"0x{transaction.hex()}"
    for index, result in enumerate(results):
        if wanted in _hashes(result):
            leaves = [leaf_hash(result_bytes(item)) for item in results]
            grown = Tree(MemoryTiles(), 0).append(leaves)
            tree = Tree(OverlayTiles(MemoryTiles(), grown.tiles), len(leaves))
            path = [item.hex() for item in tree.prove_inclusion(index)]
            return {**result, "index": index, "total": len(results), "path": path}
    raise ProofInvalid("the transaction is not in this block")


def _stated(item: Mapping[str, Any]) -> Json:
    return {
        "code": int(item.get("code") or 0),
        "data": item.get("data") or "",
        "gas_wanted": int(item.get("gas_wanted") or 0),
        "gas_used": int(item.get("gas_used") or 0),
    }


def _hashes(result: Mapping[str, Any]) -> list[str]:
    """Ethereum hashes of a result; none for one that failed before the EVM."""
    try:
        return [answer.hash.lower() for answer in responses(base64.b64decode(result["data"]))]
    except ProofInvalid:
        return []
