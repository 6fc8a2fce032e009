"""An append-only, hash-chained, fsynced file of JSON records: the truth that the chain is rebuilt from.

Line = 64 hex digits of SHA-256(previous digest || JSON bytes), a space, the JSON, a line feed. A line without
its line feed at the very end is what a crash during a write leaves: nobody was told of it, so it is cut off.
Any other line that does not carry its digest is damage, and an error: guessing would lose what was
acknowledged.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.errors import JournalBroken, JournalCorrupt, JournalUnavailable

Record = Mapping[str, Any]
_DIGEST_HEX = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One record with the place of its bytes in the file (``end`` is the offset after the line feed)."""

    offset: int
    end: int
    record: dict[str, Any]
    digest: bytes


def first_digest(name: str) -> bytes:
    """The digest that a journal called ``name`` starts from, so that two journals' lines can never be
    swapped.
    """
    return hashlib.sha256(b"concord-node-journal/1:" + name.encode("ascii")).digest()


def encode_line(previous: bytes, record: Record) -> tuple[bytes, bytes]:
    """The bytes of one line and the digest the next one chains to."""
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")
    digest = hashlib.sha256(previous + body).digest()
    return digest.hex().encode("ascii") + b" " + body + b"\n", digest


def read_lines(path: Path, name: str) -> Iterator[Line]:
    """Every whole line in order; ends silently before a torn last one.

    Raises ``JournalCorrupt`` on any other damage.
    """
    digest = first_digest(name)
    offset = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.endswith(b"\n"):
                return
            body = raw[_DIGEST_HEX + 1 : -1]
            expected = hashlib.sha256(digest + body).digest()
            if raw[: _DIGEST_HEX + 1] != expected.hex().encode("ascii") + b" ":
                raise JournalCorrupt(path, number, offset, "the line does not carry its digest")
            try:
                record = json.loads(body)
            except ValueError as error:
                raise JournalCorrupt(path, number, offset, f"not JSON ({error})") from error
            if not isinstance(record, dict):
                raise JournalCorrupt(path, number, offset, "not a JSON object")
            digest = expected
            yield Line(offset, offset + len(raw), record, digest)
            offset += len(raw)


def fsync_folder(folder: Path) -> None:
    """Make a created or renamed name in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Journal:
    """One open journal file. ``append`` is fully persisted on return, or the file is as it was before."""

    def __init__(self, path: Path, name: str, handle: int, size: int, digest: bytes, torn_bytes: int) -> None:
        self.path = path
        self.name = name
        self.size = size
        self.torn_bytes = torn_bytes
        self._handle = handle
        self._digest = digest
        self._broken = False

    @classmethod
    def open(cls, path: Path, name: str) -> tuple[Journal, Iterator[Line]]:
        """Open (or create) the journal for appending, after checking all of it.

        Returns the journal and an iterator over its lines, read again from the file so that a long history is
        never held in memory. A torn last line is cut off; ``torn_bytes`` says how much went.
        """
        created = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if created:
                os.fsync(handle)
                fsync_folder(path.parent)
            digest, good = first_digest(name), 0
            for line in read_lines(path, name):
                digest, good = line.digest, line.end
            size = os.fstat(handle).st_size
            if size > good:
                os.ftruncate(handle, good)
                os.fsync(handle)
        except BaseException:
            os.close(handle)
            raise
        return cls(path, name, handle, good, digest, size - good), read_lines(path, name)

    def append(self, records: Sequence[Record]) -> list[int]:
        """Write all records with one fsync; returns their offsets.

        Raises ``JournalUnavailable`` when the disk refused and the file was put back (nothing was written),
        and ``JournalBroken`` when even that failed: then no further append is possible.
        """
        if self._broken:
            raise JournalBroken(f"journal {self.path} failed earlier; restart the node")
        chunks: list[bytes] = []
        offsets: list[int] = []
        digest, offset = self._digest, self.size
        for record in records:
            raw, digest = encode_line(digest, record)
            chunks.append(raw)
            offsets.append(offset)
            offset += len(raw)
        try:
            self._write(b"".join(chunks))
        except OSError as error:
            self._undo(error)
            raise JournalUnavailable(f"journal {self.path} cannot be written: {error.strerror}") from error
        try:
            os.fsync(self._handle)
        except OSError as error:
            # After a failed fsync the kernel may have dropped the pages: what the disk holds is unknown until
            # re-read.
            self._broken = True
            raise JournalBroken(f"journal {self.path} cannot be synced: {error.strerror}") from error
        self._digest, self.size = digest, offset
        return offsets

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def _undo(self, cause: OSError) -> None:
        try:
            os.ftruncate(self._handle, self.size)
        except OSError as error:
            self._broken = True
            raise JournalBroken(
                f"journal {self.path}: {cause.strerror}, and cutting it back failed"
            ) from error

    def read_at(self, offset: int) -> dict[str, Any]:
        """The record of the line that starts at ``offset`` (checked when the journal was opened or written)."""
        with self.path.open("rb") as file:
            file.seek(offset)
            record: dict[str, Any] = json.loads(file.readline()[_DIGEST_HEX + 1 :])
        return record

    def restart(self) -> None:
        """Replace the file by an empty one (new file, fsync, rename):

        a crash leaves the old or the new, never a mix.
        """
        fresh = self.path.with_suffix(".fresh")
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.fsync(handle)
        os.rename(fresh, self.path)
        fsync_folder(self.path.parent)
        os.close(self._handle)
        self._handle, self.size, self._digest = handle, 0, first_digest(self.name)

    def close(self) -> None:
        """Give the file back; later appends fail."""
        if not self._broken:
            self._broken = True
        os.close(self._handle)
