"""Every transaction and every file of a run broken: lost, persisted but reported as failed, and killed between two steps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.infra.db import Database, UnitOfWork
from api.risk.tables import ChangeRow, EpisodeRow, FactsRow, RunRow, StandingRow, WarningRow
from tests.support.dying_risk_run import FEB, corrected, lights, wait_for_correction
from tests.support.risk_district import START, District


class Broken(Exception):
    """What a test does to a transaction."""


class Unlucky(UnitOfWork):
    """The transaction number `at` is lost, or is kept and reported as failed."""

    def __init__(self, db: Database, at: int, kept: bool) -> None:
        super().__init__(db)
        self.at, self.kept, self.count = at, kept, 0

    @contextmanager
    def __call__(self) -> Iterator[Session]:
        mine = self.count
        self.count += 1
        with super().__call__() as session:
            yield session
            if mine == self.at and not self.kept:
                raise Broken
        if mine == self.at and self.kept:
            raise Broken


def outcome(database: Database) -> dict[str, Any]:
    """What a finished run leaves, without ids and moments."""
    with database.read() as session:
        return {
            "runs": [(r.kind, r.state, r.counts, r.sha256) for r in session.scalars(select(RunRow))],
            "standings": [
                (s.enterprise, s.shown, s.raw, s.memory)
                for s in session.scalars(select(StandingRow).order_by(StandingRow.enterprise))
            ],
            "episodes": sorted(
                (e.enterprise, e.number, e.grade) for e in session.scalars(select(EpisodeRow))
            ),
            "warnings": sorted((w.enterprise, w.pending) for w in session.scalars(select(WarningRow))),
            "log": sorted((c.enterprise, c.shown_after or 0) for c in session.scalars(select(ChangeRow))),
        }


@pytest.fixture
def expected(database: Database, tmp_path: Path, sqlite_template: Path) -> dict[str, Any]:
    path = tmp_path / "whole.db"
    path.write_bytes(sqlite_template.read_bytes())
    whole = Database(f"sqlite:///{path}", database.field_key)
    calm = District(whole, tmp_path / "whole")
    lights(calm)
    calm.month(202601, FEB)
    found = outcome(whole)
    whole.close()
    assert len(found["warnings"]) == 3
    return found


STEPS = 6
"""Transactions of a run of six firms in batches of four: start, file, two batches, their end, finish; one spare."""


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept-but-reported-failed"])
@pytest.mark.parametrize("at", range(STEPS))
def test_a_broken_transaction_doubles_nothing(
    database: Database, tmp_path: Path, expected: dict[str, Any], at: int, kept: bool
) -> None:
    district = District(database, tmp_path)
    lights(district)
    runs = district.process(Unlucky(database, at, kept))
    try:
        runs.complete(runs.start_monthly(202601, FEB).id)
    except Broken:
        broken = True
    else:
        broken = False
    assert broken is (at < STEPS - 1)
    again = district.process()
    again.complete(again.start_monthly(202601, FEB).id)
    assert outcome(database) == expected
    assert district.process().resume() == 0


def test_a_recorder_that_dies_takes_the_whole_step_with_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, Any]
) -> None:
    district = District(database, tmp_path)
    lights(district)
    run = district.runs.start_monthly(202601, FEB)
    assert district.runs.advance(run.id)
    calls = 0

    def dying(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Broken
        return original(*given, **named)

    original = district.issuing.open
    monkeypatch.setattr(district.issuing, "open", dying)
    with pytest.raises(Broken):
        district.runs.advance(run.id)
    with database.read() as session:
        assert session.scalars(select(WarningRow)).all() == []
        assert session.get_one(RunRow, run.id).place == -1
    monkeypatch.undo()
    district.process().complete(run.id)
    assert outcome(database) == expected


@pytest.mark.parametrize("step", range(5))
def test_a_killed_process_goes_on_where_it_was(
    database_url: str, database: Database, tmp_path: Path, expected: dict[str, Any], step: int
) -> None:
    """kill -9 in a process of its own after so many steps; another process completes the run."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.dying_risk_run", database_url, str(tmp_path), str(step)],
        capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    district = District(database, tmp_path)
    lights(district)
    district.runs.sweep(older_than=0)
    assert district.process().resume() == (1 if step < 4 else 0)
    assert outcome(database) == expected
    assert_nothing_left_over(district)


def assert_nothing_left_over(district: District) -> None:
    """Every file is named by a row, every named file is there."""
    district.runs.sweep(older_than=0)
    with district.database.read() as session:
        for folder, column in (("decisions", RunRow.file), ("facts", FactsRow.file)):
            left = {path.name for path in (district.folder / folder).iterdir()}
            assert left == set(session.scalars(select(column))) - {""}


@pytest.fixture
def expected_correction(database: Database, tmp_path: Path, sqlite_template: Path) -> dict[str, Any]:
    path = tmp_path / "whole.db"
    path.write_bytes(sqlite_template.read_bytes())
    whole = Database(f"sqlite:///{path}", database.field_key)
    calm = District(whole, tmp_path / "whole", batch=2)
    corrected(calm)
    wait_for_correction(calm)
    run = calm.runs.start_correction()
    assert run is not None
    calm.runs.complete(run.id)
    found = outcome(whole)
    whole.close()
    assert sorted(found["warnings"]) == [(1, 2), (2, 4), (3, 1), (4, 1), (5, 2)]
    return found


CORRECTION_STEPS = 6
"""Transactions of a correction of three firms in batches of two: start, file, two batches, finish; one spare."""


@pytest.mark.parametrize("kept", [False, True], ids=["lost", "kept-but-reported-failed"])
@pytest.mark.parametrize("at", range(CORRECTION_STEPS))
def test_no_correction_is_lost_or_doubled(
    database: Database, tmp_path: Path, expected_correction: dict[str, Any], at: int, kept: bool
) -> None:
    district = District(database, tmp_path, batch=2)
    corrected(district)
    wait_for_correction(district)
    runs = district.process(Unlucky(database, at, kept))
    try:
        started = runs.start_correction()
        assert started is not None
        runs.complete(started.id)
    except Broken:
        broken = True
    else:
        broken = False
    assert broken is (at < CORRECTION_STEPS - 1)
    worker_round(district)
    assert outcome(database) == expected_correction
    assert district.process().start_correction() is None
    assert_nothing_left_over(district)


@pytest.mark.parametrize("step", range(5))
def test_a_killed_correction_goes_on_where_it_was(
    database_url: str, database: Database, tmp_path: Path, expected_correction: dict[str, Any], step: int
) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.support.dying_risk_run", database_url, str(tmp_path), str(step),
            "correction",
        ],
        capture_output=True, text=True, check=False, env={**os.environ},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    district = District(database, tmp_path, batch=2)
    district.departments.said.clear()
    for number, text in ((2, "GZ01 R"), (4, "SB01 Y"), (5, "JY02 O")):
        district.departments.say(START, number, text)
    district.at(FEB)
    for number, text in ((1, "GZ01 O"), (3, "QY02 Y"), (5, "")):
        district.departments.say(district.clock.now() + timedelta(minutes=30), number, text)
    district.later(hours=1)
    worker_round(district)
    assert outcome(database) == expected_correction
    assert_nothing_left_over(district)


def worker_round(district: District) -> None:
    """What the background process does first: sweep, go on, take up what changed."""
    runs = district.process()
    runs.sweep(older_than=0)
    runs.resume()
    again = runs.start_correction()
    if again is not None:
        runs.complete(again.id)


def test_a_file_that_no_run_names_is_swept(district: District) -> None:
    done = district.month(202601, FEB)
    folder = district.folder / "decisions"
    (folder / f"{'a' * 26}.parquet").write_bytes(b"orphan")
    (folder / f"{'b' * 26}.parquet.part").write_bytes(b"half")
    assert district.runs.sweep() == 2
    assert [path.name for path in folder.iterdir()] == [f"{done.id}.parquet"]
