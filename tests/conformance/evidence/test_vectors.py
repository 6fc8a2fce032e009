"""The conformance vectors: both engines pass them, they can be made again, and the protocol tells a liar."""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.trust_root import TrustRoot
from scripts import vectors
from scripts.cli import build_app
from scripts.conformance import run_all
from tests.attacks.evidence.stories import STORIES
from tests.attacks.evidence.story import Made
from tests.support.engines import JS, RENDERING, Engine, engines
from tests.support.fonts import installed_fonts

LINES = vectors.load()
SAMPLE = int(os.environ.get("CONCORD_TEST_VECTORS", "6"))
"""How many vectors one run makes again."""
ENTRYPOINTS = {"python": [sys.executable, "-m", "scripts.cli"], "js": ["node", str(JS)]}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Everything in the archive."""
    return vectors.contents()


def test_there_are_enough_and_each_fails_at_one_step() -> None:
    negative = [line for line in LINES if line["fails_at"] is not None]
    failed = [line for line in negative if line["verdict"] == "failed"]
    assert len(LINES) >= 120
    assert len(failed) >= 80
    for line in failed:
        assert [no for no, step in line["steps"].items() if step["outcome"] == "failed"] == [
            str(line["fails_at"])
        ]
    assert {line["fails_at"] for line in failed} >= set(range(1, 20)), "every step of a contract can fail"
    assert (vectors.FOLDER / vectors.ARCHIVE).stat().st_size < 6_000_000


def test_vectors_and_stories_are_the_same() -> None:
    told = {story.id: (story.zh, story.en, story.step or None) for story in STORIES}
    kept = {
        line["id"]: (line["zh"], line["en"], line["fails_at"])
        for line in LINES
        if line["verdict"] != "unusable"
    }
    assert kept == told, "make them again: concord vectors make"


@pytest.mark.parametrize("engine", engines(), ids=lambda engine: engine.name)
def test_an_engine_judges_every_vector_as_it_must(engine: Engine, files: dict[str, bytes]) -> None:
    lines = [line for line in LINES if line["verdict"] != "unusable"]
    found = engine.judge([_question(line, files) for line in lines])
    wrong = []
    for line, judged in zip(lines, found, strict=True):
        expected = {int(no): (step["outcome"], step["sub_indication"]) for no, step in line["steps"].items()}
        expected.pop(RENDERING, None)
        if judged.trouble or judged.compared != (line["verdict"], expected):
            steps = judged.compared[1]
            differs = {no: (steps.get(no), expected.get(no)) for no in steps.keys() | expected.keys()
                       if steps.get(no) != expected.get(no)}  # fmt: skip
            wrong.append((line["id"], judged.trouble or judged.verdict, differs))
    assert not wrong, wrong


def _question(line: dict[str, Any], files: dict[str, bytes]) -> Made:
    return Made(
        files[line["file"]],
        TrustRoot.parse(files[line["trust_root"]]),
        dt.datetime.fromisoformat(line["now"]),
    )


def test_a_sample_made_again_ends_the_same() -> None:
    installed_fonts()
    stage = vectors.scene()
    kept = {line["id"]: line for line in LINES}
    for story in random.Random(dt.date.today().toordinal()).sample(STORIES, SAMPLE):  # noqa: DTZ011
        line = vectors.describe(story, vectors.make_one(story, stage))
        assert {**line, "trust_root": ""} == {**kept[story.id], "trust_root": ""}


@pytest.mark.parametrize("engine", [engine.name for engine in engines()])
def test_our_own_verifiers_pass_through_the_protocol(engine: str) -> None:
    """A few of each kind by the command line; all of them go through the engines above."""
    found = run_all(ENTRYPOINTS[engine], only="99-") + run_all(ENTRYPOINTS[engine], only="00-the-")
    assert len(found) >= 8
    assert not [item for item in found if item.problems]


def test_the_protocol_tells_a_verifier_that_says_yes_to_everything(tmp_path: Path) -> None:
    liar = tmp_path / "liar.py"
    liar.write_text('print(\'{"verdict":"passed","steps":[]}\')\n', "utf-8")
    found = run_all([sys.executable, str(liar)], only="13-")
    assert found
    assert all(item.problems for item in found)
    runner = CliRunner()
    app = build_app("conformance")
    assert runner.invoke(app, ["conformance", f"{sys.executable} {liar}", "--only", "16-"]).exit_code == 1
    assert runner.invoke(app, ["conformance", "no-such-program", "--only", "16-"]).exit_code == 1


def test_they_unpack_for_a_third_party(tmp_path: Path) -> None:
    found = CliRunner().invoke(build_app("vectors"), ["vectors", "unpack", str(tmp_path)])
    assert found.exit_code == 0, found.output
    assert (tmp_path / "index.json").read_bytes() == (vectors.FOLDER / "index.json").read_bytes()
    for line in LINES:
        assert (tmp_path / line["file"]).exists()
        assert (tmp_path / line["trust_root"]).exists()
