"""The second verifier's modules under Node: public vectors, strictness, hostile input, and Python's own proofs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.verifier_js.proofs import cases

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VECTORS = ROOT.parent / "shared" / "data" / "vectors"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not (ROOT / "node_modules").is_dir(), reason="node_modules is not installed (npm ci)"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python's proofs as a file."""
    path = tmp_path_factory.mktemp("cases") / "cases.json"
    path.write_text(json.dumps(cases()))
    return path


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_module(name: str, made: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "VECTORS": str(VECTORS) if VECTORS.is_dir() else "",
        "CASES": str(made),
    }
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", name],
        cwd=HERE,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "# pass 0" not in run.stdout, "no test ran"
