"""Lists across cases, contacts and service, periods of the law, duty, what other slices read."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select

from api.disposal.model import Action, Capacity, Measure, Reason, Stage, Step
from api.disposal.ports import SupportingRow
from api.disposal.tables import CaseRow, LawPeriodRow, ServiceRow
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError
from api.parameters.model import CalendarDay
from tests.support.disposal_world import OPERATOR, S1, S2, World, staff


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


class Statements:
    """Counts what is asked of the database."""

    def __init__(self, world: World) -> None:
        self.count, self._engine = 0, world.database.engine

    def __enter__(self) -> Statements:
        event.listen(self._engine, "before_cursor_execute", self._one)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._one)

    def _one(self, *_: object) -> None:
        self.count += 1


# -- the deadline that waits first


def test_the_first_deadline_is_a_column(world: World) -> None:
    case_id = world.warn(grade=2)

    def due() -> datetime | None:
        with world.uow.read() as session:
            return session.scalar(select(CaseRow.due_at).where(CaseRow.id == case_id))

    dues = world.disposal.cases.get(staff("officer1"), case_id).dues
    assert due() == dues[Step.SIGN_IN].at
    world.visit("officer1", case_id, "false_alarm")
    assert due() == dues[Step.ACT].at
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    assert due() == dues[Step.CLOSE].at
    world.do("lead1", case_id, Action.APPROVE)
    assert due() is None


def test_overdue_cases_are_listed_by_themselves(world: World) -> None:
    late = world.warn(grade=2)
    world.clock.advance(timedelta(days=2))
    fresh = world.warn(grade=2)
    every = world.disposal.cases.listing(staff("officer1")).rows
    assert {case.case_id for case, _ in every} == {late, fresh}
    over = world.disposal.cases.listing(staff("officer1"), overdue=True).rows
    assert [case.case_id for case, _ in over] == [late]


# -- what other slices read


def test_lines_for_other_pages_take_the_same_number_of_statements(world: World) -> None:
    first = world.warn(enterprise=1, grade=2, warning_id="w-a")
    reading = world.disposal.reading
    with Statements(world) as one:
        (line,) = reading.of_enterprise(staff("bureau"), 1)
    assert (line.case_id, line.unit, line.unit_name, line.step, line.over) == (
        first, S1, "示例一街道", Step.SIGN_IN, False,
    )  # fmt: skip
    for n in range(5):
        world.clock.advance(timedelta(seconds=1))
        world.warn(enterprise=1, grade=2, warning_id=f"w-{n}")
    world.clock.advance(timedelta(days=3))
    with Statements(world) as many:
        lines = reading.of_enterprise(staff("bureau"), 1)
    assert (len(lines), many.count) == (6, one.count)
    assert all(line.over for line in lines)
    by_warning = reading.by_warnings(staff("officer1"), ["w-a", "w-3", "unknown"])
    assert {name: line.case_id == first for name, line in by_warning.items()} == {"w-a": True, "w-3": False}


def test_lines_show_no_more_than_posts_open(world: World) -> None:
    world.warn(enterprise=1, warning_id="w-a")
    reading = world.disposal.reading
    assert reading.of_enterprise(staff("officer2"), 1) == []
    assert reading.of_enterprise(staff("nobody"), 1) == []
    assert reading.by_warnings(staff("nobody"), ["w-a"]) == {}
    assert reading.by_warnings(staff("officer1"), []) == {}


def test_a_case_is_owned_by_those_who_answer_for_it_while_it_is_open(world: World) -> None:
    case_id = world.warn(enterprise=1, grade=2)
    owned = world.disposal.reading.owned
    world.disposal.tasks.open(staff("officer1"), case_id, "union", "请协助核查。", date(2026, 3, 9))
    assert {name: owned(staff(name), 1) for name in ("officer1", "lead1", "officer2", "union", "nobody")} == {
        "officer1": True, "lead1": True, "officer2": False, "union": False, "nobody": False,
    }  # fmt: skip
    assert not owned(staff("officer1"), 2)
    with world.database.transaction() as session:
        session.get_one(CaseRow, case_id).stage = "closed"
    assert not owned(staff("officer1"), 1)


# -- tasks, transfers, supervision


def test_joint_tasks_of_the_union_and_the_federation_across_cases(world: World) -> None:
    world.disposal.desk.give_post(OPERATOR, "federation", "federation", Capacity.OFFICER, date(2026, 1, 1))
    a, b = world.warn(), world.warn(enterprise=3, town=S2)
    tasks, boards = world.disposal.tasks, world.disposal.boards
    late = tasks.open(staff("officer1"), a, "union", "走访职工", date(2026, 3, 4))
    soon = tasks.open(staff("bureau"), b, "union", "代表职工协商", date(2026, 3, 3))
    other = tasks.open(staff("bureau"), b, "federation", "联系行业协会", date(2026, 3, 9))
    found = boards.tasks(staff("union"))
    assert [line.task.id for line in found.rows] == [soon, late, other]
    assert [line.mine for line in found.rows] == [True, True, False]
    first = boards.tasks(staff("union"), limit=1)
    rest = boards.tasks(staff("union"), limit=2, cursor=first.next)
    assert [line.task.id for line in (*first.rows, *rest.rows)] == [soon, late, other]
    assert [line.task.id for line in boards.tasks(staff("federation")).rows] == [soon, other]
    assert [line.task.id for line in boards.tasks(staff("officer1")).rows] == [late]
    world.clock.advance(timedelta(days=2))
    assert [line.over for line in boards.tasks(staff("union")).rows] == [True, False, False]
    tasks.done(staff("union"), soon, "已协商")
    world.clock.advance(timedelta(minutes=1))
    tasks.done(staff("union"), late, "已走访")
    assert [line.task.id for line in boards.tasks(staff("union"), done=True).rows] == [late, soon]
    last = boards.tasks(staff("union"), done=True, limit=1)
    assert [x.task.id for x in boards.tasks(staff("union"), done=True, cursor=last.next).rows] == [soon]


def test_transfers_show_both_sides_until_one_working_day_has_gone(world: World) -> None:
    case_id = world.warn()
    world.do("officer1", case_id, Action.OFFER, to=S2, note="实际经营地在二街道")
    boards = world.disposal.boards
    (incoming,) = boards.transfers(staff("officer2")).incoming
    assert incoming.case_id == case_id
    assert incoming.dues[Step.TRANSFER].at == datetime(2026, 3, 3, 18, tzinfo=SHANGHAI)
    assert [case.case_id for case in boards.transfers(staff("officer1")).outgoing] == [case_id]
    assert boards.transfers(staff("officer1")).incoming == []
    world.clock.advance(timedelta(days=2))
    world.disposal.watch.run_due()
    steps = {line.step for line in boards.supervision(staff("officer1")).rows}
    assert "transfer" in steps
    world.do("officer2", case_id, Action.ACCEPT)
    assert boards.transfers(staff("officer2")).incoming == []


def test_supervision_says_what_still_stands(world: World) -> None:
    a = world.warn(grade=2)
    world.warn(enterprise=3, grade=2, town=S2)
    world.clock.advance(timedelta(days=4))
    while world.disposal.watch.run_due():
        pass
    boards = world.disposal.boards
    mine = boards.supervision(staff("officer1")).rows
    assert {line.case.case_id for line in mine} == {a}
    assert {line.measure for line in mine} == {Measure.URGE, Measure.SUPERVISE, Measure.RED_CARD}
    assert all(line.standing for line in mine)
    every = boards.supervision(staff("bureau"))
    assert len(every.rows) == 6
    first = boards.supervision(staff("bureau"), limit=4)
    rest = boards.supervision(staff("bureau"), limit=4, cursor=first.next)
    assert [*first.rows, *rest.rows] == list(every.rows)
    cards = boards.supervision(staff("bureau"), measure=Measure.RED_CARD)
    assert {line.measure for line in cards.rows} == {Measure.RED_CARD}
    counted = boards.measured(staff("officer1"), date(2026, 3, 1))
    assert counted == {"urge": 1, "supervise": 1, "red_card": 1}
    world.do("officer1", a, Action.SIGN_IN)
    assert not any(line.standing for line in boards.supervision(staff("officer1")).rows)


def test_the_command_view_tells_the_next_escalation_tasks_and_the_contact(world: World) -> None:
    case_id = world.warn(grade=4)
    world.disposal.papers.contact(staff("officer1"), case_id, "前台", "13800000005")
    world.disposal.tasks.open(staff("bureau"), case_id, "tax", "核对个税", date(2026, 3, 9))
    (line,) = world.disposal.command.board(staff("governor")).lines
    issued = world.clock.now()
    assert (line.next_measure, line.next_at) == (Measure.URGE, issued + timedelta(hours=2))
    assert (line.contact.phone, line.tasks_open, line.tasks_done) == ("13800000005", 1, 0)
    world.clock.advance(timedelta(hours=2, minutes=10))
    (line,) = world.disposal.command.board(staff("bureau")).lines
    assert (line.over, line.next_measure) == (True, Measure.SUPERVISE)
    assert line.next_at == issued + timedelta(hours=2, minutes=30)


def test_late_answers_and_tasks_are_urged_about_once(world: World) -> None:
    case_id = world.warn(grade=2)
    world.do("officer1", case_id, Action.SIGN_IN)
    said = world.disposal.voices.take(staff("officer1"), case_id, "question", "为什么")
    task = world.disposal.tasks.open(staff("officer1"), case_id, "union", "走访", date(2026, 3, 10))
    boards = world.disposal.boards

    def urged() -> dict[str, bool]:
        while world.disposal.watch.run_due():
            pass
        lines = boards.supervision(staff("bureau"), limit=100).rows
        return {line.step: line.standing for line in lines if line.step in ("answer", "task")}

    world.clock.advance(datetime(2026, 3, 9, 17, tzinfo=SHANGHAI) - world.clock.now())
    assert urged() == {}
    world.clock.advance(timedelta(days=2))
    assert urged() == {"answer": True, "task": True}
    urged()
    told = [(who, text) for who, text in world.messages() if "联合任务已过期限" in text]
    assert sorted(who for who, _ in told) == ["lead1", "officer1", "second1", "union"]
    events = world.disposal.cases.history(staff("bureau"), case_id)
    parts = [
        e.facts["step"] for e in events if e.action == "measure" and e.facts["step"] in ("answer", "task")
    ]
    assert parts == ["answer", "task"]
    world.disposal.voices.answer(staff("officer1"), said, "因为数据显示逾期", False)
    world.disposal.tasks.done(staff("union"), task, "已走访")
    assert urged() == {"answer": False, "task": False}


# -- contacts and service


def test_the_contacts_number_is_sealed_and_told_to_nobody_else(world: World) -> None:
    case_id = world.warn()
    papers = world.disposal.papers
    assert code(papers.contact, staff("officer1"), case_id, "前台", "12345") == "disposal.phone_malformed"
    papers.contact(staff("officer1"), case_id, "前台", "138-0000 0007")
    assert papers.contact_of(staff("officer1"), case_id).phone == "13800000007"
    world.disposal.tasks.open(staff("officer1"), case_id, "union", "走访", date(2026, 3, 9))
    assert papers.contact_of(staff("union"), case_id).phone == ""
    assert code(papers.contact, staff("union"), case_id, "", "") == "disposal.not_entitled"
    assert code(papers.contact_of, staff("officer2"), case_id) == "not_found"
    with world.database.engine.connect() as plain:
        row = plain.exec_driver_sql("SELECT contact_name, contact_phone FROM disposal_case").one()
    assert not any("1380" in str(value) or "前台" in str(value) for value in row)
    (entered,) = [
        e for e in world.disposal.cases.history(staff("officer1"), case_id) if e.action == "contact_entered"
    ]
    assert (entered.facts, entered.note) == ({"phone": True, "name": True}, "")
    papers.contact(staff("officer1"), case_id, "", "")
    assert papers.contact_of(staff("officer1"), case_id).phone == ""


@pytest.mark.parametrize(
    ("channel", "result", "given", "refused"),
    [
        ("hand", "received", {}, "disposal.service_receiver"),
        ("hand", "received", {"receiver": "前台"}, ""),
        ("hand", "refused", {}, "disposal.service_note"),
        ("hand", "refused", {"note": "负责人拒绝签收"}, ""),
        ("hand", "sent", {}, "disposal.service_result"),
        ("left", "left", {"note": "负责人拒绝签收"}, "disposal.service_witness"),
        ("left", "left", {"note": "负责人拒绝签收", "witness": "社区工作人员"}, ""),
        ("post", "sent", {}, "disposal.service_tracking"),
        ("post", "sent", {"tracking": "XA0001"}, ""),
        ("post", "returned", {"tracking": "XA0001"}, "disposal.service_note"),
        ("post", "returned", {"tracking": "XA0001", "note": "查无此人"}, ""),
        ("public", "published", {"note": "街道公告栏"}, ""),
        ("account", "opened", {}, "disposal.service_channel"),
        ("sms", "received", {}, "disposal.service_channel"),
    ],
)
def test_records_of_service_say_what_came_of_them(
    world: World, channel: str, result: str, given: dict[str, str], refused: str
) -> None:
    case_id = world.warn()
    papers, who = world.disposal.papers, staff("officer1")
    made = papers.issue(who, case_id, "warning", "请核对")
    now = world.clock.now()
    if refused:
        assert code(papers.serve, who, made.id, channel, now, result=result, **given) == refused
        assert papers.of_case(who, case_id)[0][1] == []
        return
    papers.serve(who, made.id, channel, now, result=result, **given)
    ((_, (served,)),) = papers.of_case(who, case_id)
    assert (served.channel, served.result) == (channel, result)
    assert {name: getattr(served, name) for name in given} == given
    last = world.disposal.cases.history(who, case_id)[-1]
    assert last.facts == {"notice": made.id, "channel": channel, "result": result}


def test_what_a_record_of_service_names_is_sealed(world: World) -> None:
    case_id = world.warn()
    papers, who = world.disposal.papers, staff("officer1")
    made = papers.issue(who, case_id, "warning", "请核对")
    papers.serve(
        who, made.id, "left", world.clock.now(), result="left", note="拒绝签收", witness="社区工作人员甲"
    )
    with world.database.engine.connect() as plain:
        rows = plain.exec_driver_sql(f"SELECT * FROM {ServiceRow.__tablename__}").all()
    assert rows
    assert not any("社区" in str(value) or "拒绝" in str(value) for row in rows for value in row)


# -- periods of the law


def test_periods_of_the_law_run_from_entered_events(world: World) -> None:
    case_id = world.warn()
    law, who = world.disposal.statutory, staff("officer1")
    filing = law.enter(who, case_id, "filing", date(2026, 2, 13), note="收到投诉")
    law.enter(who, case_id, "investigation", date(2026, 3, 2), extended=True)
    law.enter(staff("bureau"), case_id, "look_back", date(2026, 3, 2))
    found = law.of_case(who, case_id)
    by_code = {one.row.code: one for one in found}
    assert by_code["filing"].computed.last == date(2026, 2, 27)
    assert by_code["filing"].over
    assert "2026-02-13 当日不计入" in by_code["filing"].computed.zh
    assert by_code["investigation"].computed.period.number + 30 == 90
    assert not by_code["look_back"].over
    assert code(law.end, who, filing, date(2026, 2, 1)) == "disposal.period_end"
    assert law.end(who, filing, date(2026, 3, 2)) == case_id
    assert code(law.end, who, filing, date(2026, 3, 2)) == "disposal.period_ended"
    assert law.of_case(who, case_id)[-1].row.id == filing
    assert code(law.enter, who, case_id, "moon", date(2026, 3, 2)) == "disposal.period_unknown"
    assert code(law.enter, who, case_id, "filing", date(2026, 3, 3)) == "disposal.period_start"
    assert code(law.enter, who, case_id, "filing", date(2019, 3, 3)) == "disposal.period_start"
    late = {"extended": True}
    assert (
        code(law.enter, who, case_id, "filing", date(2026, 3, 2), **late) == "disposal.period_not_extendable"
    )
    assert code(law.enter, staff("officer2"), case_id, "filing", date(2026, 3, 2)) == "not_found"
    assert world.actions(case_id)[-4:] == ["law_period"] * 3 + ["law_period_ended"]


def test_a_provisional_period_is_computed_again_when_the_notice_comes(world: World) -> None:
    world.clock.advance(datetime(2026, 12, 30, 2, tzinfo=SHANGHAI) - world.clock.now())
    case_id = world.warn()
    law, who = world.disposal.statutory, staff("officer1")
    law.enter(who, case_id, "filing", date(2026, 12, 30))
    (before,) = law.of_case(who, case_id)
    assert (before.computed.provisional, before.computed.last) == (True, date(2027, 1, 7))
    assert "放假安排尚未公布" in before.computed.zh
    for day in (date(2027, 1, 1), date(2027, 1, 4)):
        world.parameters.put_calendar_day(OPERATOR, CalendarDay(day, "holiday", "元旦", "放假通知"))
    (after,) = law.of_case(who, case_id)
    assert (after.computed.provisional, after.computed.last) == (False, date(2027, 1, 8))
    with world.uow.read() as session:
        assert len(session.scalars(select(LawPeriodRow)).all()) == 1


# -- duty, posts, samples


def test_the_roster_is_planned_by_leads_and_can_be_taken_back(world: World) -> None:
    desk, now = world.disposal.desk, world.clock.now()
    day = timedelta(days=1)
    first = desk.put_duty(staff("lead1"), S1, "officer1", "13800000002", now, now + day)
    second = desk.put_duty(staff("lead1"), S1, "second1", "13800000004", now + day, now + 2 * day)
    desk.put_duty(staff("bureau"), "hr", "head", "13800000003", now, now + day)
    assert [row.id for row in desk.roster(staff("officer1"))] == [first, second]
    assert len(desk.roster(staff("bureau"))) == 3
    assert code(desk.end_duty, staff("officer1"), first) == "disposal.not_entitled"
    assert code(desk.end_duty, staff("officer2"), first) == "not_found"
    desk.end_duty(staff("lead1"), second)
    world.clock.advance(timedelta(hours=1))
    desk.end_duty(staff("lead1"), first)
    assert code(desk.end_duty, staff("lead1"), first) == "disposal.duty_over"
    assert [row.unit for row in desk.roster(staff("bureau"))] == ["hr"]
    assert [one.account_id for one in desk.people(staff("lead1"))] == [
        p.account_id for p in desk.people(OPERATOR)
    ]
    assert code(desk.people, staff("officer1")) == "disposal.not_entitled"


def test_posts_to_come_are_listed_with_their_deputies(world: World) -> None:
    desk = world.disposal.desk
    desk.give_post(
        OPERATOR, "second1", S1, Capacity.LEAD, date(2026, 3, 9), date(2026, 3, 13), deputy_of="lead1"
    )
    coming = [post for post in desk.coming_posts() if post.deputy_of]
    assert [(post.account_id, post.deputy_of) for post in coming] == [("second1", "lead1")]
    assert not any(post.deputy_of for post in desk.posts(S1))


def test_a_sample_needs_somebody_to_draw_from(world: World) -> None:
    measures = world.disposal.measures
    assert code(measures.draw, staff("bureau"), 202603, 5) == "disposal.sample_empty"
    world.risk.quiet = {1: S1, 9: S1}
    measures.draw(staff("bureau"), 202603, 5)
    (planned, _), _ = measures.inspections(staff("officer1"), apart=True).rows
    measures.report(staff("officer1"), planned.id, "confirmed", 3, "欠薪三人")  # type: ignore[arg-type]
    assert [(row.month, done) for row, done in measures.samples(staff("bureau"))] == [(202603, 1)]
    assert code(measures.samples, staff("officer1")) == "disposal.not_entitled"
    known = world.register.known[1].uscc
    measures.plan_by_code(staff("officer1"), f" {known.lower()} ", Reason.COMPLAINT)
    assert code(measures.plan_by_code, staff("officer1"), "91500107MA5NOTHING", Reason.COMPLAINT) == (
        "disposal.enterprise_unknown"
    )
    complaints = measures.inspections(staff("officer1"), reason=Reason.COMPLAINT).rows
    assert [(row.enterprise, row.state) for row, _ in complaints] == [(1, "planned")]


# -- wrong data


def test_wrong_data_goes_back_to_those_who_sent_it(world: World) -> None:
    case_id = world.warn(rows=(SupportingRow("GZ04", "arrears_clue:X-1", 2),))
    world.visit("officer1", case_id, "data_error")
    world.do("officer1", case_id, Action.PROPOSE, outcome="data_error")
    world.do("lead1", case_id, Action.APPROVE)
    (told,) = [text for who, text in world.messages() if who == "hotline"]
    assert "欠薪线索" in told
    assert "X-1" in told
    returned = [
        e for e in world.disposal.cases.history(staff("officer1"), case_id) if e.action == "data_returned"
    ]
    assert [e.facts["datasets"] for e in returned] == [["arrears_clue"]]
    assert world.disposal.cases.get(staff("officer1"), case_id).stage is Stage.CLOSED
