"""RFC 9162 Merkle trees with SHA-256: hashing, pure verification, and proofs from stored tiles."""

from chain.merkle.hashing import EMPTY_ROOT, leaf_hash, node_hash, tree_root
from chain.merkle.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    MemoryTiles,
    TileId,
    TileStore,
)
from chain.merkle.tree import Growth, OverlayTiles, Tree
from chain.merkle.verification import root_from_inclusion, verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Growth",
    "MemoryTiles",
    "OverlayTiles",
    "TileId",
    "TileStore",
    "Tree",
    "leaf_hash",
    "node_hash",
    "root_from_inclusion",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]
