"""What a run compares its decisions with: read some rows at a time, all of them, each as the database holds it."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from sqlalchemy import update

from api.risk import repository
from api.risk.runs.folding import standings_frame, with_places, worth_folding
from api.risk.tables import StandingRow
from tests.support.risk_district import START, District

FEB, DAY = date(2026, 2, 5), date(2026, 2, 6)


@pytest.fixture
def scored(district: District, monkeypatch: pytest.MonkeyPatch) -> District:
    monkeypatch.setattr(repository, "STANDINGS_READ", 4)
    district.departments.say(START, 2, "GZ01 R")
    district.month(202601, FEB)
    return district


def test_all_standings_of_the_range_come_some_at_a_time(scored: District) -> None:
    with scored.database.read() as session:
        sizes = [len(rows) for rows in repository.standing_numbers(session, 1, 6)]
        frame = standings_frame(repository.standing_numbers(session, 2, 5)).sort("enterprise")
        red = session.get_one(StandingRow, 2)
    assert sizes == [4, 2]
    assert frame["enterprise"].to_list() == [2, 3, 4, 5]
    assert frame.row(0) == tuple(getattr(red, name) for name in repository.STANDING_NUMBERS)
    assert (frame.schema["resting"], frame.schema["town"]) == (pl.Boolean, pl.String)


def test_no_standing_is_a_frame_without_rows(district: District) -> None:
    with district.database.read() as session:
        frame = standings_frame(repository.standing_numbers(session, 1, 6))
    assert (frame.height, frame.columns) == (0, list(repository.STANDING_NUMBERS))


@pytest.mark.parametrize(
    ("wrong", "written"),
    [
        ({}, []),
        ({"score": 1}, [3]),
        ({"raw": 1}, [3]),
        ({"coverage_bp": 1}, [3]),
        ({"town": "500107099"}, [3]),
        ({"quiet": False, "resting": False}, [3]),
    ],
    ids=["as-it-was", "score", "grade", "coverage", "town", "not-quiet"],
)
def test_whoever_differs_in_anything_is_looked_at_again(
    scored: District, wrong: dict[str, object], written: list[int]
) -> None:
    """The third of six stands in the first part that is read, and in no later one."""
    with scored.database.transaction() as session:
        quiet = {"quiet": True, "resting": False}
        session.execute(update(StandingRow).values(**quiet))
        if wrong:
            session.execute(update(StandingRow).where(StandingRow.enterprise == 3).values(**wrong))
    scored.at(DAY)
    run = scored.runs.start_daily(DAY)
    scored.runs.advance(run.id)
    with scored.database.read() as session:
        row = repository.run(session, run.id)
        assert row is not None
        known = standings_frame(repository.standing_numbers(session, 1, 6))
    decisions = scored.files.read(row.file, row.sha256)
    placed = with_places(decisions, scored.runs.subjects(row))
    found = worth_folding(placed, known, [], quiet=True)
    assert found["enterprise"].to_list() == written
    assert worth_folding(placed, known, [5], quiet=True)["enterprise"].to_list() == sorted([*written, 5])
    assert worth_folding(placed, known.head(0), [], quiet=True).height == 6
