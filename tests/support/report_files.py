"""Reports as their readers have them: cells of a spreadsheet, text of the paper; and the typesetter of the product."""

from __future__ import annotations

import subprocess
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from api.bootstrap.reports import TypstReports
from signing.rendering import FontBook

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"


@cache
def real_printer() -> TypstReports:
    """The product's typesetter with the product's fonts; they are read once."""
    return TypstReports(FontBook.npm(NODE_MODULES), test=True)


def sheets(body: bytes) -> dict[str, list[list[Any]]]:
    """Rows by sheet."""
    book = CalamineWorkbook.from_filelike(BytesIO(body))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def named(found: dict[str, list[list[Any]]], title: str) -> list[list[Any]]:
    """Rows of the sheet with this title."""
    return next(rows for name, rows in found.items() if name.endswith(title))


def text_of(body: bytes) -> str:
    """The paper's text as Poppler reads it, pages parted by form feeds; places to break are left out."""
    made = subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True)
    return made.stdout.decode().replace("\u200b", "")


def pages_of(body: bytes) -> list[str]:
    """The text of each page."""
    return text_of(body).rstrip("\f").split("\f")


def rows_of(text: str) -> list[list[str]]:
    """Words of each line, for tables whose cells hold no spaces."""
    return [line.split() for line in text.splitlines() if line.strip()]
