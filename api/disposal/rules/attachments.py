"""Files that an enterprise gives with a statement: their type is what their bytes say, never what their name says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.disposal.rules.forms import picture_type
from api.kernel.errors import DomainError, invalid

FILES_MOST: Final = 5
FILE_MOST: Final = 4_000_000
NAME_MOST: Final = 100
PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Given:
    """A file as it came. name: as the sender calls it."""

    name: str
    body: bytes


@dataclass(frozen=True)
class Checked:
    """A file that is kept."""

    name: str
    media_type: str
    body: bytes


def check(files: Sequence[Given]) -> list[Checked]:
    """The files with their types; raises invalid for too many, too large, empty, or another kind of file."""
    if len(files) > FILES_MOST:
        raise invalid("disposal.files_too_many", pointer="/files", most=FILES_MOST)
    found = []
    for number, one in enumerate(files):
        pointer = f"/files/{number}"
        if len(one.body) > FILE_MOST:
            raise invalid("disposal.file_too_large", pointer=pointer, limit=FILE_MOST)
        found.append(Checked(_name(one.name, number), _type(one.body, pointer), one.body))
    return found


def _type(body: bytes, pointer: str) -> str:
    if body.startswith(b"%PDF-") and b"%%EOF" in body[-2048:]:
        return PDF
    try:
        return picture_type(body)
    except DomainError as error:
        raise invalid("disposal.file_type", pointer=pointer) from error


def _name(name: str, number: int) -> str:
    """The last part of a path without control characters; a name of its own where nothing is left."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in last if c.isprintable()).strip()[-NAME_MOST:]
    return clean or f"附件{number + 1}"
