"""The datasets' columns as departments deliver them, and each department's habits of sending.

The same columns in the same order stand in the exchange's catalogue; a test compares the two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Kind = Literal["text", "code", "count", "yuan", "date", "month", "flag"]


@dataclass(frozen=True)
class Column:
    """A column of a raw file. `nullable` cells may be empty."""

    name: str
    kind: Kind
    nullable: bool = False


@dataclass(frozen=True)
class Source:
    """A dataset of the catalogue and how its department sends it; `lag` is the days after the period's end."""

    code: str
    department: str
    grain: Literal["month", "event", "snapshot"]
    key: tuple[str, ...]
    form: Literal["csv", "xlsx", "parquet"]
    encoding: str
    lag: int
    columns: tuple[Column, ...]
    flags: tuple[str, str] = ("1", "0")

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


_KINDS: Final[dict[str, Kind]] = {
    "": "text",
    "n": "count",
    "y": "yuan",
    "d": "date",
    "m": "month",
    "f": "flag",
    "c": "code",
}


def _columns(text: str) -> tuple[Column, ...]:
    """`name:kind` words; a question mark at the end allows empty cells."""
    made = [Column("uscc", "text", nullable=True), Column("name", "text")]
    for word in text.split():
        name, _, kind = word.rstrip("?").partition(":")
        made.append(Column(name, _KINDS[kind], nullable=word.endswith("?") or kind == "f"))
    return tuple(made)


def _load(optional: bool) -> tuple[Source, ...]:
    found = json.loads((Path(__file__).resolve().parent / "sources.json").read_text("utf-8"))
    return tuple(
        Source(
            code=row["code"],
            department=row["department"],
            grain=row["grain"],
            key=tuple(row["key"]),
            form=row["form"],
            encoding=row["encoding"],
            lag=row["lag"],
            columns=_columns(row["columns"]),
            flags=(row["flags"][0], row["flags"][1]),
        )
        for row in found
        if row["optional"] is optional
    )


SOURCES: Final = _load(optional=False)
OPTIONAL: Final = _load(optional=True)
"""No source delivers these today; made only on request."""
QUARTERLY: Final = frozenset({"union_state"})


def sources(with_optional: bool = False) -> tuple[Source, ...]:
    """The datasets to generate."""
    return SOURCES + OPTIONAL if with_optional else SOURCES
