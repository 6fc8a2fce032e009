"""A validator network with everything secret in hand: headers, commits, state and results, all from fixed seeds.

State is an IAVL tree of the EVM's store inside of a multistore, as the engine keeps them; signatures are Ed25519 by
keys that follow from the validators' names. `tests/golden/light` and a test in Go let the engine's own libraries
judge what is made here.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.light import encoding
from chain.light.encoding import message, octets, varint
from chain.light.results import RESPONSE
from chain.light.state import code_key, storage_key
from chain.merkle import leaf_hash, node_hash

CHAIN = "concord-test-1"
MEMBERS = ("hr", "court", "union", "notary")
Json = dict[str, Any]


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def validator_key(name: str) -> Ed25519PrivateKey:
    """The consensus key that follows from a validator's name."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"light " + name.encode()))


def validators(powers: Mapping[str, int]) -> list[Json]:
    """A set in CometBFT's order: by power, then by address."""
    keys = {name: validator_key(name).public_key().public_bytes_raw() for name in powers}
    order = sorted(powers, key=lambda name: (-powers[name], sha256(keys[name])[:20]))
    return [{"key": b64(keys[name]), "power": powers[name]} for name in order]


# -- trees


def zigzag(value: int) -> bytes:
    """A number from 0 as IAVL writes it."""
    return varint(value << 1)


@dataclass
class Iavl:
    """A balanced IAVL tree over all of `pairs`; every node of one version."""

    pairs: Mapping[bytes, bytes]
    version: int = 77
    paths: dict[bytes, list[list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.leaf_prefix = zigzag(0) + zigzag(1) + zigzag(self.version)
        self.root = self._grow(sorted(self.pairs))[0]

    def _grow(self, keys: list[bytes]) -> tuple[bytes, int]:
        if len(keys) == 1:
            key = keys[0]
            self.paths[key] = []
            digest = sha256(self.pairs[key])
            return sha256(self.leaf_prefix + varint(len(key)) + key + b"\x20" + digest), 0
        middle = (len(keys) + 1) // 2
        (left, low), (right, high) = self._grow(keys[:middle]), self._grow(keys[middle:])
        height = 1 + max(low, high)
        head = zigzag(height) + zigzag(len(keys)) + zigzag(self.version) + b"\x20"
        for key in keys[:middle]:
            self.paths[key].append([b64(head), b64(b"\x20" + right)])
        for key in keys[middle:]:
            self.paths[key].append([b64(head + left + b"\x20"), ""])
        return sha256(head + left + b"\x20" + right), height

    def leaf(self, key: bytes) -> Json:
        """The proof of a key that is there."""
        return {"prefix": b64(self.leaf_prefix), "path": [list(step) for step in self.paths[key]]}

    def neighbour(self, key: bytes) -> Json:
        """The same, with key and value."""
        return {"key": b64(key), "value": b64(self.pairs[key]), **self.leaf(key)}

    def absent(self, key: bytes) -> Json:
        """The proof of a key that is not there."""
        lower = [known for known in self.pairs if known < key]
        higher = [known for known in self.pairs if known > key]
        return {
            "left": self.neighbour(max(lower)) if lower else None,
            "right": self.neighbour(min(higher)) if higher else None,
        }


def audit(leaves: Sequence[bytes], index: int) -> tuple[bytes, list[tuple[bool, bytes]]]:
    """The tree head of RFC 6962 over leaf hashes, and (is the child left, its sibling) from a leaf up."""
    if len(leaves) == 1:
        return leaves[0], []
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if index < middle:
        (left, path), (right, _) = audit(leaves[:middle], index), audit(leaves[middle:], 0)
        return node_hash(left, right), [*path, (True, right)]
    (left, _), (right, path) = audit(leaves[:middle], 0), audit(leaves[middle:], index - middle)
    return node_hash(left, right), [*path, (False, left)]


def multistore(roots: Mapping[str, bytes], name: str) -> tuple[bytes, list[list[str]]]:
    """app_hash of the stores' roots, and the path of one of them."""
    names = sorted(roots)
    leaves = [leaf_hash(octets_of(other) + b"\x20" + sha256(roots[other])) for other in names]
    head, path = audit(leaves, names.index(name))
    return head, [[b64(b"\x01"), b64(other)] if left else [b64(b"\x01" + other), ""] for left, other in path]


def octets_of(name: str) -> bytes:
    """A name behind its length."""
    return varint(len(name)) + name.encode()


# -- blocks


@dataclass(frozen=True)
class Plan:
    """One block of a trail: who the validators are, and who of them signs."""

    height: int
    seconds: int
    powers: Mapping[str, int]
    signers: Sequence[str]
    next_powers: Mapping[str, int] | None = None


def equal(*names: str) -> dict[str, int]:
    """One vote each."""
    return dict.fromkeys(names, 1)


def header(plan: Plan, **changes: Any) -> Json:
    """A header whose other members follow from its height."""
    seed = f"{plan.height} ".encode()
    made = {name: sha256(seed + name.encode()).hex() for name in (
        "last_commit_hash", "data_hash", "consensus_hash", "app_hash", "last_results_hash", "evidence_hash",
    )}  # fmt: skip
    following = plan.powers if plan.next_powers is None else plan.next_powers
    return {
        "version": [11, 0],
        "height": plan.height,
        "time": [plan.seconds, 123_456_789],
        "last_block": None
        if plan.height == 1
        else {"hash": sha256(seed + b"last").hex(), "total": 1, "parts": sha256(seed + b"parts").hex()},
        **made,
        "validators_hash": encoding.set_hash(validators(plan.powers)).hex(),
        "next_validators_hash": encoding.set_hash(validators(following)).hex(),
        "proposer": sha256(base64.b64decode(validators(plan.powers)[0]["key"]))[:20].hex(),
        **changes,
    }


def signed(plan: Plan, head: Json, *, chain: str = CHAIN, signed_height: int | None = None) -> Json:
    """The block with the commit of the plan's signers."""
    members = validators(plan.powers)
    by_key = {b64(validator_key(name).public_key().public_bytes_raw()): name for name in plan.powers}
    commit: Json = {
        "round": plan.height % 3,
        "total": 1,
        "parts": sha256(b"own parts %d" % plan.height).hex(),
    }
    block_hash = encoding.header_hash(chain, head)
    signatures: list[Json | None] = []
    for number, member in enumerate(members):
        if by_key[member["key"]] not in plan.signers:
            signatures.append(None)
            continue
        time = [plan.seconds + 1, 1_000 * number]
        vote = encoding.vote_bytes(chain, signed_height or plan.height, block_hash, commit, time)
        signature = validator_key(by_key[member["key"]]).sign(vote)
        signatures.append({"time": time, "signature": b64(signature)})
    return {"header": head, "validators": members, "commit": commit | {"signatures": signatures}}


def trusted(plan: Plan, head: Json) -> Json:
    """The block that a trust root names."""
    return {"header": head, "validators": validators(plan.powers), "commit": None}


# -- results


def evm_result(
    address: str, topics: Sequence[bytes], data: bytes, *, error: str = "", kind: str = RESPONSE
) -> bytes:
    """The data of a result with one log, as the engine writes it."""
    log = octets(1, address.encode()) + b"".join(message(2, b"0x" + t.hex().encode()) for t in topics)
    log += (
        octets(3, data)
        + encoding.number(4, 7)
        + octets(5, b"0x" + b"ab" * 32)
        + encoding.number(10, 1_795_000_000)
    )
    answer = (
        octets(1, b"0x" + b"ab" * 32)
        + message(2, log)
        + octets(4, error.encode())
        + encoding.number(5, 210_000)
    )
    return message(2, octets(1, kind.encode()) + octets(2, answer))


def result_proof(data: bytes, *, index: int = 1, total: int = 3, code: int = 0) -> tuple[Json, bytes]:
    """The proof of one of a block's results, and the root of all."""
    result: Json = {"index": index, "total": total, "code": code, "data": b64(data)}
    result |= {"gas_wanted": 400_000, "gas_used": 210_000}
    others = [leaf_hash(b"result %d" % number) for number in range(total)]
    others[index] = leaf_hash(encoding.result_bytes(result))
    head, path = audit(others, index)
    return result | {"path": [other.hex() for _, other in path]}, head


# -- whole proofs


def evm_store(address: str, code_hash: bytes, stored: Mapping[bytes, bytes], crowd: int = 400) -> Iavl:
    """The EVM's store: a contract among `crowd` other entries."""
    pairs = {
        storage_key("0x" + sha256(b"%d" % n)[:20].hex(), sha256(b"%d" % n)): sha256(b"v%d" % n)
        for n in range(crowd)
    }
    pairs |= {code_key(address): code_hash, b"\x03": b"parameters"}
    return Iavl(pairs | {storage_key(address, slot): value for slot, value in stored.items()})


def state_of(store: Iavl, address: str, slot: bytes) -> tuple[Json, bytes]:
    """The proof of a contract's slot, and the app_hash it leads to."""
    roots = {
        name: sha256(name.encode())
        for name in ("acc", "bank", "consensus", "feemarket", "members", "upgrade")
    }
    app_hash, path = multistore(roots | {"evm": store.root}, "evm")
    key = storage_key(address, slot)
    value = store.pairs.get(key)
    item = {
        "slot": slot.hex(),
        "value": None if value is None else value.hex(),
        "proof": store.absent(key) if value is None else store.leaf(key),
    }
    return {
        "address": address,
        "code": store.leaf(code_key(address)),
        "slots": [item],
        "store": path,
    }, app_hash
