"""The Go sources: formatted, vetted, tested; and a build that depends on nothing but them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from node.network import program as engine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]


def _go(*arguments: str) -> str:
    done = subprocess.run(
        [engine.find_go(), *arguments],
        cwd=engine.SOURCES, env=engine.go_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-4000:]
    return done.stdout + done.stderr


def test_sources_are_formatted(program: Path) -> None:
    tool = Path(engine.find_go()).resolve().with_name("gofmt")
    done = subprocess.run(
        [str(tool), "-l", "."], cwd=engine.SOURCES, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_sources_pass_vet_and_their_own_tests(program: Path) -> None:
    _go("vet", "./...")
    assert "FAIL" not in _go("test", "./...")


def test_no_separately_licensed_module_is_used(program: Path) -> None:
    assert "/enterprise/" not in _go("list", "-deps", "./cmd/concordd")


def test_the_same_sources_give_the_same_bytes(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another folder, and into another place; the revision is an input."""
    elsewhere = tmp_path / "engine"
    shutil.copytree(engine.SOURCES, elsewhere)
    revision = engine.facts(program)["version"]
    monkeypatch.setattr(engine, "revision", lambda: revision)
    monkeypatch.setattr(engine, "SOURCES", elsewhere)
    monkeypatch.setattr(engine, "KEPT", tmp_path / "kept")
    again = engine.build()
    assert again != program
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(program.read_bytes()).digest()


def test_the_place_of_the_sources_does_not_stand_in_the_program(program: Path) -> None:
    assert str(engine.SOURCES).encode() not in program.read_bytes()
