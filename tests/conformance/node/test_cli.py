"""``concord chain`` with a real node: start, status, replay-check, stop."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from node.cli import app
from tests.support.chain_caller import SENDER, Caller


def test_start_status_replay_check_stop(tmp_path: Path) -> None:
    run = CliRunner()
    data = ["--data", str(tmp_path), "--json"]
    started = run.invoke(
        app, ["start", *data, "--port", "0", "--block-interval", "0.05", "--sender", SENDER.address]
    )
    assert started.exit_code == 0, started.output
    facts = json.loads(started.stdout)
    try:
        with Caller(facts["rpc"], (tmp_path / "rpc-token").read_text().strip(), facts["chain_id"]) as caller:
            caller.deploy_counter()
        status = json.loads(run.invoke(app, ["status", *data]).stdout)
        assert (status["ready"], status["height"], status["rpc"]) == (True, 1, facts["rpc"])
        again = run.invoke(app, ["start", *data, "--port", "0"])
        assert again.exit_code == 1
        checked = json.loads(run.invoke(app, ["replay-check", *data]).stdout)
        assert (checked["identical"], checked["blocks"]) == (True, 1)
    finally:
        stopped = run.invoke(app, ["stop", *data])
    assert json.loads(stopped.stdout) == {"stopped": facts["pid"]}
    assert run.invoke(app, ["status", *data]).exit_code == 1
