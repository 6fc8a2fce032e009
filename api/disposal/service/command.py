"""The emergency command view: all open red cases with their clocks, tasks, duty phones and newest events; cases to take out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from api.disposal import repository
from api.disposal.model import (
    Board,
    CaseView,
    Contact,
    EventView,
    Line,
    Step,
)
from api.disposal.rules import supervision
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import ClockRules
from api.disposal.service.case_report import cases_report
from api.disposal.service.context import Context, read_cursor
from api.disposal.tables import CaseRow, EventRow, TaskRow
from api.infra.auth import Principal
from api.infra.reports import Asked, File, Format, Noted
from api.kernel.clock import cursor_text, shanghai_day
from api.kernel.errors import forbidden

EXPORT_MOST, PRINTED_MOST = 20_000, 300
"""Cases in a sheet and on paper; the report says how many there are."""


class Command:
    """What the head of the bureau looks at when something is red."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def board(self, who: Principal, *, cursor: str = "", limit: int = 50) -> Board:
        """Open red cases, the most urgent deadline first, a page of them; for the HR bureau and posts of command.

        A fixed number of queries, and a few for each day on which a clock started.
        """
        now, place = self._c.clock.now(), read_cursor(cursor)
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            if not (reach.district or reach.command):
                raise forbidden("disposal.not_entitled", action="command")
            found = repository.red_cases(session, place, limit + 1)
            rows = found[:limit]
            counts = repository.red_counts(session, now)
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
            duty = repository.on_duty(session, now, [])
        started = sorted({shanghai_day(row.clock_start) for row in rows})
        counting = {day: (self._c.rules(day), self._c.days(day)) for day in started}
        lines = [
            self._line(
                row, repository.view(row, subjects.get(row.enterprise)), now, measures,
                tasks.get(row.id, []), last.get(row.id), *counting[shanghai_day(row.clock_start)],
            )
            for row in rows
        ]  # fmt: skip
        on = f"{cursor_text(repository.red_place(rows[-1]))}~{rows[-1].id}" if len(found) > limit else ""
        return Board(now, lines, duty, *counts, next=on)

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

    def export(self, who: Principal, asked: Asked) -> File:
        """The caller's cases as XLSX (the newest 20,000) or PDF (300), marked with who took it, when and for what; audited."""
        most = EXPORT_MOST if asked.format is Format.XLSX else PRINTED_MOST
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            rows = repository.cases(session, reach, limit=most)
            total = sum(sum(by.values()) for by in repository.funnel(session, reach).values())
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in rows}))
            measures = repository.measures_of(session, [row.id for row in rows])
            units = {unit.code: unit for unit in repository.units(session)}
        views = [repository.view(row, subjects.get(row.enterprise)) for row in rows]
        noted = Noted("disposal.cases_exported", "cases", str(asked.format))
        return self._c.exporter.make(
            who, asked, lambda mark: cases_report(views, total, measures, units, mark, asked.lang), noted
        )


def waiting(case: CaseView) -> tuple[Step | None, datetime | None]:
    """The step that waits first, with its deadline."""
    return supervision.first_due(case.stage, case.dues)
