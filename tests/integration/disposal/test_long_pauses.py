"""The worker after a pause, a malformed parameter, an empty roster, a notice that can not be typeset, a calendar that grows."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api.disposal import repository
from api.disposal.model import Step
from api.disposal.tables import CaseRow, NoticeRow, StatementRow
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError, invalid
from api.parameters.model import CalendarDay
from tests.support.disposal_world import OPERATOR, S1, S2, World, staff


def calls(world: World, case_id: str) -> list[Any]:
    return [
        e.facts for e in world.disposal.cases.history(staff("bureau"), case_id) if e.action == "phone_call"
    ]


def test_after_days_the_phone_rings_once_and_says_how_long_it_has_been(world: World) -> None:
    case_id = world.warn(grade=4)
    start = world.clock.now()
    world.disposal.desk.put_duty(
        staff("head"), "hr", "head", "13800000001", start, start + timedelta(days=10)
    )
    world.clock.advance(timedelta(days=3))
    world.disposal.watch.run_due()
    world.disposal.watch.run_due()
    assert [(one["minutes"], one["called"]) for one in calls(world, case_id)] == [(4320, 1)]
    rung = [text for _, text in world.messages() if "请立即电话确认" in text]
    assert len(rung) == 1
    assert "4320 分钟" in rung[0]
    measures = [
        e.facts["measure"]
        for e in world.disposal.cases.history(staff("bureau"), case_id)
        if e.action == "measure" and e.facts["step"] == "sign_in"
    ]
    assert measures == ["urge", "supervise", "red_card"]


def test_a_unit_without_anybody_on_duty_is_answered_for_by_the_bureau(world: World) -> None:
    start = world.clock.now()
    world.disposal.desk.put_duty(
        staff("head"), "hr", "bureau", "13800000001", start, start + timedelta(days=1)
    )
    case_id = world.warn(grade=4)
    world.disposal.watch.run_due()
    assert [(one["minutes"], one["units"]) for one in calls(world, case_id)] == [(0, ["hr"])]


def test_an_empty_roster_is_told_to_leads_and_the_head(world: World) -> None:
    case_id = world.warn(grade=4)
    world.disposal.watch.run_due()
    assert [one["called"] for one in calls(world, case_id)] == [0]
    assert {who for who, text in world.messages() if "现在没有人值班" in text} == {"lead1", "head"}


def test_a_case_that_can_not_be_looked_at_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = world.warn(enterprise=1)
    other = world.warn(enterprise=3, town=S2)
    looked = type(world.disposal.watch)._look

    def look(watch: Any, session: Any, case_id: str) -> None:
        if case_id == broken:
            raise invalid("disposal.clocks_malformed", field="red")
        looked(watch, session, case_id)

    monkeypatch.setattr(type(world.disposal.watch), "_look", look)
    world.clock.advance(timedelta(days=4))
    world.disposal.watch.run_due()
    assert "measure" in world.actions(other)
    assert "measure" not in world.actions(broken)
    assert world.disposal.watch.run_due() == 0  # it waits its turn
    monkeypatch.undo()
    world.clock.advance(timedelta(minutes=11))
    world.disposal.watch.run_due()
    assert "measure" in world.actions(broken)


def test_a_malformed_parameter_withholds_no_warning(world: World) -> None:
    world.clocks.document = {"yellow": {"sign_in": [0, "year"]}}
    case_id = world.warn()
    due = world.disposal.cases.get(staff("officer1"), case_id).dues[Step.SIGN_IN]
    assert due.at == datetime(2026, 3, 3, 18, tzinfo=SHANGHAI)  # as delivered
    world.clock.advance(timedelta(days=2))
    world.disposal.watch.run_due()
    assert "measure" in world.actions(case_id)


def test_a_notice_that_can_not_be_typeset_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = world.warn()
    printer = world.disposal.papers._c.printer
    monkeypatch.setattr(
        type(printer), "render", lambda *_: (_ for _ in ()).throw(invalid("disposal.notice_text"))
    )
    for text in ("排不出", "排得出"):
        with pytest.raises(DomainError):
            world.disposal.papers.issue(staff("officer1"), case_id, "warning", text)
    monkeypatch.undo()
    whole = type(printer).render

    def render(self: Any, facts: Any) -> bytes:
        if facts["text"] == "排不出":
            raise invalid("disposal.notice_text", reason="glyph")
        return whole(self, facts)

    monkeypatch.setattr(type(printer), "render", render)
    world.clock.advance(timedelta(minutes=2))
    assert world.disposal.papers.finish_drafted() == 1
    with world.uow.read() as session:
        states = session.scalars(select(NoticeRow.state).order_by(NoticeRow.number)).all()
    assert list(states) == ["drafted", "issued"]


def test_a_notice_that_is_entered_day_by_day_moves_every_deadline(world: World) -> None:
    world.clock.advance(datetime(2026, 12, 29, 10, tzinfo=SHANGHAI) - world.clock.now())
    case_id = world.warn()
    said = world.disposal.voices.take(staff("officer1"), case_id, "question", "为什么")

    def days() -> tuple[str, bool, str]:
        found = world.disposal.cases.get(staff("officer1"), case_id).dues[Step.VERIFY]
        with world.uow.read() as session:
            answer = session.get_one(StatementRow, said).due_at
        return (
            found.at.astimezone(SHANGHAI).date().isoformat(), found.provisional,
            answer.astimezone(SHANGHAI).date().isoformat(),
        )  # fmt: skip

    assert days() == ("2027-01-06", True, "2027-01-06")
    for day, expected in ((1, "2027-01-06"), (4, "2027-01-07"), (5, "2027-01-08")):
        world.parameters.put_calendar_day(
            OPERATOR, CalendarDay(date(2027, 1, day), "holiday", "元旦", "放假通知")
        )
        world.disposal.watch.run_due()
        assert days() == (expected, False, expected)


def test_the_years_first_numbers_are_given_to_two_at_once(world: World) -> None:
    """The series has no row yet: whoever is second waits for the first instead of failing."""
    begun, made, failed = threading.Barrier(2), [], []

    def give() -> None:
        try:
            with world.uow() as session:
                session.execute(select(CaseRow.id).limit(1))
                begun.wait(timeout=30)
                made.append(repository.next_number(session, "case/2031"))
        except Exception as error:  # the test says which
            failed.append(error)

    if world.database.engine.dialect.name == "sqlite":  # its writers queue at the beginning of a transaction
        begun = threading.Barrier(1)
    threads = [threading.Thread(target=give) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (sorted(made), failed) == ([1, 2], [])


def test_two_officers_at_once_sign_in_once(world: World) -> None:
    case_id = world.warn()
    begun, done, refused = threading.Barrier(2), [], []

    def sign(account: str) -> None:
        from api.disposal.model import Action

        begun.wait(timeout=30)
        try:
            world.do(account, case_id, Action.SIGN_IN)
            done.append(account)
        except DomainError as error:
            refused.append((str(error.kind), error.code))

    threads = [threading.Thread(target=sign, args=(name,)) for name in ("officer1", "second1")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(done), refused) == (1, [("conflict", "disposal.already_signed")])
    assert world.actions(case_id).count("sign_in") == 1


def test_a_clock_that_jumped_ahead_and_came_back_carries_nothing_out_twice(world: World) -> None:
    case_id = world.warn()
    world.clock.advance(timedelta(days=5))
    world.disposal.watch.run_due()
    told, carried = world.messages(), world.actions(case_id).count("measure")
    world.clock.advance(-timedelta(days=5))
    world.disposal.watch.run_due()
    with world.uow() as session:
        session.execute(update(CaseRow).values(next_look=world.clock.now()))
    world.clock.advance(timedelta(days=5))
    world.disposal.watch.run_due()
    assert (world.messages(), world.actions(case_id).count("measure")) == (told, carried)
    assert world.disposal.cases.get(staff("officer1"), case_id).unit == S1
