"""Snapshots of anvil's state: a shortcut for the replay, never the truth.

A snapshot holds the state and the headers up to its height (anvil's own dump); transactions, receipts and logs stand
in the archive, which is on the disk before the snapshot is. File: a 512-byte JSON header with height, block hash, length
and SHA-256, then the dump. Written to a temporary file, fsynced, renamed; one that is damaged is passed over,
an older one or the whole replay serves.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from node.engine import Engine
from node.journal import fsync_folder

_HEADER = 512
_CHUNK = 1 << 18
_NAME = re.compile(r"snapshot-(\d+)\.bin")
_KEEP = 2


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot file whose header could be read."""

    path: Path
    height: int
    block_hash: str
    size: int
    sha256: str

    def is_whole(self) -> bool:
        """Whether the dump's bytes carry the header's digest."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            file.seek(_HEADER)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest() == self.sha256 and self.path.stat().st_size == _HEADER + self.size

    async def chunks(self) -> AsyncIterator[bytes]:
        """The dump's bytes."""
        with self.path.open("rb") as file:
            file.seek(_HEADER)
            while chunk := file.read(_CHUNK):
                yield chunk


def find(folder: Path) -> list[Snapshot]:
    """Snapshots with a readable header, newest first. Left-over temporary files are removed."""
    for stale in folder.glob("snapshot-*.tmp"):
        stale.unlink(missing_ok=True)
    found: list[Snapshot] = []
    for path in folder.glob("snapshot-*.bin"):
        if not _NAME.fullmatch(path.name):
            continue
        try:
            with path.open("rb") as file:
                header = json.loads(file.read(_HEADER))
            found.append(
                Snapshot(
                    path,
                    int(header["height"]),
                    str(header["hash"]),
                    int(header["size"]),
                    str(header["sha256"]),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda s: s.height, reverse=True)


async def write(engine: Engine, folder: Path, height: int, block_hash: str) -> Snapshot:
    """Dump the engine's state at ``height`` into the folder and drop all but the newest two.

    Raises ``OSError`` when the disk refuses (the older snapshots stay) and ``EngineDown``.
    """
    path = folder / f"snapshot-{height}.bin"
    temporary = path.with_suffix(".tmp")
    digest = hashlib.sha256()
    try:
        with temporary.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(b" " * _HEADER)

            def take(chunk: bytes) -> None:
                digest.update(chunk)
                file.write(chunk)

            size = await engine.dump_state(take)
            header = {
                "v": 1,
                "height": height,
                "hash": block_hash,
                "size": size,
                "sha256": digest.hexdigest(),
            }
            file.seek(0)
            file.write(json.dumps(header).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
        fsync_folder(folder)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    for old in find(folder)[_KEEP:]:
        old.path.unlink(missing_ok=True)
    return Snapshot(path, height, block_hash, size, digest.hexdigest())
