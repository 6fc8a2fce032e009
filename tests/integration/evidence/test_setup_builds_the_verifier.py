"""Set-up builds the second verifier's HTML file: once, again after a change of its sources, with a clear word where it can't."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chain.source_manifest import source_digest
from scripts import build_verifier

pytestmark = pytest.mark.skipif(
    not build_verifier.BUNDLER.is_file(), reason="esbuild is not installed (npm ci)"
)

ROOT = build_verifier.ROOT
COPIED = ("chain", "signing", "scripts", "api/infra/web/static")
"""What the build and its test need; the sources of the file among it."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tree in which set-up has done everything but this step."""
    made = tmp_path / "checkout"
    for folder in COPIED:
        shutil.copytree(ROOT / folder, made / folder, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    for name in ("package-lock.json", "pyproject.toml"):
        shutil.copy(ROOT / name, made / name)
    for name in (".venv", "node_modules"):
        (made / name).symlink_to(ROOT / name)
    return made


def _set_up(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", "set -euo pipefail; . scripts/setup.sh; setup_verifier"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
    )


def test_both_commands_of_the_readme_go_through_this_step() -> None:
    text = (ROOT / "scripts" / "setup.sh").read_text("utf-8")
    assert "\n  setup_verifier\n" in text[text.index("\nsetup() {") :]
    for name in ("run", "test"):
        assert "\nsetup requirements/" in (ROOT / "scripts" / name).read_text("utf-8")


def test_it_is_built_once_and_again_when_a_source_has_changed(checkout: Path) -> None:
    built = checkout / "chain" / "verifier_js" / "dist" / "verifier.html"
    first = _set_up(checkout)
    assert first.returncode == 0, first.stderr
    assert "offline verifier" in first.stderr
    before = built.read_bytes()

    again = _set_up(checkout)
    assert (again.returncode, again.stderr) == (0, "")

    style = checkout / "chain" / "verifier_js" / "page" / "page.css"
    style.write_text(style.read_text("utf-8") + "\n.new { color: inherit; }\n", "utf-8")
    changed = _set_up(checkout)
    assert changed.returncode == 0, changed.stderr
    assert b".new { color: inherit; }" in built.read_bytes()
    assert built.read_bytes() != before

    built.unlink()
    assert "offline verifier" in _set_up(checkout).stderr
    assert built.is_file()


def test_it_says_what_failed_and_which_command_to_run(checkout: Path) -> None:
    (checkout / "chain" / "verifier_js" / "page" / "app.js").unlink()
    done = _set_up(checkout)
    assert done.returncode == 1
    assert ".venv/bin/python -m scripts.build_verifier" in done.stderr
    assert not (checkout / "chain" / "verifier_js" / "dist" / "verifier.html").exists()
    assert "offline verifier" in _set_up(checkout).stderr, "a failure is no reason to skip the next time"


def test_the_built_file_is_no_source_of_the_program(checkout: Path) -> None:
    """A checkout before set-up and one after it name the same program."""
    before = source_digest(checkout)
    assert _set_up(checkout).returncode == 0
    assert source_digest(checkout) == before
