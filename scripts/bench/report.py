"""Writes one measured section of docs/benchmarks.md, between its markers, with the command that made it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
HEAD = """# 量测 · Benchmarks

Each table was written by the command above it. Ratios compare two things measured in the same run; counts do not depend on the
machine. Absolute times come from a shared two-core machine, stand beside a baseline of the same run and gate nothing.
"""


def write(
    section: str, command: str, heads: Sequence[str], rows: Sequence[Sequence[object]], notes: str = ""
) -> None:
    """Replace (or append) `section` with a table of `rows`; keeps the other sections as they are."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else HEAD
    begin, end = f"<!-- bench:{section} -->", f"<!-- /bench:{section} -->"
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    table = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    table += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    body = "\n".join(
        [
            begin,
            f"## {section}",
            "",
            f"`{command}` · {made} · Python {platform.python_version()}",
            "",
            *table,
            "",
        ]
        + ([notes.strip(), ""] if notes else [])
        + [end]
    )
    if begin in text and end in text:
        text = text[: text.index(begin)] + body + text[text.index(end) + len(end) :]
    else:
        text = text.rstrip() + "\n\n" + body + "\n"
    PAGE.write_text(text, encoding="utf-8")
