"""The month's random sample: nobody chooses whom, when or how often, and anybody can draw it again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from api.anchoring.tables import EventRow
from api.disposal.model import Action, Outcome, Reason
from api.disposal.rules.sampling import draw, pack, population_digest, unpack
from api.kernel.errors import DomainError
from tests.support.disposal_world import DEVICE, S1, S2, World, staff


@pytest.mark.parametrize("month", [202602, 202604, 203001])
def test_other_months_are_not_drawn_until_one_pleases(world: World, month: int) -> None:
    world.risk.quiet = dict.fromkeys(range(1, 50), S1)
    with pytest.raises(DomainError) as refused:
        world.disposal.measures.draw(staff("bureau"), month, 5)
    assert (refused.value.kind, refused.value.code) == ("invalid", "disposal.sample_month")


def test_whoever_has_the_record_draws_the_same_again(world: World) -> None:
    world.risk.quiet = dict.fromkeys(range(1, 500, 3), S1)
    measures = world.disposal.measures
    measures.draw(staff("bureau"), 202603, 7)
    world.risk.quiet = {}  # what the register says later doesn't matter
    record, members = measures.sample_members(staff("bureau"), 202603)
    assert population_digest(members) == record.population_digest
    again = draw(members, record.size, bytes.fromhex(record.seed), 202603)
    planned = measures.inspections(staff("bureau"), month=202603).rows
    assert [row.enterprise for row, _ in sorted(planned, key=lambda one: one[0].rank)] == again
    with world.uow.read() as session:
        entries = session.scalars(select(EventRow).where(EventRow.stream == "disposal/sample/202603")).all()
    assert len(entries) == 1
    with pytest.raises(DomainError) as hidden:
        measures.sample_members(staff("officer1"), 202603)
    assert hidden.value.kind == "forbidden"


def test_the_street_where_an_enterprise_works_inspects_it(world: World) -> None:
    moved = replace(world.register.known[1], operating_town="", operating_address="示例区示例二街道 8 号")
    world.register.known = {1: moved}
    world.risk.quiet = {1: S1}
    measures = world.disposal.measures
    measures.draw(staff("bureau"), 202603, 1)
    ((row, _),) = measures.inspections(staff("officer2")).rows
    assert (row.enterprise, row.town) == (1, S2)
    assert measures.inspections(staff("officer1")).rows == []
    assert measures.plan(staff("officer2"), 1, Reason.COMPLAINT)
    with pytest.raises(DomainError) as other:
        measures.plan(staff("officer1"), 1, Reason.COMPLAINT)
    assert other.value.kind == "not_found"


@pytest.mark.parametrize("population", [[], [7], [1, 2, 900_000], list(range(1, 4000, 7))])
def test_a_population_is_packed_and_unpacked(population: list[int]) -> None:
    assert unpack(pack(reversed(population))) == population


def test_arrears_that_our_own_visits_verified_are_missed_cases(world: World) -> None:
    """Nobody had warned above blue: by the site form of a blue case, and by an inspection of an unwarned enterprise."""
    case_id = world.warn(grade=1)
    world.do("officer1", case_id, Action.SIGN_IN)
    at = world.clock.now()
    answers = [{"name": "arrears_persons", "value": 8, "counter": 1, "at": at}]
    world.disposal.field.sync(staff("officer1"), case_id, DEVICE, answers, [])
    world.fill("officer1", case_id)
    world.do("officer1", case_id, Action.VERIFY, finding="confirmed")
    measures = world.disposal.measures
    for enterprise, persons in ((2, 5), (3, 4)):
        planned = measures.plan(staff("bureau"), enterprise, Reason.COMPLAINT)
        measures.report(staff("bureau"), planned, Outcome.CONFIRMED, persons, "拖欠")
    period = at.date().replace(day=1), at.date().replace(day=31)
    report = measures.hit_rate(staff("bureau"), *period)
    assert {one.incident.enterprise for one in report.missed} == {1, 2}
    assert report.missed_by_kind == {"arrears": 2}
    world.risk.shown = {(2, at.date().replace(month=2, day=1)): 2}
    assert {one.incident.enterprise for one in measures.hit_rate(staff("bureau"), *period).missed} == {1}
