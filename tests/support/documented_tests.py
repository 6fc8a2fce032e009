"""Reads the tests that a document names, as `tests/…::test_x`, `contracts/test::test_x` or “attack story”, and looks for them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`((?:tests|contracts)/[\w/.]+)::(\w+)`")
STORIES = ROOT / "tests" / "attacks" / "evidence" / "stories"


def rows_of(text: str, cells: int) -> list[str]:
    """The rows of a document's tables that have so many cells, without headings and rules."""
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.count("|") == cells + 1]
    return [row for row in rows if NAMED.search(row) or "attack" in row]


def named_tests(row: str) -> list[tuple[str, str]]:
    """(file, test) pairs of a row."""
    return NAMED.findall(row)


def named_stories(row: str) -> list[str]:
    """Stories of forged packages that a row names after the word “attack”."""
    found = re.findall(r"“([^”]+)”", row.partition("attack")[2])
    return [story for story in found if not re.search(r"[一-鿿]", story) and story != "this was not me"]


def missing(row: str) -> list[str]:
    """What a row names and nobody wrote."""
    absent = []
    for file, name in named_tests(row):
        folder = sorted((ROOT / file).glob("*.t.sol")) if file == "contracts/test" else [ROOT / file]
        source = "".join(path.read_text("utf-8") for path in folder if path.is_file())
        if not re.search(rf"(def|function) {name}\(", source):
            absent.append(f"{file}::{name}")
    stories = "".join(path.read_text("utf-8") for path in STORIES.glob("*.py"))
    return absent + [story for story in named_stories(row) if f'"{story}"' not in stories]
