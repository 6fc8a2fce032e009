"""What the network's Python side writes and refuses, without a node."""

from __future__ import annotations

import fcntl
import json
import shutil
import tarfile
import tomllib
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from node.network import configuration, founding, program
from node.network.archive import ArchiveRefused, backup, rebuild, restore
from node.network.configuration import Ports
from node.network.gate import ADDRESS, Action, Proposal
from node.network.member import Member, MemberInvalid, operator_key
from node.network.memory import Signed
from node.network.processes import NotOurs

HR = Member("hr", "0x" + "a1" * 20, "c1" * 32, "e1" * 20, "hr.example:27000")
COURT = Member("court", "0x" + "a2" * 20, "c2" * 32, "e2" * 20, "court.example:27000")


def test_a_members_file_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "member.json"
    path.write_text(json.dumps(asdict(HR)), "utf-8")
    assert Member.read(path) == HR
    for altered in (
        {"name": "HR"},
        {"name": "../hr"},
        {"operator": "0x12"},
        {"consensus_key": "zz" * 32},
        {"node": "e1" * 19},
        {"p2p": "hr.example"},
        {"p2p": 'x"\npex = true\n:1'},
    ):
        with pytest.raises(MemberInvalid):
            replace(HR, **altered)  # type: ignore[arg-type]
    for text in ("{}", "[]", "nothing", json.dumps({**asdict(HR), "more": 1})):
        path.write_text(text, "utf-8")
        with pytest.raises(MemberInvalid):
            Member.read(path)


def test_an_operators_key_is_whole(tmp_path: Path) -> None:
    with pytest.raises(MemberInvalid):
        operator_key(tmp_path)
    (tmp_path / "operator.key").write_text("11" * 31, "ascii")
    with pytest.raises(MemberInvalid):
        operator_key(tmp_path)
    (tmp_path / "operator.key").write_text("11" * 32 + "\n", "ascii")
    assert operator_key(tmp_path) == b"\x11" * 32


def test_the_description_holds_no_address_of_a_machine() -> None:
    text = founding.describe(
        [HR, COURT], chain="c", grants={"0x" + "b1" * 20: 3}, evm_chain_id=7, genesis_time=0
    )
    content = json.loads(text)
    assert b"example" not in text
    assert content["genesis_time"] == "1970-01-01T00:00:00Z"
    assert content["grants"] == [{"account": "0x" + "b1" * 20, "permissions": 3, "grantor": HR.operator}]
    again = founding.describe(
        [HR, COURT], chain="c", grants={"0x" + "b1" * 20: 3}, evm_chain_id=7, genesis_time=0
    )
    assert text == again
    first, second = (
        json.loads(founding.describe([HR], chain="c", grants={}))["evm_chain_id"] for _ in range(2)
    )
    assert first != second, "chain ids are random per installation"


def test_a_nodes_configuration_lets_members_in_only() -> None:
    text = configuration.consensus(HR, [COURT], Ports.block(27_000), "127.0.0.1", 1_000, False).decode()
    found = tomllib.loads(text)
    assert found["filter_peers"] is True
    assert found["p2p"]["pex"] is False
    assert found["p2p"]["persistent_peers"] == f"{COURT.node}@{COURT.p2p}"
    assert found["p2p"]["unconditional_peer_ids"] == COURT.node
    assert found["rpc"]["laddr"] == "tcp://127.0.0.1:27001"
    assert found["mempool"]["type"] == "app"
    application = tomllib.loads(configuration.application(77, Ports.block(27_000)).decode())
    assert application["evm"]["evm-chain-id"] == 77
    assert application["minimum-gas-prices"] == "0agas"
    for door in ("grpc", "grpc-web", "api"):
        assert application[door]["enable"] is False
    assert all(
        value.startswith("127.0.0.1:")
        for value in (application["json-rpc"][k] for k in ("address", "ws-address"))
    )


def _home(tmp_path: Path) -> Path:
    home = tmp_path / "hr"
    for name in (
        "config/genesis.json", "config/priv_validator_key.json", "config/node_key.json", "operator.key",
        "data/application.db/1", "data/application.db/LOCK", "data/priv_validator_state.json", "data/cs.wal/wal",
        "node.log", "pid", "config/priv_validator_key.next.json", "config/priv_validator_key.retired.json",
        "data.damaged-1/application.db/1",
    ):  # fmt: skip
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, "utf-8")
    return home


def test_a_backup_holds_neither_keys_nor_the_memory_of_signatures(tmp_path: Path) -> None:
    home, out = _home(tmp_path), tmp_path / "hr.tar.gz"
    backup(home, out, with_keys=False)
    assert out.stat().st_mode & 0o777 == 0o600
    with tarfile.open(out) as archive:
        files = {entry.name for entry in archive if entry.isfile()}
    assert files == {"config/genesis.json", "data/application.db/1", "data/application.db/LOCK"}
    backup(home, tmp_path / "keys.tar.gz", with_keys=True)
    with tarfile.open(tmp_path / "keys.tar.gz") as archive:
        assert {"operator.key", "config/node_key.json"} <= set(archive.getnames())
        assert "data/priv_validator_state.json" not in archive.getnames()
    with pytest.raises(FileExistsError):
        backup(home, out, with_keys=False)
    with pytest.raises(ArchiveRefused):
        backup(tmp_path, tmp_path / "x", with_keys=False)


def test_a_restored_validator_signs_above_a_height_only(tmp_path: Path) -> None:
    home, out = _home(tmp_path), tmp_path / "hr.tar.gz"
    backup(home, out, with_keys=True)
    with pytest.raises(ArchiveRefused, match="already"):
        restore(out, home, Signed(100))
    shutil.rmtree(home / "data")
    (home / "operator.key").write_text("the present one", "utf-8")
    (home / "config" / "genesis.json").unlink()
    restore(out, home, Signed(100, 1, 2))
    memory = json.loads((home / "data" / "priv_validator_state.json").read_bytes())
    assert memory == {"height": "100", "round": 1, "step": 2}
    assert (home / "operator.key").read_text("utf-8") == "the present one"
    assert (home / "config" / "genesis.json").exists()
    (tmp_path / "torn").write_bytes(out.read_bytes()[:50])
    with pytest.raises(ArchiveRefused, match="unpacked"):
        restore(tmp_path / "torn", tmp_path / "other", Signed(1))


@pytest.mark.parametrize("kind", ["../outside", "/outside", "link"])
def test_an_archive_writes_nowhere_but_into_the_folder(tmp_path: Path, kind: str) -> None:
    entry = tarfile.TarInfo("data" if kind == "link" else kind)
    if kind == "link":
        entry.type, entry.linkname = tarfile.SYMTYPE, str(tmp_path)
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        archive.addfile(entry)
    with pytest.raises(ArchiveRefused, match="unpacked"):
        restore(tmp_path / "evil.tar.gz", tmp_path / "home", Signed(1))
    assert list((tmp_path / "home").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_a_folder_in_use_is_neither_copied_nor_moved(tmp_path: Path) -> None:
    home = _home(tmp_path)
    with (home / "data" / "application.db" / "LOCK").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(NotOurs, match="in use"):
            backup(home, tmp_path / "hr.tar.gz", with_keys=False)
        with pytest.raises(NotOurs, match="in use"):
            rebuild(home, Signed(5))
        assert not (tmp_path / "hr.tar.gz").exists()
        assert (home / "data" / "application.db" / "1").exists()
    away = rebuild(home, Signed(5))
    assert away == home / "data.damaged-2"
    assert (away / "application.db" / "1").exists()
    assert [path.name for path in (home / "data").iterdir()] == ["priv_validator_state.json"]
    assert json.loads((home / "data" / "priv_validator_state.json").read_bytes())["height"] == "5"


def test_the_program_is_kept_by_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(program.SOURCES, tmp_path / "engine")
    monkeypatch.setattr(program, "SOURCES", tmp_path / "engine")
    monkeypatch.setattr(program, "KEPT", tmp_path / "kept")
    before = program.place()
    (tmp_path / "engine" / "gate" / "new_test.go").write_text("package gate\n", "utf-8")
    assert program.place() == before, "tests are no part of the program"
    assert program.place("v2") != before
    with (tmp_path / "engine" / "go.sum").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert program.place() != before
    with pytest.raises(program.ProgramMissing, match="network build"):
        program.find()


def test_proposals_are_what_the_contract_takes() -> None:
    action, account, key, value, label = Proposal.add(HR).as_tuple()
    assert (action, account, key, value) == (0, HR.operator, b"\xc1" * 32, int(HR.node, 16))
    assert label == b"hr".ljust(32, b"\0")
    assert Proposal.upgrade("v2", 100).as_tuple() == (
        5,
        "0x" + "00" * 20,
        bytes(32),
        100,
        b"v2".ljust(32, b"\0"),
    )
    assert Proposal.remove(COURT.operator).action is Action.REMOVE_MEMBER
    engine = (program.SOURCES / "gate" / "layout.go").read_text("utf-8")
    assert f'HexToAddress("{ADDRESS.lower()}"' in engine.lower().replace("hextoaddress", "HexToAddress")
