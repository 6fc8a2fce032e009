"""Cases in numbers: steps reached and late by unit and colour, and the share found true."""

from __future__ import annotations

from datetime import date, timedelta

from api.bootstrap.risk_board import flow_line
from api.disposal.model import Action, Step
from api.risk.board.model import Step as BoardStep
from tests.support.disposal_world import S1, S2, World


def test_steps_reached_and_steps_late(world: World) -> None:
    day = world.clock.now().date()
    first = world.warn(enterprise=1, grade=2)
    world.visit("officer1", first)
    world.do("officer1", first, Action.ACT, note="责令整改")
    world.do("officer1", first, Action.ACT, note="再次约谈")
    world.warn(enterprise=2, grade=2)
    world.warn(enterprise=3, grade=4, town=S2)
    found = {(one.unit, one.colour): one for one in world.disposal.flow.of_period(day, day)}
    assert sum(one.issued for one in found.values()) == 3
    mine = found[S1, 2]
    assert mine.done == {Action.SIGN_IN: 1, Action.VERIFY: 1, Action.ACT: 1}
    assert mine.closed == 0
    assert mine.late == {}
    world.clock.advance(timedelta(days=200))
    late = {(one.unit, one.colour): one.late for one in world.disposal.flow.of_period(day, day)}
    assert Step.SIGN_IN in late[S2, 4]
    assert sum(sum(one.values()) for one in late.values()) == 3  # each case counts once
    number, steps = world.disposal.flow.open()
    assert number == 3
    assert sum(steps.values()) == 3
    assert steps[Step.SIGN_IN] == 2
    assert world.disposal.flow.of_period(day + timedelta(1), day + timedelta(9)) == []
    assert {one.unit for one in world.disposal.flow.of_period(day, day, [S1])} <= {S1}
    assert world.disposal.flow.of_period(day, day, []) == []


def test_a_closed_case_is_closed_and_never_late(world: World) -> None:
    day = world.clock.now().date()
    case_id = world.warn(enterprise=1, grade=1)
    world.visit("officer1", case_id, "false_alarm")
    world.do("officer1", case_id, Action.PROPOSE, outcome="false_alarm", evidence=1, reason="银行故障")
    world.do("lead1", case_id, Action.APPROVE)
    world.clock.advance(timedelta(days=200))
    (line,) = world.disposal.flow.of_period(day, day)
    assert (line.issued, line.closed, line.late) == (1, 1, {})
    assert world.disposal.flow.open() == (0, {})
    told = flow_line(line)
    assert told.reached == {
        BoardStep.ISSUED: 1, BoardStep.SIGNED: 1, BoardStep.VERIFIED: 1, BoardStep.CLOSED: 1
    }  # fmt: skip


def test_the_share_found_true_leaves_out_what_says_nothing(world: World) -> None:
    day = world.clock.now().date()
    for enterprise, finding in ((1, "confirmed"), (2, "false_alarm"), (3, "duplicate")):
        officer = "officer1" if enterprise == 1 else "officer2"
        world.visit(officer, world.warn(enterprise=enterprise, grade=2), finding)
    share = world.disposal.flow.confirmed(day, day)
    assert (share.hits, share.total, share.bp) == (1, 2, 5000)
    assert world.disposal.flow.confirmed(date(2020, 1, 1), date(2020, 1, 2)).bp is None


def test_the_number_of_statements_does_not_depend_on_the_cases(world: World) -> None:
    day = world.clock.now().date()

    def statements() -> int:
        before = world.database.traffic.statements
        world.disposal.flow.of_period(day, day)
        return int(world.database.traffic.statements - before)

    world.warn(enterprise=1, grade=2)
    few = statements()
    for enterprise, grade in ((1, 3), (2, 2), (3, 4), (2, 4)):
        world.warn(enterprise=enterprise, grade=grade)
    assert statements() == few
