"""Files of the exchange: landed raw files by their digest, accepted segments and lists of findings.

A file is written under a temporary name, synced, renamed, and only then named by a committed row. What no row names is swept
at start, an hour after it was written: another process may be about to name it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import polars as pl
from polars.exceptions import PolarsError

from api.kernel.errors import integrity, invalid, unavailable

CHUNK = 1 << 20
ASK_EVERY = 16 * CHUNK
ORPHAN_SECONDS = 3600.0
_PART = ".part"
_OS_ERROR = re.compile(r"os error (\d+)")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def _room() -> Iterator[None]:
    """A disk without room is said as what it is (unavailable `exchange.storage_full`): the sender may try again later."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise unavailable("exchange.storage_full") from error
        raise
    except PolarsError as error:  # wraps the system's error and keeps no more than its text
        named = _OS_ERROR.search(str(error))
        if named and int(named[1]) in _FULL:
            raise unavailable("exchange.storage_full") from error
        raise


@dataclass(frozen=True)
class Stored:
    """A file by its path below the store's folder."""

    path: str
    sha256: str
    size: int


class Arriving:
    """A body on its way in: asks for room with each piece, and `admit` each `ASK_EVERY` bytes."""

    def __init__(self, store: Store, handle: BinaryIO, admit: Callable[[int], None] | None) -> None:
        self._store, self._handle, self._admit = store, handle, admit
        self._size = self._asked = 0

    def write(self, piece: bytes) -> None:
        """Keep the piece. Raises what `admit` raises, unavailable `exchange.storage_low`."""
        self._store.require_room(len(piece))
        self._size += len(piece)
        if self._admit is not None and self._size - self._asked >= ASK_EVERY:
            self._asked = self._size
            self._admit(self._size)
        self._handle.write(piece)

    def pieces(self) -> Iterator[bytes]:
        """What came, from its beginning."""
        self._handle.seek(0)
        while chunk := self._handle.read(CHUNK):
            yield chunk


class Store:
    """The folder `<data>/exchange`. `min_free_bytes`: raw files leave so much of its disk free, for what comes of them."""

    def __init__(self, folder: Path, max_file_bytes: int, min_free_bytes: int = 0) -> None:
        self.folder = folder
        self.max_file_bytes, self._min_free_bytes = max_file_bytes, min_free_bytes
        for name in ("landing", "accepted"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def require_room(self, size: int = 0) -> None:
        """Raise unavailable `exchange.storage_low` unless `size` bytes more leave the disk its reserve."""
        free = shutil.disk_usage(self.folder).free
        if free - size < self._min_free_bytes:
            raise unavailable("exchange.storage_low", free_mb=free // 1_000_000)

    @contextmanager
    def arriving(self, stated: int = 0, admit: Callable[[int], None] | None = None) -> Iterator[Arriving]:
        """A nameless file on the disk of the landed ones; nothing is left of it, not even by a kill.

        stated: bytes that are to come, as far as that is known: they take room twice, here and landed. admit: is asked now
        and then with the bytes that came. Raises unavailable `exchange.storage_low`, `exchange.storage_full`.
        """
        self.require_room(2 * stated)
        with _room(), TemporaryFile(dir=self.folder / "landing") as handle:
            yield Arriving(self, handle, admit)

    def land(
        self, chunks: Iterable[bytes], ending: str, accept: Callable[[str, int], None] | None = None
    ) -> Stored:
        """Keep a raw file; equal bytes are kept once. accept: is asked with digest and size before; nothing is kept if it
        raises.

        Raises invalid `exchange.file_too_large`, `exchange.file_empty`, unavailable `exchange.storage_low`,
        `exchange.storage_full`.
        """
        temporary = self.folder / "landing" / f"{secrets.token_hex(8)}{_PART}"
        digest, size = hashlib.sha256(), 0
        try:
            with _room(), temporary.open("xb") as handle:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self.max_file_bytes:
                        raise invalid("exchange.file_too_large", limit=self.max_file_bytes)
                    self.require_room(len(chunk))
                    digest.update(chunk)
                    handle.write(chunk)
                handle.flush()
                os.fsync(handle.fileno())
            if not size:
                raise invalid("exchange.file_empty")
            name = digest.hexdigest()
            if accept is not None:
                accept(name, size)
            path = f"landing/{name[:2]}/{name}{ending}"
            self._settle(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return Stored(path, name, size)

    def write(self, frame: pl.DataFrame, path: str) -> Stored:
        """Keep a frame as Parquet under `path`. Raises unavailable `exchange.storage_full`."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f"{secrets.token_hex(8)}{_PART}")
        try:
            with _room():
                frame.write_parquet(temporary, compression="zstd", compression_level=1)
            with temporary.open("rb+") as handle:
                os.fsync(handle.fileno())
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            size = temporary.stat().st_size
            self._settle(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return Stored(path, digest, size)

    def _settle(self, temporary: Path, path: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def path(self, path: str) -> Path:
        """Where the file lies."""
        return self.folder / path

    def verify(self, path: str, sha256: str) -> None:
        """Raise integrity `exchange.file_changed` unless the file has this digest."""
        try:
            with (self.folder / path).open("rb") as handle:
                actual = hashlib.file_digest(handle, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise integrity("exchange.file_changed", path=path) from error
        if actual != sha256:
            raise integrity("exchange.file_changed", path=path)

    def drop(self, *paths: str) -> None:
        """Remove files that nothing names."""
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)

    def sweep(self, named: Collection[str], *, older_than: float = ORPHAN_SECONDS) -> int:
        """Remove files that no row names and that are older than so many seconds; how many."""
        kept, limit, removed = set(named), time.time() - older_than, 0
        for path in [*self.folder.glob("landing/**/*"), *self.folder.glob("accepted/**/*")]:
            with suppress(FileNotFoundError):
                orphan = path.is_file() and str(path.relative_to(self.folder)) not in kept
                if orphan and path.stat().st_mtime <= limit:
                    path.unlink()
                    removed += 1
        return removed
