"""``concord chain`` without a node: clear refusals and the list of senders."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from node.cli import app
from node.launch import command
from node.settings import NodeSettings

RUN = CliRunner()
ADDRESS = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"


def test_status_and_stop_say_that_no_node_runs(tmp_path: Path) -> None:
    for name in ("status", "stop"):
        result = RUN.invoke(app, [name, "--data", str(tmp_path)])
        assert result.exit_code == 1
        assert "no node is running" in result.output


def test_allow_lists_checksummed_addresses(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["allow", ADDRESS.lower(), "--data", str(tmp_path), "--json"])
    assert json.loads(result.stdout) == {"senders": [ADDRESS]}
    assert RUN.invoke(app, ["allow", "0x1", "--data", str(tmp_path)]).exit_code == 2


def test_replay_check_of_an_empty_folder_says_why(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["replay-check", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 2
    assert "chain.json is missing" in result.output


def test_the_child_gets_every_setting(tmp_path: Path) -> None:
    settings = NodeSettings(
        data_dir=tmp_path,
        port=5,
        chain_id=99,
        genesis_time=7,
        block_interval=0.5,
        senders=(ADDRESS,),
        state_history=3,
    )
    line = " ".join(command(settings))
    for part in (
        "--port 5",
        "--chain-id 99",
        "--genesis-time 7",
        "--block-interval 0.5",
        f"--sender {ADDRESS}",
        "--state-history 3",
    ):
        assert part in line
