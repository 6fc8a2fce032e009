"""Another rule set is published: a tier means nothing under other rules, and the past keeps the rules that judged it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from api.infra.db import Database, UnitOfWork
from api.risk import repository
from api.risk.episodes.grading import Grading
from api.risk.runs.replay import Replay
from api.risk.tables import ChangeRow, RunRow, ShadowRow, StandingRow
from tests.support.risk_district import START, District
from tests.support.risk_story import DOCUMENT

NOW = datetime(2026, 4, 5, tzinfo=UTC)
FEB, MAR, APR = date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)
RATES: dict[str, Any] = {**DOCUMENT, "rates": ["LY01"]}
TURNED: dict[str, Any] = {
    **RATES,
    "version": "turned",
    "points": [{**point, "no": 28 - point["no"]} for point in DOCUMENT["points"]],
}
"""The same rules with the points numbered the other way round, so that each stands at another place of a packed word."""
STRICT: dict[str, Any] = {
    **DOCUMENT,
    "version": "strict",
    "base_levels": {**DOCUMENT["base_levels"], "yellow": 100, "blue": 50},
}


def publish(district: District, document: dict[str, Any]) -> Grading:
    district.rulesets.ref = district.scorer.checked(document)
    return Grading.of(document)


def of(district: District, enterprise: int) -> StandingRow:
    with district.database.read() as session:
        return session.get_one(StandingRow, enterprise)


def tiers(district: District, grading: Grading, enterprise: int) -> dict[str, int]:
    row = of(district, enterprise)
    return {point: tier for point, tier in grading.unpack(row.tiers_a, row.tiers_b).items() if tier}


def corrected(district: District, months: dict[int, list[int]]) -> list[Any]:
    """Corrections until none waits."""
    with district.database.transaction() as session:
        repository.add_pending(session, months, district.clock.now())
    done = []
    while run := district.runs.start_correction():
        done.append(district.runs.complete(run.id))
        district.later(minutes=1)
    return done


def log(district: District) -> list[tuple[object, ...]]:
    with district.database.read() as session:
        return [
            (c.enterprise, c.month, c.raw_before, c.raw_after, c.shown_before, c.shown_after)
            for c in session.scalars(select(ChangeRow).where(ChangeRow.reason == "correction"))
        ]


def replayed(district: District, run_id: str) -> bool:
    replay = Replay(
        UnitOfWork(district.database),
        district.clock,
        district.process(),
        district.departments,
        district.files,
    )
    return replay.replay(run_id).same_bytes


def test_a_day_holds_the_rates_that_its_own_rules_give_the_month(district: District) -> None:
    publish(district, RATES)
    district.departments.say(START, 2, "LY01 O, SB01 B")
    district.month(202601, FEB)
    turned = publish(district, TURNED)
    district.departments.say(district.later(days=4), 2, "LY01 B, SB01 Y", first=date(2026, 2, 9))
    run = district.today(date(2026, 2, 10))
    assert tiers(district, turned, 2) == {"SB01": 2, "LY01": 3}
    assert replayed(district, run.id)


def test_a_shadow_holds_its_own_rates(district: District) -> None:
    publish(district, RATES)
    district.departments.say(START, 2, "LY01 O, SB01 B")
    district.month(202601, FEB)
    candidate = district.scorer.checked(TURNED)
    with district.database.transaction() as session:
        repository.keep_ruleset(
            session, candidate.name, candidate.version, candidate.hash, dict(candidate.document)
        )
        session.add(
            ShadowRow(
                id="s" * 26, ruleset_hash=candidate.hash, first_day=FEB, last_day=APR, author="a", reason="r",
                made_at=START, stopped_at=None, stopped_by="",
            )
        )  # fmt: skip
    district.today(date(2026, 2, 10))
    assert district.runs.resume() == 1
    with district.database.read() as session:
        (shadow,) = session.scalars(select(RunRow).where(RunRow.kind == "shadow")).all()
    assert shadow.counts == {"0-0": 5, "2-2": 1}
    held = district.files.read(shadow.file, shadow.sha256).row(1, named=True)
    found = Grading.of(TURNED).unpack(held["tiers_a"], held["tiers_b"])
    assert (found["LY01"], found["SB01"]) == (3, 1)
    assert replayed(district, shadow.id)


def test_a_correction_judges_a_month_by_the_rules_that_judged_it(district: District) -> None:
    """125 points are nothing by the rules of January and yellow by those of February: only February changed its grade."""
    publish(district, DOCUMENT)
    district.month(202601, FEB)
    publish(district, STRICT)
    district.month(202602, MAR)
    hashes = [district.scorer.checked(document).hash for document in (DOCUMENT, STRICT)]
    district.departments.say(district.later(hours=1), 3, "GZ02 B")
    done = corrected(district, {202601: [3], 202602: [3]})
    assert [run.ruleset_hash for run in done] == hashes
    assert log(district) == [(3, 202602, 0, 2, 0, 2)]
    assert all(replayed(district, run.id) for run in done)


def test_what_people_see_follows_the_newest_rules_also_when_the_past_is_corrected(district: District) -> None:
    """A past month of milder rules that reads the point lower completes the readings; it never grades by its own rules."""
    publish(district, STRICT)
    district.departments.say(START, 3, "GZ02 B")
    district.month(202601, FEB)
    publish(district, DOCUMENT)
    district.month(202602, MAR)
    assert (of(district, 3).raw, of(district, 3).shown) == (0, 2)  # held: February is the first month below
    district.departments.say(district.later(hours=1), 3, "GZ02 Y", last=date(2026, 2, 28))
    corrected(district, {202601: [3]})
    assert log(district) == []  # yellow then, and yellow now
    assert (of(district, 3).raw, of(district, 3).shown) == (0, 2)


def test_a_point_that_the_rules_lose_goes_out_like_any_other(district: District) -> None:
    district.departments.say(START, 3, "ZZ02 O")
    district.month(202601, FEB)
    assert of(district, 3).shown == 2
    rest = [point for point in DOCUMENT["points"] if point["id"] != "ZZ02"]
    rest[0] = {**rest[0], "weight_bp": rest[0]["weight_bp"] + 250}
    publish(district, {**DOCUMENT, "version": "fewer", "points": rest})
    district.month(202602, MAR)
    assert (of(district, 3).shown, of(district, 3).memory["held"]) == (2, {"ZZ02": 3})
    district.month(202603, APR)
    assert (of(district, 3).shown, of(district, 3).memory["held"]) == (0, {})


@pytest.mark.parametrize("text", ["GZ04 R", "GZ04 R, SB01 B"])
def test_a_correction_is_not_blamed_for_what_a_day_said_before(district: District, text: str) -> None:
    district.month(202601, FEB)
    district.departments.say(district.later(days=4), 3, "GZ04 R", first=date(2026, 2, 9))
    district.today(date(2026, 2, 10))
    assert of(district, 3).raw == 4
    district.departments.say(district.later(hours=1), 3, text, first=date(2026, 2, 9))
    corrected(district, {202601: [3]})
    assert log(district) == []


def test_small_corrections_that_go_first_take_months_of_one_rule_set_and_lose_none(
    database: Database,
) -> None:
    rules = {202601: "old", 202602: "old", 202603: "new"}
    small = {month: [3, 4] for month in rules}
    taken = []
    with database.transaction() as session:
        repository.add_pending(session, {month: range(1, 40) for month in rules}, NOW)
        repository.add_pending(session, small, NOW)
        for _ in range(2):
            taken.append(repository.take_pending(session, rules, 50, 10))
        left = dict(repository.waiting(session))
    assert taken == [({202601: [3, 4], 202602: [3, 4]}, True), ({202603: [3, 4]}, True)]
    assert left == dict.fromkeys(rules, 37)


def test_months_of_two_rule_sets_are_never_taken_together(database: Database) -> None:
    rules = {202601: "old", 202602: "new"}
    with database.transaction() as session:
        repository.add_pending(session, {month: [1] for month in rules}, NOW)
        first = repository.take_pending(session, rules, 50, 10)
        second = repository.take_pending(session, rules, 50, 10)
    assert (first, second) == (({202601: [1]}, False), ({202602: [1]}, False))
