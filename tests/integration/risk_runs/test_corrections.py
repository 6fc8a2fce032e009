"""Rows that change after they were scored: only their enterprise-months are scored again, and the log says so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from api.infra.db import UnitOfWork
from api.kernel.errors import DomainError
from api.risk import repository
from api.risk.episodes.grading import Grading
from api.risk.episodes.shown import observe
from api.risk.episodes.state import Observation, State
from api.risk.runs.fold import Folded, Folding
from api.risk.runs.replay import Replay
from api.risk.runs.trend import Trend
from api.risk.tables import ChangeRow, PendingRow, StandingRow, WarningRow
from tests.support.risk_district import START, District
from tests.support.risk_story import DOCUMENT, tiers

FEB, MAR = date(2026, 2, 5), date(2026, 3, 5)


def two_months(district: District) -> None:
    district.departments.say(START, 2, "SB01 Y")
    district.month(202601, FEB)
    district.month(202602, MAR)


def change(district: District, pairs: list[tuple[int, int]]) -> None:
    with district.database.transaction() as session:
        repository.add_pending(session, by_month(pairs), district.clock.now())


def by_month(pairs: list[tuple[int, int]]) -> dict[int, list[int]]:
    return {month: [n for n, at in pairs if at == month] for _n, month in pairs}


def correct(district: District) -> object:
    run = district.runs.start_correction()
    assert run is not None
    return district.runs.complete(run.id)


def of(district: District, enterprise: int) -> StandingRow:
    with district.database.read() as session:
        return session.get_one(StandingRow, enterprise)


def log(district: District) -> list[tuple[object, ...]]:
    with district.database.read() as session:
        return [
            (c.enterprise, c.month, c.raw_before, c.raw_after, c.shown_before, c.shown_after)
            for c in session.scalars(select(ChangeRow).where(ChangeRow.reason == "correction"))
        ]


def test_nothing_changed_is_no_run(district: District) -> None:
    two_months(district)
    assert district.runs.start_correction() is None


def test_only_the_changed_enterprise_months_are_scored(district: District) -> None:
    two_months(district)
    district.departments.say(district.later(hours=1), 3, "GZ01 O")
    change(district, [(3, 202601), (3, 202602), (3, 202602)])
    district.departments.asked.clear()
    correct(district)
    assert district.departments.asked == [(202601, (3,)), (202602, (3,))]
    assert log(district) == [(3, 202601, 0, 2, 0, 0), (3, 202602, 0, 2, 0, 2)]
    assert of(district, 3).shown == 2
    with district.database.read() as session:
        assert session.scalars(select(PendingRow)).all() == []
        assert len(session.scalars(select(WarningRow)).all()) == 2
    assert district.runs.start_correction() is None


def test_a_correction_scores_no_more_than_rows_times_months(district: District) -> None:
    """Of six enterprises and four months, two rows reach three months: six enterprise-months, however often rows repeat."""
    for number, day in ((202601, FEB), (202602, MAR), (202603, date(2026, 4, 5)), (202604, date(2026, 5, 5))):
        district.month(number, day)
    district.departments.asked.clear()
    months = (202602, 202603, 202604)
    for _again in range(3):
        change(district, [(enterprise, month) for enterprise in (2, 5) for month in months])
    run = district.runs.start_correction()
    assert run is not None
    done = district.runs.complete(run.id)
    assert district.departments.asked == [(month, (2, 5)) for month in months]
    assert (done.counts["seen"], done.firms) == (6, 2)


def test_a_correction_sets_the_index_of_past_months_right(district: District) -> None:
    two_months(district)
    trend = Trend(UnitOfWork(district.database))
    before = {one.month: one for one in trend.months("all", 202601, 202612)}
    district.departments.say(district.later(hours=1), 3, "GZ01 R", last=date(2026, 2, 28))
    change(district, [(3, 202601)])
    correct(district)
    after = {one.month: one for one in trend.months("all", 202601, 202612)}
    assert after[202602] == before[202602]
    assert after[202601].weighted - before[202601].weighted == 30 * 1400
    assert (before[202601].counts[4], after[202601].counts[4], after[202601].firms) == (0, 1, 6)
    assert trend.newest() == 202602
    assert [one.group for one in trend.months("town", 202601, 202601, ["500107001"])] == ["500107001"]
    assert after[202601].mean_score == after[202601].weighted // after[202601].size


def test_a_month_that_is_past_completes_readings_and_raises_nothing(district: District) -> None:
    two_months(district)
    district.departments.say(district.later(hours=1), 3, "GZ01 R", last=date(2026, 2, 28))
    change(district, [(3, 202601)])
    correct(district)
    assert log(district) == [(3, 202601, 0, 4, 0, 0)]
    assert (of(district, 3).shown, of(district, 3).raw) == (0, 0)


def test_a_correction_of_both_months_lets_a_wrong_light_fall(district: District) -> None:
    two_months(district)
    assert of(district, 2).shown == 1
    district.departments.say(district.later(hours=1), 2, "")
    change(district, [(2, 202602)])
    correct(district)
    assert of(district, 2).shown == 1  # one month lower
    change(district, [(2, 202601)])
    district.later(hours=1)
    correct(district)
    assert log(district) == [(2, 202602, 1, 0, 1, 1), (2, 202601, 1, 0, 1, 0)]
    assert of(district, 2).shown == 0


def test_a_second_correction_compares_with_the_first(district: District) -> None:
    two_months(district)
    for text in ("GZ01 O", "GZ01 R"):
        district.departments.say(district.later(hours=1), 3, text)
        change(district, [(3, 202602)])
        correct(district)
    assert log(district) == [(3, 202602, 0, 2, 0, 2), (3, 202602, 2, 4, 2, 4)]


def test_months_that_were_never_scored_are_not_scored_by_a_correction(district: District) -> None:
    two_months(district)
    change(district, [(2, 202506)])
    assert district.runs.start_correction() is None


def test_the_past_is_replayed_to_the_byte_whatever_was_said_since(district: District) -> None:
    two_months(district)
    replay = Replay(
        UnitOfWork(district.database),
        district.clock,
        district.process(),
        district.departments,
        district.files,
    )
    with district.database.read() as session:
        january = repository.monthly_runs(session)[202601]
    before = replay.light(3, 202601)
    district.departments.say(district.later(hours=1), 3, "GZ01 R")
    change(district, [(3, 202601)])
    correct(district)
    again = replay.replay(january.id)
    assert (again.same_bytes, again.same_numbers, again.same_input) == (True, True, True)
    assert again.stored == january.sha256
    now = replay.light(3, 202601)
    assert (before.raw, now.raw, now.tiers["GZ01"]) == (0, 4, 4)
    then = replay.light(3, 202601, district.clock.now() - timedelta(minutes=30))
    assert then == before


def test_a_replay_of_other_rows_says_so(district: District) -> None:
    two_months(district)
    with district.database.read() as session:
        january = repository.monthly_runs(session)[202601]
    district.departments.say(START - timedelta(days=1), 5, "GZ01 R")  # history was rewritten
    replay = Replay(
        UnitOfWork(district.database),
        district.clock,
        district.process(),
        district.departments,
        district.files,
    )
    again = replay.replay(january.id)
    assert (again.same_bytes, again.same_numbers, again.same_input) == (False, False, False)


def test_replay_of_an_unknown_run(district: District) -> None:
    replay = Replay(
        UnitOfWork(district.database), district.clock, district.runs, district.departments, district.files
    )
    with pytest.raises(DomainError, match="not_found"):
        replay.replay("x" * 26)
    with pytest.raises(DomainError, match="not_found"):
        replay.light(1, 202601)


def test_a_month_may_open_what_the_next_of_the_same_correction_raises(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules let no past month open anything today; if they ever did, one warning would be there and be raised."""
    district.month(202601, FEB)
    district.month(202602, MAR)
    change(district, [(2, 202601), (2, 202602)])
    grading = Grading.of(DOCUMENT)
    blue = observe(State(), Observation(MAR, tiers("SB01 Y"), 10_000, 202602), grading)
    red = observe(blue.state, Observation(MAR, tiers("GZ01 R"), 10_000, 202602), grading)
    assert (blue.opened, red.raised_from) == (True, 1)
    said = iter([blue, red])
    monkeypatch.setattr(
        Folding, "fold", lambda _self, standing, *_given: Folded({}, next(said), standing["raw"])
    )
    correct(district)
    with district.database.read() as session:
        assert [(w.enterprise, w.pending) for w in session.scalars(select(WarningRow))] == [(2, 4)]
