"""Three witnesses on the running platform: packages carry their pairs; one that is down is missed by nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chain.package import read_package
from chain.trust_root import TrustRoot
from chain.verifier import Outcome, verify
from scripts.journey.client import ApiClient
from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]


def step15(package: bytes, root: TrustRoot) -> tuple[Outcome, dict[str, object]]:
    found = next(step for step in verify(package, root, now=datetime.now(UTC)).steps if step.no == 15)
    return found.outcome, dict(found.facts)


def test_a_package_carries_both_forms_of_a_quorum(done: Done) -> None:
    root = TrustRoot.parse(done.trust_root.read_bytes())
    assert (len(root.witnesses), root.witness_threshold) == (3, 2)
    outcome, facts = step15(done.package.read_bytes(), root)
    assert outcome is Outcome.PASSED
    assert facts["valid"] in (2, 3)
    assert facts["bridged"] == facts["witnesses"]
    entries = read_package(done.package.read_bytes())
    assert b"log/bridge-cosignatures.json" in b" ".join(name.encode() for name in entries)


def test_anybody_audits_the_log(done: Done, world: World, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "scripts.cli",
        "audit-log",
        world.origin,
        "--trust-root",
        str(done.trust_root),
    ]
    for _ in range(2):  # the second compares with what the first kept
        run = subprocess.run(
            [*command, "--state", str(tmp_path / "kept.txt"), "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        # The newest checkpoint may be a second old: its witnesses are asked at this moment.
        assert run.returncode in (0, 2), run.stderr
        found = {item["name"]: item["outcome"] for item in json.loads(run.stdout)["findings"]}
        assert {found.pop("witnesses")} <= {"passed", "indeterminate"}
        assert set(found.values()) == {"passed"}
    assert "consistency" in found


def test_one_witness_down_is_still_a_quorum(world: World, anyone: Callable[[], ApiClient]) -> None:
    supervisor = world.platform.supervisor
    child = supervisor.children["witness_union"]
    assert child.process is not None
    child.stopping = True
    child.process.kill()
    child.process.wait()
    try:
        contract = world.contract()
        played = contract.play(world.worker())
        contract.effective(played)
        package = contract.package(played)
    finally:
        child.stopping = False
        supervisor.start(child)
    root = TrustRoot.parse(anyone().download("/trust-root"))
    outcome, facts = step15(package, root)
    assert outcome is Outcome.PASSED
    assert facts["valid"] == 2
    assert not any(str(name).startswith("union.") for name in facts["witnesses"])  # type: ignore[attr-defined]
    assert verify(package, root, now=datetime.now(UTC)).verdict is Outcome.PASSED
