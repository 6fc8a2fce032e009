"""The replay check: the whole journal executed on a fresh anvil from genesis, every block hash compared."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node.engine import Engine
from node.errors import ReplayMismatch
from node.history import Block, read_blocks
from node.installation import read_facts
from node.replay import block_hashes, compare
from node.settings import NodeSettings

_GROUP = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """A journal that replays to the hashes it records."""

    blocks: int
    seconds: float
    head_hash: str | None


async def check(settings: NodeSettings, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Replay ``settings.data_dir``'s journal without snapshots; it is only read, so a node may be running on it.

    Raises ``JournalCorrupt`` and ``ReplayMismatch``.
    """
    folder = settings.data_dir
    facts = read_facts(folder)
    journal = folder / "blocks.journal"
    started = time.monotonic()
    total = sum(1 for _ in read_blocks(journal))
    with tempfile.TemporaryDirectory(prefix="concord-replay-") as scratch:
        engine = await Engine.start(settings.anvil_binary(), facts, settings.state_history, Path(scratch))
        try:
            await _compare_genesis(engine, folder)
            group: list[Block] = []
            done = 0
            for block, transactions in read_blocks(journal):
                await engine.mine(transactions, block.time, block.one_sender)
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
    return Checked(done, time.monotonic() - started, head)


async def _compare_genesis(engine: Engine, folder: Path) -> None:
    held = json.loads((folder / "chain.json").read_bytes()).get("genesis_hash")
    (got,) = await block_hashes(engine, 0, 0)
    if held is not None and held != got:
        raise ReplayMismatch(f"the genesis block comes out as {got}, chain.json says {held}")
