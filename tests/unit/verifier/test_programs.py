"""The command line and the child process: exit codes, limits, hostile input, no network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chain.package.contents import CONTRACT
from chain.verifier import PLAN
from chain.verifier.child import verify_in_child
from chain.verifier.offline import NetworkUnavailable
from tests.factories.evidence import Forge
from tests.support.fonts import node_fonts

STEPS = [step.no for step in PLAN if CONTRACT in step.needs]

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (
    "import typer; from chain.verifier.cli import verify; app = typer.Typer(); app.command()(verify); app()"
)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, good: Forge) -> Path:
    made = tmp_path_factory.mktemp("packages")
    (made / "good.zip").write_bytes(good.package)
    flipped = bytearray(good.package)
    flipped[-1000] ^= 1
    (made / "flipped.zip").write_bytes(bytes(flipped))
    (made / "root.json").write_bytes(good.root.canonical())
    old = good.root.value | {"valid_until": "2026-02-01T00:00:00.000Z"}
    (made / "old.json").write_bytes(type(good.root).of(old).canonical())
    (made / "empty.zip").write_bytes(b"")
    return made


@pytest.mark.parametrize(
    ("file", "root", "code"),
    [
        ("good.zip", "root.json", 0),
        ("flipped.zip", "root.json", 1),
        ("good.zip", "old.json", 2),
        ("empty.zip", "root.json", 3),
        ("missing.zip", "root.json", 3),
        ("good.zip", "good.zip", 3),
    ],
)
def test_exit_codes(folder: Path, file: str, root: str, code: int) -> None:
    done = _run(str(folder / file), "--trust-root", str(folder / root))
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout if code < 3 else done.stderr


def test_json_has_verdict_and_numbered_steps(folder: Path) -> None:
    done = _run(str(folder / "good.zip"), "--trust-root", str(folder / "root.json"), "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == {"verdict", "steps"}
    assert [step["no"] for step in answer["steps"]] == STEPS
    assert all(set(step) == {"no", "name", "outcome", "sub_indication", "facts"} for step in answer["steps"])


def test_one_language_can_be_chosen(folder: Path) -> None:
    english = _run(str(folder / "good.zip"), "--trust-root", str(folder / "root.json"), "--lang", "en").stdout
    assert "Passed:" in english
    assert "验证通过" not in english


def test_the_child_answers_as_the_library_does(good: Forge) -> None:
    answer = verify_in_child(good.package, good.root.canonical())
    assert answer["verdict"] == "passed"
    assert [step["no"] for step in answer["steps"]] == STEPS


def test_the_child_may_render_in_a_process_of_its_own(good: Forge) -> None:
    answer = verify_in_child(good.package, good.root.canonical(), fonts=tuple(node_fonts()))
    assert answer["steps"][19]["outcome"] == "passed", answer["steps"][19]


def test_a_child_over_its_time_is_stopped(good: Forge) -> None:
    answer = verify_in_child(good.package, good.root.canonical(), seconds=0.05)
    assert answer["verdict"] == "indeterminate"
    assert answer["steps"][0]["sub_indication"] == "TIMED_OUT"


def test_a_child_over_its_memory_is_stopped(good: Forge) -> None:
    answer = verify_in_child(good.package, good.root.canonical(), megabytes=24)
    assert answer["verdict"] == "indeterminate"
    assert {step["sub_indication"] for step in answer["steps"]} & {"TIMED_OUT", "UNREADABLE"}


def test_a_verifying_process_has_no_http_client() -> None:
    code = (
        "from chain.verifier.offline import without_network; without_network();"
        "import pyhanko.sign.validation, aiohttp\n"
        "try:\n aiohttp.ClientSession()\nexcept Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == NetworkUnavailable.__name__
