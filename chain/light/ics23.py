"""ICS-23 proofs of presence and absence for the two trees of a validator network: IAVL store and multistore.

Source: ICS-23 (vector commitments), proof specifications "iavl" and "tendermint", and what those two trees really
look like: a step is a node of exactly two children, in one of two spellings. Everything else is refused, also where
the published specification would let it pass. SHA-256 throughout; the order of the steps is from the leaf upwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.errors import ProofInvalid
from chain.light.encoding import varint

MAX_STEPS = 64
_HASH = 32
_MOST = 2**53 - 1


@dataclass(frozen=True)
class Step:
    """A node on the way up: what stands before and behind the child's hash."""

    prefix: bytes
    suffix: bytes


class Tree(Protocol):
    """How nodes of a tree are spelled."""

    def check_leaf(self, prefix: bytes) -> None:
        """Raise ProofInvalid unless a leaf begins like this."""

    def is_left(self, number: int, step: Step) -> bool:
        """Whether the child of the step at `number` (from 1) is the left one; raises ProofInvalid for no node."""


class Iavl:
    """Nodes of an IAVL store: height, size and version as zig-zag varints, then children behind their length."""

    def check_leaf(self, prefix: bytes) -> None:
        """Height 0, size 1, any version, nothing behind."""
        numbers, rest = _zigzags(prefix)
        if numbers[:2] != [0, 1] or rest:
            raise ProofInvalid("not the beginning of a leaf of an IAVL tree")

    def is_left(self, number: int, step: Step) -> bool:
        """The child's hash stands behind its length; the other child behind or before it, likewise."""
        (height, _size, _version), rest = _zigzags(step.prefix)
        if height < number:
            raise ProofInvalid("a node is lower than its child")
        if rest == b"\x20" and len(step.suffix) == 1 + _HASH and step.suffix[0] == _HASH:
            return True
        if len(rest) == 2 + _HASH and rest[0] == rest[-1] == _HASH and not step.suffix:
            return False
        raise ProofInvalid("not a node of an IAVL tree")


class Simple:
    """Nodes of the multistore: the tree of RFC 6962."""

    def check_leaf(self, prefix: bytes) -> None:
        """Exactly the octet 0."""
        if prefix != b"\x00":
            raise ProofInvalid("not the beginning of a leaf of the multistore")

    def is_left(self, number: int, step: Step) -> bool:
        """The octet 1, then both children."""
        if step.prefix == b"\x01" and len(step.suffix) == _HASH:
            return True
        if len(step.prefix) == 1 + _HASH and step.prefix[0] == 1 and not step.suffix:
            return False
        raise ProofInvalid("not a node of the multistore")


IAVL, SIMPLE = Iavl(), Simple()


@dataclass(frozen=True)
class Leaf:
    """A key with its value and the way up from it."""

    key: bytes
    value: bytes
    prefix: bytes
    path: tuple[Step, ...]

    def root(self, tree: Tree) -> bytes:
        """The root that this leaf leads to, 32 bytes. Raises ProofInvalid for what is no path of that tree."""
        if not self.key or not self.value:
            raise ProofInvalid("a leaf has a key and a value")
        tree.check_leaf(self.prefix)
        self.sides(tree)
        digest = hashlib.sha256(self.value).digest()
        node = hashlib.sha256(
            self.prefix + varint(len(self.key)) + self.key + varint(_HASH) + digest
        ).digest()
        for step in self.path:
            node = hashlib.sha256(step.prefix + node + step.suffix).digest()
        return node

    def sides(self, tree: Tree) -> list[bool]:
        """For each step whether its child is the left one. Raises ProofInvalid."""
        if len(self.path) > MAX_STEPS:
            raise ProofInvalid("the path is too long")
        return [tree.is_left(number, step) for number, step in enumerate(self.path, start=1)]


def absent_root(tree: Tree, key: bytes, left: Leaf | None, right: Leaf | None) -> bytes:
    """The root of a tree in which nothing stands at `key`, between two neighbours or beyond the last one.

    Raises ProofInvalid when the neighbours are none, or don't have the key between them.
    """
    roots = {leaf.root(tree) for leaf in (left, right) if leaf is not None}
    if len(roots) != 1:
        raise ProofInvalid("the neighbours are not of one tree")
    if (left is not None and left.key >= key) or (right is not None and right.key <= key):
        raise ProofInvalid("the key does not lie between the neighbours")
    if left is None or right is None:
        if left is not None and any(left.sides(tree)):
            raise ProofInvalid("the left neighbour is not the last of the tree")
        if right is not None and not all(right.sides(tree)):
            raise ProofInvalid("the right neighbour is not the first of the tree")
        return roots.pop()
    _check_neighbours(tree, left, right)
    return roots.pop()


def _check_neighbours(tree: Tree, left: Leaf, right: Leaf) -> None:
    low, high = left.sides(tree), right.sides(tree)
    shared = 0
    while (
        shared < min(len(low), len(high)) and left.path[-1 - shared] == right.path[-1 - shared]
    ):  # from the root down, as far as both ways are one
        shared += 1
    low, high = low[: len(low) - shared], high[: len(high) - shared]
    if not low or not high or not low[-1] or high[-1]:
        raise ProofInvalid("the neighbours do not part at one node")
    if any(low[:-1]) or not all(high[:-1]):
        raise ProofInvalid("there may be something between the neighbours")


def _zigzags(data: bytes) -> tuple[list[int], bytes]:
    """Three numbers from 0 in zig-zag LEB128, each in its shortest form, and what follows."""
    found: list[int] = []
    at = 0
    for _ in range(3):
        value = shift = 0
        while True:
            if at >= len(data) or shift > 56:
                raise ProofInvalid("a number of a node can't be read")
            octet = data[at]
            at += 1
            value |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                break
        if (octet == 0 and shift > 7) or value & 1 or value >> 1 > _MOST:
            raise ProofInvalid("a number of a node is not in its shortest form, or out of range")
        found.append(value >> 1)
    return found, data[at:]


def steps(path: Sequence[tuple[bytes, bytes]]) -> tuple[Step, ...]:
    """Steps of (prefix, suffix) pairs."""
    return tuple(Step(prefix, suffix) for prefix, suffix in path)
