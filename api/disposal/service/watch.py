"""The worker's round: what runs over is urged, supervised, carded; dates are counted again when the calendar changes.

Late answers to an enterprise and late joint tasks are urged about once.

A measure's row, its event and its messages are one transaction under a key that exists once: a round that is killed is
simply done again, and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import Action, Colour, Due, Measure, Stage, Step
from api.disposal.ports import Notice
from api.disposal.rules import supervision
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import deadlines, due, next_feedback, overdue_by
from api.disposal.rules.supervision import Taken
from api.disposal.service.context import SYSTEM, Context, dedup_key
from api.disposal.service.voices import ANSWER_DAYS
from api.disposal.tables import CaseRow, MeasureRow, StatementRow, TaskRow
from api.kernel.clock import SHANGHAI, shanghai_day, utc_text
from api.kernel.errors import DomainError, ErrorKind

log = structlog.get_logger(__name__)
BATCH = 50
PUT_OFF = timedelta(minutes=10)
"""So long waits a case that could not be looked at, for example because a parameter is malformed."""
_STEP_NAMES = {
    Step.SIGN_IN: "签收",
    Step.VERIFY: "核查",
    Step.ACT: "首次处置",
    Step.FEEDBACK: "反馈",
    Step.CLOSE: "销号",
    Step.TRANSFER: "接收移交",
}
_MEASURE_NAMES = {Measure.URGE: "催办", Measure.SUPERVISE: "督办", Measure.RED_CARD: "红牌"}


class Watch:
    """Supervision of all open cases."""

    def __init__(self, context: Context) -> None:
        self._c = context
        self._counted: DayCount | None = None

    def run_due(self) -> int:
        """One round: at most `BATCH` cases, each in a transaction of its own; the number of cases looked at."""
        self._recompute()
        with self._c.uow.read() as session:
            waiting = repository.due_cases(session, self._c.clock.now(), BATCH)
        for case_id in waiting:
            try:
                with self._c.uow() as session:
                    self._look(session, case_id)
            except DomainError as error:
                self._put_off(case_id, error)
        return len(waiting) + self._urge_parts()

    def _put_off(self, case_id: str, error: DomainError) -> None:
        """A case that can't be looked at waits; the others don't wait for it. Raises what is a matter of integrity."""
        if error.kind is ErrorKind.INTEGRITY:
            raise error
        log.warning("disposal.case.put_off", case=case_id, code=error.code, facts=error.facts)
        with self._c.uow() as session:
            row = repository.case_row(session, case_id, lock=True)
            row.next_look = self._c.clock.now() + PUT_OFF

    # -- answers and joint tasks: they have a day of their own, whatever stage the case is in

    def _urge_parts(self) -> int:
        """Urge about what is late beside the case's own steps, once each; the number urged about."""
        with self._c.uow.read() as session:
            answers = repository.late_answers(session, self._c.clock.now(), BATCH)
            tasks = repository.late_tasks(session, self._c.today(), BATCH)
        for part, case_id in answers:
            with self._c.uow() as session:
                row = repository.case_row(session, case_id, lock=True)
                statement = session.get(StatementRow, part)
                if statement is not None and statement.answered_at is None:
                    text = f"【催办】预警 {row.number} 有单位的说明或申诉已过答复期限，请书面答复。"
                    self._urge(session, row, "answer", part, text, (supervision.OWNER, supervision.BUREAU))
        for part, case_id in tasks:
            with self._c.uow() as session:
                row = repository.case_row(session, case_id, lock=True)
                task = session.get(TaskRow, part)
                if task is not None and task.state == "open":
                    text = (
                        f"【催办】预警 {row.number} 的联合任务已过期限（{task.due_on.isoformat()}），请办理。"
                    )
                    self._urge(session, row, "task", part, text, (supervision.OWNER,), task.unit)
        return len(answers) + len(tasks)

    def _urge(
        self,
        session: Session,
        row: CaseRow,
        what: str,
        part: str,
        text: str,
        audience: tuple[str, ...],
        unit: str = "",
    ) -> None:
        key, now = f"{what}/{part}/urge", self._c.clock.now()
        if key in repository.taken(session, row.id):
            return  # somebody else was here between the list and the lock
        session.add(MeasureRow(case_id=row.id, key=key, measure=str(Measure.URGE), step=what, at=now))
        facts = {
            "measure": str(Measure.URGE),
            "step": what,
            what: part,
            "audience": [*audience, *filter(None, [unit])],
        }
        self._c.happened(session, row, SYSTEM, "measure", unit=unit or row.unit, facts=facts)
        self._c.tell(session, row, audience, text, key)
        if unit:
            self._c.tell_unit(session, row, unit, text, key)

    def _look(self, session: Session, case_id: str) -> None:
        row = repository.case_row(session, case_id, lock=True)
        now = self._c.clock.now()
        if row.next_look is None or row.next_look > now or row.stage == str(Stage.CLOSED):
            return  # somebody else was here between the list and the lock
        day = shanghai_day(row.clock_start)
        rules, days = self._c.rules(day), self._c.days(day)
        dues, colour = repository.read_dues(row.dues), Colour(row.colour)
        known = repository.taken(session, case_id)
        missed = [
            (minutes, key)
            for minutes in supervision.phone_calls(colour, Stage(row.stage), row.clock_start, now, rules)
            if (key := f"phone/{utc_text(row.clock_start)}/{minutes}") not in known
        ]
        if missed:  # after a pause of the worker the phone rings once, and says how long it has been
            self._call(session, row, missed)
        for taken in supervision.measures(colour, Stage(row.stage), dues, now, rules, days):
            if taken.key not in known:
                self._carry_out(session, row, taken)
        self._c.set_clocks(row, dues, now)

    def _call(self, session: Session, row: CaseRow, missed: Sequence[tuple[int, str]]) -> None:
        """The duty phone: message and an event that a person has to call.

        Later calls go to the bureau's duty, too, and so does the first one where the unit has nobody on duty. Where nobody
        is on duty at all, its leads and the head are told: a red case is never left to an empty roster.
        """
        now, (step, key) = self._c.clock.now(), missed[-1]
        minutes = overdue_by(row.clock_start, now)
        bureau = [unit.code for unit in repository.units(session) if str(unit.kind) == "hr"]
        duty = repository.on_duty(session, now, [row.unit, *(bureau if step else [])])
        duty = duty or repository.on_duty(session, now, bureau or [row.unit])
        text = f"红色预警 {row.number} 已发出 {minutes} 分钟，尚未签收，请立即电话确认并签收。"
        for one in duty:
            dedup = dedup_key(row.id, key, one.account_id)
            self._c.messages.queue(
                session, Notice(text, row.id, dedup, account_id=one.account_id, phone=one.phone)
            )
        if not duty:
            self._c.tell(session, row, (supervision.LEAD, supervision.HEAD), f"{text}现在没有人值班。", key)
        for _, name in missed:
            session.add(MeasureRow(case_id=row.id, key=name, measure="phone", step=str(Step.SIGN_IN), at=now))
        facts = {"minutes": minutes, "called": len(duty), "units": sorted({one.unit for one in duty})}
        self._c.happened(session, row, SYSTEM, "phone_call", unit=row.unit, facts=facts)

    def _carry_out(self, session: Session, row: CaseRow, taken: Taken) -> None:
        now = self._c.clock.now()
        session.add(
            MeasureRow(
                case_id=row.id, key=taken.key, measure=str(taken.measure), step=str(taken.step), at=now
            )
        )
        over = overdue_by(taken.due, now)
        facts = {
            "measure": str(taken.measure),
            "step": str(taken.step),
            "due": utc_text(taken.due),
            "minutes_over": over,
            "audience": list(taken.audience),
        }
        self._c.happened(session, row, SYSTEM, "measure", unit=row.unit, facts=facts)
        local = taken.due.astimezone(SHANGHAI)
        text = (
            f"【{_MEASURE_NAMES[taken.measure]}】预警 {row.number} 应于 {local:%m-%d %H:%M} 前"
            f"{_STEP_NAMES[taken.step]}，现已逾期。"
        )
        self._c.tell(session, row, taken.audience, text, taken.key)
        if taken.step is Step.TRANSFER:  # it is the other unit that is late
            self._c.tell_unit(session, row, row.transfer_to, text, taken.key)

    def _recompute(self) -> int:
        """Count again when the calendar is another than in the last round; the number of cases and answers that moved.

        A notice is entered day by day and may be corrected later, so every open deadline is counted again each time, not
        only the provisional ones of a year that had no day at all.
        """
        first = self._c.today().replace(month=1, day=1)
        days = self._c.days(first.replace(year=first.year - 1))
        if days == self._counted:
            return 0
        with self._c.uow.read() as session:
            other = [row.id for row in repository.open_cases(session) if self._moved(session, row)]
            answers = [row.id for row in repository.waiting_statements(session) if self._late_by(row)]
        for case_id in other:
            try:
                with self._c.uow() as session:
                    self._again(session, case_id)
            except DomainError as error:
                self._put_off(case_id, error)
        for statement_id in answers:
            with self._c.uow() as session:
                statement = session.get_one(StatementRow, statement_id, with_for_update=True)
                statement.due_at = self._late_by(statement) or statement.due_at
        self._counted = days
        return len(other) + len(answers)

    def _late_by(self, row: StatementRow) -> datetime | None:
        """The day of an answer by the present calendar, where it is another one."""
        day = shanghai_day(row.at)
        found = due(row.at, ANSWER_DAYS, self._c.rules(day), self._c.days(day)).at
        return found if found != row.due_at else None

    def _moved(self, session: Session, row: CaseRow) -> dict[Step, Due] | None:
        """The deadlines of a case by the present calendar, where they are others."""
        found = self._computed(session, row, repository.read_dues(row.dues))
        return found if repository.dues_json(found) != row.dues else None

    def _again(self, session: Session, case_id: str) -> None:
        row = repository.case_row(session, case_id, lock=True)
        before, after = repository.read_dues(row.dues), self._moved(session, row)
        if after is None or row.stage == str(Stage.CLOSED):
            return
        moved = sorted(str(step) for step in after if after[step].at != before[step].at)
        self._c.set_clocks(row, after, self._c.clock.now())
        self._c.happened(session, row, SYSTEM, "recomputed", unit=row.unit, facts={"moved": moved})

    def _computed(self, session: Session, row: CaseRow, before: dict[Step, Due]) -> dict[Step, Due]:
        day = shanghai_day(row.clock_start)
        rules, days, colour = self._c.rules(day), self._c.days(day), Colour(row.colour)
        after: dict[Step, Due] = dict(deadlines(row.clock_start, colour, rules, days))
        if Step.FEEDBACK in before and row.last_feedback is not None:
            after[Step.FEEDBACK] = next_feedback(row.clock_start, row.last_feedback, colour, rules, days)
        if Step.TRANSFER in before:
            offered = repository.newest(session, row.id, [str(Action.OFFER)])
            after[Step.TRANSFER] = (
                due(offered.at, rules.transfer, rules, days) if offered else before[Step.TRANSFER]
            )
        if row.stage == str(Stage.SIGNED):  # sent back by a reviewer or an upheld appeal: counted from then
            returned = repository.newest(session, row.id, repository.RETURNING)
            if returned is not None and returned.at >= row.clock_start and returned.after == row.stage:
                after[Step.VERIFY] = due(returned.at, rules.colours[colour].verify, rules, days)
        return after
