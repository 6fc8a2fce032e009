"""Writing a department's file part by part: CSV in its encoding, XLSX, Parquet; equal parts give equal bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import xlsxwriter

from scripts.district.schema import Source

_CREATED = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date inside the sheet, so that equal seeds give equal bytes
_SHEET_LIMIT = 1_000_000


class PartWriter(Protocol):
    """Takes the parts of one file in order; the file is whole after `close`."""

    def add(self, part: pl.DataFrame) -> None: ...

    def close(self) -> None: ...


class _Csv:
    def __init__(self, path: Path, source: Source) -> None:
        self._encoding = "utf-8" if source.encoding == "utf-8-sig" else source.encoding
        self._file = path.open("wb")
        if source.encoding == "utf-8-sig":
            self._file.write(b"\xef\xbb\xbf")
        self._file.write((",".join(source.names) + "\r\n").encode(self._encoding))

    def add(self, part: pl.DataFrame) -> None:
        text = part.write_csv(include_header=False, line_terminator="\r\n")
        self._file.write(text.encode(self._encoding))

    def close(self) -> None:
        self._file.close()


class _Parquet:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: list[pl.DataFrame] = []

    def add(self, part: pl.DataFrame) -> None:
        self._parts.append(part)

    def close(self) -> None:
        pl.concat(self._parts).write_parquet(self._path, compression="zstd", row_group_size=122_880)


class _Xlsx:
    def __init__(self, path: Path, source: Source) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._book.set_properties({"created": _CREATED})
        self._sheet = self._book.add_worksheet(source.code)
        self._numeric = [column.kind in ("count", "yuan") for column in source.columns]
        self._sheet.write_row(0, 0, source.names)
        self._next = 1

    def add(self, part: pl.DataFrame) -> None:
        if self._next + part.height > _SHEET_LIMIT:
            raise ValueError("a sheet holds a million rows: send this dataset as CSV or Parquet")
        for row in part.iter_rows():
            self._write(row)
            self._next += 1

    def _write(self, row: tuple[Any, ...]) -> None:
        for place, (value, numeric) in enumerate(zip(row, self._numeric, strict=True)):
            if value is None:
                continue
            if numeric and value.lstrip("-").replace(".", "", 1).isdigit():
                self._sheet.write_number(self._next, place, float(value))
            else:
                self._sheet.write_string(self._next, place, value)

    def close(self) -> None:
        self._book.close()


def writer(path: Path, source: Source) -> PartWriter:
    """A writer of the source's form. CSV ends lines as spreadsheets do; text that GBK lacks raises UnicodeEncodeError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if source.form == "csv":
        return _Csv(path, source)
    if source.form == "parquet":
        return _Parquet(path)
    return _Xlsx(path, source)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
