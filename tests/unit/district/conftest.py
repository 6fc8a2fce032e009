"""One small district for all tests of this folder."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from scripts.district.deliveries import Rhythm
from scripts.district.generate import DEPARTMENTS, LABELS, MANIFEST, Plan, generate
from scripts.district.schema import Source, sources
from scripts.district.untidy import Rates

BY_CODE = {source.code: source for source in sources(with_optional=True)}
RATES = Rates(
    error=120,
    conflict=40,
    duplicate=60,
    damaged_code=60,
    written_differently=60,
    not_registered=50,
    missing=100,
)
PLAN = Plan.until(
    "2026-10",
    enterprises=150,
    months=14,
    seed=5,
    rates=RATES,
    optional=True,
    rhythm=Rhythm(recent=2, history=6),
)
Row = dict[str, str | None]


def read_rows(path: Path, source: Source) -> list[Row]:
    """A department's file as its receiver sees it: every cell text."""
    if source.form == "csv":
        with path.open(encoding=source.encoding, newline="") as file:
            return [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)]
    if source.form == "parquet":
        frame = pl.read_parquet(path)
        return [
            {name: None if cell is None else str(cell) for name, cell in row.items()}
            for row in frame.iter_rows(named=True)
        ]
    book = CalamineWorkbook.from_path(str(path))
    head, *body = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [{str(name): _cell(cell) for name, cell in zip(head, row, strict=True)} for row in body]


def _cell(cell: Any) -> str | None:
    if cell == "":
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


@dataclass(frozen=True)
class Made:
    """The generated folder with its manifest."""

    folder: Path
    manifest: dict[str, Any]

    def __hash__(self) -> int:
        return hash(self.folder)

    @property
    def departments(self) -> Path:
        return self.folder / DEPARTMENTS

    def planted(self, path: str, *expected: str) -> set[int]:
        """Rows of a file that the labels mark so."""
        marked = self._by_file().get(path, [])
        return {int(item["row"]) for item in marked if item["expected"] in expected}

    @cache  # noqa: B019
    def _by_file(self) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for item in self.labels("planted.csv"):
            found.setdefault(item["file"], []).append(item)
        return found

    def damaged(self, path: str) -> set[int]:
        """Rows of a file whose code is damaged or missing."""
        return {
            int(i["row"])
            for i in self._by_file().get(path, [])
            if i["column"] == "uscc" and i["expected"] == "link"
        }

    def rows(self, file: dict[str, Any]) -> list[Row]:
        return self._rows(file["path"], file["dataset"])

    @cache  # noqa: B019
    def _rows(self, path: str, dataset: str) -> list[Row]:
        return read_rows(self.folder / path, BY_CODE[dataset])

    def files(self, dataset: str, mode: str) -> list[dict[str, Any]]:
        return [
            file for file in self.manifest["files"] if file["dataset"] == dataset and file["mode"] == mode
        ]

    @cache  # noqa: B019 - one object for the whole session
    def labels(self, name: str) -> list[dict[str, str]]:
        with (self.folder / LABELS / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("district") / "out"
    generate(PLAN, folder)
    return Made(folder, json.loads((folder / MANIFEST).read_text("utf-8")))
