"""A register's first delivery reaches every scored month of the district: corrected in parts, each a run of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.infra.db import Database
from api.risk import repository
from api.risk.runs import kept
from api.risk.runs.engine import PART, Runs
from api.risk.tables import ChangeRow, EpisodeRow, IndexRow, RunRow, StandingRow, WarningRow
from tests.support.risk_district import START, District

MONTHS = {202601: date(2026, 2, 5), 202602: date(2026, 3, 5), 202603: date(2026, 4, 5)}
FIRMS = range(1, 7)


def delivered(database: Database, folder: Path, part: int, small: int = 0) -> District:
    """Three scored months, then rows that change what five of six firms were in all of them; some rise, one falls."""
    district = District(database, folder, batch=2)
    district.departments.say(START, 5, "SB01 Y")
    for month, day in MONTHS.items():
        district.month(month, day)
    said = district.later(hours=1)
    for number, text in ((1, "GZ01 O"), (2, "GZ01 R"), (3, "QY02 Y"), (4, "SB01 B"), (5, "")):
        district.departments.say(said, number, text)
    district.departments.say(said + timedelta(minutes=1), 6, "GZ01 R", last=date(2026, 3, 20))
    district.later(hours=1)
    with database.transaction() as session:
        repository.add_pending(session, dict.fromkeys(MONTHS, FIRMS), district.clock.now())
    district.runs = process(district, part, small)
    return district


def process(district: District, part: int, small: int = 0) -> Runs:
    """A process that takes up so many enterprise-months at a time; deliveries of at most `small` don't wait behind others."""
    made = district.process()
    made._part, made._small = part, small
    return made


def finish(district: District) -> list[tuple[list[str], int]]:
    """All corrections, as the worker does them: months and enterprise-months of each."""
    found = []
    while (started := district.runs.start_correction()) is not None:
        done = district.runs.complete(started.id)
        with district.database.read() as session:
            found.append((list(session.get_one(RunRow, done.id).scope["months"]), done.counts["seen"]))
    return found


def outcome(database: Database) -> dict[str, Any]:
    """What the corrections left, whatever runs they were."""
    with database.read() as session:
        return {
            "standings": [
                (s.enterprise, s.shown, s.raw, s.effective, s.score, s.tiers_a, s.tiers_b, s.memory)
                for s in session.scalars(select(StandingRow).order_by(StandingRow.enterprise))
            ],
            "episodes": sorted(
                (e.enterprise, e.number, e.grade) for e in session.scalars(select(EpisodeRow))
            ),
            "warnings": sorted((w.enterprise, w.pending) for w in session.scalars(select(WarningRow))),
            "log": sorted(
                (c.enterprise, c.month, c.raw_before, c.raw_after, c.shown_before, c.shown_after)
                for c in session.scalars(select(ChangeRow).where(ChangeRow.reason == "correction"))
            ),
            "index": sorted(
                (i.month, i.by, i.group, i.weighted, i.counts) for i in session.scalars(select(IndexRow))
            ),
        }


@pytest.fixture
def at_once(database: Database, tmp_path: Path, sqlite_template: Path) -> dict[str, Any]:
    path = tmp_path / "whole.db"
    path.write_bytes(sqlite_template.read_bytes())
    whole = Database(f"sqlite:///{path}", database.field_key)
    district = delivered(whole, tmp_path / "whole", PART)
    assert finish(district) == [(["202601", "202602", "202603"], 18)]
    found = outcome(whole)
    whole.close()
    assert len(found["log"]) >= 12
    assert [warning for warning in found["warnings"] if warning[1] == 4] != []
    return found


@pytest.mark.parametrize(
    ("part", "sizes"), [(1, [6, 6, 6]), (6, [6, 6, 6]), (13, [12, 6]), (18, [18])], ids=str
)
def test_parts_say_what_one_correction_says(
    database: Database, tmp_path: Path, at_once: dict[str, Any], part: int, sizes: list[int]
) -> None:
    """The oldest months first, whole months, one at least however small a part is."""
    district = delivered(database, tmp_path, part)
    done = finish(district)
    assert [size for _months, size in done] == sizes
    assert [month for months, _size in done for month in months] == [str(month) for month in MONTHS]
    assert outcome(database) == at_once


@pytest.mark.parametrize("steps", range(6))
def test_a_dead_process_between_and_within_parts_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, at_once: dict[str, Any], steps: int
) -> None:
    district = delivered(database, tmp_path, 6)
    first = district.runs.start_correction()
    assert first is not None
    for _ in range(steps):
        district.runs.advance(first.id)
    with database.read() as session:
        assert repository.waiting(session) == [(202602, 6), (202603, 6)]
    district.runs = process(district, 6)
    district.runs.resume()
    assert [size for _months, size in finish(district)] == [6, 6]
    assert outcome(database) == at_once


def scope(district: District, run_id: str) -> dict[str, list[int]]:
    with district.database.read() as session:
        months = session.get_one(RunRow, run_id).scope["months"]
    return {month: part["enterprises"] for month, part in months.items()}


def step(district: District) -> dict[str, list[int]]:
    """The next correction, done: its enterprises by month."""
    started = district.runs.start_correction()
    assert started is not None
    district.runs.complete(started.id)
    district.later(minutes=1)
    return scope(district, started.id)


def note(district: District, months: Mapping[int, Collection[int]]) -> None:
    with district.database.transaction() as session:
        repository.add_pending(session, months, district.clock.now())


def test_a_small_delivery_goes_before_a_register_and_takes_all_months_of_its_enterprises(
    database: Database, tmp_path: Path, at_once: dict[str, Any]
) -> None:
    """Also where the register named the same enterprise-month before it; what people see in the end is the same."""
    district = delivered(database, tmp_path, 6, small=1)
    note(district, {202603: [2]})
    assert step(district) == {"202601": [2], "202602": [2], "202603": [2]}
    note(district, {202602: [4]})
    assert step(district) == {"202601": [1, 3, 4, 5, 6]}, "the register's turn"
    assert step(district) == {"202602": [4], "202603": [4]}
    assert step(district) == {"202602": [1, 3, 5, 6]}
    assert step(district) == {"202603": [1, 3, 5, 6]}
    assert district.runs.start_correction() is None
    assert outcome(database) == at_once


def test_a_register_does_not_push_back_what_a_small_delivery_named(
    database: Database, tmp_path: Path
) -> None:
    district = delivered(database, tmp_path, 6, small=1)
    note(district, {202603: [5]})
    note(district, dict.fromkeys(MONTHS, FIRMS))
    assert step(district) == {"202601": [5], "202602": [5], "202603": [5]}


def test_more_small_deliveries_than_fit_are_cut_between_enterprises(
    database: Database, tmp_path: Path
) -> None:
    district = delivered(database, tmp_path, 7, small=1)
    for firm in (2, 3, 5):
        note(district, {202602: [firm]})
    assert step(district) == {"202601": [2, 3], "202602": [2, 3], "202603": [2, 3]}
    assert list(step(district)) == ["202601"]
    assert step(district) == {"202602": [5], "202603": [5]}


def test_small_deliveries_alone_go_together(database: Database, tmp_path: Path) -> None:
    district = delivered(database, tmp_path, 18, small=1)
    note(district, {202603: [2]})
    assert step(district) == {str(month): list(FIRMS) for month in MONTHS}


@pytest.mark.parametrize("steps", range(6))
def test_a_dead_process_in_what_went_ahead_loses_and_doubles_nothing(
    database: Database, tmp_path: Path, at_once: dict[str, Any], steps: int
) -> None:
    district = delivered(database, tmp_path, 6, small=1)
    note(district, {202603: [2]})
    first = district.runs.start_correction()
    assert first is not None
    for _ in range(steps):
        district.runs.advance(first.id)
    district.runs = process(district, 6, small=1)
    district.runs.resume()
    assert [size for _months, size in finish(district)] == [5, 5, 5]
    assert outcome(database) == at_once


def test_a_register_is_noted_by_one_statement_a_month(database: Database, tmp_path: Path) -> None:
    district = District(database, tmp_path)
    sent = database.traffic.statements
    note(district, dict.fromkeys(MONTHS, range(1, 5_001)))
    assert database.traffic.statements - sent == len(MONTHS)
    with database.read() as session:
        assert repository.waiting(session) == [(month, 5_000) for month in MONTHS]


def test_what_waits_is_counted_by_month_and_only_months_with_a_run_wait(district: District) -> None:
    district.month(202601, MONTHS[202601])
    with district.database.transaction() as session:
        repository.add_pending(session, {202601: [1, 2, 1]}, START)
        repository.add_pending(session, {202601: [2], 202512: [3]}, START)
    with district.database.read() as session:
        assert repository.waiting(session) == [(202512, 1), (202601, 2)]
    with district.database.transaction() as session:
        assert repository.take_pending(session, [202601], 100, 0) == ({202601: [1, 2]}, False)
    with district.database.read() as session:
        assert repository.waiting(session) == []


@pytest.mark.parametrize("named", [0, 2, 1_000], ids=["opened", "some", "by-scope"])
def test_a_large_file_is_looked_into_and_a_small_one_named_by_its_run(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: int
) -> None:
    monkeypatch.setattr(kept, "NAMED_MAX", named)
    district = delivered(database, tmp_path, 6)
    with database.transaction() as session:
        repository.take_pending(session, {}, 0, 0)
        repository.add_pending(session, {202602: [1, 2, 3]}, district.clock.now())
    assert [size for _months, size in finish(district)] == [3]
    history = {n: district.kept.history(n, list(MONTHS)) for n in (1, 4)}
    assert [facts["point:GZ01"] for facts in history[1].values()] == [0, 3, 0]
    assert [facts["point:SB01"] for facts in history[4].values()] == [0, 0, 0]
    newest = [district.kept.newest(202602, n) for n in (1, 4)]
    kinds = {row.id: row.kind for row in _runs(database)}
    assert [kinds[found.run_id] for found in newest if found is not None] == ["correction", "monthly"]


def _runs(database: Database) -> list[RunRow]:
    with database.read() as session:
        return list(session.scalars(select(RunRow)))
