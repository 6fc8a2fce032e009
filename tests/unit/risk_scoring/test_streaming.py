"""Scoring many rows from files to files: the same decisions, whole files only, and a killed run goes on where it was."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from api.risk.scoring import streaming
from api.risk.scoring.decision import OUTPUT
from api.risk.scoring.digest import digest
from api.risk.scoring.streaming import row_groups, score_files, slices
from api.risk.spec.model import RuleSetError
from scripts.bench.risk_facts import chunk
from tests.unit.risk_scoring.agreement import by_polars
from tests.unit.risk_scoring.rule_sets import real

REAL = real()


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    """Two files, their rows numbered through, with row groups that fit no slice."""
    made = []
    for number, (rows, group) in enumerate(((5_300, 700), (2_000, 2_000))):
        path = tmp_path / f"facts{number}.parquet"
        frame = chunk(REAL, 8, number, 5_300, wild=number == 0).head(rows)
        frame.write_parquet(path, row_group_size=group)
        made.append(path)
    return made


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SLICE_ROWS", 1_500)
    monkeypatch.setattr(streaming, "FILE_ROWS", 3_000)


def whole(sources: list[Path]) -> pl.DataFrame:
    return by_polars(REAL, pl.concat([pl.read_parquet(path) for path in sources]))


def test_slices_hold_whole_groups_and_all_rows_once() -> None:
    assert list(slices([700] * 7 + [400], 1_500)) == [
        (0, 1_400),
        (1_400, 1_400),
        (2_800, 1_400),
        (4_200, 1_100),
    ]
    assert list(slices([250, 2_000, 10], 1_500)) == [(0, 250), (250, 2_000), (2_250, 10)]
    assert list(slices([], 10)) == []


def test_files_say_what_one_frame_says(sources: list[Path], tmp_path: Path) -> None:
    assert row_groups(sources[0]) == [700] * 7 + [400]
    made = score_files(REAL, sources, tmp_path / "out")
    assert [path.name for path in made] == [
        "facts0-000000000000.parquet",
        "facts0-000000002800.parquet",
        "facts1-000000000000.parquet",
    ]
    found = pl.concat([pl.read_parquet(path) for path in made])
    assert found.columns == ["enterprise", "month", *OUTPUT]
    assert digest(found) == digest(whole(sources))
    assert found["enterprise"].to_list() == whole(sources)["enterprise"].to_list()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in made]


def test_a_killed_run_goes_on_and_leaves_no_half_file(sources: list[Path], tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def die(_path: Path) -> None:
        raise Killed

    out = tmp_path / "out"
    with pytest.raises(Killed):
        score_files(REAL, sources, out, die)
    (out / ".facts0-000000002800.parquet.part").write_bytes(b"half")  # as a kill in the middle leaves it
    first = (out / "facts0-000000000000.parquet").stat()
    told: list[str] = []
    made = score_files(REAL, sources, out, lambda path: told.append(path.name))
    assert told == ["facts0-000000002800.parquet", "facts1-000000000000.parquet"]
    assert (out / "facts0-000000000000.parquet").stat().st_mtime_ns == first.st_mtime_ns
    assert digest(pl.concat([pl.read_parquet(path) for path in made])) == digest(whole(sources))


def test_what_cannot_be_scored_is_refused(sources: list[Path], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.parquet"
    pl.read_parquet(sources[1]).drop("staff").write_parquet(wrong)
    with pytest.raises(RuleSetError, match="staff"):
        score_files(REAL, [wrong], tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(ValueError, match="one name"):
        score_files(REAL, [sources[0], sources[0]], tmp_path / "out")
