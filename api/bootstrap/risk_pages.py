"""Wires the analyst's pages: source rows, freshness and names from the exchange, cases from disposal, people from identity."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from api.bootstrap.exchange import CataloguePromises
from api.bootstrap.reports import exporter
from api.bootstrap.risk_rules import rates
from api.disposal.texts import MEASURES, OUTCOMES, STAGES
from api.exchange.freshness import rules as freshness
from api.exchange.freshness.model import Promise
from api.exchange.model import Column, ColumnType, Dataset
from api.exchange.repository import ALL_OWNERS, owners_of
from api.exchange.rules.catalogue import delivered
from api.exchange.service.lookup import Lookup
from api.kernel.errors import unavailable
from api.risk.facts import fact_of, source_rows
from api.risk.ports import CaseLine, Cell, FactRows, SourceRow, SourceStanding
from api.risk.service.desk import Desk
from api.risk.service.enterprise import EnterpriseFiles
from api.risk.service.explaining import Explaining
from api.risk.service.exports import Exports

if TYPE_CHECKING:
    from api.bootstrap.container import Container

MOST_ROWS = 60
"""Source rows that are shown of one group of facts; the newest."""
AT_ONCE = 500
"""Warnings that disposal answers for in one question."""
_SILENT = frozenset({"uscc", "name"})
"""Columns that say whose row it is: the page's heading does so already."""
_WORST = {"never": 0, "stale": 1, "due": 2, "fresh": 3}


class RegisterNames:
    """`Directory` over the register."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def named(self, enterprises: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        """Name and code by number."""
        exchange = getattr(self._c, "exchange", None)
        if exchange is None or not enterprises:
            return {}
        return {
            row["enterprise"]: (row["name"], row["uscc"])
            for row in exchange.subjects.details(sorted(set(enterprises)))
        }

    def search(self, text: str, limit: int) -> Sequence[int]:
        """Numbers by a piece of name or the beginning of a code."""
        return Lookup(self._c.uow).search(text, limit)


class DepartmentSources:
    """`Sources` over the exchange."""

    def __init__(self, container: Container) -> None:
        self._c = container

    @property
    def _exchange(self) -> Any:
        exchange = getattr(self._c, "exchange", None)
        if exchange is None:
            raise unavailable("risk.exchange_missing")
        return exchange

    def rows(
        self, facts: Sequence[str], enterprise: int, month: int, as_of: date, known_at: datetime
    ) -> Sequence[FactRows]:
        """Rows by group of facts: facts of the same datasets and window read the same rows and are looked up once."""
        groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for name in facts:
            fact = fact_of(name)
            groups.setdefault((fact.datasets, fact.window), []).append(fact.name)
        accepted = self._exchange.accepted
        frames = [
            (names, source_rows(accepted, names[0], enterprise, month, as_of=as_of, known_at=known_at))
            for names in groups.values()
        ]
        batches = {batch for _names, frame in frames for batch in frame["batch"].head(MOST_ROWS)}
        files = Lookup(self._c.uow).files(batches)
        return [
            FactRows(
                tuple(names),
                [_source_row(row, files) for row in frame.head(MOST_ROWS).iter_rows(named=True)],
                max(0, frame.height - MOST_ROWS),
            )
            for names, frame in frames
        ]

    def standings(self, on: date) -> Sequence[SourceStanding]:
        """Every dataset of the catalogue on a day, worst first."""
        covered = self._exchange.accepted.covered_by_dataset()
        found = [
            _standing(promise, covered.get(promise.dataset), on) for promise in CataloguePromises().promises()
        ]
        return sorted(found, key=lambda one: (_WORST[one.state], -one.days_stale, one.dataset))

    def opened_by(self, account: str) -> Collection[str]:
        """Datasets of the departments for which the account sends."""
        with self._c.uow.read() as session:
            owners = owners_of(session, account)
        return [
            what.code for what in delivered().values() if ALL_OWNERS in owners or what.owner.code in owners
        ]


def _standing(promise: Promise, covered: date | None, on: date) -> SourceStanding:
    found = freshness.standing(promise, covered, on)
    return SourceStanding(
        promise.dataset, promise.zh, promise.en, promise.owner_zh, promise.owner_en, found.state.value,
        found.covered_end, found.promised_until, found.days_stale,
    )  # fmt: skip


def _source_row(row: Mapping[str, Any], files: Mapping[str, Any]) -> SourceRow:
    dataset, file = delivered()[row["dataset"]], files.get(row["batch"])
    values: Mapping[str, Any] = json.loads(row["values"])
    return SourceRow(
        dataset=dataset.code,
        zh=dataset.zh,
        en=dataset.en,
        key=row["key"] or "",
        when=row["when"] or "",
        cells=_cells(dataset, values),
        probable=bool(row["probable"]),
        batch=row["batch"],
        line=row["row"],
        file="" if file is None else file.name,
        received_at=None if file is None else file.received_at,
    )


def _cells(dataset: Dataset, values: Mapping[str, Any]) -> list[Cell]:
    return [
        Cell(column.zh, column.en, *_texts(column, values[column.name]))
        for column in dataset.columns
        if column.name not in _SILENT and values.get(column.name) is not None
    ]


def _texts(column: Column, value: Any) -> tuple[str, str]:
    """A value in Chinese and English; money from fen to yuan."""
    match column.type:
        case ColumnType.FLAG:
            return ("是", "yes") if value else ("否", "no")
        case ColumnType.MONEY:
            text = f"{'-' if value < 0 else ''}{abs(value) // 100:,}.{abs(value) % 100:02d}"
            return f"{text} 元", f"CNY {text}"
        case ColumnType.ENUM:
            return column.values.get(str(value), str(value)), str(value)
        case ColumnType.INT:
            return f"{value:,}", f"{value:,}"
        case _:
            return str(value), str(value)


class DisposalCases:
    """`Cases` over disposal, which decides what the person may see."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def of_enterprise(self, who: Any, enterprise: int) -> Sequence[CaseLine]:
        """Cases of an enterprise, newest first."""
        return [_case(case) for case in self._c.disposal.reading.of_enterprise(who, enterprise)]

    def owned(self, who: Any, enterprise: int) -> bool:
        """Whether the person's unit answers for an open case of it."""
        return bool(self._c.disposal.reading.owned(who, enterprise))

    def of_warnings(self, who: Any, warnings: Collection[str]) -> Mapping[str, CaseLine]:
        """Cases by warning."""
        ids = list(warnings)
        found: dict[str, CaseLine] = {}
        for start in range(0, len(ids), AT_ONCE):
            part = self._c.disposal.reading.by_warnings(who, ids[start : start + AT_ONCE])
            found |= {warning: _case(case) for warning, case in part.items()}
        return found


def _case(case: Any) -> CaseLine:
    return CaseLine(
        case_id=case.case_id,
        number=case.number,
        warning_id=case.warning_id,
        colour=int(case.colour),
        stage=STAGES[case.stage],
        outcome=OUTCOMES.get(case.outcome, ""),
        measure=MEASURES.get(case.measure, ""),
        unit_zh=case.unit_name,
        unit_en=case.unit_name_en,
        due=case.due_at,
        over=case.over,
        issued_at=case.issued_at,
        closed_at=case.closed_at,
    )


class StaffNames:
    """`People` over the accounts."""

    def __init__(self, container: Container) -> None:
        self._c = container

    def names(self, accounts: Collection[str]) -> Mapping[str, str]:
        """Names by account."""
        if not accounts:
            return {}
        found: Mapping[str, str] = self._c.identity.accounts.display_names(sorted(accounts))
        return found


def desk(c: Container) -> Desk:
    """The morning list and the other lists."""
    return Desk(c.uow, c.clock, RegisterNames(c), c.risk.board.towns, DisposalCases(c))


def files(c: Container) -> EnterpriseFiles:
    """Enterprise files."""
    sources = DepartmentSources(c)
    return EnterpriseFiles(
        c.uow, c.clock, Explaining(c.risk.kept, c.risk.facts, sources, rates), sources, RegisterNames(c),
        DisposalCases(c), c.risk.board.towns, StaffNames(c),
    )  # fmt: skip


def exports(c: Container) -> Exports:
    """Files to take out."""
    return Exports(
        exporter(c), c.risk.files, c.risk.desk, c.risk.backtests, RegisterNames(c), c.risk.board.towns
    )
