"""RFC 9162 trees: public vectors, and proofs made from tiles against the recursive definition."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from chain.errors import LogIntegrityError, ProofInvalid
from chain.merkle import (
    EMPTY_ROOT,
    MemoryTiles,
    TileId,
    Tree,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from chain.merkle.tiles import tile_path

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "vectors"


def _vectors(name: str) -> dict[str, dict[str, Any]]:
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"public vectors are not on this machine: {name}")
    return json.loads(path.read_text())


def _b64(value: str) -> bytes:
    return base64.b64decode(value)


def test_inclusion_vectors_of_rfc6962_all_decide_as_published() -> None:
    wrong = []
    vectors = _vectors("rfc6962-inclusion.json")
    for name, v in vectors.items():
        try:
            path = [_b64(x) for x in v["proof"] or []]
            verify_inclusion(_b64(v["leafHash"]), v["leafIdx"], v["treeSize"], path, _b64(v["root"]))
            failed = False
        except ProofInvalid:
            failed = True
        if failed != v["wantErr"]:
            wrong.append(name)
    assert len(vectors) == 98
    assert wrong == []


def test_consistency_vectors_of_rfc6962_all_decide_as_published() -> None:
    wrong = []
    vectors = _vectors("rfc6962-consistency.json")
    for name, v in vectors.items():
        try:
            path = [_b64(x) for x in v["proof"] or []]
            verify_consistency(v["size1"], _b64(v["root1"]), v["size2"], _b64(v["root2"]), path)
            failed = False
        except ProofInvalid:
            failed = True
        if failed != v["wantErr"]:
            wrong.append(name)
    assert len(vectors) == 98
    assert wrong == []


def _recursive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(_recursive_root(leaves[:k]), _recursive_root(leaves[k:]))


def _recursive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*_recursive_path(m, leaves[:k]), _recursive_root(leaves[k:])]
    return [*_recursive_path(m - k, leaves[k:]), _recursive_root(leaves[:k])]


def _recursive_consistency(m: int, leaves: list[bytes], known: bool = True) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if known else [_recursive_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*_recursive_consistency(m, leaves[:k], known), _recursive_root(leaves[k:])]
    return [*_recursive_consistency(m - k, leaves[k:], False), _recursive_root(leaves[:k])]


LEAVES = [leaf_hash(i.to_bytes(4, "big")) for i in range(70)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 64, 70])
def test_proofs_from_tiles_equal_the_recursive_definition(size: int) -> None:
    tiles = MemoryTiles()
    tiles.write(Tree(tiles, 0).append(LEAVES).tiles)
    tree = Tree(tiles, len(LEAVES))
    assert tree.root(size) == _recursive_root(LEAVES[:size]) == tree_root(LEAVES[:size])
    for index in range(size):
        assert tree.prove_inclusion(index, size) == _recursive_path(index, LEAVES[:size])
        assert root_from_inclusion(
            LEAVES[index], index, size, tree.prove_inclusion(index, size)
        ) == tree.root(size)
    for old in range(1, size + 1):
        assert tree.prove_consistency(old, size) == _recursive_consistency(old, LEAVES[:size])


def test_growth_across_tile_borders_reads_only_the_edge() -> None:
    leaves = [leaf_hash(i.to_bytes(4, "big")) for i in range(66_000)]
    tiles = MemoryTiles()
    size = 0
    for step in (1, 254, 1, 1, 255, 65_000, 488):
        growth = Tree(tiles, size).append(leaves[size : size + step])
        tiles.write(growth.tiles)
        size = growth.size
        assert growth.root == tree_root(leaves[:size])
    assert size == 66_000
    assert TileId(2, 0) in tiles.tiles
    reads: list[TileId] = []

    class Counting:
        def read(self, ids):  # type: ignore[no-untyped-def]
            reads.extend(ids)
            return tiles.read(ids)

    path = Tree(Counting(), size).prove_inclusion(12_345)
    verify_inclusion(leaves[12_345], 12_345, size, path, tree_root(leaves))
    assert len(reads) <= 6
    reads.clear()
    Tree(Counting(), size).append([leaves[0]])
    assert len(reads) <= 9


def test_a_missing_tile_is_an_integrity_error_not_a_wrong_proof() -> None:
    tiles = MemoryTiles()
    tiles.write(Tree(tiles, 0).append(LEAVES).tiles)
    tiles.tiles[TileId(0, 0)] = tiles.tiles[TileId(0, 0)][:-32]
    with pytest.raises(LogIntegrityError):
        Tree(tiles, 70).prove_inclusion(3)


def test_edge_cases_decided_on_purpose() -> None:
    root = EMPTY_ROOT
    verify_consistency(0, root, 0, root, [])
    with pytest.raises(ProofInvalid):
        verify_consistency(0, root, 5, LEAVES[0], [])
    with pytest.raises(ProofInvalid):
        verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)
    with pytest.raises(ProofInvalid):
        Tree(MemoryTiles(), 0).prove_inclusion(0)
    assert Tree(MemoryTiles(), 0).root() == EMPTY_ROOT
    assert Tree(MemoryTiles(), 0).append([]).root == EMPTY_ROOT


def test_tile_paths_follow_tlog_tiles() -> None:
    assert tile_path(TileId(0, 5)) == "tile/0/005"
    assert tile_path(TileId(1, 1234067)) == "tile/1/x001/x234/067"
    assert tile_path(TileId(2, 0), 17) == "tile/2/000.p/17"
