"""The salted clause tree: one clause can be shown and proven while the others stay hidden (DESIGN §3).

Leaf data = JCS{salt, n, id, title, text}; leaf hash = SHA-256(0x00 ‖ data); inner nodes and proofs as RFC 9162 §2.1.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signing import jcs
from signing.errors import InputRefused
from signing.jcs import JSON

_HEX32 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Clause:
    """One clause of a document, text exactly as rendered."""

    id: str
    title: str
    text: str


class ClauseTree:
    """The tree over all clauses of one document version, one 32-byte salt a clause."""

    def __init__(self, clauses: Sequence[Clause], salts: Sequence[bytes] | None = None) -> None:
        if not clauses:
            raise InputRefused("clause.none")
        chosen = [secrets.token_bytes(32) for _ in clauses] if salts is None else list(salts)
        if len(chosen) != len(clauses) or any(len(salt) != 32 for salt in chosen):
            raise InputRefused("clause.field_refused", field="salt")
        self.clauses: tuple[Clause, ...] = tuple(clauses)
        self.salts: tuple[bytes, ...] = tuple(chosen)
        self._leaves = [_leaf_hash(self.leaf_data(n)) for n in range(len(clauses))]
        self.root: bytes = _root(self._leaves)

    @property
    def size(self) -> int:
        """Number of clauses."""
        return len(self.clauses)

    def leaf(self, n: int) -> dict[str, JSON]:
        """Return the opened leaf of clause `n` (counted from 0; the number inside counts from 1)."""
        if not 0 <= n < self.size:
            raise InputRefused("clause.index", n=n + 1)
        clause = self.clauses[n]
        return {
            "salt": self.salts[n].hex(),
            "n": n + 1,
            "id": clause.id,
            "title": clause.title,
            "text": clause.text,
        }

    def leaf_data(self, n: int) -> bytes:
        """Return the canonical bytes of leaf `n`."""
        return jcs.canonical(self.leaf(n))

    def disclose(self, n: int) -> ClauseProof:
        """Return what shows clause `n` alone: its opened leaf and the path to the root."""
        return ClauseProof(n=n, size=self.size, leaf=self.leaf(n), path=tuple(_path(n, self._leaves)))


@dataclass(frozen=True)
class ClauseProof:
    """One opened clause with its RFC 9162 inclusion path; proves nothing about the clauses it hides."""

    n: int
    size: int
    leaf: Mapping[str, JSON]
    path: tuple[bytes, ...]

    def matches(self, root: bytes) -> bool:
        """Say whether this clause stands at this position of the tree with that root."""
        if not 0 <= self.n < self.size or self.leaf.get("n") != self.n + 1:
            return False
        return _climb(_leaf_hash(jcs.canonical(dict(self.leaf))), self.n, self.size, self.path) == root

    def to_json(self) -> dict[str, JSON]:
        """Return the proof as JSON."""
        return {
            "n": self.n,
            "size": self.size,
            "leaf": dict(self.leaf),
            "path": [node.hex() for node in self.path],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> ClauseProof:
        """Read a proof; raises InputRefused when its form is wrong."""
        n, size, leaf, path = (value.get(name) for name in ("n", "size", "leaf", "path"))
        if set(value) != {"n", "size", "leaf", "path"} or type(n) is not int or type(size) is not int:
            raise InputRefused("clause.field_refused", field="n, size")
        if not isinstance(leaf, Mapping) or set(leaf) != {"salt", "n", "id", "title", "text"}:
            raise InputRefused("clause.field_refused", field="leaf")
        salt = leaf["salt"]
        if not isinstance(salt, str) or not _HEX32.fullmatch(salt):
            raise InputRefused("clause.field_refused", field="salt")
        if not isinstance(path, (list, tuple)) or len(path) > 64:
            raise InputRefused("clause.field_refused", field="path")
        nodes: list[bytes] = []
        for node in path:
            if not isinstance(node, str) or not _HEX32.fullmatch(node):
                raise InputRefused("clause.field_refused", field="path")
            nodes.append(bytes.fromhex(node))
        return cls(n=n, size=size, leaf=dict(leaf), path=tuple(nodes))


def _leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """Largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return _node(_root(leaves[:k]), _root(leaves[k:]))


def _path(n: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if n < k:
        return [*_path(n, leaves[:k]), _root(leaves[k:])]
    return [*_path(n - k, leaves[k:]), _root(leaves[:k])]


def _climb(leaf: bytes, n: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """RFC 9162 §2.1.3.2: return the root that this path leads to, or None if the path has another length."""
    node, index, last = leaf, n, size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = _node(sibling, node)
            while not index & 1 and index != 0:
                index >>= 1
                last >>= 1
        else:
            node = _node(node, sibling)
        index >>= 1
        last >>= 1
    return node if last == 0 else None
