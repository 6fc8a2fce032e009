"""The JavaScript tests' vectors of CometBFT, IAVL and ICS-23 are still what those libraries give."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from node.network import program as engine

FOLDER = Path(__file__).resolve().parents[2] / "unit" / "verifier_js" / "comet"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_engines_own_libraries_make_the_same_vectors() -> None:
    try:
        go = engine.find_go()
    except engine.ProgramMissing:
        pytest.skip("Go is not installed")
    done = subprocess.run(
        [go, "run", str(FOLDER / "main.go")],
        cwd=engine.SOURCES, env=engine.go_environment(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == (FOLDER / "vectors.json").read_bytes()
    tool = Path(go).resolve().with_name("gofmt")
    assert subprocess.run([str(tool), "-l", str(FOLDER)], capture_output=True, check=True).stdout == b""
