"""The truth about the planted stories and errors: for tests and the report, in a folder no department has."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from scripts.district.calendar import Month
from scripts.district.stories import CLUSTER, STORIES
from scripts.district.untidy import Planted

STORIES_FILE, PLANTED_FILE, HABITS_FILE = "stories.csv", "planted.csv", "habits.csv"
STORY_COLUMNS = ("uscc", "name", "story", "onset", "harm", "harm_on", "within")
HABITS = {"unsigned": 500, "uninsured": 500, "below": 100}
"""Ordinary untidiness that breaks the law: workers in ten thousand from which on it is a habit of the enterprise."""
LOW_BASE = 9_500
"""Share in ten thousand of the due contribution base below which what is declared is a habit of the same kind."""


class Labels:
    """Writes `stories.csv` (who lives which story, when the harm is on record), `habits.csv` (who breaks the law as a habit,
    story or not) and `planted.csv` (what is wrong in which row)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = (folder / PLANTED_FILE).open("w", encoding="utf-8", newline="")
        self._planted = csv.writer(self._file, lineterminator="\n")
        self._planted.writerow(("file", "row", "column", "kind", "expected"))

    def planted(self, file: str, items: list[Planted]) -> None:
        """The mistakes of one file."""
        for item in items:
            self._planted.writerow((file, item.row, item.column, item.kind, item.expected))

    def stories(self, master: pl.DataFrame, months: list[Month]) -> None:
        """All stories; `within` is 1 when the harm lies in the generated months."""
        by_name = {story.name: story for story in STORIES}
        with (self._folder / STORIES_FILE).open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(STORY_COLUMNS)
            rows = master.filter(pl.col("story").is_not_null()).select(
                "uscc", "name", "story", "onset", "pace"
            )
            for uscc, name, story, onset, pace in rows.iter_rows():
                harm, on, within = "", "", 0
                if story != CLUSTER and (told := by_name[story]).harm is not None:
                    month = months[0].plus(onset + told.harm_age * pace)
                    harm, on, within = (
                        told.harm,
                        month.day(told.harm_day).isoformat(),
                        int(month <= months[-1]),
                    )
                out.writerow((uscc, name, story, months[onset].first.isoformat(), harm, on, within))

    def habits(self, master: pl.DataFrame) -> None:
        """One line for each enterprise and habit."""
        found = [(name, pl.col(name) >= rate) for name, rate in HABITS.items()]
        found.append(("low_base", pl.col("base") < LOW_BASE))
        with (self._folder / HABITS_FILE).open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(("uscc", "habit"))
            for name, holds in found:
                for uscc in master.filter((pl.col("size") > 0) & holds)["uscc"]:
                    out.writerow((uscc, name))

    def close(self) -> None:
        self._file.close()
