"""Field work, joint tasks, notices, statements, supervision, measuring, duty, command."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import date, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from api.disposal.model import Action, Capacity, Outcome, Reason, Step, Unit, UnitKind
from api.disposal.ports import Incident, SupportingRow
from api.disposal.rules.sampling import draw, population_digest
from api.disposal.tables import MeasureRow
from api.infra.audit import AuditRow
from api.infra.auth import Principal
from api.infra.reports import Asked, Format
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError
from api.parameters.model import CalendarDay
from tests.support.disposal_world import DEVICE, JPEG, OPERATOR, S1, S2, World, staff

OTHER = "z" * 26


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


# -- on site


def test_two_phones_meet_in_the_same_form_in_any_order(world: World) -> None:
    first, second = world.warn(), world.warn(enterprise=2, town=S1)
    world.do("officer1", first, Action.SIGN_IN)
    world.do("officer2", second, Action.SIGN_IN)
    at = world.clock.now()
    one = (
        DEVICE,
        [{"name": "workers_seen", "value": 5, "counter": 1, "at": at}],
        [{"sha256": "11" * 32, "captured_at": at}],
    )
    two = (
        OTHER,
        [{"name": "workers_seen", "value": 9, "counter": 2, "at": at}],
        [{"sha256": "22" * 32, "captured_at": at}],
    )
    sync = world.disposal.field.sync
    for part in (one, two, one):
        sync(staff("officer1"), first, *part)
    for part in (two, one, two, two):
        sync(staff("officer2"), second, *part)
    forms = [world.disposal.field.read(staff("bureau"), case)[0] for case in (first, second)]
    assert forms[0] == forms[1]
    assert forms[0].answers["workers_seen"].value == 9
    assert world.actions(first).count("form_merged") == 2  # the repetition changed nothing


def test_a_photo_is_its_digest(world: World) -> None:
    case_id = world.warn()
    world.do("officer1", case_id, Action.SIGN_IN)
    field, who, sha256 = world.disposal.field, staff("officer1"), hashlib.sha256(JPEG).hexdigest()
    assert code(field.put_photo, who, case_id, sha256, JPEG) == "disposal.photo_not_listed"
    world.fill("officer1", case_id)
    assert field.put_photo(who, case_id, sha256, JPEG) is False
    assert field.photo(who, case_id, sha256) == ("image/jpeg", JPEG)
    assert code(field.put_photo, who, case_id, sha256, JPEG + b"x") == "disposal.photo_digest_differs"
    assert code(field.put_photo, who, case_id, sha256, b"<svg/>") == "disposal.photo_type_refused"
    assert code(field.put_photo, who, case_id, sha256, JPEG * 20_000) == "disposal.photo_too_large"
    assert code(field.photo, staff("officer2"), case_id, sha256) == "not_found"
    assert field.photos(who, case_id)[0].captured_at == world.clock.now()


def test_a_phone_can_not_write_before_signing_in_or_from_the_future(world: World) -> None:
    case_id = world.warn()
    at = world.clock.now()
    answers = [{"name": "premises", "value": "yes", "counter": 1, "at": at}]
    sync, who = world.disposal.field.sync, staff("officer1")
    assert code(sync, who, case_id, DEVICE, answers, []) == "disposal.not_signed_yet"
    world.do("officer1", case_id, Action.SIGN_IN)
    late = [{"sha256": "11" * 32, "captured_at": at + timedelta(hours=1)}]
    assert code(sync, who, case_id, DEVICE, [], late) == "disposal.photo_time"
    many = [{"sha256": f"{n:064x}", "captured_at": at} for n in range(31)]
    assert code(sync, who, case_id, DEVICE, [], many) == "disposal.photos_too_many"
    assert code(sync, staff("bureau"), case_id, DEVICE, answers, []) == "disposal.not_entitled"


# -- tasks


def test_unions_and_departments_are_parties_of_a_task(world: World) -> None:
    case_id = world.warn()
    tasks = world.disposal.tasks
    assert code(world.disposal.cases.get, staff("union"), case_id) == "not_found"
    task = tasks.open(staff("officer1"), case_id, "union", "走访职工", date(2026, 3, 9))
    assert world.disposal.cases.get(staff("union"), case_id).allowed == []
    assert code(tasks.done, staff("tax"), task, "x") == "not_found"
    assert code(tasks.done, staff("officer1"), task, "x") == "disposal.not_entitled"
    tasks.done(staff("union"), task, "职工反映已补发")
    assert code(tasks.done, staff("union"), task, "again") == "disposal.task_done"
    assert [row.state for row in tasks.of_case(staff("officer1"), case_id)] == ["done"]
    assert (
        code(tasks.open, staff("officer1"), case_id, "union", "x", date(2026, 3, 2))
        == "disposal.task_due_past"
    )
    assert (
        code(tasks.open, staff("officer1"), case_id, "moon", "x", date(2026, 3, 9)) == "disposal.unit_unknown"
    )
    assert any(who == "union" for who, _ in world.messages())


# -- the employer's voice


def test_an_appeal_is_answered_by_somebody_who_did_not_decide(world: World) -> None:
    case_id = world.warn()
    world.disposal.desk.give_post(OPERATOR, "officer1", "hr", Capacity.OFFICER, date(2026, 1, 1))
    world.visit("officer1", case_id)
    voices = world.disposal.voices
    appeal = voices.take(staff("second1"), case_id, "appeal", "数据有误")
    assert code(voices.answer, staff("officer1"), appeal, "x", False) == "disposal.own_decision"
    assert code(voices.answer, staff("second1"), appeal, "x", False) == "disposal.not_entitled"
    voices.answer(staff("bureau"), appeal, "经复核属实", True)
    assert code(voices.answer, staff("bureau"), appeal, "x", True) == "disposal.statement_answered"
    (one,) = voices.of_case(staff("second1"), case_id)
    row = one.statement
    assert (row.upheld, row.answer) == (True, "经复核属实")
    assert row.due_at == datetime(2026, 3, 9, 18, tzinfo=SHANGHAI)
    assert code(voices.take, staff("officer1"), case_id, "song", "x") == "disposal.statement_kind"
    explanation = voices.take(staff("second1"), case_id, "explanation", "资金周转")
    voices.answer(staff("second1"), explanation, "收到", True)


def test_an_employer_speaks_only_about_its_own_case_and_only_when_told(world: World) -> None:
    case_id = world.warn()
    org = "ab" * 32
    who = Principal(kind="employer", account_id="agent-1", org_id=org, roles=frozenset({"agent"}))
    own = world.disposal.own.state
    world.register.organisations[org] = 1
    assert code(own, who, case_id, "appeal", "x") == "not_found"
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    own(who, case_id, "appeal", "我们已经发放")
    world.register.organisations[org] = 2
    assert code(own, who, case_id, "appeal", "x") == "not_found"


# -- supervision


def test_red_rings_urges_and_reaches_the_government_once_each(world: World) -> None:
    desk = world.disposal.desk
    start = world.clock.now()
    desk.put_duty(staff("lead1"), S1, "officer1", "13800000002", start, start + timedelta(days=1))
    desk.put_duty(staff("bureau"), "hr", "head", "13800000003", start, start + timedelta(days=1))
    case_id = world.warn(grade=4, auto=True)
    for _ in range(13):
        while world.disposal.watch.run_due():
            pass
        world.disposal.watch.run_due()
        world.clock.advance(timedelta(minutes=30))
    world.disposal.watch.run_due()
    events = world.disposal.cases.history(staff("bureau"), case_id)
    calls = [(e.facts["minutes"], e.facts["called"]) for e in events if e.action == "phone_call"]
    assert calls == [(0, 1), (30, 2), (60, 2), (90, 2)]
    taken = [
        (e.facts["step"], e.facts["measure"], e.facts["minutes_over"])
        for e in events
        if e.action == "measure"
    ]
    assert taken == [("sign_in", "urge", 0), ("sign_in", "supervise", 30), ("sign_in", "red_card", 120)]
    told = [(who, text) for who, text in world.messages() if "红牌" in text]
    assert sorted(who for who, _ in told) == ["bureau", "governor", "head", "lead1", "officer1", "second1"]
    assert all("示例科技" not in text for _, text in world.messages())


def test_a_round_that_is_killed_is_done_again_without_doubling(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = world.warn(grade=4)
    world.clock.advance(timedelta(hours=2, minutes=1))
    before = world.messages()
    real = world.disposal.context.messages.queue
    calls = []

    def dying(session: object, notice: object) -> str:
        calls.append(notice)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(session, notice)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(world.disposal.context.messages, "queue", dying)
        with pytest.raises(RuntimeError, match="killed"):
            world.disposal.watch.run_due()
    assert world.messages() == before
    assert world.actions(case_id) == ["open"]
    assert world.disposal.watch.run_due() == 1
    once = world.messages()
    assert world.disposal.watch.run_due() == 0
    assert world.messages() == once
    assert len(set(once)) == len(once)


def test_two_workers_at_once_double_nothing(world: World) -> None:
    for number in range(4):
        world.clock.advance(timedelta(seconds=1))
        world.warn(enterprise=1 + number % 3)
    world.clock.advance(timedelta(days=10))
    threads = [threading.Thread(target=world.disposal.watch.run_due) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.disposal.watch.run_due()
    with world.uow.read() as session:
        keys = list(session.execute(select(MeasureRow.case_id, MeasureRow.key)))
    assert len(keys) == len(set(keys)) == 12  # urge, supervise, red card of sign-in for each
    texts = world.messages()
    assert len(texts) == len(set(texts))


def test_feedback_runs_over_in_its_rhythm(world: World) -> None:
    case_id = world.warn(grade=3)
    world.visit("officer1", case_id)
    world.do("officer1", case_id, Action.ACT, note="x")
    world.clock.advance(timedelta(days=3, hours=9))  # Thursday 19:00: feedback was due at 18:00
    world.disposal.watch.run_due()
    events = world.disposal.cases.history(staff("bureau"), case_id)
    assert [(e.facts["step"], e.facts["measure"]) for e in events if e.action == "measure"] == [
        ("feedback", "urge")
    ]
    world.do("officer1", case_id, Action.FEEDBACK, note="y")
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert view.dues[Step.FEEDBACK].at == datetime(2026, 3, 10, 18, tzinfo=SHANGHAI)
    assert world.disposal.watch.run_due() == 0


def test_provisional_dates_are_computed_again_when_the_notice_comes(world: World) -> None:
    world.clock.advance(datetime(2026, 12, 29, 10, tzinfo=SHANGHAI) - world.clock.now())
    case_id = world.warn()
    before = world.disposal.cases.get(staff("officer1"), case_id).dues
    assert before[Step.VERIFY].provisional
    assert not before[Step.SIGN_IN].provisional
    world.disposal.watch.run_due()
    assert "recomputed" not in world.actions(case_id)
    for day in (date(2027, 1, 1), date(2027, 1, 4)):
        world.parameters.put_calendar_day(OPERATOR, CalendarDay(day, "holiday", "元旦", "放假通知"))
    world.disposal.watch.run_due()
    after = world.disposal.cases.get(staff("officer1"), case_id).dues
    assert not after[Step.VERIFY].provisional
    assert after[Step.VERIFY].at - before[Step.VERIFY].at == timedelta(days=1)
    last = world.disposal.cases.history(staff("bureau"), case_id)[-1]
    assert (last.action, "verify" in last.facts["moved"]) == ("recomputed", True)


def test_the_parameter_moves_the_clocks_of_new_cases(world: World) -> None:
    world.clocks.document = {"yellow": {"sign_in": [2, "office_hour"]}}
    case_id = world.warn()
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert view.dues[Step.SIGN_IN].at == datetime(2026, 3, 2, 12, tzinfo=SHANGHAI)


# -- measuring


def test_the_hit_rate_joins_cases_incidents_and_the_sample(world: World) -> None:
    first = world.warn(rows=[SupportingRow("GZ01", "a", 4), SupportingRow("GZ01", "b", 3)])
    world.visit("officer1", first, "confirmed")
    second = world.warn(enterprise=3, town=S2)
    world.visit("officer2", second, "false_alarm")
    world.risk.happened = [
        Incident(7, "fled", date(2026, 3, 2), 3, S1, "k1"),
        Incident(8, "arrears", date(2026, 3, 2), 4, S1, "k2"),
        Incident(9, "arrears", date(2026, 3, 2), 5, S1, "k3"),
    ]
    world.risk.shown = {(9, date(2026, 2, 1)): 2}
    world.risk.quiet = {1: S1, 2: S1, 3: S2}
    measures = world.disposal.measures
    sample = measures.draw(staff("bureau"), 202603, 2)
    planned = measures.inspections(staff("bureau"), month=202603, state="planned")
    assert [row.enterprise for row, _ in sorted(planned.rows, key=lambda r: r[0].rank)] == draw(
        world.risk.quiet, 2, bytes.fromhex(sample.seed), 202603
    )
    assert sample.population_digest == population_digest(world.risk.quiet)
    measures.report(staff("bureau"), planned.rows[0][0].id, Outcome.CONFIRMED, 3, "")
    report = measures.hit_rate(staff("bureau"), date(2026, 3, 1), date(2026, 3, 31))
    assert (report.overall.hits, report.overall.total) == (1, 2)
    assert {street: share.hits for street, share in report.by_street.items()} == {S1: 1, S2: 0}
    assert {point: (s.hits, s.total) for point, s in report.by_point.items()} == {"GZ01": (1, 1)}
    assert [m.incident.enterprise for m in report.missed] == [7]
    assert (report.recall.hits, report.recall.total) == (1, 2)
    assert (report.random.hits, report.random.total) == (1, 1)
    assert (
        code(measures.hit_rate, staff("officer1"), date(2026, 3, 1), date(2026, 3, 2))
        == "disposal.not_entitled"
    )
    assert code(measures.draw, staff("bureau"), 202603, 2) == "disposal.sample_exists"
    assert code(measures.draw, staff("bureau"), 202613, 2) == "disposal.month_malformed"
    assert measures.sample(staff("bureau"), 202603).seed == sample.seed


def test_inspections_say_why_and_are_seen_by_their_street(world: World) -> None:
    measures = world.disposal.measures
    made = measures.plan(staff("officer1"), 1, Reason.COMPLAINT)
    assert code(measures.plan, staff("officer1"), 3, Reason.COMPLAINT) == "not_found"
    assert code(measures.plan, staff("officer1"), 99, Reason.MODEL) == "not_found"
    assert code(measures.plan, staff("officer1"), 1, Reason.RANDOM) == "malformed"
    assert measures.inspections(staff("officer2")).rows == []
    assert code(measures.report, staff("officer2"), made, Outcome.CONFIRMED, 1, "") == "not_found"
    measures.report(staff("officer1"), made, Outcome.PARTLY, 1, "")
    assert code(measures.report, staff("officer1"), made, Outcome.PARTLY, 1, "") == "disposal.inspection_done"
    ((row, subject),) = measures.inspections(staff("officer1")).rows
    assert (row.reason, row.finding, subject.enterprise) == ("complaint", "partly", 1)


# -- desk, command, export, law


def test_the_roster_has_no_two_at_once(world: World) -> None:
    desk, start = world.disposal.desk, world.clock.now()
    day = timedelta(days=1)
    desk.put_duty(staff("lead1"), S1, "officer1", "", start, start + day)
    assert code(desk.put_duty, staff("lead1"), S1, "second1", "", start + day / 2, start + 2 * day) == (
        "disposal.duty_overlaps"
    )
    desk.put_duty(staff("lead1"), S1, "second1", "", start + day, start + 2 * day)
    assert code(desk.put_duty, staff("officer1"), S1, "x", "", start, start + day) == "disposal.not_entitled"
    assert code(desk.put_duty, staff("lead1"), S1, "x", "", start, start) == "disposal.duty_period"
    assert code(desk.put_duty, staff("lead1"), S1, "x", "", start, start + 32 * day) == "disposal.duty_period"
    assert [row.account_id for row in desk.on_duty(staff("officer1"))] == ["officer1"]


def test_units_and_posts_are_checked(world: World) -> None:
    desk = world.disposal.desk
    for unit in (
        Unit("5001", UnitKind.STREET, "x", "x"), Unit("tax2", UnitKind.STREET, "x", "x"),
        Unit("500107009", UnitKind.HR, "x", "x"), Unit("union2", UnitKind.UNION, "", "x"),
    ):  # fmt: skip
        assert code(desk.put_unit, OPERATOR, unit) == "disposal.unit_malformed"
    day = date(2026, 3, 2)
    assert code(desk.give_post, OPERATOR, "a", "moon", Capacity.LEAD, day) == "disposal.unit_unknown"
    assert (
        code(desk.give_post, OPERATOR, "a", S1, Capacity.LEAD, day, date(2026, 3, 1))
        == "disposal.post_period"
    )
    post = desk.give_post(OPERATOR, "a", S1, Capacity.LEAD, date(2026, 3, 1))
    assert desk.reach(staff("a")).holds(S1, Capacity.LEAD)
    desk.end_post(OPERATOR, post, date(2026, 3, 1))
    assert code(desk.reach, staff("a")) == "role_required"


def test_the_command_view_goes_by_deadline_page_by_page_and_counts_everything(world: World) -> None:
    first = world.warn(enterprise=1, grade=4)
    world.clock.advance(timedelta(hours=1))
    later = [world.warn(enterprise=number, grade=4) for number in (2, 3, 4)]
    signed = later.pop()
    world.do("officer1", signed, Action.SIGN_IN)
    world.disposal.tasks.open(staff("bureau"), later[0], "tax", "冻结账户核查", date(2026, 3, 3))
    world.clock.advance(timedelta(hours=1, minutes=30))
    board, seen = world.disposal.command.board(staff("governor"), limit=2), []
    assert board.lines[0].case.case_id == first, "the oldest deadline, though it was issued first"
    while True:
        assert (board.cases, board.unsigned, board.overdue, board.tasks_open) == (4, 3, 1, 1)
        seen += [line.case.case_id for line in board.lines]
        if not board.next:
            break
        board = world.disposal.command.board(staff("governor"), limit=2, cursor=board.next)
    assert (seen[0], set(seen[1:3]), seen[3]) == (first, set(later), signed)
    assert code(world.disposal.command.board, staff("governor"), cursor="x") == "malformed"


def test_the_command_view_shows_red_and_only_to_those_who_command(world: World) -> None:
    world.warn()
    red = world.warn(enterprise=3, grade=4, town=S2)
    world.disposal.tasks.open(staff("bureau"), red, "tax", "冻结账户核查", date(2026, 3, 3))
    world.clock.advance(timedelta(hours=3))
    board = world.disposal.command.board(staff("governor"))
    (line,) = board.lines
    assert (line.case.case_id, line.step, line.over, line.tasks_open) == (red, Step.SIGN_IN, True, 1)
    assert line.last is not None
    assert line.last.action == "task_opened"
    assert code(world.disposal.command.board, staff("officer1")) == "disposal.not_entitled"


def test_the_export_holds_the_callers_cases_and_no_formula(world: World) -> None:
    world.warn()
    world.warn(enterprise=3, town=S2)
    subject = world.register.known[1]
    world.register.known[1] = type(subject)(**{**subject.__dict__, "name": "=HYPERLINK(1)"})
    asked = Asked(Format.XLSX, "周报")
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(world.disposal.command.export(staff("officer1"), asked).body)
    )
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    (line,) = [row for row in rows if str(row[0]).startswith("YJ")]
    assert (line[0], line[1], line[3]) == ("YJ2026-000001", "=HYPERLINK(1)", "黄色")
    assert line[6] == "2026年3月2日 10:00"
    assert any("周报" in str(cell) for row in rows for cell in row)
    with world.uow.read() as session:
        noted = session.scalars(select(AuditRow).where(AuditRow.action == "disposal.cases_exported")).all()
        assert [(one.purpose, one.facts["rows"]) for one in noted] == [("周报", 1)]


def test_the_law_speaks(world: World) -> None:
    found = world.disposal.law_period("filing", date(2026, 2, 13))
    assert found.last == date(2026, 2, 27)
