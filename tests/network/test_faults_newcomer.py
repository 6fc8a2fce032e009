"""A new member takes a snapshot of the others, under load, and votes; it never sees the blocks before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from node.network.cli import app
from tests.network.conftest import NAMES, PATIENCE, Consortium, running
from tests.network.load import Load, same_state

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def consortium(program: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    data = tmp_path_factory.mktemp("growing")
    with running(program, data, NAMES[:3], snapshot_blocks=20) as founded:
        yield founded


def test_a_new_member_takes_a_snapshot_and_votes(consortium: Consortium) -> None:
    founders = consortium.nodes
    with Load(consortium) as load:
        consortium.until(lambda: consortium.height() > 45)
        done = CliRunner().invoke(
            app, ["add-validator", "notary", "--state-sync", "--data", str(consortium.local.data), "--json"]
        )
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["executed"]
        newcomer = consortium.nodes[3]
        consortium.local.wait(newcomer, consortium.height(), PATIENCE)
        assert _earliest(newcomer) > 15, "it holds nothing from before the snapshot"
        consortium.until(lambda: consortium.local.status(founders[0])["missing_validators"] == 0)
        consortium.kill(founders[2])  # from now on nothing goes without the newcomer's vote
        load.until_anchored(60)
        consortium.local.start(newcomer)
        load.settle(founders)
    same_state(consortium)
    consortium.local.stop(newcomer)
    consortium.local.start(newcomer)  # and it starts again from what it has
    consortium.whole()


def _earliest(node: Any) -> int:
    url = f"http://127.0.0.1:{node.ports.rpc}/status"
    told = httpx.get(url, trust_env=False, timeout=PATIENCE).json()["result"]["sync_info"]
    return int(told["earliest_block_height"])
