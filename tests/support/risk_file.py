"""Stand-ins for what the analyst's pages ask of other slices: names, places, people, cases, sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from api.infra.db import UnitOfWork
from api.infra.reports import Exporter
from api.risk.ports import CaseLine, Cell, FactRows, SourceRow, SourceStanding
from api.risk.service.desk import Desk
from api.risk.service.enterprise import EnterpriseFiles
from api.risk.service.exports import Exports
from api.risk.service.warnings import Warnings
from tests.support.board_scene import Paper
from tests.support.risk_district import TOWNS, District

LIT = ("blue", "yellow", "orange", "red")
NAMES = {0: "none", 1: "blue", 2: "yellow", 3: "orange", 4: "red", 5: "unknown", 6: "not applicable"}


class Register:
    """Names of the district's enterprises."""

    def __init__(self, firms: int = 40) -> None:
        self.firms = firms

    def named(self, enterprises: Sequence[int]) -> dict[int, tuple[str, str]]:
        return {e: (f"示例企业{e}号", f"9100000000000{e:05d}") for e in enterprises}

    def search(self, text: str, limit: int) -> Sequence[int]:
        known = self.named(range(1, self.firms + 1))
        return [e for e, (name, uscc) in known.items() if text in name or uscc.startswith(text)][:limit]


class Streets:
    """The district's towns."""

    def names(self) -> Mapping[str, tuple[str, str]]:
        return {code: (f"示例街道{n}", f"Example Street {n}") for n, code in enumerate(TOWNS, 1)}


class Staff:
    """Everybody is called after his account."""

    def names(self, accounts: Collection[str]) -> Mapping[str, str]:
        return {account: f"{account} 的姓名" for account in accounts}


class CaseBook:
    """Cases that a test wrote down."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, CaseLine]] = []
        self.mine: set[int] = set()

    def write(self, enterprise: int, warning: str, at: datetime, **changes: Any) -> None:
        values: dict[str, Any] = {
            "case_id": "c" * 26, "number": "YJ2026-0001", "warning_id": warning, "colour": 4, "stage": "待签收",
            "outcome": "", "measure": "", "unit_zh": "示例街道1", "unit_en": "Example Street 1", "due": at,
            "over": False, "issued_at": at, "closed_at": None,
        }  # fmt: skip
        self.lines.append((enterprise, CaseLine(**{**values, **changes})))

    def of_enterprise(self, who: Any, enterprise: int) -> Sequence[CaseLine]:
        return [line for firm, line in self.lines if firm == enterprise]

    def owned(self, who: Any, enterprise: int) -> bool:
        return enterprise in self.mine

    def of_warnings(self, who: Any, warnings: Collection[str]) -> Mapping[str, CaseLine]:
        return {line.warning_id: line for _firm, line in self.lines if line.warning_id in warnings}


class Departments:
    """Sources of the file; every fact was read from one row of one file."""

    opened: frozenset[str] = frozenset()

    def rows(
        self, facts: Sequence[str], enterprise: int, month: int, as_of: date, known_at: datetime
    ) -> Sequence[FactRows]:
        cells = [Cell("应发金额", "amount due", "1,234.50 元", "CNY 1,234.50")]
        row = SourceRow(
            "bank_payroll",
            "代发工资",
            "Payroll",
            "k-1",
            str(month),
            cells,
            True,
            "b" * 26,
            7,
            "代发工资-十月.csv",
            known_at,
        )
        return [FactRows(tuple(facts), [row], 3)]

    def standings(self, on: date) -> Sequence[SourceStanding]:
        return [
            SourceStanding("bank_payroll", "代发工资", "Payroll", "示例银行", "Example Bank", "stale",
                           date(2025, 12, 31), date(2026, 1, 20), 17)
        ]  # fmt: skip

    def opened_by(self, account: str) -> Collection[str]:
        return self.opened


class TierReasons:
    """`Reasons` over tiers that a test set, in the shape of the real tree."""

    def __init__(self, district: District, sources: Departments) -> None:
        self._district, self._sources = district, sources

    def explain(self, ruleset: Any, run: Any, enterprise: int) -> Mapping[str, Any]:
        frame = self._district.departments.facts(run.month, run.as_of, run.known_at, [enterprise])
        self._district.departments.asked.pop()
        facts = frame.row(0, named=True)
        points = [self._point(one, facts[f"point:{one['id']}"]) for one in ruleset.document["points"]]
        dimensions = []
        for code in dict.fromkeys(one["dimension"] for one in ruleset.document["points"]):
            own = [point for point in points if point["id"].startswith(code)]
            dimensions.append(
                {
                    "id": code, "zh": f"维度{code}", "en": f"Dimension {code}", "points": own,
                    "weight_bp": sum(point["weight_bp"] for point in own),
                    "contribution_hundredths": sum(point["contribution_hundredths"] for point in own),
                }
            )  # fmt: skip
        fact = {
            "zh": "拖欠工资天数", "en": "Days of wage arrears", "unit": "days", "sure": False,
            "formula_zh": "最长拖欠天数", "formula_en": "longest overdue", "datasets": ["bank_payroll"],
        }  # fmt: skip
        return {
            "rule_set": "test", "version": "1", "score": 0, "raw_grade": "none", "coverage_bp": 10_000,
            "reasons": [{"kind": "base_level", "grade": "none", "points": []}], "out_of_range": [],
            "dimensions": dimensions, "sentence": {"zh": "这家企业拖欠工资。", "en": "Wages are overdue."},
            "facts": {"wage_overdue_days": fact}, "month": run.month, "as_of": run.as_of.isoformat(),
            "known_at": run.known_at, "run": run.id,
        }  # fmt: skip

    @staticmethod
    def _point(one: Mapping[str, Any], tier: int | None) -> dict[str, Any]:
        name = NAMES[5 if tier is None else tier]
        worth = {"blue": 25, "yellow": 50, "orange": 75, "red": 100}.get(name, 0)
        leaf = {
            "op": "ge", "truth": True, "fact": "wage_overdue_days", "threshold": 8,
            "values": {"wage_overdue_days": 12},
        }  # fmt: skip
        return {
            "id": one["id"], "no": one["no"], "zh": f"控制点{one['id']}", "en": f"Point {one['id']}",
            "basis": "示例条文", "tier": name, "weight_bp": one["weight_bp"],
            "contribution_hundredths": one["weight_bp"] * worth, "decisive": leaf if name in LIT else None,
            "not_applicable": None, "colours": {name: leaf} if name in LIT else {},
            "lacking": ["wage_overdue_days"] if name == "unknown" else [], "unknown_conditions": [],
            "facts": {"wage_overdue_days": 12},
            "nearest": [
                {"fact": "wage_overdue_days", "from": 12, "to": 7, "tier": "blue", "score": 350, "grade": "blue"}
            ] if name in LIT else [],
        }  # fmt: skip

    def behind(self, tree: Mapping[str, Any], enterprise: int, point: str) -> Sequence[FactRows]:
        return self._sources.rows(
            ["wage_overdue_days"],
            enterprise,
            tree["month"],
            date.fromisoformat(tree["as_of"]),
            tree["known_at"],
        )


def risk_of(district: District, printer: Any = None, **more: Any) -> SimpleNamespace:
    """The slice's services over a district: `desk`, `files`, `warnings`, `exports`; `cases`, `sources`, `register` for tests
    to fill, `paper` to look at."""
    uow, register, streets = UnitOfWork(district.database), Register(), Streets()
    cases, sources, paper = CaseBook(), Departments(), printer or Paper()
    more.setdefault("backtests", district.backtests())
    desk = Desk(uow, district.clock, register, streets, cases)
    files = EnterpriseFiles(
        uow, district.clock, TierReasons(district, sources), sources, register, cases, streets, Staff()
    )
    return SimpleNamespace(
        desk=desk,
        files=files,
        exports=Exports(
            Exporter(uow, district.clock, paper), files, desk, more["backtests"], register, streets
        ),
        paper=paper,
        register=register,
        warnings=Warnings(uow, district.clock, district.departments, district.issuing),
        cases=cases,
        sources=sources,
        **more,
    )
