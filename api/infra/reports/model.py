"""A report as data, the same for the spreadsheet and for paper.

As JSON: `{title, lead, mark, day, sentence, facts, notes, wheel, tables: [{title, heads, rows, texts, widths, note}], map?}`.
Cells are texts or whole numbers; a number that is not known is "—".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from api.infra.i18n import N_, format_datetime, translate
from api.kernel.clock import shanghai_day

Cell = str | int
UNKNOWN = "—"


@dataclass(frozen=True)
class Table:
    """A table. heads: column titles; rows as long as heads.

    texts: places of columns that hold words (the first one always does; the others hold figures and stand to the right).
    widths: how wide each column is in proportion, empty for a wide first one. note: a sentence below the title.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    texts: Sequence[int] = ()
    widths: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class Spoke:
    """A spoke of the wheel. percent: 0 to 100, None where it is not known; text: what stands below its name."""

    name: str
    percent: int | None
    text: str


@dataclass(frozen=True)
class Report:
    """A report. mark: the watermark, on every page and below every sheet; day: ISO text, China.

    sentence: what a reader in a hurry takes along. facts: names with values, before the tables. notes: paragraphs below
    them. wheel: spokes of a radar for paper, above the table with the title wheel_title, which says the same. map: tiles
    for paper (column, row, name, …); legend: their shades, and last (level −1) what the shade tells. upright: paper
    stands, for reports that are read; tables of figures lie.
    """

    name: str
    lang: str
    title: str
    lead: str
    mark: str
    day: str
    tables: Sequence[Table]
    map: Sequence[Any] = field(default_factory=tuple)
    legend: Sequence[tuple[int, str]] = field(default_factory=tuple)
    sentence: str = ""
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    wheel: Sequence[Spoke] = field(default_factory=tuple)
    wheel_title: str = ""
    upright: bool = False

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(len(table.rows) for table in self.tables)

    def data(self) -> dict[str, Any]:
        """As JSON takes it, numbers written as people read them."""
        found = asdict(self)
        for table in found["tables"]:
            table["rows"] = [
                [f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in table["rows"]
            ]
        return found


@dataclass(frozen=True)
class Mark:
    """Who takes a report (as people call him), when, for what."""

    actor: str
    at: datetime
    purpose: str

    def text(self, lang: str) -> str:
        """One line."""
        return translate(
            lang, N_("导出人 %(actor)s · %(at)s · 用途：%(purpose)s · 仅限所述用途，不得转给他人"),
            actor=self.actor, at=format_datetime(self.at, lang), purpose=self.purpose,
        )  # fmt: skip

    @property
    def day(self) -> str:
        """The day as ISO text, China."""
        return shanghai_day(self.at).isoformat()


class Printer(Protocol):
    """Typesets reports; the same report gives the same bytes."""

    def render(self, report: Mapping[str, Any]) -> bytes:
        """A report's data as PDF/A-2a. Raises invalid `report_unprintable`."""
        ...
