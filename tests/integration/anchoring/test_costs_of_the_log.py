"""Counts, not times: what the log costs at a size must not grow with it (append, bundles) or only with its logarithm."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.anchoring.repository import tree
from api.anchoring.service.proofs import Proofs
from api.kernel.clock import SystemClock
from chain.merkle import MemoryTiles, TileId, Tree
from scripts.bench.evidence import BigLog

SMALL, LARGE = 700, 70_000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[BigLog]]:
    made = [BigLog(tmp_path_factory.mktemp(f"log{size}"), size) for size in (SMALL, LARGE)]
    yield made
    for log in made:
        log.db.close()


def steps(log: BigLog, work: Callable[[Any], Any]) -> int:
    """Steps of SQLite's virtual machine (in tens) that some work takes: what it reads and writes, on any machine."""
    counter = [0]

    def tick() -> int:
        counter[0] += 1
        return 0

    with log.db.transaction() as session:
        work(session)  # statements are compiled and cached
        connection: Any = session.connection().connection.driver_connection
        connection.set_progress_handler(tick, 10)
        work(session)
        connection.set_progress_handler(None, 0)
        session.rollback()
    return counter[0]


def test_a_bundle_of_entries_costs_the_same_at_any_size(logs: list[BigLog]) -> None:
    proofs = Proofs("x", lambda: logs[0].key, SystemClock())
    small, large = (steps(log, lambda session: proofs.entries(session, 256, 256)) for log in logs)
    assert large <= small * 1.1
    tiles = [steps(log, lambda session: proofs.tile(session, 0, 1, 256)) for log in logs]
    assert tiles[1] <= tiles[0] + 5


def test_proofs_cost_the_logarithm(logs: list[BigLog]) -> None:
    def both(session: Any, size: int) -> None:
        grown = Tree(tree.SessionTiles(session), size)
        grown.prove_inclusion(size // 3)
        grown.prove_consistency(size // 2 + 1)

    small, large = (steps(log, lambda session, log=log: both(session, log.size)) for log in logs)
    assert large <= small * 3  # one tile level more, two tiles of it at most, for each of the two proofs


def test_an_append_costs_the_same_at_any_size(logs: list[BigLog]) -> None:
    def append(session: Any) -> None:
        size, _ = tree.log_state(session)
        tree.grow(session, size, Tree(tree.SessionTiles(session), size).append([bytes(32)] * 5))

    small, large = (steps(log, append) for log in logs)
    assert large <= small * 2  # the edge is one tile level deeper


def test_proofs_fit_into_fifty_kilobytes(logs: list[BigLog]) -> None:
    log = logs[1]
    with log.db.read() as session:
        grown = Tree(tree.SessionTiles(session), log.size)
        for prove in (lambda: grown.prove_inclusion(40_000), lambda: grown.prove_consistency(40_001)):
            prove()
            tracemalloc.start()
            prove()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            prove()
            assert tracemalloc.get_traced_memory()[1] - before < 50_000
            tracemalloc.stop()


class CountingTiles(MemoryTiles):
    """Counts tiles handed out."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, ids: Any) -> Any:
        found = super().read(ids)
        self.reads += len(found)
        return found


@pytest.mark.parametrize("size", [255, 256, 65_535, 65_536, 70_001])
def test_tiles_touched_by_an_append_are_the_edge(size: int, tmp_path: Path) -> None:
    tiles = CountingTiles()
    tiles.write(Tree(tiles, 0).append([n.to_bytes(32, "big") for n in range(size)]).tiles)
    tiles.reads = 0
    growth = Tree(tiles, size).append([bytes(32)])
    levels = 1 + (size >= 256) + (size >= 65_536)
    assert tiles.reads <= 3 * levels
    carries = sum(1 for level in range(levels) if (size + 1) % 256 ** (level + 1) == 0)
    assert len(growth.tiles) == 1 + carries
    assert TileId(0, size // 256) in growth.tiles
