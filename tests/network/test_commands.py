"""`concord network` as a person types it: from nothing to a network, a vote, a backup, and the end."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from node.network.cli import app
from node.network.local import LocalNetwork

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RELAY = "0x" + "b1" * 20


@pytest.fixture
def data(program: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "network"
    yield folder
    if (folder / "network.json").exists():
        local = LocalNetwork(folder, program)
        for node in local.nodes():
            local.stop(node, signal.SIGKILL)


def typed(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.output


def test_from_nothing_to_a_vote_and_back(data: Path, tmp_path: Path) -> None:
    made = typed("init", "--org", "hr", "--data", data, "--block-ms", 300, "--json")
    assert made["members"] == ["hr"]
    typed("init", "--org", "hr", "--data", data, code=1)
    started = typed("start", "--data", data, "--json")
    assert [node["member"] for node in started] == ["hr"]
    told = typed("status", "--data", data, "--json")
    assert (told["halted"], told["quorum"], told["members"][0]["name"]) == (False, 1, "hr")
    assert len(told["program"]["sha256"]) == 64

    typed("grant", RELAY, "--permissions", 1, "--data", data)
    decision = typed("add-validator", "court", "--data", data, "--json")
    assert (decision["action"], decision["executed"]) == ("add_member", True)
    typed("start", "--data", data, "--json")
    told = typed("status", "--data", data, "--json")
    assert [member["name"] for member in told["members"]] == ["hr", "court"]

    # Both of two must agree: with one operator's key the proposal stays open until the other approves.
    single = typed("remove-validator", "court", "--operator", data / "hr", "--data", data, "--json")
    assert not single["executed"]
    assert typed("status", "--data", data, "--json")["proposals"][0]["id"] == single["id"]
    both = typed("approve", single["id"], "--operator", data / "court", "--data", data, "--json")
    assert both["executed"]

    archive = tmp_path / "hr.tar.gz"
    typed("backup", "hr", "--out", archive, "--data", data, code=2)
    typed("stop", "--data", data)
    assert typed("status", "--data", data, "--json", code=1)["halted"]
    assert typed("backup", "hr", "--out", archive, "--data", data, "--json")["bytes"] > 0
    shutil.rmtree(data / "hr" / "data")
    typed("restore", "hr", "--file", archive, "--sign-above", 1, "--data", data)
    assert (data / "hr" / "data" / "application.db").exists()


def test_two_founders_build_the_same_genesis_by_themselves(data: Path, tmp_path: Path) -> None:
    files = []
    for number, name in enumerate(("hr", "court")):
        home = tmp_path / name
        typed("member", "--name", name, "--p2p", f"127.0.0.1:{number + 1}", "--home", home, "--json")
        files.append(home / "member.json")
    fixed = ["--chain", "c-1", "--evm-chain-id", 77, "--genesis-time", 1_800_000_000, "--json"]
    first = typed("found", *files, "--out", tmp_path / "a.json", *fixed)
    second = typed("found", *reversed(files), "--out", tmp_path / "b.json", *fixed)
    assert first == second
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()

    join = ["join", "--home", tmp_path / "hr", "--genesis", tmp_path / "a.json", "--peer", files[1]]
    typed(*join, "--sha256", "00" * 32, code=1)
    typed(*join, "--sha256", first["genesis_sha256"])
    assert "127.0.0.1:2" in (tmp_path / "hr" / "config" / "config.toml").read_text("utf-8")
    for secret in ("operator.key", "config/node_key.json", "config/priv_validator_key.json"):
        assert (tmp_path / "hr" / secret).stat().st_mode & 0o077 == 0, secret
