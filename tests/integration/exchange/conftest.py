"""The exchange over a real database and a real folder, with a few enterprises in the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api.bootstrap.reports import TypstReports
from api.exchange import router
from api.exchange.model import Batch, Channel, Dataset, Mode, Request
from api.exchange.ports import Matcher
from api.exchange.rules.catalogue import dataset_of
from api.exchange.rules.uscc import check_character
from api.exchange.service.accepted import AcceptedRows
from api.exchange.service.desk import Exchange
from api.exchange.service.intake import Intake
from api.exchange.service.late import LateRegister
from api.exchange.service.store import Store
from api.exchange.service.subjects import REGISTER, CodeMatcher, RegisterMatcher, Subjects
from api.exchange.texts import TEXTS
from api.infra.db import Database, UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import FixedClock
from signing.rendering import FontBook
from tests.support.slice_application import SliceApplication, slice_application

NOW = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
LIMIT = 5_000_000
ROOT = Path(__file__).resolve().parents[3]


def code(number: int) -> str:
    """An invented social credit code with the right check character."""
    stem = f"91500107MA5T{number:05d}"
    return stem + check_character(stem)


@dataclass
class Heard:
    """A listener that remembers what it was told."""

    calls: list[tuple[str, list[tuple[int, int]]]] = field(default_factory=list)

    def rows_changed(self, _session: Any, dataset: str, _batch_id: str, pairs: pl.DataFrame) -> None:
        self.calls.append((dataset, sorted(pairs.select("enterprise", "month").rows())))

    @property
    def last(self) -> list[tuple[int, int]]:
        return self.calls[-1][1]


class World:
    """The slice with everything real; files are given as rows of text."""

    def __init__(
        self, database: Database, folder: Path, *, quota: int | None = None, reserve: int = 0
    ) -> None:
        self.clock, self.heard = FixedClock(NOW), Heard()
        self.uow = UnitOfWork(database)
        self.store = Store(folder / "exchange", LIMIT, reserve)
        self.accepted, self.subjects = AcceptedRows(self.uow, self.store), Subjects(self.uow)
        register, by_code = RegisterMatcher(self.subjects), CodeMatcher(self.subjects)

        def matcher(dataset: Dataset) -> Matcher:
            return register if dataset.code == REGISTER else by_code

        self.intake = Intake(self.uow, self.clock, self.store, self.accepted, matcher, self.heard, quota)
        self.late = LateRegister(self.uow, self.accepted, matcher, self.intake)
        self.exchange = Exchange(
            self.uow,
            self.clock,
            self.store,
            self.intake,
            self.accepted,
            self.subjects,
            self.late,
            Exporter(self.uow, self.clock, TypstReports(FontBook.npm(ROOT / "node_modules"), test=True)),
        )

    def csv(self, dataset: str, rows: Sequence[dict[str, object]], encoding: str = "utf-8") -> bytes:
        names = dataset_of(dataset).names
        lines = [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]
        return ("\n".join(lines) + "\n").encode(encoding)

    def send(
        self,
        dataset: str,
        rows: Sequence[dict[str, object]] | bytes,
        *,
        mode: Mode = Mode.APPEND,
        trial: bool = False,
        name: str = "file.csv",
        period: tuple[date | None, date | None] = (None, None),
        **stated: Any,
    ) -> Batch:
        data = rows if isinstance(rows, bytes) else self.csv(dataset, rows)
        request = Request(dataset, mode, trial, Channel.UPLOAD, name, period[0], period[1], **stated)
        return self.intake.receive(request, [data], "officer")

    def register(self, count: int = 3) -> Batch:
        return self.send("market_registry", [firm(number) for number in range(1, count + 1)])

    def rows(self, dataset: str, **how: Any) -> list[dict[str, Any]]:
        return self.accepted.scan(dataset, **how).sort("_key").collect().to_dicts()


def firm(number: int, **changes: object) -> dict[str, object]:
    """A row of the register."""
    return {
        "uscc": code(number), "name": f"试样企业{number}有限公司", "legal_form": "有限责任公司", "status": "存续",
        "established_on": "2015-03-02", "industry": "C13", "town": "500107001", **changes,
    }  # fmt: skip


def water(number: int, month: str = "2026-05", **changes: object) -> dict[str, object]:
    """A row of the water supplier."""
    return {
        "uscc": code(number), "name": f"试样企业{number}有限公司", "month": month, "has_meter": 1, "usage": 120,
        "arrears_months": 0, "cut_off": "否", **changes,
    }  # fmt: skip


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    made = World(database, tmp_path)
    assert made.register().new == 3
    return made


@pytest.fixture
def site(world: World, database: Database) -> Iterator[SliceApplication]:
    with slice_application(database, router, TEXTS, exchange=world.exchange) as made:
        yield made
