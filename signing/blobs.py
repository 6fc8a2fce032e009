"""Content-addressed storage of encrypted documents: UnixFS DAGs with CIDv1, locally or in a Kubo node.

The import profile decides the address, so it is part of the record: raw leaves, 1 MiB chunks, 174 links a node,
balanced layout, SHA-256, base32. Both stores compute it; the address that a Kubo node returns is compared with ours.
Only ciphertext belongs here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from signing.errors import InputRefused, IntegrityError, ServiceUnavailable

if TYPE_CHECKING:
    import httpx

RAW: Final = 0x55
DAG_PB: Final = 0x70
_CID = re.compile(r"b[a-z2-7]{58}")


@dataclass(frozen=True)
class Profile:
    """How bytes become a DAG. Recorded with every address: another profile gives another address."""

    version: int = 1
    raw_leaves: bool = True
    chunk_size: int = 1 << 20
    width: int = 174
    hash: str = "sha2-256"

    def label(self) -> str:
        """Return the profile as text for records."""
        return f"cidv{self.version}/raw-leaves/{self.chunk_size}/{self.width}/{self.hash}"


PROFILE: Final = Profile()


class BlobStore(Protocol):
    """A store of blobs by CID.

    `put` returns only once the whole blob is durable; storing the same bytes again is harmless and returns the same
    CID. `get` returns exactly the bytes of that CID or raises: IntegrityError when they are missing or damaged,
    ServiceUnavailable when the store can't be asked.
    """

    def put(self, data: bytes) -> str:
        """Store bytes and return their CID."""
        ...

    def get(self, cid: str) -> bytes:
        """Return the bytes of a CID."""
        ...

    def has(self, cid: str) -> bool:
        """Say whether the blob is stored."""
        ...

    def remove(self, cid: str) -> None:
        """Forget a blob; nothing happens when it is not there."""
        ...

    def cids(self) -> Iterator[str]:
        """Return the CIDs of all blobs."""
        ...


def cid_of(data: bytes, profile: Profile = PROFILE) -> str:
    """Return the CID that these bytes have under a profile."""
    return _import(data, profile, lambda cid, block: None)


def check_cid(cid: str) -> str:
    """Return the CID if it is a CIDv1 in base32 of SHA-256; raises InputRefused otherwise."""
    if not _CID.fullmatch(cid):
        raise InputRefused("blob.cid_refused", cid=cid[:80])
    return cid


class LocalBlobStore:
    """Blocks in a folder, one file a block, named by CID; roots are listed in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._blocks = folder / "blocks"
        self._roots = folder / "roots"
        for path in (self._blocks, self._roots):
            path.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Store bytes and return their CID; every block and the root entry are synced to disk first."""
        cid = _import(data, PROFILE, self._write_block)
        _write(self._roots / cid, b"")
        return cid

    def get(self, cid: str) -> bytes:
        """Return the bytes of a CID, each block checked against its own address."""
        if not (self._roots / check_cid(cid)).exists():
            raise IntegrityError("blob.missing", cid=cid)
        return b"".join(self._read(cid))

    def has(self, cid: str) -> bool:
        """Say whether the blob is stored."""
        return (self._roots / check_cid(cid)).exists()

    def remove(self, cid: str) -> None:
        """Forget a blob and those of its blocks that no other blob uses."""
        root = self._roots / check_cid(cid)
        if not root.exists():
            return
        gone = set(self._walk(cid))
        root.unlink()
        for other in self.cids():
            gone -= set(self._walk(other))
        for block in gone:
            self._path(block).unlink(missing_ok=True)

    def cids(self) -> Iterator[str]:
        """Return the CIDs of all blobs."""
        return iter(sorted(entry.name for entry in self._roots.iterdir() if _CID.fullmatch(entry.name)))

    def _path(self, cid: str) -> Path:
        return self._blocks / cid[-3:-1] / cid

    def _write_block(self, cid: str, block: bytes) -> None:
        path = self._path(cid)
        if path.exists() and path.stat().st_size == len(block):
            return
        path.parent.mkdir(exist_ok=True)
        _write(path, block)

    def _block(self, cid: str) -> bytes:
        try:
            block = self._path(cid).read_bytes()
        except FileNotFoundError as error:
            raise IntegrityError("blob.missing", cid=cid) from error
        if _cid(_codec(cid), block) != cid:
            raise IntegrityError("blob.damaged", cid=cid)
        return block

    def _read(self, cid: str) -> Iterator[bytes]:
        block = self._block(cid)
        if _codec(cid) == RAW:
            yield block
            return
        for child in _links(block):
            yield from self._read(child)

    def _walk(self, cid: str) -> Iterator[str]:
        yield cid
        if _codec(cid) != RAW:
            for child in _links(self._block(cid)):
                yield from self._walk(child)


class KuboBlobStore:
    """A private Kubo node through its RPC (`/api/v0`). Every parameter of the profile is passed explicitly."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self._url = url.rstrip("/") + "/api/v0/"
        self._http = http

    def put(self, data: bytes) -> str:
        """Add and pin; raises IntegrityError when the node's CID is not the one computed here."""
        ours = cid_of(data)
        answer = self._call(
            "add",
            {
                "cid-version": "1",
                "raw-leaves": "true",
                "chunker": f"size-{PROFILE.chunk_size}",
                "max-file-links": str(PROFILE.width),
                "hash": PROFILE.hash,
                "pin": "true",
                "quieter": "true",
            },
            files={"file": ("blob", data, "application/octet-stream")},
        )
        theirs = _field(answer, "Hash")
        if theirs != ours:
            raise IntegrityError("blob.cid_differs", theirs=theirs[:80])
        return ours

    def get(self, cid: str) -> bytes:
        """Return the bytes of a CID, checked against it."""
        data = self._call("cat", {"arg": check_cid(cid)}, missing=cid).content
        if cid_of(data) != cid:
            raise IntegrityError("blob.damaged", cid=cid)
        return data

    def has(self, cid: str) -> bool:
        """Say whether the blob is pinned."""
        try:
            self._call("pin/ls", {"arg": check_cid(cid), "type": "recursive"}, missing=cid)
        except IntegrityError:
            return False
        return True

    def remove(self, cid: str) -> None:
        """Unpin; the node's own collection frees the blocks."""
        try:
            self._call("pin/rm", {"arg": check_cid(cid)}, missing=cid)
        except IntegrityError:
            return

    def cids(self) -> Iterator[str]:
        """Return the pinned CIDs."""
        try:
            keys = self._call("pin/ls", {"type": "recursive"}).json()["Keys"]
            return iter(sorted(cid for cid in keys if _CID.fullmatch(cid)))
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceUnavailable("blob.unavailable", reason="malformed answer") from error

    def _call(
        self,
        name: str,
        params: dict[str, str],
        files: dict[str, tuple[str, bytes, str]] | None = None,
        missing: str = "",
    ) -> httpx.Response:
        import httpx

        try:
            response = self._http.post(self._url + name, params=params, files=files)
        except httpx.HTTPError as error:
            raise ServiceUnavailable("blob.unavailable", reason=type(error).__name__) from error
        if response.status_code == 500 and missing:
            raise IntegrityError("blob.missing", cid=missing)
        if response.status_code != 200:
            raise ServiceUnavailable("blob.unavailable", reason=f"HTTP {response.status_code}")
        return response


def _field(answer: httpx.Response, name: str) -> str:
    try:
        return str(answer.json()[name])
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceUnavailable("blob.unavailable", reason="malformed answer") from error


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise ServiceUnavailable("blob.unavailable", reason=error.strerror or "I/O") from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@dataclass(frozen=True)
class _Node:
    cid: str
    size: int
    """Bytes of the file below this node."""
    total: int
    """Bytes of the DAG below and including this node."""


def _import(data: bytes, profile: Profile, keep: Callable[[str, bytes], None]) -> str:
    """Cut into chunks, build the balanced DAG, hand every block to `keep`, return the root's CID."""
    chunks = [data[at : at + profile.chunk_size] for at in range(0, len(data), profile.chunk_size)] or [b""]
    level = [_leaf(chunk, keep) for chunk in chunks]
    while len(level) > 1:
        groups = [level[at : at + profile.width] for at in range(0, len(level), profile.width)]
        level = [_parent(group, keep) for group in groups]
    return level[0].cid


def _leaf(chunk: bytes, keep: Callable[[str, bytes], None]) -> _Node:
    cid = _cid(RAW, chunk)
    keep(cid, chunk)
    return _Node(cid, len(chunk), len(chunk))


def _parent(children: Sequence[_Node], keep: Callable[[str, bytes], None]) -> _Node:
    size = sum(child.size for child in children)
    unixfs = _number(1, 2) + _number(3, size) + b"".join(_number(4, child.size) for child in children)
    links = b"".join(
        _bytes(2, _bytes(1, _binary(child.cid)) + _bytes(2, b"") + _number(3, child.total))
        for child in children
    )
    block = links + _bytes(1, unixfs)
    cid = _cid(DAG_PB, block)
    keep(cid, block)
    return _Node(cid, size, len(block) + sum(child.total for child in children))


def _cid(codec: int, block: bytes) -> str:
    binary = bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(block).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def _binary(cid: str) -> bytes:
    return base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))


def _codec(cid: str) -> int:
    return _binary(cid)[1]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _links(block: bytes) -> list[str]:
    """CIDs of a dag-pb node's links, in order; the node was written by `_parent`."""
    found: list[str] = []
    for field, value in _fields(block):
        if field == 2:
            inner = dict(_fields(value))
            found.append("b" + base64.b32encode(inner[1]).decode().lower().rstrip("="))
    return found


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        length, at = _read_varint(data, at)
        if tag & 7 == 2:
            if at + length > len(data):
                raise IntegrityError("blob.damaged", cid="?")
            yield tag >> 3, data[at : at + length]
            at += length
        elif tag & 7 != 0:
            raise IntegrityError("blob.damaged", cid="?")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise IntegrityError("blob.damaged", cid="?")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


__all__ = [
    "PROFILE",
    "BlobStore",
    "KuboBlobStore",
    "LocalBlobStore",
    "Profile",
    "check_cid",
    "cid_of",
]
