"""Pure verification of inclusion and consistency proofs, RFC 9162 sections 2.1.3.2 and 2.1.4.2.

Edge cases that the RFC's text leaves open or answers badly when it is transcribed literally are decided here:
- no leaf is in the tree of size 0;
- leaf and path hashes have exactly 32 bytes (a root is only ever compared with a computed hash or with its equal);
- sizes 0 and 0 need an empty path and the root of the empty tree, twice;
- sizes 0 and n > 0 are refused: every tree extends the empty one, so such a proof would prove nothing (who sees a log
  for the first time says so instead of asking for a proof);
- equal sizes above 0 need an empty path and equal roots; the root itself has been accepted before.
"""

from __future__ import annotations

from collections.abc import Sequence

from chain.errors import ProofInvalid
from chain.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash

MAX_PATH = 64
"""No path is longer: sizes are below 2**64."""


def _check_hashes(what: str, hashes: Sequence[bytes]) -> None:
    if len(hashes) > 2 * MAX_PATH:
        raise ProofInvalid(f"{what} is too long")
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise ProofInvalid(f"{what} holds a hash of {len(value)} bytes")


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which `path` leads from the leaf hash at `index` in a tree of `size` leaves.

    Raises ProofInvalid when index, size and the length of the path do not belong together.
    """
    _check_hashes("leaf", (leaf,))
    _check_hashes("path", path)
    if not 0 <= index < size or size >= 1 << 63:
        raise ProofInvalid(f"index {index} is outside of a tree of size {size}")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(path) != inner + border:
        raise ProofInvalid(f"path has {len(path)} hashes, index and size need {inner + border}")
    root = leaf
    for level, sibling in enumerate(path[:inner]):
        root = node_hash(sibling, root) if index >> level & 1 else node_hash(root, sibling)
    for sibling in path[inner:]:
        root = node_hash(sibling, root)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Return if the leaf hash stands at `index` of the tree (`size`, `root`); raise ProofInvalid otherwise."""
    if root_from_inclusion(leaf, index, size, path) != root:
        raise ProofInvalid("the path leads to another root")


def verify_consistency(size1: int, root1: bytes, size2: int, root2: bytes, path: Sequence[bytes]) -> None:
    """Return if the tree (`size2`, `root2`) only appends to (`size1`, `root1`); raise ProofInvalid otherwise."""
    _check_hashes("path", path)
    if not 0 <= size1 <= size2 or size2 >= 1 << 63:
        raise ProofInvalid(f"sizes {size1} and {size2} are not in order")
    if size1 == size2:
        if path:
            raise ProofInvalid("a path is given where none is needed")
        if root1 != root2:
            raise ProofInvalid("equal sizes, different roots")
        if size1 == 0 and root1 != EMPTY_ROOT:
            raise ProofInvalid("not the root of the empty tree")
        return
    if size1 == 0:
        raise ProofInvalid("from the empty tree nothing can be proven")
    if not path:
        raise ProofInvalid("the path is missing")

    # The old tree's last node that is complete in both trees lies at level `shift`.
    shift = (size1 & -size1).bit_length() - 1
    steps = list(path)
    seed = root1 if size1 == 1 << shift else steps.pop(0)
    index = (size1 - 1) >> shift
    last = (size2 - 1) >> shift
    inner = (index ^ last).bit_length()
    border = (index >> inner).bit_count()
    if len(steps) != inner + border:
        raise ProofInvalid(
            f"path has {len(path)} hashes, the sizes need {len(path) - len(steps) + inner + border}"
        )
    old = new = seed
    for level, sibling in enumerate(steps[:inner]):
        if index >> level & 1:
            old = node_hash(sibling, old)
            new = node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for sibling in steps[inner:]:
        old = node_hash(sibling, old)
        new = node_hash(sibling, new)
    if old != root1:
        raise ProofInvalid("the path does not lead to the first root")
    if new != root2:
        raise ProofInvalid("the path does not lead to the second root")
