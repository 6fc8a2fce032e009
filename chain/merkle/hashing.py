"""Leaf and node hashes of RFC 9162 section 2.1.1, SHA-256, domain separated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162, 2.1.1)."""

HASH_SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def pair_up(hashes: Sequence[bytes]) -> list[bytes]:
    """One level up: the parents of all complete pairs; an odd last hash is left out."""
    sha256 = hashlib.sha256
    return [sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]


def tree_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root over a whole list of leaf hashes; `EMPTY_ROOT` for none.

    Works level by level; an odd last node rises unchanged, which gives the tree of RFC 9162's recursive definition.
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        above = pair_up(level)
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
