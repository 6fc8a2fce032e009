"""Equal seeds give equal bytes, whatever the order of work."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import polars as pl
import pytest

from scripts.district import generate as module
from scripts.district.calendar import Month, months_until
from scripts.district.draws import Draws
from scripts.district.generate import GenerationError, Plan, generate
from scripts.district.master import enterprises
from scripts.district.state import state
from scripts.district.stories import assign
from tests.unit.district.conftest import PLAN, Made


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_plan_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    generate(PLAN, tmp_path / "again")
    assert _tree(tmp_path / "again") == _tree(made.folder)


def test_another_seed_gives_other_enterprises(made: Made, tmp_path: Path) -> None:
    plan = dataclasses.replace(PLAN, seed=6, months=PLAN.months[-2:])
    other = generate(plan, tmp_path / "other")
    assert {file["sha256"] for file in other["files"] if file["rows"]}.isdisjoint(
        file["sha256"] for file in made.manifest["files"]
    )


def test_an_enterprise_does_not_depend_on_how_many_there_are() -> None:
    months = months_until(Month(2026, 10), 14)
    few, many = enterprises(Draws(2), 120, months), enterprises(Draws(2), 600, months)
    assert few.equals(many.head(120))


def test_months_can_be_made_in_any_order_and_alone() -> None:
    months = months_until(Month(2026, 10), 14)
    draws = Draws(2)
    master = assign(enterprises(draws, 200, months), draws, months)
    forwards = [state(master, draws, months, position) for position in range(14)]
    backwards = [state(master, draws, months, position) for position in reversed(range(14))][::-1]
    assert all(one.equals(other) for one, other in zip(forwards, backwards, strict=True))
    half = state(master.filter(pl.col("serial") >= 100), draws, months, 7)
    assert half.equals(forwards[7].filter(pl.col("serial") >= 100))


def test_each_month_is_made_once_and_held_no_longer_than_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[int] = []

    def counted(master: pl.DataFrame, draws: Draws, months: list[Month], position: int) -> pl.DataFrame:
        calls.append(position)
        return state(master, draws, months, position)

    monkeypatch.setattr(module, "state", counted)
    plan = dataclasses.replace(PLAN, enterprises=60)
    made = generate(plan, tmp_path / "out")
    snapshots = sum(file["mode"] == "snapshot" for file in made["files"])
    assert len(calls) == len(plan.months) + snapshots


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine", "utf-8")
    with pytest.raises(GenerationError, match="not empty"):
        generate(PLAN, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_a_broken_run_leaves_nothing_that_looks_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("cut")

    with monkeypatch.context() as patched:
        patched.setattr(module.District, "_manifest", broken)
        with pytest.raises(RuntimeError, match="cut"):
            generate(dataclasses.replace(PLAN, enterprises=60), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    generate(dataclasses.replace(PLAN, enterprises=60), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize(
    ("change", "word"),
    [({"enterprises": 3}, "enterprises"), ({"months": 0}, "months"), ({"end": "2026-13"}, "end")],
)
def test_impossible_plans_are_refused(change: dict[str, object], word: str) -> None:
    wanted: dict[str, object] = {"end": "2026-10", "enterprises": 100, "months": 12, "seed": 1}
    with pytest.raises(GenerationError, match=word):
        Plan.until(**{**wanted, **change})  # type: ignore[arg-type]
