"""What goes wrong on the way: errors that must be found, codes and names that must be repaired, rows sent twice.

Every planted thing is recorded with its file, row and column, so that a quarantine can be compared with it exactly.
The rates are shares of the rows in ten thousand; how many rows of a file that gives is decided once and counted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import polars as pl

from scripts.district.cells import MONEY
from scripts.district.draws import Draws
from scripts.district.identifiers import LARGEST_SERIAL, damage, synthetic_uscc
from scripts.district.names import company_name, written_differently
from scripts.district.schema import Column, Source

Expected = Literal["quarantine", "conflict", "duplicate", "link", "unmatched", "missing"]
HUGE: Final = Decimal("24000000000000.00")
LONG_AGO: Final = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Rates:
    """Shares of a file's rows in ten thousand."""

    error: int = 20
    conflict: int = 3
    duplicate: int = 10
    damaged_code: int = 30
    written_differently: int = 60
    not_registered: int = 20
    missing: int = 50
    late_correction: int = 20

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class Planted:
    """One thing that is wrong: `row` counts from 1, the file's first line of data."""

    row: int
    column: str
    kind: str
    expected: Expected


def _first(source: Source, kind: str, turn: int) -> Column | None:
    fits = [
        column for column in source.columns if column.kind == kind and column.name not in ("uscc", "name")
    ]
    return fits[turn % len(fits)] if fits else None


def _errors(source: Source) -> list[tuple[str, str, Any]]:
    """The errors that a file of this source can hold: kind, column, the wrong cell."""
    found: list[tuple[str, str, Any]] = []
    text = source.form != "parquet"
    for turn in range(3):
        if column := _first(source, "count", turn):
            found.append(("negative_count", column.name, "-3" if text else -3))
            if text:
                found.append(("not_a_number", column.name, "约12人"))
        if column := _first(source, "yuan", turn):
            found.append(("huge_amount", column.name, str(HUGE) if text else HUGE))
    if (column := _first(source, "month", 0)) and column.name == "month":
        found += [
            ("impossible_month", "month", "202613" if text else 202613),
            ("empty_required", "month", None),
        ]
    dates = [column for column in source.columns if column.kind == "date" and not column.nullable]
    if source.grain == "event" and dates:
        found.append(("date_1970", dates[0].name, LONG_AGO.isoformat() if text else LONG_AGO))
        found.append(("empty_required", dates[0].name, None))
    if (column := _first(source, "code", 0)) is not None:
        found.append(("unknown_code", column.name, "不详" if text else "Z9"))
    if source.code == "market_registry":
        found.append(("empty_required", "name", None))
    return list(dict.fromkeys(found))


class Planter:
    """Plants into the parts of one file; `planted` grows in the order of the rows."""

    def __init__(self, source: Source, draws: Draws, rates: Rates, file: str) -> None:
        self._source, self._draws, self._rates, self._file = source, draws, rates, file
        self._errors = _errors(source)
        self._part = 0
        self.rows = 0
        self.planted: list[Planted] = []

    def _count(self, total: int, rate: int, what: str) -> int:
        return self._draws.part(total, rate, f"{self._file} {what}", self._part)

    def plant(self, frame: pl.DataFrame, untouched: pl.Series | None = None) -> pl.DataFrame:
        """The part of the file with its mistakes; rows marked in `untouched` (Boolean) stay as they are."""
        self._part += 1
        free = pl.Series(range(frame.height), dtype=pl.Int64)
        if untouched is not None:
            free = free.filter(~untouched)
        registry = self._source.code == "market_registry"
        rates = self._rates
        wants = {
            "error": rates.error if self._errors else 0,
            "conflict": rates.conflict if self._changeable() else 0,
            "duplicate": rates.duplicate,
            "damaged": 0 if registry else rates.damaged_code,
            "renamed": 0 if registry else rates.written_differently,
            "foreign": 0 if registry else rates.not_registered,
            "missing": rates.missing,
        }
        counts = {what: self._count(free.len(), rate, what) for what, rate in wants.items()}
        order = self._draws.chosen(free.len(), sum(counts.values()), f"{self._file} rows", self._part)
        picked = [int(free[place]) for place in order]
        groups: dict[str, list[int]] = {}
        for what, count in counts.items():
            groups[what], picked = sorted(picked[:count]), picked[count:]
        frame = self._spoil(frame, groups["error"])
        frame = self._misname(frame, groups["damaged"], groups["renamed"])
        frame = self._empty(frame, groups["missing"])
        extra = [frame]
        size = frame.height
        for what, make in (
            ("conflict", self._changed),
            ("duplicate", self._copied),
            ("foreign", self._foreign),
        ):
            if groups[what]:
                more = make(frame[groups[what]], groups[what], size)
                extra.append(more)
                size += more.height
        made = pl.concat(extra) if len(extra) > 1 else frame
        self.rows += made.height
        return made

    def _note(self, place: int, column: str, kind: str, expected: Expected) -> None:
        self.planted.append(Planted(self.rows + place + 1, column, kind, expected))

    def _set(self, frame: pl.DataFrame, column: str, places: list[int], values: list[Any]) -> pl.DataFrame:
        series = pl.Series(values, dtype=frame.schema[column])
        return frame.with_columns(frame[column].clone().scatter(places, series).alias(column))

    def _spoil(self, frame: pl.DataFrame, places: list[int]) -> pl.DataFrame:
        by_column: dict[str, tuple[list[int], list[Any]]] = {}
        for turn, place in enumerate(places):
            start = self._draws.below(
                len(self._errors), f"{self._file} error", self._part * 100_000 + turn, 1
            )
            kind, column, value = self._errors[start]
            self._note(place, column, kind, "quarantine")
            spots, values = by_column.setdefault(column, ([], []))
            spots.append(place)
            values.append(value)
        for column, (spots, values) in by_column.items():
            frame = self._set(frame, column, spots, values)
        return frame

    def _misname(self, frame: pl.DataFrame, damaged: list[int], renamed: list[int]) -> pl.DataFrame:
        if damaged:
            codes = []
            for turn, place in enumerate(damaged):
                kind = turn % 4
                codes.append(
                    damage(frame["uscc"][place], kind, self._draws.below(30, self._file, turn, self._part))
                    or None
                )
                self._note(place, "uscc", "empty_code" if kind == 3 else "damaged_code", "link")
            frame = self._set(frame, "uscc", damaged, codes)
        if renamed:
            names = [
                written_differently(frame["name"][place], turn % 4) for turn, place in enumerate(renamed)
            ]
            for place in renamed:
                self._note(place, "name", "written_differently", "link")
            frame = self._set(frame, "name", renamed, names)
        return frame

    def _empty(self, frame: pl.DataFrame, places: list[int]) -> pl.DataFrame:
        open_columns = [
            c.name for c in self._source.columns if c.nullable and c.kind in ("flag", "count", "yuan", "code")
        ]
        if not open_columns:
            return frame
        for turn, name in enumerate(open_columns):
            spots = places[turn :: len(open_columns)]
            if spots:
                frame = self._set(frame, name, spots, [None] * len(spots))
                for place in spots:
                    self._note(place, name, "empty_optional", "missing")
        return frame

    def _changeable(self) -> Column | None:
        """A column whose value can differ between two rows of one key without being wrong in itself."""
        return _first(self._source, "count", 0) or _first(self._source, "yuan", 0)

    def _changed(self, rows: pl.DataFrame, places: list[int], size: int) -> pl.DataFrame:
        column = self._changeable()
        if column is None:
            raise ValueError(f"{self._source.code} has no number to change")
        value = pl.col(column.name)
        other = (value.cast(MONEY if column.kind == "yuan" else pl.Int64).fill_null(0) + 7).cast(
            rows.schema[column.name]
        )
        for turn, place in enumerate(places):
            self._note(place, column.name, "conflicting_key", "conflict")
            self._note(size + turn, column.name, "conflicting_key", "conflict")
        return rows.with_columns(other.alias(column.name))

    def _copied(self, rows: pl.DataFrame, places: list[int], size: int) -> pl.DataFrame:
        for turn in range(len(places)):
            self._note(size + turn, "", "sent_twice", "duplicate")
        return rows

    def _foreign(self, rows: pl.DataFrame, places: list[int], size: int) -> pl.DataFrame:
        codes, names, keys = [], [], []
        own = [name for name in self._source.key if name not in ("uscc", "month")]
        start = self._draws.below(40_000, f"{self._file} foreign", self._part, 1)
        for turn in range(len(places)):
            serial = LARGEST_SERIAL - start - turn
            codes.append(synthetic_uscc(serial))
            names.append(company_name(serial, "F", "enterprise"))
            keys.append(f"W{self._part:02d}{turn:05d}")
            self._note(size + turn, "uscc", "not_registered", "unmatched")
        made = rows.with_columns(pl.Series("uscc", codes), pl.Series("name", names))
        return made.with_columns((pl.col(name) + pl.Series(keys)).alias(name) for name in own)
