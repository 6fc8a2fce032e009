"""A node's two files: whom it talks to, what it keeps, and where a snapshot comes from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from node.network import configuration
from node.network.configuration import ConfigurationInvalid, Ports, StateSync
from node.network.member import Member

HASH = "ab" * 32


def member(name: str, digit: str) -> Member:
    return Member(name, "0x" + digit * 40, digit * 64, digit * 40, f"{name}.example:27000")


def written(home: Path, **changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    others = [member("court", "2"), member("union", "3")]
    configuration.write(home, member("hr", "1"), others, Ports.block(27_000), 77, b"{}", **changed)
    return tuple(
        tomllib.loads((home / "config" / name).read_text("utf-8")) for name in ("config.toml", "app.toml")
    )  # type: ignore[return-value]


def test_only_the_members_line_is_open_to_others(tmp_path: Path) -> None:
    comet, app = written(tmp_path, listen="10.0.0.7", local=False)
    assert comet["p2p"]["laddr"] == "tcp://10.0.0.7:27000"
    loopback = (
        comet["rpc"]["laddr"].removeprefix("tcp://"),
        comet["instrumentation"]["prometheus_listen_addr"],
        app["json-rpc"]["address"],
        app["json-rpc"]["ws-address"],
    )
    assert all(address.startswith("127.0.0.1:") for address in loopback)
    assert comet["p2p"]["unconditional_peer_ids"] == ",".join(("2" * 40, "3" * 40))


def test_what_proofs_need_is_kept(tmp_path: Path) -> None:
    comet, app = written(tmp_path)
    assert (app["pruning"], app["min-retain-blocks"]) == ("default", 0)
    assert comet["storage"]["discard_abci_responses"] is False


def test_a_snapshot_is_made_by_all_and_taken_only_when_asked_for(tmp_path: Path) -> None:
    comet, app = written(tmp_path / "a")
    assert not comet["statesync"]
    assert app["state-sync"] == {"snapshot-interval": 1_000, "snapshot-keep-recent": 2}
    sync = StateSync(("http://10.0.0.1:27001", "http://10.0.0.2:27001"), 900, HASH)
    comet, _ = written(tmp_path / "b", state_sync=sync)
    assert comet["statesync"]["enable"] is True
    assert comet["statesync"]["rpc_servers"] == "http://10.0.0.1:27001,http://10.0.0.2:27001"
    assert (comet["statesync"]["trust_height"], comet["statesync"]["trust_hash"]) == (900, HASH)
    assert comet["statesync"]["trust_period"] == "168h0m0s"


@pytest.mark.parametrize(
    ("servers", "height", "hash_"),
    [
        (("http://a:1",), 9, HASH),
        (("http://a:1", 'http://b:1"\nenable = false'), 9, HASH),
        (("http://a:1", "b:1"), 9, HASH),
        (("http://a:1", "http://b:1"), 0, HASH),
        (("http://a:1", "http://b:1"), 9, HASH[:-1]),
    ],
)
def test_what_a_snapshot_is_checked_against_is_read_strictly(
    servers: tuple[str, ...], height: int, hash_: str
) -> None:
    with pytest.raises(ConfigurationInvalid):
        StateSync(servers, height, hash_)
