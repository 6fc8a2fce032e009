"""Makes the folder: departments' files, the manifest, and the labels apart from both. Streaming, month by month."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from scripts.district.acts import Event
from scripts.district.calendar import Month, months_until
from scripts.district.cells import cells, typed
from scripts.district.deliveries import Period, Rhythm, sent_on
from scripts.district.draws import Draws
from scripts.district.events import KEYS, ordinary, told
from scripts.district.files import sha256_of, writer
from scripts.district.labels import Labels
from scripts.district.master import enterprises
from scripts.district.monthly import MONTHLY, Moment, bank_payroll
from scripts.district.schema import Source, sources
from scripts.district.snapshots import SNAPSHOTS
from scripts.district.state import state
from scripts.district.stories import assign
from scripts.district.untidy import Planter, Rates

DEPARTMENTS, LABELS, MANIFEST = "departments", "labels", "manifest.json"
_CORRECTED_LATE = {
    "tax_month": ("payroll_total", 100),
    "si_month": ("insured_persons", 1),
    "hr_filing": ("roster_persons", 1),
}
"""Column that some rows first have too high by a tenth, and its unit (fen or persons)."""


class GenerationError(ValueError):
    """The request can't be met; the text says why."""


@dataclass(frozen=True)
class Plan:
    """What to make. Equal plans give equal bytes."""

    enterprises: int
    months: list[Month]
    seed: int
    rates: Rates = field(default_factory=Rates)
    optional: bool = False
    rhythm: Rhythm = field(default_factory=Rhythm)

    @classmethod
    def until(
        cls,
        end: str,
        *,
        enterprises: int,
        months: int,
        seed: int,
        rates: Rates | None = None,
        optional: bool = False,
        rhythm: Rhythm | None = None,
    ) -> Plan:
        """The plan of the `months` months that end with `end` (`YYYY-MM`). Raises GenerationError for impossible sizes."""
        if not 50 <= enterprises <= 900_000:
            raise GenerationError("enterprises: 50 to 900,000")
        if not 1 <= months <= 120:
            raise GenerationError("months: 1 to 120")
        try:
            last = Month.parse(end)
        except ValueError as exc:
            raise GenerationError("end: YYYY-MM") from exc
        return cls(
            enterprises, months_until(last, months), seed, rates or Rates(), optional, rhythm or Rhythm()
        )


def _order(event: Event) -> tuple[dt.date, int, str]:
    return event.on, event.serial, str(event.values[KEYS[event.dataset]])


@dataclass
class _Correction:
    """Rows that are sent again with other values, by the position of the month in which that became known."""

    rows: dict[int, list[pl.DataFrame]] = field(default_factory=dict)

    def add(self, position: int, rows: pl.DataFrame) -> None:
        if rows.height:
            self.rows.setdefault(position, []).append(rows)


class District:
    """One generation run into `folder`, which is not there yet."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self._plan, self._folder, self._say = plan, folder, say
        self._draws = Draws(plan.seed)
        self._months = plan.months
        master = enterprises(self._draws, plan.enterprises, plan.months)
        self._master = assign(master, self._draws, plan.months)
        self._names = {row[0]: row[1:] for row in self._master.select("serial", "uscc", "name").iter_rows()}
        self._files: list[dict[str, Any]] = []
        self._labels = Labels(folder / LABELS)

    @property
    def master(self) -> pl.DataFrame:
        """The enterprises with their stories: the truth, which no department's file holds."""
        return self._master

    def write(self) -> dict[str, Any]:
        """All files, labels and the manifest; returns the manifest."""
        corrections = {code: _Correction() for code in ("bank_payroll", *_CORRECTED_LATE)}
        all_sources = sources(self._plan.optional)
        events: dict[str, list[Event]] = {
            source.code: [] for source in all_sources if source.grain == "event"
        }
        self._note(events, told(self._master, self._draws, self._months))
        for period in self._plan.rhythm.periods(len(self._months)):
            self._say(f"{self._months[period.first].number}–{self._months[period.last].number}")
            moments = [self._moment(position) for position in period.positions]
            for at in moments:
                self._note(events, ordinary(at.state, self._draws, at.month, at.position))
            for source in all_sources:
                if source.grain == "month":
                    self._write_months(source, period, moments, corrections)
                elif source.grain == "event":
                    self._write_events(source, period, events[source.code])
        for source in all_sources:
            if source.grain == "snapshot":
                for position in self._plan.rhythm.snapshots(source, len(self._months)):
                    facts = SNAPSHOTS[source.code](self._moment(position))
                    self._file(source, Period(position, position), [(facts, None)], mode="snapshot")
        self._labels.stories(self._master, self._months)
        self._labels.habits(self._master)
        self._labels.close()
        return self._manifest()

    def _moment(self, position: int) -> Moment:
        frame = state(self._master, self._draws, self._months, position)
        return Moment(frame, self._months[position], position, self._draws)

    def _note(self, events: dict[str, list[Event]], more: Iterable[Event]) -> None:
        """Keep the events of the period; they are few beside the monthly rows."""
        for event in more:
            if event.on <= self._months[-1].last:
                events[event.dataset].append(event)

    def _write_months(
        self, source: Source, period: Period, moments: list[Moment], corrections: dict[str, _Correction]
    ) -> None:
        self._file(source, period, [self._month_part(source, at, corrections) for at in moments])
        if source.code in corrections:
            known = corrections[source.code].rows
            self._correct(source, period, [rows for at in moments for rows in known.pop(at.position - 1, [])])

    def _month_part(
        self, source: Source, at: Moment, corrections: dict[str, _Correction]
    ) -> tuple[pl.DataFrame, pl.Series | None]:
        """The month's rows as first sent, and which of them a later file corrects."""
        if source.code == "bank_payroll":
            first, later = bank_payroll(at, sent_on(source, self._months, at.position))
            corrections[source.code].add(at.position, later)
            return first, first["serial"].is_in(later["serial"].implode())
        facts = MONTHLY[source.code](at)
        if source.code not in _CORRECTED_LATE:
            return facts, None
        column, unit = _CORRECTED_LATE[source.code]
        keys = facts.join(
            self._master.select("serial", "_key"), on="serial", how="left", maintain_order="left"
        )
        wrong = keys.select(
            self._draws.share(self._plan.rates.late_correction, f"late {source.code}", at.position)
        ).to_series()
        corrections[source.code].add(at.position, facts.filter(wrong))
        altered = pl.col(column) * 11 // 10 // unit * unit + unit
        return facts.with_columns(pl.when(wrong).then(altered).otherwise(pl.col(column)).alias(column)), wrong

    def _event_rows(self, source: Source, events: list[tuple[Event, dict[str, Any]]]) -> pl.DataFrame:
        rows = []
        for event, values in events:
            uscc, name = self._names[event.serial]
            rows.append({"serial": event.serial, "uscc": uscc, "name": name} | values)
        return typed(source, rows)

    def _write_events(self, source: Source, period: Period, events: list[Event]) -> None:
        """New events as known when the file is sent, and those of earlier files of which more is known now."""
        until = sent_on(source, self._months, period.last)
        before = sent_on(source, self._months, period.first - 1) if period.first else None
        opened, closed = self._months[period.first].first, self._months[period.last].last
        new = sorted((event for event in events if opened <= event.on <= closed), key=_order)
        open_ends = pl.Series(
            [any(day > until for day in event.later.values()) for event in new], dtype=pl.Boolean
        )
        self._file(
            source,
            period,
            [(self._event_rows(source, [(event, event.known(until)) for event in new]), open_ends)],
        )
        if before is None:
            return
        learned = [e for e in events if e.on < opened and e.known(until) != e.known(before)]
        learned.sort(key=_order)
        if learned:
            self._correct(
                source, period, [self._event_rows(source, [(event, event.known(until)) for event in learned])]
            )

    def _correct(self, source: Source, period: Period, rows: list[pl.DataFrame]) -> None:
        if rows:
            untouched = [(part, pl.repeat(True, part.height, eager=True, dtype=pl.Boolean)) for part in rows]
            self._file(source, period, untouched, mode="correction")

    def _file(
        self,
        source: Source,
        period: Period,
        parts: Sequence[tuple[pl.DataFrame, pl.Series | None]],
        mode: str = "append",
    ) -> None:
        first, last = self._months[period.first], self._months[period.last]
        span = f"{first.number}" if first == last else f"{first.number}-{last.number}"
        suffix = "_correction" if mode == "correction" else ""
        path = (
            Path(DEPARTMENTS)
            / source.department
            / source.code
            / f"{source.code}_{span}{suffix}.{source.form}"
        )
        out = writer(self._folder / path, source)
        planter = Planter(source, self._draws, self._plan.rates, str(path))
        for facts, untouched in parts:
            out.add(planter.plant(cells(source, facts), untouched))
        out.close()
        self._labels.planted(str(path), planter.planted)
        self._files.append(
            {
                "path": path.as_posix(),
                "dataset": source.code,
                "department": source.department,
                "mode": mode,
                "period": [first.first.isoformat(), last.last.isoformat()],
                "sent_on": sent_on(
                    source, self._months, period.last, correction=mode == "correction"
                ).isoformat(),
                "form": source.form,
                "encoding": source.encoding if source.form == "csv" else None,
                "rows": planter.rows,
                "sha256": sha256_of(self._folder / path),
                "planted": dict(
                    sorted(Counter(f"{item.expected}:{item.kind}" for item in planter.planted).items())
                ),
            }
        )

    def _manifest(self) -> dict[str, Any]:
        files = sorted(self._files, key=lambda file: (file["sent_on"], file["path"]))
        planted: Counter[str] = Counter()
        by_dataset: Counter[str] = Counter()
        for file in files:
            planted.update(file["planted"])
            by_dataset[file["dataset"]] += file["rows"]
        return {
            "format": "concord district 1",
            "seed": self._plan.seed,
            "enterprises": self._plan.enterprises,
            "months": [self._months[0].number, self._months[-1].number],
            "rates": self._plan.rates.as_dict(),
            "rows": sum(by_dataset.values()),
            "rows_by_dataset": dict(sorted(by_dataset.items())),
            "planted": dict(sorted(planted.items())),
            "files": files,
        }


def generate(plan: Plan, out: Path, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Make the district at `out`, whole or not at all. Raises GenerationError when `out` holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise GenerationError(f"{out}: exists and is not empty")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    manifest = District(plan, partial, say).write()
    (partial / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if out.exists():
        out.rmdir()
    os.replace(partial, out)
    return manifest
