"""The worker's round: what runs over is urged, supervised, carded; provisional dates are computed again.

Late answers to an enterprise and late joint tasks are urged about once.

A measure's row, its event and its messages are one transaction under a key that exists once: a round that is killed is
simply done again, and doubles nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.disposal import repository
from api.disposal.model import Colour, Due, Measure, Stage, Step
from api.disposal.ports import Notice
from api.disposal.rules import supervision
from api.disposal.rules.clocks import deadlines, next_feedback, overdue_by
from api.disposal.rules.supervision import Taken
from api.disposal.service.context import SYSTEM, Context, dedup_key
from api.disposal.tables import CaseRow, MeasureRow, StatementRow, TaskRow
from api.kernel.clock import SHANGHAI, shanghai_day, utc_text

BATCH = 50
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

    def run_due(self) -> int:
        """One round: at most `BATCH` cases, each in a transaction of its own; the number of cases looked at."""
        self._recompute()
        with self._c.uow.read() as session:
            waiting = repository.due_cases(session, self._c.clock.now(), BATCH)
        for case_id in waiting:
            with self._c.uow() as session:
                self._look(session, case_id)
        return len(waiting) + self._urge_parts()

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
        party = repository.posts_on(session, self._c.today(), unit=[unit]) if unit else []
        for account in sorted({post.account_id for post, _ in party}):
            dedup = dedup_key(row.id, key, account)
            self._c.messages.queue(session, Notice(text, row.id, dedup, account_id=account))

    def _look(self, session: Session, case_id: str) -> None:
        row = repository.case_row(session, case_id, lock=True)
        now = self._c.clock.now()
        if row.next_look is None or row.next_look > now or row.stage == str(Stage.CLOSED):
            return  # somebody else was here between the list and the lock
        day = shanghai_day(row.clock_start)
        rules, days = self._c.rules(day), self._c.days(day)
        dues, colour = repository.read_dues(row.dues), Colour(row.colour)
        known = repository.taken(session, case_id)
        for minutes in supervision.phone_calls(colour, Stage(row.stage), row.clock_start, now, rules):
            key = f"phone/{utc_text(row.clock_start)}/{minutes}"
            if key not in known:
                self._call(session, row, minutes, key)
        for taken in supervision.measures(colour, Stage(row.stage), dues, now, rules, days):
            if taken.key not in known:
                self._carry_out(session, row, taken)
        self._c.set_clocks(row, dues, now)

    def _call(self, session: Session, row: CaseRow, minutes: int, key: str) -> None:
        """The duty phone: message and an event that a person has to call. Later calls go to the bureau's duty too."""
        now = self._c.clock.now()
        bureau = [unit.code for unit in repository.units(session) if str(unit.kind) == "hr"]
        asked = [row.unit, *(bureau if minutes else [])]
        duty = repository.on_duty(session, now, asked)
        text = f"红色预警 {row.number} 已发出 {minutes} 分钟，尚未签收，请立即电话确认并签收。"
        for one in duty:
            dedup = dedup_key(row.id, key, one.account_id)
            self._c.messages.queue(
                session, Notice(text, row.id, dedup, account_id=one.account_id, phone=one.phone)
            )
        session.add(MeasureRow(case_id=row.id, key=key, measure="phone", step=str(Step.SIGN_IN), at=now))
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

    def _recompute(self) -> int:
        """Dates that counted a year without a notice, once the notice is there; the number of cases that changed."""
        with self._c.uow.read() as session:
            waiting = [(row.id, row.dues) for row in repository.provisional_cases(session)]
        known: dict[int, bool] = {}
        changed = 0
        for case_id, kept in waiting:
            years = {at.at.year for at in repository.read_dues(kept).values() if at.provisional}
            for year in years - set(known):
                known[year] = self._c.calendar.calendar_known(year)
            if any(known[year] for year in years):
                with self._c.uow() as session:
                    changed += self._again(session, case_id)
        return changed

    def _again(self, session: Session, case_id: str) -> int:
        row = repository.case_row(session, case_id, lock=True)
        if row.stage == str(Stage.CLOSED):
            return 0
        before = repository.read_dues(row.dues)
        after = self._computed(row, before)
        if repository.dues_json(after) == row.dues:
            return 0
        moved = sorted(str(step) for step in after if after[step].at != before[step].at)
        self._c.set_clocks(row, after, self._c.clock.now())
        self._c.happened(session, row, SYSTEM, "recomputed", unit=row.unit, facts={"moved": moved})
        return 1

    def _computed(self, row: CaseRow, before: dict[Step, Due]) -> dict[Step, Due]:
        day = shanghai_day(row.clock_start)
        rules, days, colour = self._c.rules(day), self._c.days(day), Colour(row.colour)
        after: dict[Step, Due] = dict(deadlines(row.clock_start, colour, rules, days))
        if Step.FEEDBACK in before and row.last_feedback is not None:
            after[Step.FEEDBACK] = next_feedback(row.clock_start, row.last_feedback, colour, rules, days)
        if Step.TRANSFER in before:
            after[Step.TRANSFER] = before[Step.TRANSFER]
        return after
