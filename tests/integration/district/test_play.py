"""A small district lived through intake and runs: what is exported, and that a play that breaks off goes on where it was."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.district.deliveries import Rhythm
from scripts.district.generate import LABELS, MANIFEST, Plan, generate
from scripts.district.play import COLOURED, Play, PlayError, turns
from scripts.district.report import read_stories, read_warnings, whole_report

MONTHS = 4


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("played") / "district"
    plan = Plan.until("2026-03", enterprises=120, months=MONTHS, seed=4, rhythm=Rhythm(recent=MONTHS))
    generate(plan, folder)
    return folder


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "episode"} for row in csv.DictReader(file)
        ]


def test_turns_are_the_months_in_which_files_end(district: Path) -> None:
    made = turns(json.loads((district / MANIFEST).read_text("utf-8")))
    assert [turn.month.number for turn in made] == [202512, 202601, 202602, 202603]
    for turn in made:
        assert turn.day > turn.month.last
        assert all(file["sent_on"] <= turn.day.isoformat() for file in turn.files)


def test_a_play_and_one_that_was_broken_off_say_the_same(
    district: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    whole = Play(district, tmp_path / "whole", said.append).run()
    assert [line[:6] for line in said] == ["202512", "202601", "202602", "202603"]

    def dies(*_given: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Play, "_visit", dies)
        with pytest.raises(KeyboardInterrupt):
            Play(district, tmp_path / "broken").run()
    notes = tmp_path / "broken" / "played.jsonl"
    notes.write_text(notes.read_text("utf-8") + '\n{"step": "month/2025', "utf-8")
    again = Play(district, tmp_path / "broken").run()
    assert _lines(again) == _lines(whole)
    assert len(_lines(whole)) > 3
    coloured = [json.loads((tmp_path / name / COLOURED).read_text("utf-8")) for name in ("whole", "broken")]
    assert coloured[0] == coloured[1]
    assert coloured[0]["months"] == MONTHS
    assert sum(coloured[0]["grades"]) == sum(coloured[0]["points"]["JY02"])

    made = whole_report(
        read_stories(district / LABELS), read_warnings(whole), level="blue", coloured=coloured[0]
    )
    assert made["warnings"] == len({row["episode"] for row in csv.DictReader(whole.open(encoding="utf-8"))})
    assert made["untidiness"]["months"] == MONTHS


def test_a_file_that_is_not_what_the_manifest_says_ends_the_play(district: Path, tmp_path: Path) -> None:
    copy = tmp_path / "district"
    copy.symlink_to(district, target_is_directory=True)
    play = Play(copy, tmp_path / "product")
    play._manifest["files"][0] = {**play._manifest["files"][0], "rows": 7}
    with pytest.raises(PlayError, match="refused"):
        play.run()
