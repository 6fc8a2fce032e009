"""JSON of the board. Grades by name (none, blue, yellow, orange, red, insufficient), months YYYYMM, times UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.infra.reports import Format
from api.risk.board.exports import Kind, Wanted
from api.risk.board.model import (
    COLOURS,
    Confirmed,
    DistrictMap,
    Edition,
    FlowLine,
    Funnel,
    Group,
    IndexGroup,
    Overview,
    RegionalIndex,
    Shade,
    Source,
    Sources,
    Step,
    Tile,
    Town,
    TownLine,
    TownList,
    Trend,
)
from api.risk.texts import GRADE_CODES

Colour = Literal["", "red", "orange", "yellow", "blue"]


def by_colour(counts: tuple[int, int, int, int]) -> dict[str, int]:
    """Red, orange, yellow, blue by name."""
    return dict(zip(COLOURS, counts, strict=True))


class TownIn(BaseModel):
    """A row of the table of towns."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)
    code: str = Field(max_length=9)
    name_zh: str = Field(max_length=40)
    name_en: str = Field(max_length=80)
    column: int
    row: int
    administered_by: str = Field(default="", max_length=80)

    def town(self) -> Town:
        """As the rules take it."""
        return Town(self.code, self.name_zh, self.name_en, self.column, self.row, self.administered_by)


class EditionIn(BaseModel):
    """The whole table anew. based_on: number of the newest edition that was seen."""

    model_config = ConfigDict(extra="forbid")
    based_on: int = Field(ge=0)
    valid_from: date
    reason: str = Field(max_length=300)
    towns: list[TownIn] = Field(max_length=60)


class EditionOut(BaseModel):
    """An edition. newest: the number that a change must name."""

    no: int
    newest: int
    valid_from: date
    known_from: datetime
    reason: str
    towns: list[TownIn]

    @classmethod
    def of(cls, found: Edition, newest: int) -> EditionOut:
        """From the model."""
        towns = [TownIn.model_validate(town) for town in found.towns]
        return cls(
            no=found.no, newest=newest, valid_from=found.valid_from, known_from=found.known_from,
            reason=found.reason, towns=towns,
        )  # fmt: skip


class TileOut(BaseModel):
    """A town's open warnings; code and place are null for what lies in no row of the table."""

    code: str | None
    name_zh: str
    name_en: str
    column: int | None
    row: int | None
    firms: int | None
    open: dict[str, int]
    total: int
    waiting: int
    tenths_per_thousand: int | None
    level: int

    @classmethod
    def of(cls, tile: Tile) -> TileOut:
        """From the model."""
        town = tile.town
        return cls(
            code=town.code if town else None, name_zh=town.name_zh if town else "",
            name_en=town.name_en if town else "", column=town.column if town else None,
            row=town.row if town else None, firms=tile.firms, open=by_colour(tile.counts), total=tile.total,
            waiting=tile.waiting, tenths_per_thousand=tile.tenths_per_thousand, level=tile.level,
        )  # fmt: skip


class MapOut(BaseModel):
    """A schematic map: places of tiles say nothing about geography. month null: now."""

    schematic: Literal[True] = True
    month: int | None
    at: datetime
    edition: int
    months: list[int]
    tiles: list[TileOut]

    @classmethod
    def of(cls, found: DistrictMap) -> MapOut:
        """From the model."""
        tiles = [TileOut.of(tile) for tile in found.all_tiles]
        return cls(
            month=found.month, at=found.at, edition=found.edition.no, months=list(found.months), tiles=tiles
        )


class TownLineOut(BaseModel):
    """An open warning."""

    warning_id: str
    enterprise: int
    name: str
    uscc: str
    grade: str
    score: int
    issued_at: datetime | None
    waiting: bool

    @classmethod
    def of(cls, line: TownLine) -> TownLineOut:
        """From the model."""
        return cls(
            warning_id=line.warning_id, enterprise=line.enterprise, name=line.name, uscc=line.uscc,
            grade=GRADE_CODES[line.grade], score=line.score, issued_at=line.issued_at, waiting=line.waiting,
        )  # fmt: skip


class TownListOut(BaseModel):
    """A page of a town's open warnings."""

    code: str | None
    rows: list[TownLineOut]
    next: str

    @classmethod
    def of(cls, found: TownList) -> TownListOut:
        """From the model."""
        rows = [TownLineOut.of(line) for line in found.rows]
        return cls(code=found.town.code if found.town else None, rows=rows, next=found.next)


class TrendMonthOut(BaseModel):
    """A month. shown: grades that people saw at its end (null before the log); firms: computed grades (null without an index)."""

    month: int
    shown: dict[str, int] | None
    firms: dict[str, int] | None
    issued: dict[str, int]
    closed: dict[str, int]


class TrendOut(BaseModel):
    """Months, oldest first."""

    town: str
    rows: list[TrendMonthOut]

    @classmethod
    def of(cls, found: Trend) -> TrendOut:
        """From the model."""
        rows = [
            TrendMonthOut(
                month=row.month,
                shown=None if row.shown is None else dict(zip(GRADE_CODES, row.shown, strict=False)),
                firms=None if row.firms is None else dict(zip(GRADE_CODES, row.firms, strict=False)),
                issued=by_colour(row.issued), closed=by_colour(row.closed),
            )
            for row in found.rows
        ]  # fmt: skip
        return cls(town=found.town, rows=rows)


class IndexGroupOut(BaseModel):
    """A group; `change` to three months before."""

    group: str
    firms: int
    mean: int
    firms_by_grade: dict[str, int]
    change: int | None

    @classmethod
    def of(cls, one: IndexGroup) -> IndexGroupOut:
        """From the model."""
        grades = dict(zip(GRADE_CODES, one.counts, strict=False))
        return cls(group=one.group, firms=one.firms, mean=one.mean, firms_by_grade=grades, change=one.change)


class RegionalIndexOut(BaseModel):
    """Index of a month; `line`: month and mean score of the whole, oldest first."""

    month: int | None
    by: Group
    whole: IndexGroupOut | None
    groups: list[IndexGroupOut]
    line: list[tuple[int, int]]

    @classmethod
    def of(cls, found: RegionalIndex) -> RegionalIndexOut:
        """From the model."""
        return cls(
            month=found.month, by=found.by, whole=IndexGroupOut.of(found.whole) if found.whole else None,
            groups=[IndexGroupOut.of(one) for one in found.groups], line=list(found.line),
        )  # fmt: skip


class FlowLineOut(BaseModel):
    """Cases of a unit and colour."""

    model_config = ConfigDict(from_attributes=True)
    unit: str
    unit_zh: str
    unit_en: str
    colour: str
    reached: dict[Step, int]
    late: dict[Step, int]

    @classmethod
    def of(cls, line: FlowLine) -> FlowLineOut:
        """From the model."""
        return cls(
            unit=line.unit, unit_zh=line.unit_zh, unit_en=line.unit_en, colour=GRADE_CODES[line.grade],
            reached=dict(line.reached), late=dict(line.late),
        )  # fmt: skip


class FunnelOut(BaseModel):
    """Cases issued between two months, by unit and colour. connected: whether disposal answers here."""

    first: int
    last: int
    connected: bool
    lines: list[FlowLineOut]

    @classmethod
    def of(cls, found: Funnel) -> FunnelOut:
        """From the model."""
        lines = [FlowLineOut.of(line) for line in found.lines]
        return cls(first=found.first, last=found.last, connected=found.connected, lines=lines)


class ConfirmedOut(BaseModel):
    """Share found true, with its 95 % interval in basis points."""

    model_config = ConfigDict(from_attributes=True)
    hits: int
    total: int
    bp: int | None
    low: int
    high: int

    @classmethod
    def of(cls, found: Confirmed) -> ConfirmedOut:
        """From the model."""
        return cls.model_validate(found)


class SourceOut(BaseModel):
    """A dataset that is not fresh."""

    model_config = ConfigDict(from_attributes=True)
    zh: str
    en: str
    owner_zh: str
    owner_en: str
    state: str
    covered_end: date | None

    @classmethod
    def of(cls, found: Source) -> SourceOut:
        """From the model."""
        return cls.model_validate(found)


class SourcesOut(BaseModel):
    """How new the sources are."""

    fresh: int
    due: int
    stale: int
    never: int
    worst: list[SourceOut]
    unknown: list[str]

    @classmethod
    def of(cls, found: Sources) -> SourcesOut:
        """From the model."""
        worst = [SourceOut.of(one) for one in found.worst]
        return cls(
            fresh=found.fresh, due=found.due, stale=found.stale, never=found.never, worst=worst,
            unknown=list(found.unknown),
        )  # fmt: skip


class OverviewOut(BaseModel):
    """What the director sees first; null where this installation lacks the slice that would know."""

    at: datetime
    open: dict[str, int]
    waiting: int
    firms: dict[str, int]
    late: dict[Step, int] | None
    open_cases: int | None
    confirmed: ConfirmedOut | None
    sources: SourcesOut | None

    @classmethod
    def of(cls, found: Overview) -> OverviewOut:
        """From the model."""
        return cls(
            at=found.at, open=dict(zip(COLOURS, found.map.counts, strict=True)), waiting=found.map.waiting,
            firms=dict(zip(GRADE_CODES, found.standing, strict=True)),
            late=dict(found.cases.late) if found.cases else None,
            open_cases=found.cases.number if found.cases else None,
            confirmed=ConfirmedOut.of(found.confirmed) if found.confirmed else None,
            sources=SourcesOut.of(found.sources) if found.sources else None,
        )  # fmt: skip


class ExportIn(BaseModel):
    """A report to take out; fields that the report has no use for are ignored."""

    model_config = ConfigDict(extra="forbid")
    report: Kind
    format: Format
    purpose: str = Field(max_length=400)
    lang: Literal["zh", "en"] = "zh"
    month: int | None = None
    shade: Shade = Shade.COUNT
    colour: Colour = ""
    town: str = Field(default="", max_length=9)
    span: int = Field(default=12, ge=1, le=36)
    by: Group = Group.TOWN
    first: int | None = None
    last: int | None = None

    def wanted(self) -> Wanted:
        """As the service takes it."""
        return Wanted(
            self.report, self.format, self.purpose, self.lang, self.month, self.shade, self.colour, self.town,
            self.span, self.by, self.first, self.last,
        )  # fmt: skip
