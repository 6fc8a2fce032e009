"""A case from issue to closure and back, with everything that is refused on the way."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from api.disposal.model import Action, Capacity, Colour, Stage, Step
from api.disposal.ports import SupportingRow
from api.kernel.errors import DomainError
from api.kernel.events import WarningRaised
from tests.support.disposal_world import OPERATOR, S1, S2, World, staff

ROW = SupportingRow("GZ01", "act-1", 4)


def code(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(DomainError) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


def to_review(world: World, case_id: str, outcome: str = "resolved", **more: object) -> None:
    world.visit("officer1", case_id)
    world.do("officer1", case_id, Action.ACT, note="责令限期支付")
    world.do("officer1", case_id, Action.FEEDBACK, note="已支付一半")
    world.do("officer1", case_id, Action.PROPOSE, outcome=outcome, **more)


def test_the_whole_way(world: World) -> None:
    case_id = world.warn(rows=[ROW])
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert (view.number, view.stage, view.unit, view.basis) == (
        "YJ2026-000001", Stage.ISSUED, S1, "operating",
    )  # fmt: skip
    assert view.subject is not None
    assert view.dues[Step.VERIFY].counted[0] == date(2026, 3, 3)
    to_review(world, case_id, reason="已全部支付", until="2026-04-01")
    view = world.do("lead1", case_id, Action.APPROVE)
    assert (view.stage, view.outcome) == (Stage.CLOSED, "resolved")
    assert world.actions(case_id) == [
        "open", "sign_in", "form_merged", "photo_kept", "verify", "act", "feedback", "propose_closure",
        "approve_closure",
    ]  # fmt: skip
    assert world.risk.settled == [(view.episode_id, (ROW,), "resolved", date(2026, 4, 1))]
    assert [(c.case_id, c.outcome) for c in world.closed] == [(case_id, "resolved")]


def test_every_event_stands_in_the_log_without_names(world: World) -> None:
    case_id = world.warn()
    world.do("officer1", case_id, Action.SIGN_IN, note="示例科技1号有限公司的情况")
    from api.anchoring.repository import streams

    with world.uow.read() as session:
        stored = streams.events_of(session, f"disposal/{case_id}", "log.test.example")
    events = world.disposal.cases.history(staff("officer1"), case_id)
    assert [event.entry for event in stored] == [event.digest for event in events]
    assert "示例" not in str([event.payload for event in stored])
    assert events[-1].note == "示例科技1号有限公司的情况"


def test_the_same_warning_opens_one_case(world: World) -> None:
    assert world.warn() == world.warn()
    assert len(world.disposal.cases.listing(staff("bureau")).rows) == 1


def test_another_street_sees_nothing(world: World) -> None:
    case_id = world.warn()
    cases = world.disposal.cases
    assert code(cases.get, staff("officer2"), case_id) == "not_found"
    assert code(world.do, "officer2", case_id, Action.SIGN_IN) == "not_found"
    assert code(cases.history, staff("officer2"), case_id) == "not_found"
    assert code(world.disposal.field.read, staff("officer2"), case_id) == "not_found"
    assert cases.listing(staff("officer2")).rows == []
    assert code(cases.get, staff("nobody"), case_id) == "role_required"


def test_the_operating_street_owns_and_the_registered_one_reads(world: World) -> None:
    case_id = world.warn(enterprise=2)
    view = world.disposal.cases.get(staff("officer1"), case_id)
    assert (view.unit, view.registered_unit, view.allowed) == (S2, S1, [])
    assert code(world.do, "officer1", case_id, Action.SIGN_IN) == "disposal.not_entitled"
    world.do("officer2", case_id, Action.SIGN_IN)


def test_steps_out_of_order_are_conflicts(world: World) -> None:
    case_id = world.warn()
    assert code(world.do, "officer1", case_id, Action.ACT, note="x") == "disposal.not_verified_yet"
    world.do("officer1", case_id, Action.SIGN_IN)
    assert code(world.do, "officer1", case_id, Action.SIGN_IN) == "disposal.already_signed"
    assert (
        code(world.do, "officer1", case_id, Action.VERIFY, finding="confirmed") == "disposal.form_incomplete"
    )
    assert len(world.actions(case_id)) == 2


def test_closing_needs_evidence_settled_rows_and_a_second_person(world: World) -> None:
    case_id = world.warn(rows=[ROW])
    world.visit("officer1", case_id)
    world.do("officer1", case_id, Action.ACT, note="x")

    def propose(**given: object) -> str:
        return code(world.do, "officer1", case_id, Action.PROPOSE, outcome="resolved", **given)

    assert propose() == "disposal.rows_not_settled"
    task = world.disposal.tasks.open(staff("officer1"), case_id, "tax", "核对税款", date(2026, 3, 9))
    assert propose(reason="x", until="2026-04-01") == "disposal.tasks_open"
    world.disposal.tasks.done(staff("tax"), task, "已核对")
    world.do("second1", case_id, Action.PROPOSE, outcome="resolved", reason="x", until="2026-04-01")
    assert code(world.do, "officer1", case_id, Action.APPROVE) == "disposal.not_entitled"
    assert code(world.do, "officer1", case_id, Action.FEEDBACK, note="x") == "disposal.in_review"
    world.disposal.desk.give_post(OPERATOR, "second1", S1, Capacity.LEAD, date(2026, 1, 1))
    assert code(world.do, "second1", case_id, Action.APPROVE) == "disposal.second_person_needed"
    world.do("lead1", case_id, Action.REJECT, note="缺少凭证")
    assert world.disposal.cases.get(staff("officer1"), case_id).stage is Stage.ACTING
    assert world.closed == []


def test_evidence_is_bytes_that_arrived(world: World) -> None:
    case_id = world.warn()
    world.do("officer1", case_id, Action.SIGN_IN)
    at = world.clock.now()
    answers = [
        {"name": n, "value": "no", "counter": 1, "at": at} for n in ("premises", "operating", "wages_paid")
    ]
    photos = [{"sha256": "11" * 32, "captured_at": at}]
    world.disposal.field.sync(staff("officer1"), case_id, "a" * 26, answers, photos)
    world.do("officer1", case_id, Action.VERIFY, finding="not_found")
    found = code(world.do, "officer1", case_id, Action.PROPOSE, outcome="not_found")
    assert found == "disposal.evidence_missing"


def test_blue_is_acted_on_by_the_notice_to_correct(world: World) -> None:
    case_id = world.warn(grade=1)
    world.visit("officer1", case_id)
    assert code(world.do, "officer1", case_id, Action.ACT, note="x") == "disposal.self_correction_missing"
    world.disposal.papers.issue(staff("officer1"), case_id, "warning", "x")
    assert code(world.do, "officer1", case_id, Action.ACT, note="x") == "disposal.self_correction_missing"
    world.disposal.papers.issue(staff("officer1"), case_id, "self_correction", "请自查")
    assert world.do("officer1", case_id, Action.ACT, note="已发自查整改提示书").stage is Stage.ACTING


def test_rows_that_came_after_the_proposal_stop_the_approval(world: World) -> None:
    case_id = world.warn()
    to_review(world, case_id)
    episode = world.disposal.cases.get(staff("officer1"), case_id).episode_id
    world.risk.rows[episode] = [ROW]
    assert code(world.do, "lead1", case_id, Action.APPROVE) == "disposal.rows_not_settled"


def test_wrong_data_goes_back_and_settles_until_it_changes(world: World) -> None:
    case_id = world.warn(rows=[ROW])
    world.visit("officer1", case_id, "data_error")
    world.do("officer1", case_id, Action.PROPOSE, outcome="data_error")
    view = world.do("lead1", case_id, Action.APPROVE)
    assert world.risk.settled == [(view.episode_id, (ROW,), "data_error", None)]
    assert world.actions(case_id)[-2:] == ["data_returned", "approve_closure"]
    assert any("数据来源部门" in text for who, text in world.messages() if who == "bureau")


def test_a_finding_that_was_not_believed_is_verified_again(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    assert world.do("lead1", case_id, Action.REJECT, note="再查").stage is Stage.SIGNED
    assert world.do("officer1", case_id, Action.VERIFY, finding="confirmed").finding == "confirmed"


def test_reopening_raises_one_level_and_starts_again(world: World) -> None:
    case_id = world.warn()
    to_review(world, case_id)
    world.do("lead1", case_id, Action.APPROVE)
    world.clock.advance(timedelta(days=89))
    assert code(world.do, "lead1", case_id, Action.REOPEN, note="又欠薪") == "disposal.not_entitled"
    view = world.do("bureau", case_id, Action.REOPEN, note="又欠薪")
    assert (view.colour, view.stage, view.cycle, view.outcome) == (Colour.ORANGE, Stage.ISSUED, 2, "")
    assert view.dues[Step.SIGN_IN].at > world.clock.now()
    assert Step.FEEDBACK not in view.dues


def test_after_ninety_days_a_new_warning_is_needed(world: World) -> None:
    case_id = world.warn()
    to_review(world, case_id)
    world.do("lead1", case_id, Action.APPROVE)
    world.clock.advance(timedelta(days=91))
    assert code(world.do, "bureau", case_id, Action.REOPEN, note="x") == "disposal.reopen_too_late"


def test_a_rise_restarts_the_clocks_and_a_fall_does_not(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id)
    view = world.disposal.cases.get(staff("officer1"), case_id)
    later = world.clock.advance(timedelta(days=2))

    def raise_to(grade: int) -> None:
        with world.uow() as session:
            world.disposal.cases.raised(
                session, WarningRaised(view.warning_id, view.episode_id, view.enterprise, grade, later)
            )

    raise_to(1)
    assert world.disposal.cases.get(staff("officer1"), case_id).stage is Stage.VERIFIED
    raise_to(4)
    raised = world.disposal.cases.get(staff("officer1"), case_id)
    assert (raised.colour, raised.stage, raised.finding) == (Colour.RED, Stage.ISSUED, "")
    assert raised.dues[Step.SIGN_IN].at == later + timedelta(hours=2)
    raise_to(4)
    assert world.actions(case_id).count("raise") == 1


def test_a_transfer_is_accepted_by_the_other_street(world: World) -> None:
    case_id = world.warn()
    assert (
        code(world.do, "officer1", case_id, Action.OFFER, to="500107999", note="x")
        == "disposal.transfer_unit"
    )
    assert code(world.do, "officer1", case_id, Action.OFFER, to=S2) == "disposal.reason_missing"
    view = world.do("officer1", case_id, Action.OFFER, to=S2, note="已迁往二街道")
    assert view.dues[Step.TRANSFER].at.astimezone(world.clock.now().tzinfo).date() == date(2026, 3, 3)
    assert code(world.do, "officer1", case_id, Action.ACCEPT) == "disposal.not_entitled"
    view = world.do("officer2", case_id, Action.ACCEPT)
    assert (view.unit, view.stage, view.basis, view.transfer_to) == (S2, Stage.ISSUED, "transfer", "")
    assert Step.TRANSFER not in view.dues
    assert world.disposal.cases.get(staff("officer1"), case_id).allowed == []  # it reads on, and does nothing


def test_a_refused_transfer_stays(world: World) -> None:
    case_id = world.warn()
    world.do("officer1", case_id, Action.OFFER, to=S2, note="x")
    world.do("officer2", case_id, Action.REFUSE, note="不在我辖区")
    assert world.disposal.cases.get(staff("officer1"), case_id).unit == S1
    assert code(world.disposal.cases.get, staff("officer2"), case_id) == "not_found"


def test_a_deputy_acts_under_his_own_name(world: World) -> None:
    world.disposal.desk.give_post(
        OPERATOR, "stand-in", S1, Capacity.LEAD, date(2026, 3, 1), date(2026, 3, 2), "lead1"
    )
    case_id = world.warn()
    to_review(world, case_id)
    world.do("stand-in", case_id, Action.APPROVE)
    last = world.disposal.cases.history(staff("bureau"), case_id)[-1]
    assert (last.actor, last.facts["deputy_of"]) == ("stand-in", "lead1")
    world.clock.advance(timedelta(days=1))
    assert code(world.disposal.cases.get, staff("stand-in"), case_id) == "role_required"


def test_pages_have_no_gaps_and_a_constant_number_of_queries(world: World) -> None:
    made = set()
    for number in range(7):
        world.clock.advance(timedelta(microseconds=1))
        made.add(world.warn(enterprise=1 + number % 3))
    seen: list[str] = []
    cursor = ""
    while True:
        before = world.database.traffic.statements
        page = world.disposal.cases.listing(staff("bureau"), cursor=cursor, limit=3)
        assert world.database.traffic.statements - before <= 4
        seen += [case.case_id for case, _ in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == made
