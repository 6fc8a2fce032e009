"""The emergency command view: all open red cases with their clocks, tasks, duty phones and newest events; XLSX of cases."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime

import xlsxwriter
from sqlalchemy import func, select

from api.disposal import repository
from api.disposal.model import (
    Board,
    CaseView,
    Colour,
    Contact,
    EventView,
    Line,
    Reach,
    Stage,
    Step,
)
from api.disposal.rules import supervision
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import ClockRules
from api.disposal.service.context import Context
from api.disposal.tables import CaseRow, EventRow, TaskRow
from api.disposal.texts import COLOURS, MEASURES, OUTCOMES, STAGES
from api.infra import audit
from api.infra.auth import Principal
from api.kernel.clock import SHANGHAI, shanghai_day
from api.kernel.errors import forbidden

EXPORT_MOST = 20_000
_OPEN = [stage for stage in Stage if stage is not Stage.CLOSED]
_HEAD = (
    "编号 Number", "企业 Enterprise", "统一社会信用代码 USCC", "颜色 Colour", "阶段 Stage", "承办单位 Unit",
    "发出 Issued", "签收时限 Sign-in due", "核查时限 Verification due", "销号时限 Closure due", "核查结论 Finding",
    "销号结论 Outcome", "督促 Measure", "销号时间 Closed",
)  # fmt: skip


class Command:
    """What the head of the bureau looks at when something is red."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def board(self, who: Principal) -> Board:
        """Open red cases, the most urgent deadline first; for the HR bureau and posts of command.

        A fixed number of queries, and a few for each day on which a clock started.
        """
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            if not (reach.district or reach.command):
                raise forbidden("disposal.not_entitled", action="command")
            rows = repository.cases(
                session, Reach(reach.account_id, district=True), stages=_OPEN, colours=[Colour.RED], limit=200
            )
            ids = [row.id for row in rows]
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in rows}))
            measures = repository.measures_of(session, ids)
            tasks: dict[str, list[TaskRow]] = {}
            asked = select(TaskRow).where(TaskRow.case_id.in_(ids)).order_by(TaskRow.due_on, TaskRow.id)
            for task in session.scalars(asked):
                tasks.setdefault(task.case_id, []).append(task)
            newest = (
                select(EventRow.case_id, func.max(EventRow.seq).label("seq"))
                .where(EventRow.case_id.in_(ids))
                .group_by(EventRow.case_id)
                .subquery()
            )
            last = {
                row.case_id: repository.event_view(row)
                for row in session.scalars(
                    select(EventRow).join(
                        newest, (EventRow.case_id == newest.c.case_id) & (EventRow.seq == newest.c.seq)
                    )
                )
            }
            duty = repository.on_duty(session, self._c.clock.now(), [])
        now = self._c.clock.now()
        started = sorted({shanghai_day(row.clock_start) for row in rows})
        counts = {day: (self._c.rules(day), self._c.days(day)) for day in started}
        lines = [
            self._line(
                row, repository.view(row, subjects.get(row.enterprise)), now, measures,
                tasks.get(row.id, []), last.get(row.id), *counts[shanghai_day(row.clock_start)],
            )
            for row in rows
        ]  # fmt: skip
        lines.sort(key=lambda line: (line.due or now, line.case.case_id))
        return Board(now, lines, duty)

    @staticmethod
    def _line(
        row: CaseRow,
        case: CaseView,
        now: datetime,
        measures: Mapping[str, str],
        tasks: Sequence[TaskRow],
        last: EventView | None,
        rules: ClockRules,
        days: DayCount,
    ) -> Line:
        step, due = waiting(case)
        coming = supervision.next_measure(case.colour, case.stage, case.dues, now, rules, days)
        return Line(
            case, step, due, due is not None and due < now, measures.get(case.case_id, ""), tasks, last,
            next_measure=coming[0] if coming else None, next_at=coming[1] if coming else None,
            contact=Contact(row.contact_name or "", row.contact_phone or ""),
        )  # fmt: skip

    def export(self, who: Principal, purpose: str) -> bytes:
        """The caller's cases as XLSX, at most 20,000, marked with who took it and when; audited with its purpose."""
        with self._c.uow() as session:
            reach = self._c.reach(session, who)
            rows = repository.cases(session, reach, limit=EXPORT_MOST)
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in rows}))
            measures = repository.measures_of(session, [row.id for row in rows])
            units = {unit.code: unit.name for unit in repository.units(session)}
            audit.record(session, who, "disposal.cases_exported", "cases", "xlsx", purpose, rows=len(rows))
        views = [repository.view(row, subjects.get(row.enterprise)) for row in rows]
        now = self._c.clock.now().astimezone(SHANGHAI)
        mark = f"{who.actor} {now:%Y-%m-%d %H:%M} {purpose}"
        return _sheet(views, measures, units, mark)


def waiting(case: CaseView) -> tuple[Step | None, datetime | None]:
    """The step that waits first, with its deadline."""
    return supervision.first_due(case.stage, case.dues)


def _sheet(
    views: Sequence[CaseView], measures: Mapping[str, str], units: Mapping[str, str], mark: str
) -> bytes:
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
    }
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("预警处置 cases")
        bold, time = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.set_footer(f"&L{mark.replace('&', '&&')[:200]}")
        sheet.write_row(0, 0, _HEAD, bold)
        for number, view in enumerate(views, 1):
            subject = view.subject
            cells: list[str | datetime] = [
                view.number, subject.name if subject else str(view.enterprise), subject.uscc if subject else "",
                COLOURS[int(view.colour)], STAGES[view.stage], units.get(view.unit, view.unit), view.issued_at,
                *(view.dues[step].at for step in (Step.SIGN_IN, Step.VERIFY, Step.CLOSE)),
                OUTCOMES.get(view.finding, ""), OUTCOMES.get(view.outcome, ""),
                MEASURES.get(measures.get(view.case_id, ""), ""), view.closed_at or "",
            ]  # fmt: skip
            for column, value in enumerate(cells):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value.astimezone(SHANGHAI), time)
                else:
                    sheet.write_string(number, column, value)
        sheet.write_string(len(views) + 2, 0, mark)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(_HEAD) - 1, 18)
    return out.getvalue()
