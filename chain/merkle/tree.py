"""A tree kept in tiles: root, growth, inclusion and consistency proofs (RFC 9162 section 2.1) in O(log n)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.errors import ProofInvalid
from chain.merkle.hashing import EMPTY_ROOT, node_hash, pair_up
from chain.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, NodeReader, TileId, TileStore, split_hashes

Node = tuple[int, int]


def complete_subtrees(begin: int, end: int) -> list[Node]:
    """The complete subtrees (level, number) that cover leaves [begin, end) of a range that RFC 9162 may ask for.

    `begin` is a multiple of the largest power of two that fits, as the recursive split guarantees.
    """
    nodes = []
    position = begin
    for level in range((end - begin).bit_length() - 1, -1, -1):
        if (end - begin) >> level & 1:
            nodes.append((level, position >> level))
            position += 1 << level
    return nodes


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 9162's k)."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaf ranges whose roots form the inclusion path, from the leaf upwards."""
    ranges = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    ranges.reverse()
    return ranges


def consistency_ranges(size1: int, size2: int) -> list[tuple[int, int]]:
    """The leaf ranges whose roots form the consistency path from `size1` to `size2` (RFC 9162, 2.1.4.1)."""
    ranges = []
    begin, end, known = 0, size2, True
    while size1 != end:
        middle = begin + _split(end - begin)
        if size1 <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
            known = False
    if not known:
        ranges.append((begin, end))
    ranges.reverse()
    return ranges


@dataclass(frozen=True)
class Growth:
    """Result of an append: the new size and root, and every tile that is new or longer than before."""

    size: int
    root: bytes
    tiles: dict[TileId, bytes]


class Tree:
    """The tree of the first `size` leaves of a store. It holds no state of its own: growth is handed back."""

    def __init__(self, store: TileStore, size: int) -> None:
        self.store = store
        self.size = size

    def _roots(self, ranges: Sequence[tuple[int, int]], size: int) -> list[bytes]:
        reader = NodeReader(self.store, size)
        parts = [complete_subtrees(begin, end) for begin, end in ranges]
        reader.prefetch(node for nodes in parts for node in nodes)
        roots = []
        for nodes in parts:
            root = reader.node(*nodes[-1])
            for node in reversed(nodes[:-1]):
                root = node_hash(reader.node(*node), root)
            roots.append(root)
        return roots

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` leaves; of all when `size` is not given."""
        size = self._checked(size)
        return EMPTY_ROOT if size == 0 else self._roots([(0, size)], size)[0]

    def prove_inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Path from leaf `index` to the root of the first `size` leaves. Raises ProofInvalid outside of the tree."""
        size = self._checked(size)
        if not 0 <= index < size:
            raise ProofInvalid(f"index {index} is outside of a tree of size {size}")
        return self._roots(inclusion_ranges(index, size), size)

    def prove_consistency(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Path that shows the tree of `size2` to extend the one of `size1` (above 0); empty for equal sizes."""
        size2 = self._checked(size2)
        if not 0 < size1 <= size2:
            raise ProofInvalid(f"no consistency proof from size {size1} to {size2}")
        return self._roots(consistency_ranges(size1, size2), size2)

    def append(self, leaf_hashes: Sequence[bytes]) -> Growth:
        """The tree with `leaf_hashes` added: reads only the last tile of each level, writes nothing."""
        if not leaf_hashes:
            return Growth(self.size, self.root(), {})
        tiles: dict[TileId, bytes] = {}
        reader = NodeReader(self.store, self.size)
        edge = [TileId(level, count // TILE_WIDTH) for level, count in self._partial_levels()]
        reader.prefetch((tile.level * TILE_HEIGHT, tile.number * TILE_WIDTH) for tile in edge)
        level, count, added = 0, self.size, list(leaf_hashes)
        while added:
            first = count // TILE_WIDTH
            hashes = split_hashes(reader.tile(TileId(level, first))) if count % TILE_WIDTH else []
            hashes += added
            added = []
            for offset in range(0, len(hashes), TILE_WIDTH):
                part = hashes[offset : offset + TILE_WIDTH]
                tiles[TileId(level, first + offset // TILE_WIDTH)] = b"".join(part)
                if len(part) == TILE_WIDTH:
                    while len(part) > 1:
                        part = pair_up(part)
                    added += part
            level += 1
            count >>= TILE_HEIGHT
        size = self.size + len(leaf_hashes)
        return Growth(size, Tree(OverlayTiles(self.store, tiles), size).root(), tiles)

    def _partial_levels(self) -> list[tuple[int, int]]:
        levels = []
        level, count = 0, self.size
        while count:
            if count % TILE_WIDTH:
                levels.append((level, count))
            level += 1
            count >>= TILE_HEIGHT
        return levels

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ProofInvalid(f"size {size} is larger than the tree of {self.size}")
        return size


class OverlayTiles:
    """New tiles in front of a store: several appends can be computed before any is written."""

    def __init__(self, store: TileStore, tiles: Mapping[TileId, bytes] | None = None) -> None:
        self._store = store
        self._tiles = dict(tiles or {})

    def write(self, tiles: Mapping[TileId, bytes]) -> None:
        """Put `tiles` in front."""
        self._tiles.update(tiles)

    def read(self, ids: Sequence[TileId]) -> dict[TileId, bytes]:
        missing = [i for i in ids if i not in self._tiles]
        found = dict(self._store.read(missing)) if missing else {}
        found.update({i: self._tiles[i] for i in ids if i in self._tiles})
        return found
