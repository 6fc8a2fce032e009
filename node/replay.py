"""Bring a fresh anvil to the journal's head:

the newest good snapshot, then the blocks after it, each hash compared, and the archive with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from node import snapshot as snapshots
from node.archive import Archive
from node.engine import Engine
from node.errors import ReplayMismatch
from node.history import Block

_log = structlog.get_logger("node")
_HASHES = 250


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a start-up did: where it began, how many blocks it executed and how long they took."""

    snapshot_height: int
    blocks: int
    seconds: float
    head_hash: str


async def block_hashes(engine: Engine, first: int, last: int) -> list[str | None]:
    """Hashes of the blocks first..last as the engine knows them."""
    hashes: list[str | None] = []
    for start in range(first, last + 1, _HASHES):
        stop = min(last, start + _HASHES - 1)
        answers = await engine.batch(
            [("eth_getBlockByNumber", [hex(number), False]) for number in range(start, stop + 1)]
        )
        hashes += [a["hash"] if isinstance(a, dict) else None for a in answers]
    return hashes


async def compare(engine: Engine, blocks: Sequence[Block]) -> None:
    """Raise ``ReplayMismatch`` at the first block whose hash is not the journalled one."""
    if not blocks:
        return
    found = await block_hashes(engine, blocks[0].number, blocks[-1].number)
    for block, got in zip(blocks, found, strict=True):
        if block.hash is not None and got != block.hash:
            raise ReplayMismatch(
                f"block {block.number} comes out as {got}, the journal says {block.hash}: "
                "the journal belongs to another chain, another anvil release, or was altered"
            )


async def load_snapshot(engine: Engine, folder: Path, blocks: Sequence[Block], archived: int) -> int:
    """Load the newest snapshot that is whole and agrees with the journal; its height, or 0 when none serves.

    One above the archive's height ``archived`` does not serve: it no longer knows the transactions in between.

    The caller gives a fresh engine; when a snapshot was loaded and found wrong, ``ReplayMismatch`` asks for
    another one.
    """
    for candidate in snapshots.find(folder):
        if (
            not 0 < candidate.height <= len(blocks)
            or blocks[candidate.height - 1].hash != candidate.block_hash
        ):
            _log.warning(
                "node.snapshot.was_passed_over", height=candidate.height, reason="not in the journal"
            )
        elif candidate.height > archived:
            _log.warning(
                "node.snapshot.was_passed_over", height=candidate.height, reason="the archive ends before it"
            )
        elif not await asyncio.to_thread(candidate.is_whole):
            _log.warning("node.snapshot.was_passed_over", height=candidate.height, reason="damaged")
        elif not await engine.load_state(candidate.chunks()):
            _log.warning("node.snapshot.was_passed_over", height=candidate.height, reason="refused by anvil")
        else:
            if await engine.height() != candidate.height:
                raise ReplayMismatch(f"snapshot {candidate.height} loads to another height")
            await compare(engine, blocks[: candidate.height])
            return candidate.height
    return 0


async def _archive(engine: Engine, archive: Archive, number: int, journalled: str | None) -> None:
    """Write the block that the engine mined last into the archive, unless it is there."""
    if number <= archive.height:
        return
    head, receipts = await engine.head()
    if journalled is not None and head["hash"] != journalled:
        raise ReplayMismatch(f"block {number} comes out as {head['hash']}, the journal says {journalled}")
    await asyncio.to_thread(archive.add, head, receipts)


async def execute(
    engine: Engine,
    blocks: Sequence[Block],
    transactions: Callable[[Block], list[str]],
    archive: Archive,
) -> None:
    """Mine the given journalled blocks on the engine, in order, comparing the hashes in groups; the archive takes those
    that it does not have.
    """
    group: list[Block] = []
    for block in blocks:
        await engine.mine(transactions(block), block.time, block.one_sender)
        await _archive(engine, archive, block.number, block.hash)
        group.append(block)
        if len(group) == _HASHES:
            await compare(engine, group)
            group = []
    await compare(engine, group)


async def replay(
    engine: Engine,
    folder: Path,
    blocks: Sequence[Block],
    transactions: Callable[[Block], list[str]],
    archive: Archive,
) -> Replayed:
    """Bring a fresh engine and the archive to the head of ``blocks``. Raises ``ReplayMismatch`` and ``EngineDown``, and
    ``JournalUnavailable`` when the disk refuses the archive.
    """
    (genesis,) = await block_hashes(engine, 0, 0)
    await asyncio.to_thread(archive.keep_prefix, [genesis, *(block.hash for block in blocks)])
    await _archive(engine, archive, 0, genesis)
    height = await load_snapshot(engine, folder, blocks, archive.height)
    started = time.monotonic()
    await execute(engine, blocks[height:], transactions, archive)
    seconds = time.monotonic() - started
    (head,) = await block_hashes(engine, len(blocks), len(blocks))
    if head is None or await engine.height() != len(blocks):
        raise ReplayMismatch(f"the journal has {len(blocks)} blocks, anvil ended at another height")
    return Replayed(height, len(blocks) - height, seconds, head)
