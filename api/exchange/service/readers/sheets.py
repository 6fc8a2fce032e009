"""XLSX: one sheet of plain values. Two sheets, merged cells and formulas are refused by name, with the first place.

A formula's stored result may be stale or absent, and what a merged cell means for the rows below it is a guess.
"""

from __future__ import annotations

import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from api.kernel.errors import invalid

MAX_UNPACKED = 1 << 30
RATIO = 200
CHUNK = 1 << 20
_FORMULA = re.compile(rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*><f[ >/]')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z")
_OVERLAP = 4096


def read_sheets(path: Path) -> pl.DataFrame:
    """All cells as String. Raises invalid `exchange.file_cut|_too_large_unpacked|_sheets|_merged|_formula|_without_rows`."""
    _refuse_formulas(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        filled = [name for name in book.sheet_names if book.get_sheet_by_name(name).height]
        if len(filled) > 1:
            raise invalid("exchange.file_sheets", sheets="、".join(name[:40] for name in filled[:10]))
        if not filled:
            raise invalid("exchange.file_without_rows")
        sheet = book.get_sheet_by_name(filled[0])
        if sheet.merged_cell_ranges:
            (row, column), _end = sheet.merged_cell_ranges[0]
            raise invalid("exchange.file_merged", cell=_place(row, column))
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, zipfile.BadZipFile) as error:
        raise invalid("exchange.file_cut") from error
    return _frame(rows)


def _place(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def _refuse_formulas(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as container:
            entries = container.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > MAX_UNPACKED or unpacked > max(RATIO * path.stat().st_size, 50 << 20):
                raise invalid("exchange.file_too_large_unpacked", limit=MAX_UNPACKED)
            for entry in entries:
                if _SHEET.match(entry.filename):
                    with container.open(entry) as handle:
                        _scan(handle)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise invalid("exchange.file_cut") from error


def _scan(handle: IO[bytes]) -> None:
    kept = b""
    while chunk := handle.read(CHUNK):
        found = _FORMULA.search(kept + chunk)
        if found:
            raise invalid("exchange.file_formula", cell=found[1].decode("ascii"))
        kept = (kept + chunk)[-_OVERLAP:]


def _frame(rows: list[list[Any]]) -> pl.DataFrame:
    if not rows:
        raise invalid("exchange.file_without_rows")
    names = [str(cell).strip() for cell in rows[0]]
    while names and not names[-1]:
        names.pop()
    seen: dict[str, int] = {}
    unique = []
    for index, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_duplicated_{index}")
    body = {name: [_cell(row[index]) for row in rows[1:]] for index, name in enumerate(unique)}
    return pl.DataFrame(body, schema=dict.fromkeys(unique, pl.String))


def _cell(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value)
