"""Backtests as jobs: month by month, broken anywhere, taken on by another process, always the same result."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select

from api.kernel.errors import DomainError, unavailable
from api.risk.service.backtests import Backtests
from api.risk.tables import BacktestRow, FactsRow, StandingRow, WarningRow
from tests.integration.risk_runs.test_broken_runs import Broken, Unlucky
from tests.support.risk_district import START, District
from tests.support.slice_application import person

ANALYST, DIRECTOR = person("risk_analyst"), person("risk_director")


def ask(district: District, capacity: int = 0, last: int = 202602) -> str:
    jobs = district.backtests()
    return jobs.ask(ANALYST, jobs.candidate("strict", None), 202511, last, capacity).id


def row(district: District, backtest_id: str) -> BacktestRow:
    with district.database.read() as session:
        return session.get_one(BacktestRow, backtest_id)


def outcome(district: District, backtest_id: str) -> Any:
    found = row(district, backtest_id)
    moved, total = district.backtests().differences(ANALYST, backtest_id, 0, 500)
    return found.state, found.result, found.input_hash, found.sha256, moved.rows(), total


def test_a_backtest_says_what_would_move_and_touches_nothing(district: District) -> None:
    backtest_id = ask(district)
    with district.database.read() as session:
        before = [(s.enterprise, s.shown) for s in session.scalars(select(StandingRow))]
        warned = len(session.scalars(select(WarningRow)).all())
    done = district.backtests().complete(backtest_id)
    assert (done.state, done.done, done.total, done.progress["parts"]) == ("finished", 4, 4, [])
    assert done.result["matrix"][0][2] == 2  # enterprise 5 has its blue point in two of the four months
    assert {"town": "500107101", "month": 202601, "live": 0, "candidate": 1} in done.result["over"]
    moved, total = district.backtests().differences(ANALYST, backtest_id, 0, 500)
    assert total == done.result["moved"] == moved.height
    fifth = moved.filter((pl.col("enterprise") == 5) & (pl.col("month") == 202601)).row(0, named=True)
    assert (fifth["live"], fifth["candidate"], fifth["reasons"]) == (0, 2, "score")
    with district.database.read() as session:
        assert before == [(s.enterprise, s.shown) for s in session.scalars(select(StandingRow))]
        assert len(session.scalars(select(WarningRow)).all()) == warned
    files = [path.name for path in (district.folder / "backtests").iterdir()]
    assert files == [done.file]


def test_the_only_month_of_a_backtest_counts_its_visits_too(district: District) -> None:
    """Otherwise a candidate would pass every capacity by being measured on a single month."""
    jobs = district.backtests()
    asked = jobs.ask(ANALYST, jobs.candidate("strict", None), 202601, 202601, 0)
    done = jobs.complete(asked.id)
    assert {"town": "500107101", "month": 202601, "live": 0, "candidate": 1} in done.result["over"]
    assert done.over_capacity
    assert not jobs.passed(asked.candidate_hash)


def test_a_month_before_that_a_run_scored_is_what_the_first_months_visits_stand_on(
    district: District,
) -> None:
    district.departments.say(START, 4, "GZ01 O", first=date(2026, 3, 1))
    district.month(202602, date(2026, 3, 5))
    jobs = district.backtests()
    asked = jobs.ask(ANALYST, jobs.candidate("strict", None), 202602, 202602, 9)
    visits = jobs.complete(asked.id).result["visits"]
    assert visits == [{"town": "500107002", "month": 202602, "live": 1, "candidate": 1}]


def test_kept_facts_are_read_and_months_without_a_run_are_computed_once(district: District) -> None:
    district.departments.asked.clear()
    first = ask(district)
    district.backtests().complete(first)
    assert [month for month, _named in district.departments.asked] == [202511, 202512, 202602]
    with district.database.read() as session:
        assert [(r.month, r.kind, r.run_id) for r in session.scalars(select(FactsRow)) if r.run_id is None] == [
            (202511, "computed", None), (202512, "computed", None), (202602, "computed", None),
        ]  # fmt: skip
    district.departments.asked.clear()
    second = ask(district)
    district.backtests().complete(second)
    assert district.departments.asked == []
    assert outcome(district, first) == outcome(district, second)


STEPS = 9
"""Transactions of a job over four months of which three have no facts: three of facts, four months, the end; one spare."""


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept-but-reported-failed"])
@pytest.mark.parametrize("at", range(STEPS))
def test_a_job_that_breaks_anywhere_ends_the_same(district: District, at: int, kept: bool) -> None:
    calm = ask(district)
    backtest_id = ask(district)
    uow = Unlucky(district.database, at, kept)
    jobs = Backtests(
        uow, district.clock, district.departments, district.kept, district.scorer, district.rulesets,
        district.rulesets, district.folder / "backtests",
    )  # fmt: skip
    try:
        jobs.complete(backtest_id)
    except Broken:
        broken = True
    else:
        broken = False
    assert broken is (at < STEPS - 1)
    another = district.backtests()
    another.sweep()
    another.complete(backtest_id)
    another.complete(calm)
    assert outcome(district, backtest_id)[1:] == outcome(district, calm)[1:]
    another.sweep()
    left = {path.name for path in (district.folder / "backtests").iterdir()}
    assert left == {row(district, one).file for one in (calm, backtest_id)}


def test_the_worker_goes_one_month_at_a_time_and_the_oldest_job_first(district: District) -> None:
    first, second = ask(district), ""
    district.later(minutes=1)
    second = ask(district, last=202512)
    jobs = district.backtests()
    for done in (1, 2, 3, 4):
        assert jobs.step_due()
        assert (row(district, first).state, row(district, first).done) == ("running", done)
    assert jobs.step_due()
    assert (row(district, first).state, row(district, second).state) == ("finished", "queued")
    while jobs.step_due():
        pass
    assert row(district, second).state == "finished"


def test_a_job_that_cannot_be_scored_says_why(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    backtest_id = ask(district)

    def missing(*_given: Any) -> pl.DataFrame:
        raise unavailable("risk.average_wage_missing")

    monkeypatch.setattr(district.departments, "facts", missing)
    with pytest.raises(DomainError, match=r"risk\.average_wage_missing"):
        district.backtests().complete(backtest_id)
    found = row(district, backtest_id)
    assert (found.state, found.problem, found.done) == ("failed", "risk.average_wage_missing", 0)
    assert not district.backtests().step_due()


def test_a_cancelled_job_is_left_alone(district: District) -> None:
    backtest_id = ask(district)
    jobs = district.backtests()
    jobs.step(backtest_id)
    jobs.cancel(ANALYST, backtest_id)
    assert not jobs.step(backtest_id)
    assert row(district, backtest_id).state == "cancelled"
    with pytest.raises(DomainError, match=r"risk\.backtest_ended"):
        jobs.cancel(ANALYST, backtest_id)
    assert jobs.sweep() == 1  # what it had written


def test_publishing_asks_whether_a_candidate_passed(district: District) -> None:
    jobs = district.backtests()
    strict = jobs.candidate("strict", None).hash
    assert not jobs.passed(strict)
    wide = ask(district, capacity=100)
    assert not jobs.passed(strict)  # asked for, not finished
    jobs.complete(wide)
    assert jobs.passed(strict)
    with pytest.raises(DomainError, match=r"risk\.nothing_to_accept"):
        jobs.accept(DIRECTOR, wide, "不需要")
    district.later(minutes=1)
    narrow = ask(district)
    jobs.complete(narrow)
    assert not jobs.passed(strict)  # the newest one counts
    for who, code in ((ANALYST, "second_person_required"), (person("auditor"), "role_required")):
        with pytest.raises(DomainError, match=code):
            jobs.accept(who, narrow, "春节前集中核查")
    with pytest.raises(DomainError, match=r"risk\.reason_missing"):
        jobs.accept(DIRECTOR, narrow, "  ")
    accepted = jobs.accept(DIRECTOR, narrow, "春节前集中核查")
    assert (accepted.accepted_by, accepted.acceptance) == (DIRECTOR.actor, "春节前集中核查")
    assert jobs.passed(strict)
    with pytest.raises(DomainError, match=r"risk\.already_accepted"):
        jobs.accept(DIRECTOR, narrow, "再次")


def test_months_ahead_and_candidates_that_are_none_are_refused(district: District) -> None:
    jobs = district.backtests()
    district.at(date(2026, 2, 6))
    for first, last, code in ((202601, 202603, "month_ahead"), (202602, 202601, "period_malformed")):
        with pytest.raises(DomainError, match=code):
            jobs.ask(ANALYST, jobs.candidate("strict", None), first, last, 5)
    for version, document in ((None, None), ("strict", {"id": "x"})):
        with pytest.raises(DomainError, match=r"risk\.candidate_missing"):
            jobs.candidate(version, document)
    with pytest.raises(DomainError, match="role_required"):
        jobs.ask(person("auditor"), jobs.candidate("strict", None), 202601, 202601, 5)
