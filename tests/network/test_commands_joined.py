"""Every command of `concord network` on folders that `join` made, one of whose nodes systemd would run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from chain.gateway_network import GATE
from chain.gateway_rpc import RpcGateway
from tests.network.conftest import PATIENCE
from tests.network.joined import FOUNDERS, NEWCOMER, UNDER_SYSTEMD, Organisations, organisations, typed

__all__ = ["organisations"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
STOP, START = (f"sudo systemctl {verb} concord-validator.service" for verb in ("stop", "start"))
RELAY = "0x" + "b1" * 20


def test_each_sees_its_own_node_and_all_members(organisations: Organisations) -> None:
    organisations.whole()
    for name in FOUNDERS:
        told = typed("status", "--data", organisations.home(name), "--json")
        (node,) = told["nodes"]
        by = "systemd: concord-validator.service" if name == UNDER_SYSTEMD else "concord"
        assert (node["member"], node["run_by"], node["peers"]) == (name, by, 3)
        assert node["memory_mb"] > 0
        assert (told["halted"], told["quorum"], len(told["members"])) == (False, 3, 4)
        started = typed("start", "--data", organisations.home(name), "--json")
        assert [entry["pid"] for entry in started] == [node["pid"]], "one that runs is left alone"


def test_each_proves_from_its_own_node(organisations: Organisations, tmp_path: Path) -> None:
    home = organisations.home(UNDER_SYSTEMD)
    with RpcGateway(organisations.node(UNDER_SYSTEMD).evm_url, timeout=60.0) as gateway:
        values = gateway.storage(GATE, [bytes([0] * 31 + [n]) for n in range(16)], gateway.head().number)
    slot = next(number for number, value in enumerate(values) if value)
    out = tmp_path / "proof.json"
    made = typed(
        "proof", "--contract", GATE, "--slot", f"{slot:064x}", "--out", out, "--data", home, "--json"
    )
    assert int(made["value"], 16) == values[slot]
    headers = [
        typed("header", "--height", 2, "--data", organisations.home(name), "--json") for name in FOUNDERS
    ]
    assert {told["hash"] for told in headers} == {organisations.hash_at("hr", 2).lower()}


def test_a_vote_of_organisations_and_a_newcomer_with_a_snapshot(
    organisations: Organisations, tmp_path: Path
) -> None:
    typed("grant", RELAY, "--permissions", 1, "--data", organisations.home("hr"))
    port = organisations.member(NEWCOMER)
    file = organisations.home(NEWCOMER) / "member.json"
    decision = typed("add-validator", "--member", file, "--data", organisations.home("hr"), "--json")
    assert (decision["action"], decision["executed"]) == ("add_member", False)
    # The court keeps its operator's key on a machine without a node, and reaches one through a tunnel.
    desk = tmp_path / "desk"
    desk.mkdir()
    (organisations.home("court") / "operator.key").rename(desk / "operator.key")
    at = ["--operator", desk, "--node", organisations.node("union").evm_url, "--data", tmp_path / "nothing"]
    assert not typed("approve", decision["id"], *at, "--json")["executed"]
    assert "--operator DIR" in typed("approve", decision["id"], "--data", organisations.home("court"), code=1)
    (desk / "operator.key").rename(organisations.home("court") / "operator.key")
    assert typed("approve", decision["id"], "--data", organisations.home(UNDER_SYSTEMD), "--json")["executed"]

    organisations.until(lambda: organisations.height() > 45)
    servers = [f"http://127.0.0.1:{organisations.node(name).ports.rpc}" for name in ("hr", "court")]
    head = httpx.get(f"{servers[0]}/commit", trust_env=False, timeout=PATIENCE).json()["result"]
    trusted = head["signed_header"]
    organisations.join(
        NEWCOMER, port, "--snapshot-from", servers[0], "--snapshot-from", servers[1],
        "--trust-height", trusted["header"]["height"], "--trust-hash", trusted["commit"]["block_id"]["hash"],
    )  # fmt: skip
    typed("start", "--data", organisations.home(NEWCOMER), "--json")
    organisations.names.append(NEWCOMER)
    organisations.until(lambda: organisations.height(NEWCOMER) >= organisations.height())
    url = f"http://127.0.0.1:{organisations.node(NEWCOMER).ports.rpc}/status"
    told = httpx.get(url, trust_env=False, timeout=PATIENCE).json()["result"]["sync_info"]
    assert int(told["earliest_block_height"]) > 15, "it holds nothing from before the snapshot"
    until_signing(organisations)
    leaves(organisations)


def until_signing(organisations: Organisations) -> None:
    organisations.until(lambda: organisations.status("hr")["missing_validators"] == 0)


def leaves(organisations: Organisations) -> None:
    """The newcomer is voted out again, so that the others are four."""
    out = typed("remove-validator", NEWCOMER, "--data", organisations.home("hr"), "--json")
    for name in ("court", "union"):
        typed("approve", out["id"], "--data", organisations.home(name), "--json")
    last = typed("approve", out["id"], "--data", organisations.home(UNDER_SYSTEMD), "--json")
    assert last["executed"], "four of five"
    typed("stop", "--data", organisations.home(NEWCOMER))
    organisations.names.remove(NEWCOMER)
    organisations.whole()


def test_what_systemd_runs_is_refused_with_its_line(organisations: Organisations, tmp_path: Path) -> None:
    home, out = organisations.home(UNDER_SYSTEMD), tmp_path / "unit.tar.gz"
    pid = organisations.status(UNDER_SYSTEMD)["pid"]
    for command in (
        ["stop"],
        ["backup", UNDER_SYSTEMD, "--out", out],
        ["rebuild", UNDER_SYSTEMD],
        ["restore", UNDER_SYSTEMD, "--file", out, "--sign-above", 1],
    ):
        told = typed(*command, "--data", home, code=2)
        assert f"请执行 {STOP} / " in told
        assert f"run `{STOP}`" in told
    assert organisations.status(UNDER_SYSTEMD)["pid"] == pid
    assert not out.exists()

    organisations.systemctl_stop()
    assert typed("status", "--data", home, "--json", code=1)
    typed("backup", UNDER_SYSTEMD, "--out", out, "--with-keys", "--data", home, "--json")
    above = typed("signed", UNDER_SYSTEMD, "--data", organisations.home("hr"), "--json")["sign_above"]
    assert int(above) > organisations.height()
    shutil.rmtree(home)  # the machine is lost; the backup makes another one this member's
    typed("restore", UNDER_SYSTEMD, "--file", out, "--sign-above", above, "--data", home)
    organisations.start(UNDER_SYSTEMD)
    organisations.until(lambda: organisations.height() > int(above) + 1)
    organisations.whole()


def test_damaged_data_is_rebuilt_from_the_others(organisations: Organisations) -> None:
    home = organisations.home("court")
    assert "concord network stop court" in typed("rebuild", "court", "--data", home, code=2)
    typed("stop", "--data", home)
    for file in (home / "data" / "blockstore.db").glob("*.ldb"):
        file.write_bytes(b"\0" * file.stat().st_size)
    assert typed("rebuild", "court", "--data", home).strip() == str(home / "data.damaged-1")
    organisations.start("court")
    organisations.whole()


def rotated(organisations: Organisations, name: str) -> str:
    """The vote on a member's new key, passed; the key."""
    home = organisations.home(name)
    decision = typed("rotate-key", name, "--data", home, "--json")
    assert (decision["action"], decision["executed"]) == ("replace_key", False)
    for other in [other for other in FOUNDERS if other != name][:2]:
        decision = typed("approve", decision["id"], "--data", organisations.home(other), "--json")
    assert decision["executed"]
    return str(decision["key"])


def present(organisations: Organisations, name: str) -> str:
    return str(json.loads((organisations.home(name) / "member.json").read_bytes())["consensus_key"])


def test_a_key_is_rotated_where_the_command_started_the_node(organisations: Organisations) -> None:
    key = rotated(organisations, "union")
    typed("rotate-key", "union", "--data", organisations.home("union"), "--json")
    assert present(organisations, "union") == key == organisations.node("union").member.consensus_key
    organisations.whole()


def test_a_key_is_rotated_where_systemd_runs_the_node(organisations: Organisations) -> None:
    home = organisations.home(UNDER_SYSTEMD)
    key = rotated(organisations, UNDER_SYSTEMD)
    told = typed("rotate-key", UNDER_SYSTEMD, "--data", home, code=2)
    line = f"{STOP} && concord network rotate-key {UNDER_SYSTEMD} --data {home} && {START}"
    assert told.count(line) == 2, told
    assert present(organisations, UNDER_SYSTEMD) != key
    organisations.systemctl_stop()
    taken = typed("rotate-key", UNDER_SYSTEMD, "--data", home, "--json")
    assert taken == {"consensus_key": key, "taken_up": True}
    organisations.start(UNDER_SYSTEMD)
    assert present(organisations, UNDER_SYSTEMD) == key
    organisations.whole()


def test_two_data_folders_are_lost_at_once(organisations: Organisations, tmp_path: Path) -> None:
    lost = ("court", "union")
    for name in lost:
        typed("stop", "--data", organisations.home(name))
        typed("backup", name, "--out", tmp_path / name, "--data", organisations.home(name), "--json")
        organisations.start(name)
        organisations.whole()
    organisations.kill(*lost)
    for name in lost:
        shutil.rmtree(organisations.home(name) / "data")
    height = max(organisations.height("hr"), organisations.height(UNDER_SYSTEMD))

    # Two of four cannot go on. What the first lost one may sign is what the living hold of its votes, no more:
    # "height plus ten" would keep it silent on the very block that all wait for.
    told = {living: above(organisations, living, "court") for living in ("hr", UNDER_SYSTEMD)}
    assert {int(value.split("/")[0]) for value in told.values()} <= {height - 1, height, height + 1}, told
    assert organisations.height() <= height + 1, "it stands"
    give_back(organisations, "court", tmp_path, max(told.values(), key=order))
    stood = organisations.height()
    organisations.until(lambda: organisations.height() > stood + 2)

    give_back(organisations, "union", tmp_path, above(organisations, "hr", "union"))
    organisations.whole()


def above(organisations: Organisations, living: str, name: str) -> str:
    return str(typed("signed", name, "--data", organisations.home(living), "--json")["sign_above"])


def order(text: str) -> Any:
    from node.network.memory import Signed

    return Signed.read(text)


def give_back(organisations: Organisations, name: str, backups: Path, sign_above: str) -> None:
    home = organisations.home(name)
    typed("restore", name, "--file", backups / name, "--sign-above", sign_above, "--data", home)
    organisations.start(name)
