"""Joint tasks that are taken back, and deputies who stand in for somebody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from api.disposal.model import Action, Capacity
from api.kernel.errors import DomainError
from tests.support.disposal_world import OPERATOR, S1, S2, World, staff

JAN = date(2026, 1, 1)


def code(call: object, *args: object, **given: object) -> str:
    with pytest.raises(DomainError) as error:
        call(*args, **given)  # type: ignore[operator]
    return error.value.code


def test_a_task_that_is_nobodys_is_taken_back_with_a_reason(world: World) -> None:
    case_id = world.warn()
    world.visit("officer1", case_id, "confirmed")
    world.do("officer1", case_id, Action.ACT, note="约谈")
    tasks = world.disposal.tasks
    due = world.clock.now().date() + timedelta(days=3)
    task = tasks.open(staff("officer1"), case_id, "federation", "协助约谈", due)  # nobody holds a post there
    assert code(world.do, "officer1", case_id, Action.PROPOSE, outcome="confirmed") == "disposal.tasks_open"
    assert code(tasks.withdraw, staff("officer1"), task, " ") == "disposal.reason_missing"
    assert code(tasks.withdraw, staff("officer2"), task, "不需要") == "not_found"
    tasks.withdraw(staff("officer1"), task, "改由街道办理")
    assert code(tasks.withdraw, staff("officer1"), task, "再次") == "disposal.task_done"
    last = world.disposal.cases.history(staff("bureau"), case_id)[-1]
    assert (last.action, last.note, last.facts["unit"]) == ("task_withdrawn", "改由街道办理", "federation")
    world.do("officer1", case_id, Action.PROPOSE, outcome="confirmed")


def test_the_party_reads_on_and_is_told_that_its_task_was_taken_back(world: World) -> None:
    case_id = world.warn()
    due = world.clock.now().date() + timedelta(days=3)
    task = world.disposal.tasks.open(staff("officer1"), case_id, "union", "走访职工", due)
    assert code(world.disposal.tasks.withdraw, staff("union"), task, "不办") == "disposal.not_entitled"
    world.disposal.tasks.withdraw(staff("bureau"), task, "重复")
    assert [who for who, text in world.messages() if "已收回" in text] == ["union"]
    assert code(world.disposal.tasks.done, staff("union"), task, "走访了") == "disposal.task_done"


@pytest.mark.parametrize(
    ("account", "of"), [("officer2", "nobody"), ("officer2", "lead1"), ("officer1", "officer1")]
)
def test_a_deputy_stands_in_for_another_person_of_the_unit(world: World, account: str, of: str) -> None:
    unit = S2 if account == "officer2" else S1
    post = world.disposal.desk.give_post
    given = (OPERATOR, account, unit, Capacity.LEAD, JAN)
    assert code(post, *given, deputy_of=of) == "disposal.deputy_of_nobody"
    assert post(OPERATOR, "second1", S1, Capacity.LEAD, JAN, deputy_of="lead1")
    again = (OPERATOR, "officer2", S1, Capacity.LEAD, JAN)
    assert code(post, *again, deputy_of="second1x") == "disposal.deputy_of_nobody"
