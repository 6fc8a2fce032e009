"""`concord court deploy`: a court puts a successor of its contract on its chain after a change of witnesses, and all goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.infra.db import Database
from chain.cosignature import bridge_domain
from chain.judicial_cli import app
from chain.judicial_deployer import load_judicial_deployment
from signing.wallets import address_of
from tests.integration.anchoring.test_judicial_on_a_real_node import DEPLOYER, RealCourt, Scene, court
from tests.support.judicial_world import KEYS, ORIGIN, cosigned

__all__ = ["court"]

NEWCOMER = bytes([0x79] * 32)
NEW_KEYS = (KEYS[0], KEYS[1], NEWCOMER)


class Desk:
    """The court's operator with the key and the token in files."""

    def __init__(self, court: RealCourt, folder: Path) -> None:
        self.folder, self._court = folder, court
        (folder / "deployer.key").write_text(DEPLOYER.hex() + "\n")
        (folder / "token").write_text(court.node.token + "\n")

    def deploy(self, keys: tuple[bytes, ...] = NEW_KEYS, threshold: int = 2, **changes: str) -> Any:
        options = {
            "--rpc": self._court.node.rpc_url,
            "--key-file": str(self.folder / "deployer.key"),
            "--token-file": str(self.folder / "token"),
            "--log-origin": ORIGIN,
            "--threshold": str(threshold),
            "--record": str(self.folder / "second.json"),
            "--domain-out": str(self.folder / "bridge-domain.json"),
        } | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
        arguments = [part for pair in options.items() for part in pair]
        for key in keys:
            arguments += ["--witness", address_of(key)]
        return CliRunner().invoke(app, ["deploy", *arguments, "--test"])


@pytest.fixture
def desk(court: RealCourt, tmp_path: Path) -> Desk:
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(court, folder)


def test_the_successor_takes_the_next_checkpoint_from_the_new_witnesses(
    court: RealCourt, desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Scene(court, database, monkeypatch)
    first = before.world.grow(3)
    before.drain()

    done = desk.deploy()
    assert done.exit_code == 0, done.output
    made = load_judicial_deployment(desk.folder / "second.json")
    assert made is not None
    assert made.address != court.made.address
    assert set(made.witnesses) == {address_of(key) for key in NEW_KEYS}
    assert json.loads(done.output)["address"] == made.address
    domain = bridge_domain(made.chain_id, made.address, ORIGIN, test=True)
    assert json.loads((desk.folder / "bridge-domain.json").read_text()) == domain.typed()

    court.made = made
    after = Scene(court, database, monkeypatch)
    after.world.tiles, after.world.size = before.world.tiles, before.world.size
    second = after.world.grow(4, (KEYS[0], NEWCOMER))
    after.drain()
    assert after.world.store.states() == {first: "anchored", second: "anchored"}
    assert after.world.store.receipt(second)["address"] == made.address
    assert after.world.store.receipt(first)["address"] != made.address
    assert after.alarm_codes() == []

    third = after.world.size + 2
    after.world.grow(2, (KEYS[2],))
    root = after.world.tree().root(third)
    after.world.store.add_witnessed(third, root, cosigned(third, root, (KEYS[0], KEYS[2])))
    after.drain()
    assert after.world.store.states()[third] == "parked", "who is no longer a witness makes no quorum"


def test_again_it_is_the_same_contract_and_with_other_witnesses_it_is_refused(desk: Desk) -> None:
    first = desk.deploy()
    assert first.exit_code == 0, first.output
    assert desk.deploy().output == first.output
    other = desk.deploy(keys=KEYS)
    assert other.exit_code == 3
    assert "witnesses" in other.output


def test_input_that_can_not_be_used_is_named(desk: Desk) -> None:
    assert desk.deploy(threshold=4).exit_code == 3
    assert desk.deploy(keys=(KEYS[0], KEYS[0])).exit_code == 3
    missing = desk.deploy(key_file=str(desk.folder / "nowhere"))
    assert missing.exit_code == 3
    assert "nowhere" in missing.output
    assert desk.deploy(rpc="http://127.0.0.1:9").exit_code == 3
    assert not (desk.folder / "second.json").exists()
