"""A real EVM (anvil, its own process, loopback, any free port) for each hard fork that matters to the contracts."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.deployer import DeploymentConfig
from chain.gateway_rpc import RpcGateway
from signing.wallets import address_of

ROOT = Path(__file__).resolve().parents[3]
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
CHAIN_ID = 7_341_009_553


@dataclass(frozen=True)
class Evm:
    """A running node and the gateway to it."""

    url: str
    gateway: RpcGateway


def key(number: int) -> bytes:
    """A private key for tests."""
    return number.to_bytes(32, "big")


@pytest.fixture(params=["osaka", "cancun"])
def evm(request: pytest.FixtureRequest) -> Iterator[Evm]:
    """A node that mines at once; osaka has the P-256 precompile, cancun has not.

    Mining at once loses a wake-up now and then on a busy machine: every second it mines whatever still waits.
    """
    arguments = ["--port", "0", "--hardfork", request.param, "--chain-id", str(CHAIN_ID), "--accounts", "0"]
    arguments += [
        "--mixed-mining",
        "--block-time",
        "1",
        "--gas-limit",
        "1000000000",
        "--base-fee",
        "0",
        "--gas-price",
        "0",
        "--disable-min-priority-fee",
    ]
    process = subprocess.Popen([str(ANVIL), *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Listening on" in line)
        url = "http://" + line.strip().split("Listening on ")[1]
        # It tells of every call: unread, a full pipe (4 KiB where a machine is short of them) stops the node.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        with RpcGateway(url) as gateway:
            yield Evm(url, gateway)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def config() -> DeploymentConfig:
    """An installation with one registrar, one issuer and two of three governance keys."""
    return DeploymentConfig(
        log_origin="log.concord.example/test",
        test=True,
        registrars=(address_of(key(0xA1)),),
        issuers=(address_of(key(0xB1)),),
        governance_signers=tuple(address_of(key(number)) for number in (0xE1, 0xE2, 0xE3)),
        governance_threshold=2,
        admin_delay=3600,
    )
