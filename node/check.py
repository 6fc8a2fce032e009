"""The replay check: the whole journal executed on a fresh anvil from genesis, every block hash compared, and what the
archive says about every block.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.archive import NAME as ARCHIVE
from node.archive import Archive
from node.engine import Engine
from node.errors import ReplayMismatch
from node.history import Block, read_blocks
from node.installation import read_facts
from node.replay import block_hashes, compare
from node.settings import NodeSettings

_GROUP = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """A journal that replays to the hashes it records, and the blocks of the archive that are told as they came out."""

    blocks: int
    archived: int
    seconds: float
    head_hash: str | None


async def check(settings: NodeSettings, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Replay ``settings.data_dir``'s journal without snapshots; it is only read, so a node may be running on it.

    Raises ``JournalCorrupt``, ``JournalBroken`` (the archive is damaged) and ``ReplayMismatch``.
    """
    folder = settings.data_dir
    facts = read_facts(folder)
    journal = folder / "blocks.journal"
    started = time.monotonic()
    total = sum(1 for _ in read_blocks(journal))
    with _archive(folder) as archive, tempfile.TemporaryDirectory(prefix="concord-replay-") as scratch:
        engine = await Engine.start(settings.anvil_binary(), facts, settings.state_history, Path(scratch))
        try:
            await _compare_genesis(engine, folder)
            await _compare_archive(engine, archive, 0)
            group: list[Block] = []
            done = 0
            for block, transactions in read_blocks(journal):
                await engine.mine(transactions, block.time, block.one_sender)
                await _compare_archive(engine, archive, block.number)
                group.append(block)
                done += 1
                if len(group) == _GROUP:
                    await compare(engine, group)
                    group = []
                    if progress is not None:
                        progress(done, total)
            await compare(engine, group)
            (head,) = await block_hashes(engine, done, done)
        finally:
            await engine.kill()
        archived = min(done, archive.height) if archive is not None else 0
    return Checked(done, archived, time.monotonic() - started, head)


@contextmanager
def _archive(folder: Path) -> Iterator[Archive | None]:
    """The archive as it stands; none where no node of this release has run on the folder."""
    path = folder / ARCHIVE
    if not path.exists():
        yield None
        return
    archive = Archive(path, read_only=True)
    try:
        yield archive
    finally:
        archive.close()


async def _compare_archive(engine: Engine, archive: Archive | None, number: int) -> None:
    if archive is not None and number <= archive.height and not archive.agrees(*await engine.head()):
        raise ReplayMismatch(
            f"the archive tells block {number} otherwise than the chain: stop the node and delete {ARCHIVE}, "
            "the next start makes it again"
        )


async def _compare_genesis(engine: Engine, folder: Path) -> None:
    held = json.loads((folder / "chain.json").read_bytes()).get("genesis_hash")
    (got,) = await block_hashes(engine, 0, 0)
    if held is not None and held != got:
        raise ReplayMismatch(f"the genesis block comes out as {got}, chain.json says {held}")
