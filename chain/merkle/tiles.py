"""Storage of a tree as tiles (C2SP tlog-tiles): 256 hashes each, full ones immutable.

Tile (level L, index N) holds the hashes of the tree's nodes at level 8·L, number N·256 and following, up to 256 of them,
side by side. A proof reads at most two tiles per level, so its cost grows with log n and never with n.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from chain.errors import LogIntegrityError
from chain.merkle.hashing import HASH_SIZE, pair_up

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


class TileId(NamedTuple):
    """Name of a tile: `level` counts in steps of 8 tree levels, `number` from 0."""

    level: int
    number: int


class TileStore(Protocol):
    """Keeps tiles. Duty of an implementation: `read` sees every tile that a finished write handed over."""

    def read(self, ids: Sequence[TileId]) -> Mapping[TileId, bytes]:
        """The stored bytes of those of `ids` that exist: 32 to 8,192 bytes each."""
        ...


class MemoryTiles:
    """Tiles in a dictionary: for tests, audits and rebuilding a tree from call data."""

    def __init__(self) -> None:
        self.tiles: dict[TileId, bytes] = {}

    def read(self, ids: Sequence[TileId]) -> Mapping[TileId, bytes]:
        return {i: self.tiles[i] for i in ids if i in self.tiles}

    def write(self, tiles: Mapping[TileId, bytes]) -> None:
        """Keep `tiles`, replacing partial ones by their longer form."""
        self.tiles.update(tiles)


def tile_path(tile: TileId, width: int = TILE_WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]` with N in groups of three digits, all but the last prefixed by x (C2SP tlog-tiles)."""
    groups = [f"{tile.number % 1000:03d}"]
    rest = tile.number // 1000
    while rest:
        groups.append(f"x{rest % 1000:03d}")
        rest //= 1000
    path = f"tile/{tile.level}/" + "/".join(reversed(groups))
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile's bytes."""
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


class NodeReader:
    """Hashes of complete subtrees of a tree with `size` leaves, computed from the tiles that `store` keeps.

    A reader belongs to one operation: it remembers the tiles it has read.
    """

    def __init__(self, store: TileStore, size: int) -> None:
        self._store = store
        self._size = size
        self._tiles: dict[TileId, bytes] = {}

    @staticmethod
    def tile_of(level: int, number: int) -> TileId:
        """The tile in which node `number` of `level` can be found or computed."""
        return TileId(level // TILE_HEIGHT, (number << level % TILE_HEIGHT) // TILE_WIDTH)

    def prefetch(self, nodes: Iterable[tuple[int, int]]) -> None:
        """Read the tiles of all `nodes` (level, number) at once."""
        wanted = {self.tile_of(level, number) for level, number in nodes} - self._tiles.keys()
        if wanted:
            self._tiles.update(self._store.read(sorted(wanted)))

    def tile(self, tile: TileId) -> bytes:
        """The tile's bytes as far as the tree of this size fills it; raises LogIntegrityError when they are missing."""
        width = min(TILE_WIDTH, (self._size >> TILE_HEIGHT * tile.level) - tile.number * TILE_WIDTH)
        if width <= 0:
            return b""
        if tile not in self._tiles:
            self._tiles.update(self._store.read([tile]))
        data = self._tiles.get(tile, b"")
        if len(data) < width * HASH_SIZE:
            raise LogIntegrityError(
                f"tile {tile.level}/{tile.number} is missing or too short for size {self._size}"
            )
        return data[: width * HASH_SIZE]

    def node(self, level: int, number: int) -> bytes:
        """Hash of the complete subtree over leaves [number·2**level, (number+1)·2**level)."""
        if (number + 1) << level > self._size:
            raise LogIntegrityError(f"node {level}/{number} is not complete in a tree of size {self._size}")
        tile = self.tile_of(level, number)
        height = level % TILE_HEIGHT
        start = (number << height) - tile.number * TILE_WIDTH
        data = self.tile(tile)
        hashes = split_hashes(data[start * HASH_SIZE : (start + (1 << height)) * HASH_SIZE])
        while len(hashes) > 1:
            hashes = pair_up(hashes)
        return hashes[0]
