"""A district of any size written straight into the tables: towns, months of the index, standings, warnings of all states."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from api.infra.db import Database, UnitOfWork
from api.infra.reports import Exporter
from api.kernel.clock import FixedClock
from api.risk import tables as t
from api.risk.board.district import District
from api.risk.board.exports import Exports
from api.risk.board.model import Confirmed, Edition, FlowLine, Funnel, OpenCases, Source, Sources, Step, Town
from api.risk.board.repository import add_edition
from api.risk.board.rules import ends, shifted
from api.risk.board.towns import Towns

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MONTH = 202610
ROOT = Path(__file__).resolve().parents[2]


def seeded_towns() -> list[Town]:
    """The first edition as the migration makes it."""
    spec = importlib.util.spec_from_file_location(
        "towns_migration", ROOT / "api" / "migrations" / "versions" / "0014_towns.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [
        Town(row["code"], row["name_zh"], row["name_en"], row["tile_column"], row["tile_row"], row["administered_by"])
        for row in module.first_towns()
    ]  # fmt: skip


class Names:
    """Names of enterprises by number; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def named(self, enterprises: Sequence[int]) -> dict[int, tuple[str, str]]:
        self.asked += 1
        return {e: (f"虚拟企业{e}号", f"9100000000000{e:05d}") for e in enterprises}


@dataclass
class Cases:
    """Disposal in numbers as a test sets them; None: not connected."""

    lines: list[FlowLine] | None = field(default_factory=list)
    share: Confirmed | None = None
    asked: list[tuple[date, date, Collection[str] | None]] = field(default_factory=list)

    def flow(self, first: date, last: date, units: Collection[str] | None) -> Sequence[FlowLine] | None:
        self.asked.append((first, last, units))
        if self.lines is None:
            return None
        return [line for line in self.lines if units is None or line.unit in units]

    def open(self) -> OpenCases | None:
        if self.lines is None:
            return None
        whole = Funnel(0, 0, True, self.lines)
        late = {step: whole.late(step) for step in Step if whole.late(step)}
        return OpenCases(whole.reached(Step.ISSUED) - whole.reached(Step.CLOSED), late)

    def confirmed(self, first: date, last: date) -> Confirmed | None:
        return self.share


@dataclass
class Fresh:
    """Freshness as a test sets it."""

    found: Sources | None = None

    def sources(self) -> Sources | None:
        return self.found


class Paper:
    """Keeps the reports that were to be typeset."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    def render(self, report: Any) -> bytes:
        self.reports.append(dict(report))
        return b"%PDF-1.7 test"


class BoardScene:
    """The board's services over a database of their own."""

    def __init__(self, database: Database, printer: Any = None) -> None:
        self.uow, self.clock = UnitOfWork(database), FixedClock(NOW)
        self.names, self.cases, self.fresh, self.paper = Names(), Cases(), Fresh(), printer or Paper()
        self.district = District(self.uow, self.clock, self.names, self.cases, self.fresh)
        self.towns = Towns(self.uow, self.clock)
        self.exporter = Exporter(self.uow, self.clock, self.paper)
        self.exports = Exports(self.district, self.exporter)
        self._serial = 0

    def edition(
        self, towns: Sequence[Town] | None = None, start: date = date(2000, 1, 1), no: int = 1
    ) -> None:
        chosen = seeded_towns() if towns is None else list(towns)
        with self.uow() as session:
            add_edition(session, Edition(no, start, NOW, "installation", "示例", chosen))

    def month(self, month: int, rows: dict[tuple[str, str], tuple[int, int, list[int]]]) -> None:
        """Index of a month: (by, group) → (mean score, weight, enterprises by grade)."""
        with self.uow() as session:
            session.execute(
                insert(t.IndexRow),
                [
                    {
                        "month": month, "by": by, "group": group, "firms": sum(counts), "size": size,
                        "weighted": mean * size, "counts": counts,
                    }
                    for (by, group), (mean, size, counts) in rows.items()
                ],
            )  # fmt: skip

    def warn(
        self, town: str, grade: int, issued: datetime | None = NOW - timedelta(days=3), *, pending: int = 0,
        closed: datetime | None = None, raised: datetime | None = None, shown: Sequence[tuple[datetime, int]] = (),
    ) -> int:  # fmt: skip
        """One warning of an enterprise of its own; returns the enterprise."""
        self._serial += 1
        with self.uow() as session:
            self._add(session, self._serial, town, grade, issued, pending, closed, raised)
            for at, after in shown:
                session.execute(insert(t.ChangeRow), [change(self._serial, at, after)])
        return self._serial

    def _add(
        self, session: Session, number: int, town: str, grade: int, issued: datetime | None, pending: int,
        closed: datetime | None, raised: datetime | None,
    ) -> None:  # fmt: skip
        session.execute(insert(t.StandingRow), [standing(number, town, max(grade, pending))])
        session.execute(insert(t.EpisodeRow), [episode(number)])
        session.execute(insert(t.WarningRow), [warning(number, town, grade, issued, pending, closed, raised)])

    def many(self, firms: int, warnings: int) -> None:
        """A district of that size: the warnings are those of its first enterprises."""
        codes = [town.code for town in seeded_towns()]
        with self.uow() as session:
            rows = [
                standing(n, codes[n % 19], 1 + n % 4 if n <= warnings else 0) for n in range(1, firms + 1)
            ]
            session.execute(insert(t.StandingRow), rows)
            session.execute(insert(t.EpisodeRow), [episode(n) for n in range(1, warnings + 1)])
            made = [
                warning(n, codes[n % 19], 1 + n % 4, NOW - timedelta(days=n % 200), 0, None, None)
                for n in range(1, warnings + 1)
            ]
            session.execute(insert(t.WarningRow), made)
        each = firms // 19
        for back in range(12):
            month = shifted(MONTH, -back)
            rows_of = {("town", code): (700 + 10 * back, each, [each - 5, 2, 1, 1, 1]) for code in codes}
            whole = {("all", ""): (700 + 10 * back, firms, [firms - 95, 38, 19, 19, 19])}
            self.month(month, {**rows_of, **whole})


def standing(number: int, town: str, grade: int) -> dict[str, Any]:
    """A row of risk_standing."""
    return {
        "enterprise": number, "town": town, "industry": "C13", "size": 10, "tiers_a": 0, "tiers_b": 0, "missing": 0,
        "score": 100 * grade + number % 100, "coverage_bp": 9000, "raw": grade, "effective": grade, "shown": grade,
        "resting": False, "memory": {}, "month": MONTH, "as_of": date(2026, 11, 5), "run_id": "r", "changed_at": NOW,
    }  # fmt: skip


def change(enterprise: int, at: datetime, after: int, before: int = 5) -> dict[str, Any]:
    """A row of risk_change, an enterprise's first unless the grade before is said; the same twice: the computed one moved."""
    return {
        "at": at, "as_of": at.date(), "enterprise": enterprise, "month": MONTH, "reason": "run", "run_id": None,
        "raw_before": 0, "raw_after": after, "shown_before": before, "shown_after": after,
    }  # fmt: skip


def episode(number: int) -> dict[str, Any]:
    """A row of risk_episode."""
    return {
        "id": f"e{number:025d}", "enterprise": number, "number": 1, "opened_on": date(2026, 9, 1), "grade": 1,
        "lift": 0, "clocks_from": date(2026, 9, 1), "run_id": "r", "closed_at": None, "closed_by": "", "second": "",
    }  # fmt: skip


def warning(
    number: int, town: str, grade: int, issued: datetime | None, pending: int, closed: datetime | None,
    raised: datetime | None,
) -> dict[str, Any]:  # fmt: skip
    """A row of risk_warning."""
    state = "closed" if closed else "issued" if issued else "proposed"
    return {
        "id": f"w{number:025d}", "episode_id": f"e{number:025d}", "enterprise": number, "town": town, "state": state,
        "grade": grade, "pending": pending, "pending_since": None, "due_signoff": None, "auto": False, "signed_by": "",
        "issued_at": issued, "raised_at": raised, "closed_at": closed, "input_hash": "", "ruleset_hash": "",
        "run_id": "r", "created_at": issued or NOW,
    }  # fmt: skip


def flow_line(unit: str, grade: int, issued: int, late: dict[Step, int] | None = None) -> FlowLine:
    """A line whose steps go down evenly."""
    reached = {step: max(0, issued - 2 * place) for place, step in enumerate(Step)}
    number = int(unit[-3:])
    return FlowLine(unit, f"示例{number}街道", f"Example Subdistrict {number}", grade, reached, late or {})


def lived_in(scene: BoardScene) -> None:
    """A district as a director finds it: months, warnings of all colours, late cases, a stale source."""
    scene.edition()
    codes = [town.code for town in seeded_towns()]
    for back in range(14):
        month = shifted(MONTH, -back)
        grades = [34_234 + 10 * back, 1000, 400, 150, 50 - back]
        rows: dict[tuple[str, str], tuple[int, int, list[int]]] = {
            ("all", ""): (812 - 9 * back, 400_000, grades)
        }
        for place, code in enumerate(codes):
            rows["town", code] = (600 + 40 * place - 7 * back, 20_000, [1700 + place, 60, 20, 8, 3])
        for place, section in enumerate("ACEFHIKM"):
            rows["industry", section] = (500 + 75 * place - 5 * back, 40_000, [4200, 120, 50, 20, 6])
        scene.month(month, rows)
    with scene.uow() as session:
        made = [
            change(90_000 + 400 * back + n, NOW - timedelta(days=30 * back), grade)
            for back in range(14)
            for grade, most in ((1, 90), (2, 40), (3, 16), (4, 6))
            for n in range(100 * grade, 100 * grade + most - (3 * back if grade == 1 else back % 3))
        ]
        session.execute(insert(t.ChangeRow), made)
    for place, code in enumerate(codes):
        for count in range((place * 7) % 12):
            scene.warn(code, 1 + (count + place) % 4, NOW - timedelta(days=3 + 17 * count + place))
        if place % 4 == 0:
            scene.warn(code, 0, None, pending=4)
        if place % 3 == 0:
            scene.warn(code, 2, NOW - timedelta(days=90), closed=NOW - timedelta(days=20 + place))
    scene.warn("500107999", 3)
    scene.cases.lines = [
        flow_line(code, grade, 18 - place + grade, {Step.VERIFIED: 1} if place % 3 == 0 else {})
        for place, code in enumerate(codes[:6])
        for grade in (4, 3, 2, 1)
    ]
    scene.cases.share = Confirmed(61, 84, 7261, 6219, 8101)
    scene.fresh.found = Sources(
        22, 3, 2, 3,
        [
            Source("电力用量", "Power", "示例电力公司", "Example Power", "stale", ends(202608).date()),
            Source("考勤", "Attendance", "示例平台", "Example Platform", "never", None),
        ],
        ["LY03", "LY04", "JY02"],
    )  # fmt: skip
