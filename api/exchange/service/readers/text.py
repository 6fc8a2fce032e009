"""CSV in UTF-8 (with or without mark) or GB18030, told apart strictly: what is neither is refused, never guessed."""

from __future__ import annotations

import codecs
import tempfile
from pathlib import Path

import polars as pl
from polars.exceptions import ComputeError, NoDataError, SchemaError

from api.kernel.errors import DomainError, invalid

CHUNK = 1 << 20
CERTAIN = 4
"""So many well-formed multi-byte characters before the first wrong byte are UTF-8 with damage, not GB18030."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> pl.DataFrame:
    """All cells as String. Raises invalid `exchange.file_empty|_encoding|_cut|_not_csv|_ragged`.

    The reader itself refuses what is not UTF-8: only then the encoding is looked into.
    """
    with path.open("rb") as handle:
        start = handle.read(4)
    if start.startswith(_UTF16) or b"\x00" in start:
        raise invalid("exchange.file_encoding", offset=0)
    try:
        return _parsed(path)
    except NoDataError as error:
        raise invalid("exchange.file_empty") from error
    except (ComputeError, SchemaError) as error:
        encoding = encoding_of(path)
        if encoding == "utf-8":
            raise _reason(str(error)) from error
    with tempfile.NamedTemporaryFile(suffix=".csv") as made:
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as source:
            while chunk := source.read(CHUNK):
                made.write(decoder.decode(chunk).encode("utf-8"))
        made.write(decoder.decode(b"", final=True).encode("utf-8"))
        made.flush()
        try:
            return _parsed(Path(made.name))
        except (ComputeError, SchemaError) as error:
            raise _reason(str(error)) from error


def encoding_of(path: Path) -> str:
    """`utf-8` or `gb18030`. Raises invalid with the offset of the first byte that fits neither."""
    size = path.stat().st_size
    offset, wide = _first_wrong(path, "utf-8")
    if offset is None:
        return "utf-8"
    if wide >= CERTAIN:
        if offset >= size - 3:
            raise invalid("exchange.file_cut")
        raise invalid("exchange.file_encoding", offset=offset)
    other, _ = _first_wrong(path, "gb18030")
    if other is None:
        return "gb18030"
    if other >= size - 3:
        raise invalid("exchange.file_cut")
    raise invalid("exchange.file_encoding", offset=other)


def _first_wrong(path: Path, encoding: str) -> tuple[int | None, int]:
    """Offset of the first byte that is not of this encoding (None: all are), and the wide characters seen before it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = wide = 0
    with path.open("rb") as handle:
        while True:
            chunk = handle.read(CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, "ignore")
                return done - held + error.start, wide + _wide(before)
            if not text.isascii():
                wide += _wide(text)
            done += len(chunk)
            if not chunk:
                return None, wide


def _wide(text: str) -> int:
    return sum(not char.isascii() and char != "\ufeff" for char in text[:10_000])


def _parsed(path: Path) -> pl.DataFrame:
    found = pl.read_csv(path, infer_schema=False, separator=_separator(path))
    if found.height and found.width > 1 and _cut(path, found):
        raise invalid("exchange.file_cut")
    if found.width > 1 and found[:, -1].has_nulls() and (line := _short_line(path, found.width)):
        raise invalid("exchange.file_short_line", line=line)
    return found


def _short_line(path: Path, width: int) -> int:
    """Number of the first line with fewer cells than the header; 0: none, or quotes make lines and rows differ."""
    lines = pl.read_csv(
        path, has_header=False, infer_schema=False, separator="\x01", quote_char=None, new_columns=["line"]
    )["line"]
    mark = _separator(path)
    if lines.str.contains('"', literal=True).any():
        return 0
    short = (lines.str.count_matches(mark, literal=True) < width - 1) & (lines.str.strip_chars() != "")
    return int(short.arg_max() or 0) + 1 if short.any() else 0


def _separator(path: Path) -> str:
    with path.open("rb") as handle:
        head = handle.readline(65_536).decode("utf-8", "replace")
    counts = {char: head.count(char) for char in ",;\t"}
    return max(counts, key=lambda char: counts[char])


def _cut(path: Path, found: pl.DataFrame) -> bool:
    """The last line has no end and lacks cells: the file was cut while it was written or sent."""
    with path.open("rb") as handle:
        handle.seek(-1, 2)
        if handle.read(1) in b"\r\n":
            return False
    return found[-1, found.width - 1] is None and _short_tail(path, found.width)


def _short_tail(path: Path, width: int) -> bool:
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(max(0, size - 65_536))
        tail = handle.read().rsplit(b"\n", 1)[-1]
    return max(tail.count(mark) for mark in (b",", b";", b"\t")) < width - 1


def _reason(text: str) -> DomainError:
    if "more fields" in text:
        return invalid("exchange.file_ragged")
    return invalid("exchange.file_not_csv")
