"""A machine that cannot build the engine is told what it lacks, in both languages, before anything is made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.network import program
from scripts.cli import build_app


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine with only the named programs, where the engine was never built."""
    monkeypatch.setattr(program, "KEPT", tmp_path / "engine")
    monkeypatch.setattr(program, "_GO_PLACES", ())
    monkeypatch.delenv("CC", raising=False)

    def has(*names: str) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in names else None)

    return has


def refused(*, languages: tuple[str, str]) -> None:
    with pytest.raises(program.ProgramMissing) as caught:
        program.build()
    for words in languages:
        assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_without_go(machine: Callable[..., None]) -> None:
    machine("gcc")
    refused(languages=("缺少 Go", "Go is missing"))
    assert not program.KEPT.exists()


def test_without_a_c_compiler(machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    machine("go")
    refused(languages=("缺少 C 编译器 gcc", "the C compiler gcc is missing"))
    monkeypatch.setenv("CC", "clang -O2")
    refused(languages=("缺少 C 编译器 clang", "the C compiler clang is missing"))


def test_a_build_that_fails_shows_the_compilers_words(
    machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("go", "gcc")

    def fails(command: list[str], **_more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "app.go:1: something")

    monkeypatch.setattr(program.subprocess, "run", fails)
    refused(languages=("构建失败", "could not be built:\napp.go:1: something"))
    assert not program.place().exists()


def test_an_engine_that_nobody_built(machine: Callable[..., None]) -> None:
    machine()
    with pytest.raises(program.ProgramMissing, match=r"尚未构建.*is not built"):
        program.find()


def test_up_says_so_in_one_line(machine: Callable[..., None], tmp_path: Path) -> None:
    machine()
    words = ["up", "--network", "local4", "--port", "0", "--data", str(tmp_path / "var")]
    result = CliRunner().invoke(build_app("up"), words)
    assert result.exit_code == 1
    told = "".join(result.stderr.split())
    assert "缺少Go" in told
    assert "Goismissing" in told
    assert not (tmp_path / "var" / "network" / "network.json").exists()


def test_up_knows_its_networks(tmp_path: Path) -> None:
    words = ["up", "--network", "local5", "--data", str(tmp_path / "var")]
    result = CliRunner().invoke(build_app("up"), words)
    assert result.exit_code == 1
    assert "local4" in result.stderr
    assert not (tmp_path / "var").exists()
