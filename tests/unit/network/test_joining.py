"""What `join` leaves behind is what every other command needs; without a node."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from node.network import joining, rotation, units
from node.network.cli import app
from node.network.joining import JoinRefused, Place, join
from node.network.local import LocalNetwork, NetworkFailed
from node.network.member import Member
from node.network.processes import Running
from node.network.units import Unit

HR = Member("hr", "0x" + "a1" * 20, "c1" * 32, "e1" * 20, "hr.example:27000")
COURT = Member("court", "0x" + "a2" * 20, "c2" * 32, "e2" * 20, "court.example:27000")
UNION = Member("union", "0x" + "a3" * 20, "c3" * 32, "e3" * 20, "court.example:28000")


@pytest.fixture
def genesis(tmp_path: Path) -> Path:
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "description.json").write_text('{"chain_id": "c-1", "evm_chain_id": 77}', "ascii")
    (folder / "genesis.json").write_text('{"genesis": true}', "ascii")
    return folder / "genesis.json"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "hr"
    (folder / "config").mkdir(parents=True)
    (folder / "member.json").write_text(json.dumps(asdict(HR)), "ascii")
    for key in ("operator.key", "config/node_key.json", "config/priv_validator_key.json"):
        (folder / key).write_text(key, "ascii")
    return folder


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def typed(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def comet(home: Path) -> dict[str, Any]:
    return tomllib.loads((home / "config" / "config.toml").read_text("ascii"))


def test_a_joined_folder_is_a_network_of_one_node(home: Path, genesis: Path, tmp_path: Path) -> None:
    program = tmp_path / "concordd"
    program.write_text("", "ascii")
    place = Place(first_port=30_000, block_ms=400, snapshot_blocks=20, program=program)
    node = join(home, genesis, digest(genesis).upper(), [HR, COURT], place)
    network = LocalNetwork(home)
    assert network.nodes() == [node]
    assert network.node("hr").home == home
    assert (node.ports.p2p, node.ports.evm, network.joined) == (30_000, 30_002, True)
    assert network.program == program
    assert network.record() | {"nodes": []} == {
        "joined": True, "chain": "c-1", "evm_chain_id": 77, "genesis_sha256": digest(genesis), "block_ms": 400,
        "snapshot_blocks": 20, "program": str(program), "nodes": [],
    }  # fmt: skip
    written = comet(home)
    assert written["p2p"]["persistent_peers"] == f"{COURT.node}@{COURT.p2p}"
    assert written["p2p"]["laddr"] == "tcp://0.0.0.0:30000"
    assert written["p2p"]["allow_duplicate_ip"] is False
    with pytest.raises(NetworkFailed, match="--member FILE"):
        network.join("notary")
    assert network.nodes() == [node]


@pytest.mark.parametrize(("peers", "shared"), [([COURT, UNION], False), ([COURT], True)])
def test_members_behind_one_address_may_connect(
    home: Path, genesis: Path, peers: list[Member], shared: bool
) -> None:
    join(home, genesis, digest(genesis), peers, Place(shared_address=shared))
    assert comet(home)["p2p"]["allow_duplicate_ip"] is True


def test_a_folder_stays_with_its_network(home: Path, genesis: Path) -> None:
    with pytest.raises(JoinRefused, match="another genesis"):
        join(home, genesis, "00" * 32, [COURT], Place())
    assert not (home / "network.json").exists()
    join(home, genesis, digest(genesis), [COURT], Place())
    join(home, genesis, digest(genesis), [COURT, UNION], Place(first_port=29_000))
    assert LocalNetwork(home).nodes()[0].ports.p2p == 29_000
    genesis.write_text('{"genesis": "other"}', "ascii")
    with pytest.raises(JoinRefused, match="another network"):
        join(home, genesis, digest(genesis), [COURT], Place())
    with pytest.raises(NetworkFailed, match=r"join.*or `init`"):
        LocalNetwork(genesis.parent).nodes()


def test_a_backup_makes_a_new_machine_the_members_own(home: Path, genesis: Path, tmp_path: Path) -> None:
    join(home, genesis, digest(genesis), [COURT], Place())
    (home / "data").mkdir()
    (home / "data" / "block").write_text("1", "ascii")
    typed("backup", "hr", "--out", tmp_path / "bare.tar.gz", "--data", home)
    typed("backup", "hr", "--out", tmp_path / "keys.tar.gz", "--with-keys", "--data", home)
    shutil.rmtree(home)
    new = tmp_path / "new"
    asked = ("--sign-above", "40/1/2", "--data", new)
    assert "court" in typed("restore", "court", "--file", tmp_path / "bare.tar.gz", *asked, code=2)
    assert not new.exists()
    told = typed("restore", "hr", "--file", tmp_path / "bare.tar.gz", *asked)
    assert "config/node_key.json, config/priv_validator_key.json" in told
    assert LocalNetwork(new).nodes()[0].home == new
    memory = json.loads((new / "data" / "priv_validator_state.json").read_bytes())
    assert memory == {"height": "40", "round": 1, "step": 2}
    shutil.rmtree(new)
    assert "config" not in typed("restore", "hr", "--file", tmp_path / "keys.tar.gz", *asked)


def test_a_start_is_systemds_where_a_unit_names_the_folder(
    home: Path, genesis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "FOLDERS", (tmp_path,))
    (tmp_path / "v.service").write_text(f"ExecStart=/opt/concordd start --home {home}\n", "ascii")
    join(home, genesis, digest(genesis), [COURT], Place())
    told = typed("start", "--data", home, code=2)
    assert (
        "请执行 sudo systemctl start v.service / hr is systemd's: run `sudo systemctl start v.service`"
        in told
    )


def test_a_vote_is_remembered_until_the_key_is_taken_up(home: Path) -> None:
    key, other = '{"pub_key": {"value": "AAAA"}}', '{"pub_key": {"value": "BBBB"}}'
    assert not rotation.voted(home)
    (home / "config" / "priv_validator_key.next.json").write_text(key, "ascii")
    assert not rotation.voted(home)
    rotation.note_vote(home)
    assert rotation.voted(home)
    (home / "config" / "priv_validator_key.next.json").write_text(other, "ascii")
    assert not rotation.voted(home), "the vote was on another key"
    rotation.note_vote(home)
    (home / "data").mkdir()
    rotation.take_up(home)
    assert not (home / "config" / "priv_validator_key.voted").exists()

    left = str(rotation.stop_first("hr", Path("/v"), Running(5, unit=Unit("v.service"))))
    line = "sudo systemctl stop v.service && concord network rotate-key hr --data /v && sudo systemctl start v.service"
    assert left.count(line) == 2
    assert "rotate-key hr" in str(rotation.stop_first("hr", Path("/v"), Running(5)))


def test_operators_without_a_key_are_told(home: Path, genesis: Path) -> None:
    join(home, genesis, digest(genesis), [COURT], Place())
    (home / "operator.key").unlink()
    assert "--operator DIR" in typed("grant", "0x" + "b1" * 20, "--permissions", 1, "--data", home, code=1)


def test_the_default_place_is_the_documented_one() -> None:
    assert joining.Place() == Place(27_000, "0.0.0.0", False, 1_000, 1_000, None)
