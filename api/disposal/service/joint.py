"""Joint tasks: other departments, unions and the employers' federation as parties of a case."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import Action, Stage
from api.disposal.rules.machine import refusal
from api.disposal.service.context import Context, clean_text
from api.disposal.tables import CaseRow, TaskRow, UnitRow
from api.infra.auth import Principal
from api.kernel.errors import conflict, forbidden, invalid, not_found
from api.kernel.ids import new_id


class JointTasks:
    """Opened and taken back by the owner or the HR bureau, done by the party."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def open(self, who: Principal, case_id: str, unit: str, text: str, due_on: date) -> str:
        """Ask a unit to do its part by a day; it may read the case from then on. Returns the task's id."""
        text = clean_text(text, "/text", needed=True)
        if due_on <= self._c.today():
            raise invalid("disposal.task_due_past", pointer="/due_on")
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="task")
            if row.stage in (str(Stage.CLOSED), str(Stage.REVIEW)):
                raise refusal(Stage(row.stage), Action.ACT)
            if session.get(UnitRow, unit) is None:
                raise invalid("disposal.unit_unknown", pointer="/unit")
            task = TaskRow(
                id=new_id(), case_id=case_id, unit=unit, text=text, due_on=due_on, state="open",
                opened_by=who.actor, opened_at=self._c.clock.now(), done_by="",
            )  # fmt: skip
            session.add(task)
            repository.add_party(session, case_id, unit, "task")
            facts = {"task": task.id, "unit": unit, "due_on": due_on.isoformat()}
            self._c.happened(session, row, who.actor, "task_opened", unit=row.unit, facts=facts)
            self._tell_party(session, row, task)
            return task.id

    def _tell_party(self, session: Session, row: CaseRow, task: TaskRow) -> None:
        text = f"预警 {row.number} 有一项联合任务请贵单位办理，期限 {task.due_on.isoformat()}。"
        self._c.tell_unit(session, row, task.unit, text, f"task/{task.id}")

    def done(self, who: Principal, task_id: str, result: str) -> None:
        """The party reports that its part is done."""
        result = clean_text(result, "/result", needed=True)
        with self._c.uow() as session:
            task = session.get(TaskRow, task_id, with_for_update=True)
            if task is None:
                raise not_found()
            row, reach = self._c.visible_case(session, who, task.case_id, lock=True)
            if not reach.holds(task.unit):
                raise forbidden("disposal.not_entitled", action="task")
            if task.state != "open":
                raise conflict("disposal.task_done")
            task.state, task.result = "done", result
            task.done_by, task.done_at = who.actor, self._c.clock.now()
            self._c.happened(session, row, who.actor, "task_done", unit=task.unit, facts={"task": task.id})

    def withdraw(self, who: Principal, task_id: str, reason: str) -> None:
        """Take an open task back: by the case's owner or the bureau, with a reason; without it nobody's task would keep the
        case open for ever. The unit that had it is told."""
        reason = clean_text(reason, "/reason", needed=True)
        with self._c.uow() as session:
            task = session.get(TaskRow, task_id, with_for_update=True)
            if task is None:
                raise not_found()
            row, reach = self._c.visible_case(session, who, task.case_id, lock=True)
            if not (reach.holds(row.unit) or reach.district):
                raise forbidden("disposal.not_entitled", action="task")
            if task.state != "open":
                raise conflict("disposal.task_done")
            task.state, task.result = "ended", reason
            task.done_by, task.done_at = who.actor, self._c.clock.now()
            facts = {"task": task.id, "unit": task.unit}
            self._c.happened(
                session, row, who.actor, "task_withdrawn", unit=row.unit, facts=facts, note=reason
            )
            text = f"预警 {row.number} 的联合任务已收回，不需要再办理。"
            self._c.tell_unit(session, row, task.unit, text, f"ended/{task.id}")

    def of_case(self, who: Principal, case_id: str) -> list[TaskRow]:
        """Tasks of a case, oldest first."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            wanted = select(TaskRow).where(TaskRow.case_id == case_id).order_by(TaskRow.opened_at, TaskRow.id)
            return list(session.scalars(wanted))
