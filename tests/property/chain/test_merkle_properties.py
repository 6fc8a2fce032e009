"""Every proof that is made verifies; no proof verifies for another index, size, leaf or root."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ProofInvalid
from chain.merkle import MemoryTiles, Tree, leaf_hash, tree_root, verify_consistency, verify_inclusion

LEAVES = [leaf_hash(i.to_bytes(4, "big")) for i in range(700)]


def _tree(size: int) -> Tree:
    tiles = MemoryTiles()
    tiles.write(Tree(tiles, 0).append(LEAVES[:size]).tiles)
    return Tree(tiles, size)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_growing_in_any_steps_gives_the_same_tree(steps: list[int]) -> None:
    tiles = MemoryTiles()
    size = 0
    for step in steps:
        step = min(step, 700 - size)
        growth = Tree(tiles, size).append(LEAVES[size : size + step])
        tiles.write(growth.tiles)
        size = growth.size
    assert Tree(tiles, size).root() == tree_root(LEAVES[:size])


@given(st.integers(1, 700), st.data())
@settings(max_examples=150, deadline=None)
def test_inclusion_holds_for_its_own_place_only(size: int, data: st.DataObject) -> None:
    tree = _tree(size)
    index = data.draw(st.integers(0, size - 1))
    path = tree.prove_inclusion(index)
    verify_inclusion(LEAVES[index], index, size, path, tree.root())
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index)) if size > 1 else None
    if other is not None:
        with pytest.raises(ProofInvalid):
            verify_inclusion(LEAVES[other], index, size, path, tree.root())
        with pytest.raises(ProofInvalid):
            verify_inclusion(LEAVES[index], other, size, path, tree.root())
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        broken = [bytes([h[0] ^ 1]) + h[1:] if i == at else h for i, h in enumerate(path)]
        for bad in (broken, path[:-1], [*path, path[0]]):
            with pytest.raises(ProofInvalid):
                verify_inclusion(LEAVES[index], index, size, bad, tree.root())


@given(st.integers(1, 700), st.data())
@settings(max_examples=150, deadline=None)
def test_consistency_holds_for_true_prefixes_only(size: int, data: st.DataObject) -> None:
    tree = _tree(size)
    old = data.draw(st.integers(1, size))
    path = tree.prove_consistency(old)
    verify_consistency(old, tree.root(old), size, tree.root(), path)
    if old == size:
        return
    rewritten = tree_root([LEAVES[-1], *LEAVES[1:old]])
    with pytest.raises(ProofInvalid):
        verify_consistency(old, rewritten, size, tree.root(), path)
    at = data.draw(st.integers(0, len(path) - 1))
    broken = [bytes([h[0] ^ 1]) + h[1:] if i == at else h for i, h in enumerate(path)]
    with pytest.raises(ProofInvalid):
        verify_consistency(old, tree.root(old), size, tree.root(), broken)
