"""Urging, supervision, red cards: when they begin, who hears of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from api.disposal.model import Colour, Due, Measure, Stage, Step
from api.disposal.rules import supervision
from api.disposal.rules.calendar import DayCount
from api.disposal.rules.clocks import DELIVERED, deadlines
from api.kernel.clock import SHANGHAI
from api.parameters.holidays import published_years, workdays

DAYS = DayCount(workdays(date(2026, 1, 1), date(2026, 12, 31), ()), frozenset(published_years()))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


ISSUED = at(2, 10)  # a Monday


def begun(colour: Colour, stage: Stage, now: datetime) -> list[tuple[str, str]]:
    dues = deadlines(ISSUED, colour, DELIVERED, DAYS)
    found = supervision.measures(colour, stage, dues, now, DELIVERED, DAYS)
    return [(str(taken.step), str(taken.measure)) for taken in found]


def test_red_climbs_in_minutes() -> None:
    assert begun(Colour.RED, Stage.ISSUED, at(2, 11, 59)) == []
    assert begun(Colour.RED, Stage.ISSUED, at(2, 12)) == [("sign_in", "urge")]
    assert begun(Colour.RED, Stage.ISSUED, at(2, 12, 30))[-1] == ("sign_in", "supervise")
    assert begun(Colour.RED, Stage.ISSUED, at(2, 14))[-1] == ("sign_in", "red_card")


def test_yellow_climbs_in_working_days() -> None:
    assert begun(Colour.YELLOW, Stage.ISSUED, at(3, 17, 59)) == []
    assert begun(Colour.YELLOW, Stage.ISSUED, at(3, 18)) == [("sign_in", "urge")]
    assert begun(Colour.YELLOW, Stage.ISSUED, at(4, 18))[-1] == ("sign_in", "supervise")
    assert begun(Colour.YELLOW, Stage.ISSUED, at(5, 18))[-1] == ("sign_in", "red_card")


def test_only_the_step_that_waits_runs_over() -> None:
    assert begun(Colour.YELLOW, Stage.SIGNED, at(5, 18)) == []
    assert begun(Colour.YELLOW, Stage.SIGNED, at(9, 18)) == [("verify", "urge")]
    assert begun(Colour.YELLOW, Stage.CLOSED, at(30, 18)) == []


def test_closure_runs_over_in_every_open_stage() -> None:
    over = ISSUED + timedelta(days=60)
    for stage in (Stage.ACTING, Stage.REVIEW):
        assert ("close", "red_card") in begun(Colour.YELLOW, stage, over)


def test_a_transfer_has_a_clock_of_its_own() -> None:
    dues = {Step.TRANSFER: Due(at(3, 18))}
    assert supervision.open_steps(Stage.SIGNED, True, dues) == [Step.TRANSFER]


def test_higher_colours_and_later_measures_reach_higher() -> None:
    assert supervision.audience(Colour.RED, Measure.RED_CARD)[-1] == supervision.GOVERNMENT
    assert supervision.GOVERNMENT not in supervision.audience(Colour.ORANGE, Measure.RED_CARD)
    for colour in Colour:
        reached = [set(supervision.audience(colour, measure)) for measure in Measure]
        assert reached[0] <= reached[1] <= reached[2]


def test_the_next_look_is_the_next_thing_that_begins() -> None:
    dues = deadlines(ISSUED, Colour.RED, DELIVERED, DAYS)

    def look(now: datetime, stage: Stage = Stage.ISSUED) -> datetime | None:
        return supervision.next_look(Colour.RED, stage, dues, ISSUED, now, DELIVERED, DAYS)

    assert look(ISSUED) == at(2, 10, 30)  # the duty phone
    assert look(at(2, 11, 30)) == at(2, 12)
    assert look(at(2, 12)) == at(2, 12, 30)
    assert look(at(2, 10), Stage.CLOSED) is None


def test_the_duty_phone_rings_until_red_is_signed() -> None:
    def rung(now: datetime, colour: Colour = Colour.RED, stage: Stage = Stage.ISSUED) -> list[int]:
        return supervision.phone_calls(colour, stage, ISSUED, now, DELIVERED)

    assert rung(at(2, 10)) == [0]
    assert rung(at(2, 11)) == [0, 30, 60]
    assert rung(at(2, 11), stage=Stage.SIGNED) == []
    assert rung(at(2, 11), Colour.ORANGE) == []


def test_names_of_measures_differ_by_due_time() -> None:
    def key(due: datetime) -> str:
        return supervision.Taken(Step.FEEDBACK, Measure.URGE, due, due, ()).key

    assert key(at(3, 18)) != key(at(4, 18))
