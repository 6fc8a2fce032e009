"""Lists across cases: joint tasks of a unit, transfers under way, what was urged, supervised and carded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import CaseView, Measure, Page
from api.disposal.rules.supervision import open_steps
from api.disposal.service.context import Context, read_cursor
from api.disposal.tables import CaseRow, MeasureRow, StatementRow, TaskRow
from api.disposal.views import MeasureLine, TaskLine, Transfers
from api.infra.auth import Principal
from api.kernel.clock import utc_text

TRANSFERS_MOST = 200


class Boards:
    """What the caller may see, a page at a time, with a fixed number of statements."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def tasks(
        self, who: Principal, *, done: bool = False, unit: str = "", cursor: str = "", limit: int = 50
    ) -> Page:
        """Joint tasks of the caller's units and cases: the open ones by their day, the done ones newest first."""
        key = TaskRow.done_at if done else TaskRow.opened_at
        order = (key.desc(), TaskRow.id.desc()) if done else (key, TaskRow.id)
        wanted = (
            select(TaskRow, CaseRow)
            .join(CaseRow, CaseRow.id == TaskRow.case_id)
            .where(TaskRow.state == ("done" if done else "open"))
            .order_by(*(order if done else (TaskRow.due_on, TaskRow.id)))
            .limit(limit + 1)
        )
        if unit:
            wanted = wanted.where(TaskRow.unit == unit)
        if place := read_cursor(cursor):
            if done:
                wanted = wanted.where(tuple_(key, TaskRow.id) < place)
            else:
                wanted = wanted.where(tuple_(TaskRow.due_on, TaskRow.id) > (place[0].date(), place[1]))
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            seen = repository.within(reach)
            if seen is not None:
                wanted = wanted.where(seen)
            rows = [(task, case) for task, case in session.execute(wanted)]
            shown = rows[:limit]
            subjects = self._c.subjects.subjects(sorted({case.enterprise for _, case in shown}))
        today = self._c.today()
        found = [
            TaskLine(
                task,
                repository.view(case, subjects.get(case.enterprise)),
                over=task.state == "open" and task.due_on < today,
                mine=task.state == "open" and reach.holds(task.unit),
            )
            for task, case in shown
        ]
        return Page(found, self._task_cursor(shown[-1][0], done) if len(rows) > limit else "")

    @staticmethod
    def _task_cursor(last: TaskRow, done: bool) -> str:
        if done and last.done_at is not None:
            return f"{last.done_at.isoformat()}~{last.id}"
        return f"{last.due_on.isoformat()}T00:00:00+00:00~{last.id}"

    def transfers(self, who: Principal) -> Transfers:
        """Transfers that wait to be accepted, the one whose working day ends first on top."""
        with self._c.uow.read() as session:
            reach = self._c.reach(session, who)
            rows = repository.cases(session, reach, transferring=True, limit=TRANSFERS_MOST)
            subjects = self._c.subjects.subjects(sorted({row.enterprise for row in rows}))
        views = [repository.view(row, subjects.get(row.enterprise)) for row in rows]
        views.sort(key=lambda case: min(due.at for due in case.dues.values()))
        incoming = [case for case in views if reach.holds(case.transfer_to)]
        return Transfers(incoming, [case for case in views if case not in incoming])

    def supervision(
        self, who: Principal, *, measure: Measure | None = None, cursor: str = "", limit: int = 50
    ) -> Page:
        """Measures on the caller's cases, newest first; calls to duty phones are left to the case's events."""
        wanted = (
            select(MeasureRow, CaseRow)
            .join(CaseRow, CaseRow.id == MeasureRow.case_id)
            .where(MeasureRow.measure != "phone")
            .order_by(MeasureRow.at.desc(), MeasureRow.case_id.desc(), MeasureRow.key.desc())
            .limit(limit + 1)
        )
        if measure is not None:
            wanted = wanted.where(MeasureRow.measure == str(measure))
        at, _, rest = cursor.partition("~")
        if place := read_cursor(f"{at}~" if at else ""):
            case_id, _, key = rest.partition("~")
            wanted = wanted.where(
                tuple_(MeasureRow.at, MeasureRow.case_id, MeasureRow.key) < (place[0], case_id, key)
            )
        with self._c.uow.read() as session:
            seen = repository.within(self._c.reach(session, who))
            if seen is not None:
                wanted = wanted.where(seen)
            rows = [(taken, case) for taken, case in session.execute(wanted)]
            shown = rows[:limit]
            subjects = self._c.subjects.subjects(sorted({case.enterprise for _, case in shown}))
            late = _late(session, [taken.key for taken, _ in shown])
        found = [
            MeasureLine(
                taken.at,
                Measure(taken.measure),
                taken.step,
                view := repository.view(case, subjects.get(case.enterprise)),
                standing=taken.key in late or _standing(view, taken),
            )
            for taken, case in shown
        ]
        last = shown[-1][0] if shown else None
        more = len(rows) > limit and last is not None
        return Page(found, f"{last.at.isoformat()}~{last.case_id}~{last.key}" if more and last else "")

    def measured(self, who: Principal, since: date) -> Mapping[str, int]:
        """Number of measures by kind on the caller's cases since a day."""
        wanted = (
            select(MeasureRow.measure, func.count())
            .join(CaseRow, CaseRow.id == MeasureRow.case_id)
            .where(MeasureRow.measure != "phone", MeasureRow.at >= self._c.midnight(since))
            .group_by(MeasureRow.measure)
        )
        with self._c.uow.read() as session:
            seen = repository.within(self._c.reach(session, who))
            if seen is not None:
                wanted = wanted.where(seen)
            counted = dict(session.execute(wanted).tuples().all())
        return {str(one): counted.get(str(one), 0) for one in Measure}


def _standing(case: CaseView, taken: MeasureRow) -> bool:
    """Whether the step still waits whose deadline it was carried out for; its key names both."""
    waiting = open_steps(case.stage, bool(case.transfer_to), case.dues)
    running = {f"{step}/{utc_text(case.dues[step].at)}" for step in waiting}
    return taken.key.rpartition("/")[0] in running


def _late(session: Session, keys: Sequence[str]) -> set[str]:
    """Of these names of measures, those about an answer or a task that is still to come; two queries."""
    parts: dict[str, list[str]] = {"answer": [], "task": []}
    for key in keys:
        what, _, rest = key.partition("/")
        if what in parts:
            parts[what].append(rest.partition("/")[0])
    statements = select(StatementRow.id).where(
        StatementRow.id.in_(parts["answer"]), StatementRow.answered_at.is_(None)
    )
    tasks = select(TaskRow.id).where(TaskRow.id.in_(parts["task"]), TaskRow.state == "open")
    return {f"answer/{one}/urge" for one in session.scalars(statements)} | {
        f"task/{one}/urge" for one in session.scalars(tasks)
    }
