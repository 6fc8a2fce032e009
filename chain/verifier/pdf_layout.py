"""The byte layout of a signed PDF: base revision, then whole revisions in one fixed form (evidence-spec, section 5.1).

Read from the end of the file by fixed patterns, before any PDF object is parsed: no gap, no second table, no rival
revision, no signature over other bytes than its revision gets as far as a parser. Both engines check the same layout,
so they agree on what a file is before they ask two different libraries what is in it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from chain.verifier.outcome import Failed
from signing import der

REVISIONS: Final = 32
"""Most revisions behind the base."""
_HIGHEST: Final = 1_000_000

_END: Final = re.compile(rb"startxref\n([0-9]{1,8})\n%%EOF\n\Z")
_SECTION: Final = re.compile(rb"([0-9]{1,7}) ([0-9]{1,7})\n")
_ENTRY: Final = re.compile(rb"([0-9]{10}) 00000 n \n")
_FREE: Final = b"0000000000 65535 f \n"
_TRAILER: Final = re.compile(
    rb"trailer\n<<\n/Size ([0-9]{1,7})\n/Root ([0-9]{1,7}) 0 R\n(?:/Info ([0-9]{1,7}) 0 R\n)?"
    rb"/ID \[ <[0-9a-f]{2,256}> <[0-9a-f]{32}> \]\n/Prev ([0-9]{1,8})\n>>\nstartxref\n([0-9]{1,8})\n%%EOF\n"
)
_BASE_TRAILER: Final = re.compile(rb"trailer[\r\n]{1,2}<<(?P<keys>[^<>]{0,400})>>[\r\n]{1,2}startxref\n")
_SIGNATURE: Final = re.compile(
    rb"[0-9]{1,7} 0 obj\n<<\n/Contents <([0-9A-F]+)>\n/ByteRange \[0 ([0-9]{1,8}) ([0-9]{1,8}) ([0-9]{1,8})\] *\n"
    rb"/Type /(Sig|DocTimeStamp)\n/Filter /Adobe\.PPKLite\n/SubFilter /(ETSI\.CAdES\.detached|ETSI\.RFC3161)\n"
    rb"(?:/M \(D\\072[0-9]{14}Z\)\n)?>>\nendobj\n"
)
_SUBFILTERS: Final = {b"Sig": b"ETSI.CAdES.detached", b"DocTimeStamp": b"ETSI.RFC3161"}


class _Broken(Exception):
    """The bytes at `place` are not what the layout has there."""


@dataclass(frozen=True)
class Signature:
    """One signature object: which revision bears it, its CMS object, and what it covers: all but `before` to `after`."""

    revision: int
    number: int
    timestamp: bool
    package: bytes
    before: int
    after: int
    end: int

    def holds(self, digest: bytes) -> bool:
        """Say whether the DER holds a digest as messageDigest (a token: as imprint)."""
        return (b"\x04\x20" if self.timestamp else b"\x31\x22\x04\x20") + digest in self.package


@dataclass(frozen=True)
class Layout:
    """A file of the layout: where the base's table is, each revision's objects (number, start, stop), the signatures."""

    base_table: int
    base_trailer: int
    base_size: int
    root: int
    objects: tuple[tuple[tuple[int, int, int], ...], ...]
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class _Base:
    table: int
    trailer: int
    size: int
    root: int
    info: int


@dataclass(frozen=True)
class _Revision:
    start: int
    table: int
    end: int
    size: int
    root: int
    info: int
    previous: int
    objects: tuple[tuple[int, int, int], ...]


def read_layout(pdf: bytes, base_length: int) -> Layout:
    """Return the layout of a file, its signatures in the order of their revisions.

    Raises Failed: FORMAT_FAILURE for any other layout, SIGNER_SET_MISMATCH unless there are exactly two signatures
    beside document timestamps, MODIFIED_AFTER_SIGNING unless the first two revisions bear them and no other does,
    HASH_FAILURE where a signature or document timestamp was made over other bytes.
    """
    try:
        base = _base(pdf[:base_length])
        revisions = _revisions(pdf, base_length, base)
        signatures = tuple(
            item
            for number, revision in enumerate(revisions, start=1)
            for item in _signatures(pdf, number, revision)
        )
    except _Broken as error:
        raise Failed("FORMAT_FAILURE", reason=str(error)) from error
    own = [item.revision for item in signatures if not item.timestamp]
    if len(own) != 2:
        raise Failed("SIGNER_SET_MISMATCH", signatures=len(own))
    if own != [1, 2] or len({item.revision for item in signatures}) != len(signatures):
        raise Failed("MODIFIED_AFTER_SIGNING", revisions=own)
    read, so_far = 0, hashlib.sha256()
    for item in signatures:
        so_far.update(memoryview(pdf)[read : item.before])
        read = item.before
        covered = so_far.copy()
        covered.update(memoryview(pdf)[item.after : item.end])
        if not item.holds(covered.digest()):
            raise Failed("HASH_FAILURE", revision=item.revision)
    objects = tuple(revision.objects for revision in revisions)
    return Layout(base.table, base.trailer, base.size, base.root, objects, signatures)


def _revisions(pdf: bytes, base_length: int, base: _Base) -> list[_Revision]:
    found: list[_Revision] = []
    end = len(pdf)
    while end > base_length:
        if len(found) == REVISIONS:
            raise _Broken("too many revisions")
        revision = _revision(pdf, end)
        if not base_length <= revision.start < revision.table:
            raise _Broken(f"a revision reaches into the base at {revision.start}")
        found.append(revision)
        end = revision.start
    if end != base_length:
        raise _Broken("no revision begins where the base ends")
    found.reverse()
    table, size = base.table, base.size
    for revision in found:
        if revision.previous != table or (revision.root, revision.info) != (base.root, base.info):
            raise _Broken(f"the trailer at {revision.table} continues another file")
        if not size <= revision.size <= _HIGHEST or any(
            number >= revision.size for number, _, _ in revision.objects
        ):
            raise _Broken(f"the size in the trailer at {revision.table}")
        table, size = revision.table, revision.size
    return found


def _base(base: bytes) -> _Base:
    """What the base's trailer says; information dictionary 0: none."""
    end = _END.search(base, max(0, len(base) - 40))
    table = int(end[1]) if end else -1
    if end is None or base[table : table + 7] != b"xref\n0 ":
        raise _Broken("the base does not end in a cross-reference table")
    found = _BASE_TRAILER.search(base, table)
    if found is None or found.end() != end.start() + len(b"startxref\n"):
        raise _Broken("the base's trailer")
    keys = found["keys"]
    if any(word in keys for word in (b"/Prev", b"/XRefStm", b"/Encrypt")):
        raise _Broken("the base's trailer")
    numbers = [re.findall(pattern, keys) for pattern in (rb"/Size (\d{1,7})", rb"/Root (\d{1,7}) 0 R")]
    if any(len(item) != 1 for item in numbers):
        raise _Broken("the base's trailer")
    info = re.findall(rb"/Info (\d{1,7}) 0 R", keys)
    size, root = int(numbers[0][0]), int(numbers[1][0])
    return _Base(table, found.start(), size, root, int(info[0]) if info else 0)


def _revision(pdf: bytes, end: int) -> _Revision:
    """The revision that ends at `end`."""
    found = _END.search(pdf, max(0, end - 40), end)
    if found is None:
        raise _Broken(f"no end of a revision at {end}")
    table = place = int(found[1])
    if pdf[table : table + 5] != b"xref\n" or table >= end:
        raise _Broken(f"no cross-reference table at {table}")
    place += 5
    entries: list[tuple[int, int]] = []
    following = 0
    while section := _SECTION.match(pdf, place, end):
        first, count = int(section[1]), int(section[2])
        place = section.end()
        if first < following or count < 1 or (following == 0 and first != 0):
            raise _Broken(f"sections of the table at {table}")
        for number in range(first, first + count):
            if number == 0:
                if pdf[place : place + 20] != _FREE:
                    raise _Broken(f"the first entry of the table at {table}")
            else:
                entry = _ENTRY.match(pdf, place, end)
                if entry is None:
                    raise _Broken(f"an entry of the table at {table}")
                entries.append((number, int(entry[1])))
            place += 20
        following = first + count
    trailer = _TRAILER.match(pdf, place, end)
    if trailer is None or trailer.end() != end or int(trailer[5]) != table or not entries:
        raise _Broken(f"the trailer behind the table at {table}")
    objects = []
    for (number, start), (_, stop) in zip(entries, [*entries[1:], (0, table)], strict=True):
        head = b"%d 0 obj\n" % number
        if start >= stop or not pdf.startswith(head, start, stop) or pdf[stop - 8 : stop] != b"\nendobj\n":
            raise _Broken(f"object {number} at {start}")
        objects.append((number, start, stop))
    return _Revision(
        start=entries[0][1],
        table=table,
        end=end,
        size=int(trailer[1]),
        root=int(trailer[2]),
        info=int(trailer[3] or 0),
        previous=int(trailer[4]),
        objects=tuple(objects),
    )


def _signatures(pdf: bytes, number: int, revision: _Revision) -> list[Signature]:
    found: list[Signature] = []
    for own, start, stop in revision.objects:
        if pdf.find(b"/ByteRange", start, stop) < 0:
            continue
        match = _SIGNATURE.fullmatch(pdf, start, stop)
        if match is None or _SUBFILTERS[match[5]] != match[6]:
            raise _Broken(f"the signature object at {start}")
        before, after, length = int(match[2]), int(match[3]), int(match[4])
        if (before, after, after + length) != (match.start(1) - 1, match.end(1) + 1, revision.end):
            raise _Broken(f"the byte range at {start}")
        package = _package(match[1], start)
        timestamp = match[5] == b"DocTimeStamp"
        found.append(Signature(number, own, timestamp, package, before, after, revision.end))
    return found


def _package(text: bytes, place: int) -> bytes:
    """The DER object in upper-case hexadecimal, with at least one byte of zeros and only zeros behind it."""
    if len(text) % 2:
        raise _Broken(f"the contents at {place}")
    data = bytes.fromhex(text.decode("ascii"))
    octets = data[1] - 0x80 if len(data) > 8 and 0x80 < data[1] <= 0x84 else 0
    if len(data) < 8 or data[0] != 0x30 or data[1] == 0x80 or data[1] > 0x84:
        raise _Broken(f"the contents at {place}")
    size = 2 + octets + (int.from_bytes(data[2 : 2 + octets], "big") if octets else data[1])
    if size >= len(data) or data[size:].strip(b"\x00"):
        raise _Broken(f"the contents at {place}")
    try:
        der.check(data[:size])
    except der.NotDer as error:
        raise _Broken(f"the contents at {place}: {error}") from error
    return data[:size]
