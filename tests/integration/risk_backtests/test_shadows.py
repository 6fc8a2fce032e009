"""A rule set beside the live one: counted, explained, stopped, ended by itself, and nobody is warned."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from api.kernel.errors import DomainError
from api.risk.tables import RunRow, WarningRow
from tests.support.risk_district import District
from tests.support.slice_application import person

ANALYST = person("risk_analyst")
FIRST = date(2026, 2, 5)


def start(risk: SimpleNamespace, first: date = FIRST, days: int = 20) -> Any:
    candidate = risk.backtests.candidate("strict", None)
    return risk.shadows.start(ANALYST, candidate, first, first + timedelta(days=days), "发布前试行")


def shadow_runs(district: District) -> int:
    with district.database.read() as session:
        return len(session.scalars(select(RunRow).where(RunRow.kind == "shadow")).all())


def test_its_runs_are_counted_one_by_one_and_together(district: District, risk: SimpleNamespace) -> None:
    row = start(risk)
    with district.database.read() as session:
        warned = len(session.scalars(select(WarningRow)).all())
    asked = len(district.departments.asked)
    for day in (date(2026, 2, 10), date(2026, 2, 11)):
        district.today(day)
        assert district.runs.resume() == 1
    assert len(district.departments.asked) == asked + 2  # the shadow reads the facts that the day's run kept
    view = risk.shadows.get(ANALYST, row.id)
    assert (view.state, view.version, len(view.runs)) == ("running", "strict", 2)
    assert sum(map(sum, view.matrix)) == 24
    assert [one.moved for one in view.runs] == [2, 2]
    assert view.matrix[0][2] == 2
    moved, total = risk.shadows.differences(ANALYST, row.id, "", 0, 10)
    assert total == 2
    by = {line["enterprise"]: line for line in moved.to_dicts()}
    assert (by[5]["live"], by[5]["candidate"], by[5]["reasons"]) == (0, 2, "score")
    assert risk.shadows.differences(ANALYST, row.id, "", 0, 10, direction="down")[1] == 0
    with pytest.raises(DomainError, match="not_found"):
        risk.shadows.differences(ANALYST, row.id, "x" * 26, 0, 10)
    with district.database.read() as session:
        assert len(session.scalars(select(WarningRow)).all()) == warned
    again = risk.replay.replay(view.runs[0].run.id)
    assert (again.same_bytes, again.same_numbers) == (True, True)


def test_it_ends_by_itself(district: District, risk: SimpleNamespace) -> None:
    row = start(risk, days=10)
    district.today(date(2026, 2, 15))
    assert district.runs.resume() == 1
    district.today(date(2026, 2, 16))
    assert district.runs.resume() == 0
    assert risk.shadows.get(ANALYST, row.id).state == "ended"
    with pytest.raises(DomainError, match=r"risk\.shadow_ended"):
        risk.shadows.stop(ANALYST, row.id)


def test_it_is_stopped_by_a_person_and_what_was_scored_stays(
    district: District, risk: SimpleNamespace
) -> None:
    row = start(risk)
    district.today(date(2026, 2, 10))
    district.runs.resume()
    risk.shadows.stop(ANALYST, row.id)
    district.today(date(2026, 2, 11))
    assert district.runs.resume() == 0
    assert shadow_runs(district) == 1
    (view,) = risk.shadows.listing(ANALYST)
    assert (view.state, len(view.runs)) == ("stopped", 1)
    with pytest.raises(DomainError, match=r"risk\.shadow_ended"):
        risk.shadows.stop(ANALYST, row.id)
    with pytest.raises(DomainError, match="not_found"):
        risk.shadows.stop(ANALYST, "x" * 26)


def test_periods_and_numbers_have_bounds(district: District, risk: SimpleNamespace) -> None:
    for first, days in ((date(2026, 2, 10), -1), (date(2026, 2, 10), 371), (date(2026, 1, 1), 10)):
        with pytest.raises(DomainError, match=r"risk\.shadow_period"):
            start(risk, first, days)
    for _ in range(3):
        start(risk)
    with pytest.raises(DomainError, match=r"risk\.too_many_shadows"):
        start(risk)
    start(risk, FIRST + timedelta(days=60))
    with pytest.raises(DomainError, match="role_required"):
        risk.shadows.start(person("auditor"), risk.backtests.candidate("strict", None), FIRST, FIRST, "r")
    states = [view.state for view in risk.shadows.listing(ANALYST)]
    assert sorted(states) == ["running", "running", "running", "waiting"]
