"""Whoever does not belong to the network, or breaks its rules, while a load runs: it gets nothing, and nobody notices."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from chain.abi import keccak
from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender, checksum_address
from node.network import configuration
from node.network.cli import app
from node.network.configuration import Ports
from node.network.local import LocalNode, free_block
from node.network.member import make, operator_key
from tests.network.conftest import PATIENCE, RELAY_KEY
from tests.network.load import Load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
NOBODY = bytes([9] * 32)
LISTED = bytes([10] * 32)
SINK = checksum_address(bytes([11] * 20))


@pytest.fixture
def load(network: Any) -> Iterator[Load]:
    network.whole()
    with Load(network) as running:
        yield running


def further_node(network: Any, name: str) -> LocalNode:
    """A folder with keys of its own, the genesis and everybody's addresses; nobody knows it yet."""
    local = network.local
    ports = Ports.block(free_block(10))
    home = local.data / name
    node = LocalNode(make(home, name, f"127.0.0.1:{ports.p2p}", local.program), home, ports)
    configuration.write(
        home, node.member, [other.member for other in network.nodes], ports, local.record()["evm_chain_id"],
        (local.data / "genesis.json").read_bytes(), block_ms=400,
    )  # fmt: skip
    return node


def test_a_strangers_node_learns_nothing(network: Any, load: Load) -> None:
    stranger = further_node(network, "stranger")
    try:
        network.local.start(stranger)
        network.until(lambda: network.local.status(stranger)["height"] is not None)
        load.run_for(8)  # it dials every three seconds
        told = network.local.status(stranger)
        assert (told["peers"], told["height"]) == (0, 0)
        assert all(network.local.status(node)["peers"] == 3 for node in network.nodes)
        load.settle()
    finally:
        network.kill(stranger)


def test_forged_transactions_come_into_no_block(network: Any, load: Load) -> None:
    """Of an account that is not listed, for another chain, with a bit changed, with the other root of the signature,
    and in the place of one that is mined: handed to every validator. The honest one of the same account is mined after.
    """
    chain = network.gateway.chain_id()
    nobody, listed, relay = Sender(NOBODY, chain), Sender(LISTED, chain), Sender(RELAY_KEY, chain)
    network.gate.grant(network.keys[0], [listed.address], 1)
    mined = network.gateway.transactions(_of_the_load(network, load))[0]
    assert mined is not None
    honest = listed.sign(SINK, b"honest", 0, 100_000)
    forged = [
        nobody.sign(SINK, b"", 0, 100_000).raw,
        Sender(LISTED, chain + 1).sign(SINK, b"", 0, 100_000).raw,
        bytes([*honest.raw[:-1], honest.raw[-1] ^ 1]),
        _other_root(honest.raw),
        relay.sign(SINK, b"in the place of another", mined.nonce, 100_000).raw,
    ]
    for node in network.nodes:
        with RpcGateway(node.evm_url, timeout=60.0) as gateway:
            for raw in forged:
                gateway.send([raw])
    load.until_anchored(60)
    for node in network.nodes:
        with RpcGateway(node.evm_url, timeout=60.0) as gateway:
            found = gateway.transactions([keccak(raw) for raw in forged])
            assert all(seen is None or seen.block_number is None for seen in found)
            assert gateway.transaction_count(nobody.address) == 0
            assert gateway.transaction_count(listed.address) == 0
    network.send_raw(honest.raw, honest.hash)
    load.settle()


def _of_the_load(network: Any, load: Load) -> list[bytes]:
    logs = network.gateway.logs(1, network.gateway.head().number, [load.log])
    return [logs[0].transaction]


def _other_root(raw: bytes) -> bytes:
    """The same transaction with N − s and the other parity: a second valid ECDSA signature, which EIP-2 forbids."""
    import rlp

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    kind = raw[:1]
    assert kind in {b"\x01", b"\x02"}
    fields = rlp.decode(raw[1:])
    parity, s = int.from_bytes(fields[-3], "big"), int.from_bytes(fields[-1], "big")
    other = order - s
    changed = [*fields[:-3], b"" if parity else b"\x01", fields[-2], other.to_bytes(32, "big").lstrip(b"\0")]
    return kind + bytes(rlp.encode(changed))


def test_a_double_signer_is_suspended_and_comes_back_with_a_new_key(network: Any, load: Load) -> None:
    """Two machines with one consensus key: what happens when somebody starts a copy of a validator."""
    culprit = network.nodes[3]
    copy = further_node(network, "copy")
    shutil.copy(culprit.home / _KEY, copy.home / _KEY)
    network.gate.allow_node(operator_key(culprit.home), copy.member.node)
    key = culprit.member.consensus_key
    try:
        network.local.start(copy)
        network.until(lambda: network.gate.suspended(key) > 0)
        network.until(lambda: _validators(network) == 3)
    finally:
        network.kill(copy)
    load.until_anchored(60)
    told = CliRunner().invoke(app, ["status", "--data", str(network.local.data)])
    assert told.exit_code == 1
    assert f"!! network.suspended: 成员 {culprit.member.name}" in told.stderr

    data = network.local.data
    rotate = ("rotate-key", culprit.member.name, "--operator", culprit.home, "--json")
    number = _typed(data, *rotate)["id"]
    assert network.nodes[3].member == culprit.member, "nothing is taken up before the vote has passed"
    others = [part for node in network.nodes[:2] for part in ("--operator", node.home)]
    assert _typed(data, "approve", number, *others, "--json")["executed"]
    assert _typed(data, *rotate) == _typed(data, "approve", number, *others, "--json")
    network.until(lambda: _validators(network) == 4)
    assert network.nodes[3].member == replace(
        culprit.member, consensus_key=network.nodes[3].member.consensus_key
    )
    assert network.nodes[3].member.consensus_key != key
    network.until(lambda: network.local.status(network.nodes[0])["missing_validators"] == 0)
    load.settle()


def _typed(data: Path, *arguments: object) -> Any:
    done = CliRunner().invoke(app, [*(str(argument) for argument in arguments), "--data", str(data)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


_KEY = Path("config") / "priv_validator_key.json"


def _validators(network: Any) -> int:
    url = f"http://127.0.0.1:{network.nodes[0].ports.rpc}/validators"
    return int(httpx.get(url, trust_env=False, timeout=PATIENCE).json()["result"]["total"])
