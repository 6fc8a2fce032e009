"""Tests of one `xdist_group` share costly servers: they must run in one process, whatever pytest and xdist are locked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = """
import os
from pathlib import Path

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(12))
def test_member(n):
    (Path(__file__).parent / f"{os.environ['PYTEST_XDIST_WORKER']}-{n}").touch()
"""


def test_a_group_runs_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider",
         "--rootdir", str(tmp_path), "-c", "/dev/null", "test_suite.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    workers = {path.name.split("-")[0] for path in tmp_path.glob("gw*-*")}
    assert len(workers) == 1, f"one group ran in {sorted(workers)}: the locked pytest and xdist do not fit"
