"""Three chains behind one port: the simulation, a real anvil, and four validators behind their RPC gateways.

The validators are part of the network stage: without the built engine (`concord network build`) they are skipped.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.abi import load
from chain.calls import Contracts
from chain.gateway import ChainGateway
from chain.gateway_memory import MemoryGateway
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway
from chain.memory_contracts import installation
from chain.transactions import Sender
from node.network import program as engine
from scripts.installation import prepare
from scripts.processes import Supervisor
from scripts.up_chain import ValidatorChain

ROOT = Path(__file__).parents[3]
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
KEY = bytes([5] * 32)
CHAIN_ID = 774_411
BLOCK_MS = 3_000
"""Long enough for a test to look at what is waiting: a network's blocks come by themselves."""
PATIENCE = 120.0
"""Seconds: four validators and a test suite share two cores."""


@dataclass
class Bench:
    """A chain under test: its gateway, how to mine on it, its contracts and an account."""

    gateway: ChainGateway
    mine: Callable[[], None]
    contracts: Contracts
    sender: Sender
    key: bytes = KEY


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="session")
def anvil_url() -> Iterator[str]:
    if not ANVIL.exists():
        pytest.skip("anvil is not installed (npm ci)")
    port = free_port()
    process = subprocess.Popen(
        [
            str(ANVIL), "-p", str(port), "--no-mining", "--chain-id", str(CHAIN_ID), "--hardfork", "osaka",
            "--gas-limit", "1000000000", "--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee",
            "--order", "fifo", "--accounts", "0", "--no-cors", "-q",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        with RpcGateway(url) as gateway:
            for _ in range(200):
                try:
                    gateway.chain_id()
                    break
                except Exception:
                    time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _memory(finality_depth: int = 0) -> Bench:
    contracts = Contracts(*(f"0x{str(i) * 40}" for i in (1, 2, 3)))
    gateway = MemoryGateway(lambda: installation(contracts), chain_id=CHAIN_ID, finality_depth=finality_depth)
    return Bench(gateway, gateway.mine, contracts, Sender(KEY, CHAIN_ID))


@dataclass
class Validators:
    """Addresses and tokens of the gateways in front of a running network, and the key that may send."""

    urls: list[str]
    tokens: list[str]
    key: bytes


@pytest.fixture(scope="module")
def validators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Validators]:
    if not engine.place().exists():
        pytest.skip("the engine is not built (concord network build)")
    made = prepare(tmp_path_factory.mktemp("validators"), first_port=0, network="local4")
    chain = ValidatorChain(made, print, block_ms=BLOCK_MS)
    supervisor = Supervisor(ROOT)
    chain.prepare()
    try:
        supervisor.start(*chain.children())
        chain.permit()
        settings = chain.settings()["chain_validators"]
        tokens = [Path(item["token_file"]).read_text("ascii").strip() for item in settings]
        yield Validators([item["url"] for item in settings], tokens, made.key("deployer"))
    finally:
        supervisor.stop()


def _network(found: Validators) -> Iterator[Bench]:
    """Just after a block, with a fresh log contract."""
    with NetworkGateway(found.urls, tokens=found.tokens, timeout=30.0) as gateway:

        def mine() -> None:
            before = gateway.head().number
            deadline = time.monotonic() + PATIENCE
            while gateway.head().number == before:
                assert time.monotonic() < deadline, "no block"
                time.sleep(0.05)

        mine()  # what an earlier test left waiting is in it
        sender = Sender(found.key, gateway.chain_id())
        nonce = gateway.transaction_count(sender.address)
        created = sender.sign(None, load("EvidenceLog").creation_code(), nonce, 5_000_000)
        receipt = None
        for _ in range(10):
            gateway.send([created.raw])
            mine()
            receipt = gateway.receipts([created.hash])[0]
            if receipt is not None:
                break
        assert receipt is not None
        assert receipt.contract
        contracts = Contracts(receipt.contract, "0x" + "02" * 20, "0x" + "03" * 20)
        yield Bench(gateway, mine, contracts, sender, found.key)


NETWORK = pytest.param(
    "network",
    marks=[
        pytest.mark.network,
        pytest.mark.slow,
        pytest.mark.timeout(600),
        pytest.mark.xdist_group("network"),
    ],
)


@pytest.fixture(params=["memory", "anvil", NETWORK])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        yield _memory()
        return
    if request.param == "network":
        yield from _network(request.getfixturevalue("validators"))
        return
    url = request.getfixturevalue("anvil_url")
    with RpcGateway(url) as gateway:
        sender = Sender(KEY, CHAIN_ID)
        nonce = gateway.transaction_count(sender.address)
        raw = sender.sign(None, load("EvidenceLog").creation_code(), nonce, 5_000_000)
        gateway.send([raw.raw])
        gateway.request("evm_mine")
        receipt = gateway.receipts([raw.hash])[0]
        assert receipt is not None
        assert receipt.ok
        assert receipt.contract
        contracts = Contracts(receipt.contract, "0x" + "02" * 20, "0x" + "03" * 20)
        yield Bench(gateway, lambda: gateway.request("evm_mine"), contracts, sender)
