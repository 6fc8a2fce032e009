"""Two chains behind one port: the simulation, and a real anvil that the fixture starts and ends."""

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
from chain.gateway_rpc import RpcGateway
from chain.memory_contracts import installation
from chain.transactions import Sender

ROOT = Path(__file__).parents[3]
ANVIL = ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil"
KEY = bytes([5] * 32)
CHAIN_ID = 774_411


@dataclass
class Bench:
    """A chain under test: its gateway, how to mine on it, its contracts and an account."""

    gateway: ChainGateway
    mine: Callable[[], None]
    contracts: Contracts
    sender: Sender


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


@pytest.fixture(params=["memory", "anvil"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        yield _memory()
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
