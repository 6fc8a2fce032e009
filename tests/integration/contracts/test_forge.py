"""forge runs the Solidity tests through the same compiler wrapper as everything else, with the network unplugged."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FORGE = ROOT / "node_modules/@foundry-rs/forge-linux-amd64/bin/forge"
FIXED = ["--no-match-test", "testFuzz|invariant"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contracts in a folder of their own, so that parallel runs do not share a build cache."""
    folder = tmp_path_factory.mktemp("forge")
    shutil.copytree(ROOT / "contracts", folder / "contracts", ignore=shutil.ignore_patterns("out", "cache"))
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "solc", folder / "scripts" / "solc")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder / "contracts"


def _forge(project: Path, *arguments: str, profile: str = "default") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FOUNDRY_PROFILE": profile,
        "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1",
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(FORGE), *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.slow
def test_unit_fuzz_and_invariant_tests_pass(project: Path) -> None:
    run = _forge(project, "test")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    for kind in ("test_", "testFuzz_", "invariant_"):
        assert f"[PASS] {kind}" in run.stdout


@pytest.mark.slow
def test_they_pass_without_the_p256_precompile(project: Path) -> None:
    run = _forge(
        project,
        "test",
        "--match-contract",
        "LaborContract|PasskeyVerifierTest",
        profile="fallback",
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


@pytest.mark.slow
def test_gas_is_what_was_committed(project: Path) -> None:
    run = _forge(project, "snapshot", "--check", *FIXED)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


@pytest.mark.slow
def test_the_gas_check_notices_a_difference(project: Path, tmp_path: Path) -> None:
    committed = (project / ".gas-snapshot").read_text()
    altered = tmp_path / "altered"
    altered.write_text(committed.replace("gas: 1", "gas: 2", 1))
    assert altered.read_text() != committed
    assert _forge(project, "snapshot", "--check", str(altered), *FIXED).returncode != 0
