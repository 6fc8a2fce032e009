"""The ZIP profile of evidence packages (docs/evidence-spec.md, section 2): one list of contents, one file.

Why not `zipfile`: it searches for the end record backwards, accepts junk in front, duplicate names, comments
and gaps, and takes sizes from wherever it finds them, which is how two readers come to see two different
packages. A stored-only archive is a few fixed structures, so it is read forward from byte 0 and then written
again from what was read; every byte that differs shows. `zipfile` reads what is written here (a test does).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

from chain.errors import ChainError

MAX_BYTES: Final = 20_000_000
MAX_ENTRIES: Final = 500
MAX_NAME: Final = 100
MANIFEST: Final = "manifest.json"
MANIFEST_SIGNATURE: Final = "manifest.sig"

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_CENTRAL_MAGIC: Final = b"PK\x01\x02"
_END_MAGIC: Final = b"PK\x05\x06"
_VERSION: Final = 10
_DATE: Final = 0x0021


class PackageError(ChainError):
    """The bytes are no package of this profile; `code` is `package.profile` or `package.too_large`."""

    def __init__(self, reason: str, *, code: str = "package.profile", **facts: Any) -> None:
        super().__init__(code, reason=reason, **facts)

    @property
    def zh(self) -> str:
        """The text in Chinese."""
        if self.code == "package.too_large":
            return f"证据包超过 {MAX_BYTES // 1_000_000} MB。"
        return f"文件不符合证据包的 ZIP 规范：{self.facts['reason']}"

    @property
    def en(self) -> str:
        """The text in English."""
        if self.code == "package.too_large":
            return f"The evidence package is larger than {MAX_BYTES // 1_000_000} MB."
        return f"The file does not follow the ZIP profile of evidence packages: {self.facts['reason']}"


def good_name(name: str) -> bool:
    """Say whether `name` may stand in a package: lower-case ASCII, no `..`, no directory."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None and ".." not in name


def package_order(name: str) -> tuple[int, str]:
    """Sort key of entries: manifest, its signature, then the rest by name."""
    return ({MANIFEST: 0, MANIFEST_SIGNATURE: 1}.get(name, 2), name)


def write_package(entries: Mapping[str, bytes]) -> bytes:
    """Return the one file that holds exactly `entries`; raises PackageError for impossible names or sizes."""
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise PackageError(f"{len(entries)} entries")
    local, central, offset = [], [], 0
    for name in sorted(entries, key=package_order):
        if not good_name(name):
            raise PackageError(f"name {name[:MAX_NAME]!r}")
        raw, content = name.encode("ascii"), entries[name]
        crc, size = zlib.crc32(content), len(content)
        head = _LOCAL.pack(_LOCAL_MAGIC, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(raw), 0)
        local += [head, raw, content]
        central += [
            _CENTRAL.pack(
                _CENTRAL_MAGIC,
                _VERSION,
                _VERSION,
                0,
                0,
                0,
                _DATE,
                crc,
                size,
                size,
                len(raw),
                0,
                0,
                0,
                0,
                0,
                offset,
            ),
            raw,
        ]
        offset += len(head) + len(raw) + size
        if offset > MAX_BYTES:
            raise PackageError("too large", code="package.too_large")
    directory = b"".join(central)
    count = len(entries)
    end = _END.pack(_END_MAGIC, 0, 0, count, count, len(directory), offset, 0)
    data = b"".join(local) + directory + end
    if len(data) > MAX_BYTES:
        raise PackageError("too large", code="package.too_large")
    return data


def read_package(data: bytes) -> dict[str, bytes]:
    """Return the entries of a package in file order.

    Raises PackageError unless `data` is byte for byte what `write_package` makes of those entries.
    """
    if len(data) > MAX_BYTES:
        raise PackageError("too large", code="package.too_large")
    entries: dict[str, bytes] = {}
    position = 0
    while data[position : position + 4] == _LOCAL_MAGIC:
        name, content, position = _read_entry(data, position)
        if name in entries:
            raise PackageError(f"entry {name!r} stands twice", offset=position)
        entries[name] = content
        if len(entries) > MAX_ENTRIES:
            raise PackageError("too many entries", offset=position)
    if not entries:
        raise PackageError("no local file header at the start", offset=0)
    written = write_package(entries)
    if written != data:
        raise PackageError("bytes outside of the profile", offset=_first_difference(written, data))
    return entries


def _read_entry(data: bytes, position: int) -> tuple[str, bytes, int]:
    if position + _LOCAL.size > len(data):
        raise PackageError("truncated header", offset=position)
    _, version, flags, method, _, _, crc, packed, size, name_length, extra = _LOCAL.unpack_from(
        data, position
    )
    if (version, flags, method, extra) != (_VERSION, 0, 0, 0) or packed != size or name_length > MAX_NAME:
        raise PackageError("local header is not of the profile", offset=position)
    start = position + _LOCAL.size
    raw = data[start : start + name_length]
    name = raw.decode("ascii", errors="replace")
    end = start + name_length + size
    if not good_name(name):
        raise PackageError(f"name {name!r}", offset=start)
    if end > len(data):
        raise PackageError("truncated content", offset=position)
    content = data[start + name_length : end]
    if zlib.crc32(content) != crc:
        raise PackageError(f"the content of {name} was changed", offset=start + name_length, entry=name)
    return name, content, end


def _first_difference(one: bytes, other: bytes) -> int:
    """Offset of the first differing byte; the lengths may differ."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low + 1 < high:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
