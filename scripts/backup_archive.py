"""The backup's file format: a tar stream, sealed to the operator's public key.

``CONCORD-BACKUP-1\\n``, one line of JSON (the archive's key in a PyNaCl SealedBox to the recipient, creation time), then
length-prefixed chunks of libsodium's secretstream (XChaCha20-Poly1305). The header line is bound to every chunk, chunks
cannot be dropped, exchanged or appended, and the last one is marked, so that a cut file never passes for a whole one.
The last tar member, ``MANIFEST.json``, names size and SHA-256 of every file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import struct
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_keygen,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
    crypto_secretstream_xchacha20poly1305_TAG_FINAL,
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
)
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

MAGIC = b"CONCORD-BACKUP-1\n"
MANIFEST = "MANIFEST.json"
_CHUNK = 1 << 20
_MAX_HEADER = 4_096
_OVERHEAD = 17


class BackupError(Exception):
    """The archive cannot be made, opened or trusted; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One file of the archive: its name inside, where its bytes are, and its permission bits."""

    name: str
    source: Path
    mode: int


class _SealedWriter(io.RawIOBase):
    """A stream that encrypts what is written to it, a chunk at a time."""

    def __init__(self, out: IO[bytes], header: bytes, key: bytes) -> None:
        self._out = out
        self._header = header
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self._pending = bytearray()
        out.write(crypto_secretstream_xchacha20poly1305_init_push(self._state, key))

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pending += data
        while len(self._pending) > _CHUNK:
            self._emit(bytes(self._pending[:_CHUNK]), crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
            del self._pending[:_CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last, marked chunk."""
        self._emit(bytes(self._pending), crypto_secretstream_xchacha20poly1305_TAG_FINAL)

    def _emit(self, chunk: bytes, tag: int) -> None:
        sealed = crypto_secretstream_xchacha20poly1305_push(self._state, chunk, self._header, tag)
        self._out.write(struct.pack(">I", len(sealed)) + sealed)


class _SealedReader(io.RawIOBase):
    """The other direction. Raises ``BackupError`` on any chunk that is not the next one of this archive."""

    def __init__(self, source: IO[bytes], header: bytes, key: bytes) -> None:
        self._source = source
        self._header = header
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self._ready = b""
        self.finished = False
        try:
            crypto_secretstream_xchacha20poly1305_init_pull(self._state, _exactly(source, 24), key)
        except (CryptoError, ValueError) as error:
            raise BackupError("the archive is damaged at its beginning") from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self.finished:
            self._ready = self._next()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        (length,) = struct.unpack(">I", _exactly(self._source, 4))
        if not _OVERHEAD <= length <= _CHUNK + _OVERHEAD:
            raise BackupError("the archive is damaged")
        try:
            chunk, tag = crypto_secretstream_xchacha20poly1305_pull(
                self._state, _exactly(self._source, length), self._header
            )
        except (CryptoError, RuntimeError) as error:
            raise BackupError("the archive is damaged or was altered") from error
        if tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL:
            self.finished = True
            if self._source.read(1):
                raise BackupError("something was appended to the archive")
        return bytes(chunk)


def _exactly(source: IO[bytes], count: int) -> bytes:
    data = source.read(count)
    if len(data) != count:
        raise BackupError("the archive is cut off")
    return data


def write_archive(
    out: Path, recipient: PublicKey, entries: Iterable[Entry], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the sealed archive (temporary file, fsync, rename); gives the manifest.

    Raises ``BackupError`` when `out` exists already.
    """
    if out.exists():
        raise BackupError(f"{out} exists already")
    key = crypto_secretstream_xchacha20poly1305_keygen()
    fields = {"v": 1, "key": base64.b64encode(SealedBox(recipient).encrypt(key)).decode(), **facts}
    header = MAGIC + json.dumps(fields, sort_keys=True).encode("utf-8") + b"\n"
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(header)
            sealed = _SealedWriter(file, header, key)
            manifest = _write_tar(sealed, entries, facts)
            sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        part.rename(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return manifest


def _write_tar(out: _SealedWriter, entries: Iterable[Entry], facts: Mapping[str, Any]) -> dict[str, Any]:
    files: list[dict[str, Any]] = []
    with tarfile.open(fileobj=out, mode="w|gz", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            size, digest = entry.source.stat().st_size, hashlib.sha256()
            member = tarfile.TarInfo(entry.name)
            member.size, member.mode = size, entry.mode
            with entry.source.open("rb") as file:
                tar.addfile(member, _Counted(file, size, digest))
            files.append({"path": entry.name, "size": size, "sha256": digest.hexdigest(), "mode": entry.mode})
        manifest = {**facts, "files": files}
        body = json.dumps(manifest, ensure_ascii=False, indent=1).encode("utf-8")
        member = tarfile.TarInfo(MANIFEST)
        member.size, member.mode = len(body), 0o600
        tar.addfile(member, io.BytesIO(body))
    return manifest


class _Counted(io.RawIOBase):
    """Exactly `size` bytes of a file, digested on the way; what was appended after the look at its size stays out."""

    def __init__(self, file: IO[bytes], size: int, digest: Any) -> None:
        self._file, self._left, self._digest = file, size, digest

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        data = self._file.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(data)
        self._digest.update(data)
        return data


def read_header(archive: Path) -> dict[str, Any]:
    """The open facts of an archive: when it was made, of which installation. Not yet authenticated."""
    with archive.open("rb") as file:
        return _header(file)[1]


def _header(file: IO[bytes]) -> tuple[bytes, dict[str, Any]]:
    magic = file.read(len(MAGIC))
    line = file.readline(_MAX_HEADER)
    if magic != MAGIC or not line.endswith(b"\n"):
        raise BackupError("this is not a backup archive")
    try:
        fields: dict[str, Any] = json.loads(line)
        base64.b64decode(fields["key"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError("the archive's header cannot be read") from error
    return magic + line, fields


def extract_archive(archive: Path, secret: PrivateKey, into: Path) -> dict[str, Any]:
    """Open the archive into `into`, which must be empty or absent; gives the manifest.

    Everything is unpacked beside it, compared with the manifest and only then put in place: `into` is whole or untouched.
    Raises ``BackupError``.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BackupError(f"{into} is not an empty folder")
    staging = into.with_name(into.name + ".restoring")
    if staging.exists():
        raise BackupError(f"{staging} is left over from an earlier attempt: remove it first")
    staging.mkdir(parents=True, mode=0o700)
    try:
        with archive.open("rb") as file:
            header, fields = _header(file)
            try:
                key = SealedBox(secret).decrypt(base64.b64decode(fields["key"]))
            except (CryptoError, ValueError) as error:
                raise BackupError("the archive is sealed to another key") from error
            manifest = _read_tar(_SealedReader(file, header, key), staging)
        if into.exists():
            into.rmdir()
        staging.rename(into)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return manifest


def _read_tar(sealed: _SealedReader, folder: Path) -> dict[str, Any]:
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(fileobj=io.BufferedReader(sealed, _CHUNK), mode="r|gz") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if manifest is not None or content is None:
                    raise BackupError(f"unexpected entry {member.name!r} in the archive")
                if member.name == MANIFEST:
                    manifest = json.loads(content.read())
                    continue
                found[member.name] = _write_file(folder, member, content, found)
    except tarfile.TarError as error:
        raise BackupError(f"the archive's content cannot be read: {error}") from error
    while sealed.read(_CHUNK):
        continue
    if manifest is None or not sealed.finished:
        raise BackupError("the archive is cut off")
    listed = {str(f["path"]): (int(f["size"]), str(f["sha256"])) for f in manifest["files"]}
    if listed != found:
        raise BackupError("the archive does not hold what its manifest lists")
    return manifest


def _write_file(
    folder: Path, member: tarfile.TarInfo, content: IO[bytes], found: Mapping[str, object]
) -> tuple[int, str]:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not name.parts or member.name in found:
        raise BackupError(f"forbidden name {member.name!r} in the archive")
    target = folder.joinpath(*name.parts)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o777)
    with os.fdopen(handle, "wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()
