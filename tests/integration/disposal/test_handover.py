"""Transfers between units: who hears of them, whose clock runs, who may take them back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from api.disposal.model import Action, Step
from api.kernel.clock import SHANGHAI
from api.kernel.errors import DomainError
from api.kernel.events import WarningRaised
from api.parameters.model import CalendarDay
from tests.support.disposal_world import OPERATOR, S2, World, staff


def refused(world: World, account: str, case_id: str, action: Action, **given: object) -> str:
    with pytest.raises(DomainError) as error:
        world.do(account, case_id, action, **given)
    return error.value.code


def offered(world: World) -> str:
    case_id = world.warn()
    world.do("officer1", case_id, Action.OFFER, to=S2, note="实际经营地在二街道")
    return case_id


def test_the_unit_that_is_offered_a_case_hears_of_it_and_the_giver_of_the_answer(world: World) -> None:
    case_id = offered(world)
    assert [who for who, text in world.messages() if "请贵单位接收" in text] == ["officer2"]
    world.do("officer2", case_id, Action.ACCEPT)
    told = {who for who, text in world.messages() if "移交已被接收" in text}
    assert told == {"officer1", "second1", "lead1"}


def test_a_late_acceptance_is_urged_where_it_is_late(world: World) -> None:
    case_id = offered(world)
    world.do("officer1", case_id, Action.SIGN_IN)
    world.clock.advance(timedelta(days=1, hours=9))
    world.disposal.watch.run_due()
    urged = {who for who, text in world.messages() if "接收移交" in text and "逾期" in text}
    assert urged >= {"officer1", "officer2"}
    assert "measure" in world.actions(case_id)


def test_an_offer_can_be_taken_back_by_who_made_it_or_the_bureau(world: World) -> None:
    case_id = offered(world)
    assert Action.REFUSE in world.disposal.cases.get(staff("officer1"), case_id).allowed
    assert Action.ACCEPT not in world.disposal.cases.get(staff("officer1"), case_id).allowed
    world.do("officer1", case_id, Action.REFUSE, note="单位已搬回")
    with pytest.raises(DomainError) as gone:
        world.disposal.cases.get(staff("officer2"), case_id)
    assert gone.value.kind == "not_found"
    world.do("officer1", case_id, Action.OFFER, to=S2, note="再次移交")
    world.do("bureau", case_id, Action.REFUSE, note="由原街道继续")
    assert world.disposal.cases.get(staff("officer1"), case_id).transfer_to == ""
    assert {who for who, text in world.messages() if "已被拒绝或者收回" in text} >= {"officer1", "officer2"}


@pytest.mark.parametrize("unit", ["union", "federation", "gov", "nowhere"])
def test_parties_of_tasks_own_no_case(world: World, unit: str) -> None:
    case_id = world.warn()
    assert (
        refused(world, "officer1", case_id, Action.OFFER, to=unit, note="请工会办理")
        == "disposal.transfer_unit"
    )


def test_nothing_is_closed_while_it_changes_hands(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.OFFER, to=S2, note="实际经营地在二街道")
    assert Action.PROPOSE not in world.disposal.cases.get(staff("officer1"), case_id).allowed
    again = refused(world, "officer1", case_id, Action.PROPOSE, outcome="false_alarm")
    assert again == "disposal.transfer_pending"
    world.do("officer1", case_id, Action.REFUSE, note="收回")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm")


def test_a_rise_does_not_stop_the_acceptances_clock(world: World) -> None:
    case_id = offered(world)
    before = world.disposal.cases.get(staff("officer1"), case_id).dues[Step.TRANSFER]
    view = world.disposal.cases.get(staff("officer1"), case_id)
    world.clock.advance(timedelta(hours=2))
    rise = WarningRaised(view.warning_id, view.episode_id, 1, 3, world.clock.now())
    with world.uow() as session:
        world.disposal.cases.raised(session, rise)
    after = world.disposal.cases.get(staff("officer1"), case_id)
    assert (int(after.colour), after.dues[Step.TRANSFER].at) == (3, before.at)


def test_a_provisional_acceptance_is_computed_again_from_the_offer(world: World) -> None:
    world.clock.advance(datetime(2026, 12, 31, 10, tzinfo=SHANGHAI) - world.clock.now())
    case_id = world.warn()
    world.do("officer1", case_id, Action.OFFER, to=S2, note="实际经营地在二街道")
    found = world.disposal.cases.get(staff("officer1"), case_id).dues[Step.TRANSFER]
    assert (found.at.astimezone(SHANGHAI).date().isoformat(), found.provisional) == ("2027-01-04", True)
    for day in (1, 4):
        world.parameters.put_calendar_day(
            OPERATOR, CalendarDay(date(2027, 1, day), "holiday", "元旦", "放假通知")
        )
    world.disposal.watch.run_due()
    found = world.disposal.cases.get(staff("officer1"), case_id).dues[Step.TRANSFER]
    assert (found.at.astimezone(SHANGHAI).date().isoformat(), found.provisional) == ("2027-01-05", False)
