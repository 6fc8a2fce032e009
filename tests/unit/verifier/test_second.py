"""`concord verify --engine js | both`: the second verifier as a program, agreement, disagreement, and its absence."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chain.verifier import second
from chain.verifier.outcome import Outcome, Report, StepResult
from tests.factories.evidence import Forge

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (
    "import typer; from chain.verifier.cli import verify; app = typer.Typer(); app.command()(verify); app()"
)
NOW = "2026-11-22T12:00:00Z"

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "node_modules").is_dir(),
    reason="node or node_modules is not installed (npm ci)",
)


def _run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path is not None else {})
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env=environment,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, good: Forge) -> Path:
    made = tmp_path_factory.mktemp("packages")
    (made / "good.zip").write_bytes(good.package)
    flipped = bytearray(good.package)
    flipped[-1000] ^= 1
    (made / "flipped.zip").write_bytes(bytes(flipped))
    (made / "root.json").write_bytes(good.root.canonical())
    return made


def _fake_node(folder: Path, script: str) -> str:
    """A PATH whose `node` is this shell script."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    program = place / "node"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{place}:{os.defpath}"


@needs_node
@pytest.mark.parametrize(("file", "code"), [("good.zip", 0), ("flipped.zip", 1)])
def test_both_verifiers_agree(folder: Path, file: str, code: int) -> None:
    options = ("--trust-root", str(folder / "root.json"), "--now", NOW, "--json", "--engine")
    first = _run(str(folder / file), *options, "python")
    other = _run(str(folder / file), *options, "js")
    both = _run(str(folder / file), *options, "both")
    assert (first.returncode, other.returncode, both.returncode) == (code, code, code), both.stderr
    answer = json.loads(both.stdout)
    assert answer["agree"] is True
    assert answer["differences"] == []
    assert answer["python"] == json.loads(first.stdout)
    assert answer["js"] == json.loads(other.stdout)
    shown = _run(str(folder / file), *options[:4], "--engine", "both")
    assert "两个独立验证程序结论一致" in shown.stdout
    assert shown.returncode == code


@needs_node
def test_the_result_of_the_second_verifier_is_printed_with_the_same_texts(folder: Path) -> None:
    options = ("--trust-root", str(folder / "root.json"), "--now", NOW, "--engine", "js")
    done = _run(str(folder / "good.zip"), *options)
    assert done.returncode == 0
    assert "验证通过" in done.stdout
    assert "Structure: every byte" in done.stdout


def test_disagreement_ends_with_4_and_says_where(folder: Path) -> None:
    answer = {"verdict": "failed", "steps": [_line(1, "failed", "PROFILE_ILLEGAL")]}
    path = _fake_node(folder, f"cat <<'END'\n{json.dumps(answer)}\nEND\nexit 1")
    options = ("--trust-root", str(folder / "root.json"), "--now", NOW, "--engine", "both")
    done = _run(str(folder / "good.zip"), *options, path=path)
    assert done.returncode == 4
    assert "结论不一致" in done.stdout
    assert "第 1 步 step 1: python passed | js failed PROFILE_ILLEGAL" in done.stdout
    found = json.loads(_run(str(folder / "good.zip"), *options, "--json", path=path).stdout)
    assert found["agree"] is False
    assert {"step": 0, "python": "passed", "js": "failed"} in found["differences"]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (None, "找不到 Node"),
        ("echo 'Error [ERR_MODULE_NOT_FOUND]: x' >&2; exit 1", "npm ci"),
        ("exit 7", "没有给出结果"),
        ("echo '{}'", "没有给出结果"),
    ],
)
def test_without_a_second_verifier_the_reason_is_said(folder: Path, script: str | None, text: str) -> None:
    empty = folder / "nothing"
    empty.mkdir(exist_ok=True)
    path = str(empty) if script is None else _fake_node(folder, script)
    done = _run(
        str(folder / "good.zip"), "--trust-root", str(folder / "root.json"), "--engine", "js", path=path
    )
    assert done.returncode == 3
    assert text in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "option", [("--engine", "rust"), ("--now", "yesterday"), ("--now", "2026-01-01T00:00:00")]
)
def test_options_that_cannot_be_read(folder: Path, option: tuple[str, str]) -> None:
    done = _run(str(folder / "good.zip"), "--trust-root", str(folder / "root.json"), *option)
    assert done.returncode == 3
    assert option[0] in done.stderr


def test_a_verifier_over_its_time_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", _fake_node(tmp_path, "sleep 5"))
    with pytest.raises(second.SecondVerifierMissing) as caught:
        second.verify_with_node(b"x", b"y", now=datetime.now(UTC), seconds=0.3)
    assert caught.value.reason == "slow"
    assert caught.value.zh
    assert caught.value.en


def test_differences_are_found_everywhere_but_in_step_20() -> None:
    def report(verdict: Outcome, **subs: str) -> Report:
        steps = [StepResult(int(no[1:]), no, Outcome.PASSED, sub, {}) for no, sub in subs.items()]
        return Report(verdict, tuple(steps))

    one = report(Outcome.PASSED, s1="", s13="DISPUTED", s20="")
    assert second.differences(one, report(Outcome.PASSED, s1="", s13="DISPUTED", s20="X")) == []
    found = second.differences(one, report(Outcome.FAILED, s1="", s13="", s14=""))
    assert [(item.step, item.first, item.second) for item in found] == [
        (0, "passed", "failed"),
        (13, "passed DISPUTED", "passed"),
        (14, "–", "passed"),
    ]


@needs_node
def test_the_batch_answers_every_line(folder: Path) -> None:
    root = str(folder / "root.json")
    tasks = [
        {"file": str(folder / "good.zip"), "trust_root": root, "now": NOW},
        {"file": str(folder / "missing.zip"), "trust_root": root, "now": NOW},
        {"file": str(folder / "good.zip"), "trust_root": str(folder / "good.zip")},
        {"file": str(folder / "flipped.zip"), "trust_root": root, "now": "never"},
        "not an object",
        {"file": str(folder / "flipped.zip"), "trust_root": root, "now": NOW},
    ]
    lines = "".join(json.dumps(task) + "\n" for task in tasks) + "no json\n"
    done = subprocess.run(
        ["node", str(second.PROGRAM), "--batch"], input=lines, capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("verdict") for answer in answers] == ["passed", None, None, None, None, "failed", None]
    assert all("error" in answer for answer in answers if "verdict" not in answer)


@needs_node
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "{}/good.zip", "--trust-root", "{}/root.json", "--now", NOW, "--json"), 0),
        (("{}/flipped.zip", "--trust-root", "{}/root.json"), 1),
        (("{}/missing.zip", "--trust-root", "{}/root.json"), 3),
        (("{}/good.zip", "--trust-root", "{}/good.zip"), 3),
        (("{}/good.zip",), 3),
        (("{}/good.zip", "--trust-root", "{}/root.json", "--now", "soon"), 3),
        (("{}/good.zip", "--trust-root", "{}/root.json", "--colour"), 3),
    ],
)
def test_exit_codes_of_the_program_itself(folder: Path, words: tuple[str, ...], code: int) -> None:
    command = ["node", str(second.PROGRAM), *(word.format(folder) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert (done.stderr if code == 3 else done.stdout).strip()


def _line(no: int, outcome: str, sub: str) -> dict[str, object]:
    return {"no": no, "name": "x", "outcome": outcome, "sub_indication": sub, "facts": {}}


@needs_node
def test_missing_libraries_are_no_verdict(folder: Path, tmp_path: Path) -> None:
    """Node's own exit code for a module that is not there would be 1, "failed"."""
    shutil.copytree(second.PROGRAM.parent, tmp_path / "verifier_js")
    command = ["node", str(tmp_path / "verifier_js" / "cli.mjs"), str(folder / "good.zip")]
    command += ["--trust-root", str(folder / "root.json"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert "npm ci" in done.stderr
