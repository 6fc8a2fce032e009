"""The restore drill: a platform with a concluded contract is backed up while it runs and restored into an empty folder.

The restored platform serves with the same chain, log and names; packages made before and after the restore verify with the
trust root of before; the chain's journal replays to the same hashes.
"""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from nacl.public import PrivateKey
from rich.console import Console

from node.check import check
from node.settings import NodeSettings
from scripts.backup import make_backup, restore_backup
from scripts.demo import play
from scripts.installation import prepare
from scripts.journey.client import ApiClient
from scripts.journey.people import Login, log_in
from scripts.up import Platform
from tests.support.live_platform import running_platform

SECRET = PrivateKey(bytes(range(2, 34)))


def _verdict(package: Path, trust_root: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "scripts.cli",
        "verify",
        str(package),
        "--trust-root",
        str(trust_root),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return str(json.loads(done.stdout)["verdict"])


@pytest.mark.slow
@pytest.mark.xdist_group("live")
@pytest.mark.timeout(600)
def test_restored_platform_serves_and_its_packages_verify(tmp_path: Path) -> None:
    archive, restored = tmp_path / "drill.cbk", tmp_path / "restored"
    with running_platform(tmp_path / "first") as platform:
        root = platform.installation.root
        play(platform.installation, Console(file=io.StringIO()))
        make_backup(root, archive, SECRET.public_key)
    logins = json.loads((root / "demo" / "logins.json").read_text("utf-8"))
    package, trust_root = root / "demo" / "evidence.zip", root / "demo" / "trust-root.json"
    assert _verdict(package, trust_root) == "passed"

    restore_backup(archive, SECRET, restored)
    assert (restored / "data" / "trust-root.json").read_bytes() == trust_root.read_bytes()
    replayed = asyncio.run(check(NodeSettings(data_dir=restored / "node")))
    assert replayed.blocks > 0

    again = Platform(prepare(restored))
    try:
        again.start()
        regulator = log_in(lambda: ApiClient(again.installation.public_origin), Login(**logins["regulator"]))
        overview = regulator.get("/supervision/overview")
        assert overview["contracts"] == 1
        assert overview["as_of"]["block_hash"] == (replayed.head_hash or "").removeprefix("0x")
        (row,) = regulator.get("/supervision/contracts")["rows"]
        assert row["organisation"]
        export = tmp_path / "supervision.zip"
        export.write_bytes(regulator.download(f"/supervision/contracts/{row['contract_id']}/evidence"))
        assert _verdict(export, trust_root) == "passed"
        operator = log_in(lambda: ApiClient(again.installation.public_origin), Login(**logins["operator"]))
        status = operator.get("/operator/status")
        assert status["anchoring"]["alarms"] == []
        assert not status["anchoring"]["stopped"]
    finally:
        again.stop()
