"""Four organisations on loopback: one network for all tests of a module, each of which leaves it whole."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain.gateway_rpc import RpcGateway
from chain.transactions import Sender
from node.network import program as engine
from node.network.gate import Gate
from node.network.local import LocalNetwork, LocalNode
from node.network.member import operator_key
from signing.accounts import Account

RELAY_KEY = bytes([7] * 32)
NAMES = ("hr", "court", "union", "notary")
RESEND = 5.0
PATIENCE = 120.0
"""Seconds: four nodes and a test suite share two cores."""


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Network tests are one group; in a single process they come after everything else."""
    own = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in own:
        item.add_marker(pytest.mark.network)
        item.add_marker(pytest.mark.xdist_group("network"))
    items[:] = [item for item in items if item not in own] + own


@dataclass
class Consortium:
    """The running network, and what tests ask of it again and again."""

    local: LocalNetwork
    gateway: RpcGateway

    @property
    def nodes(self) -> list[LocalNode]:
        return self.local.nodes()

    @property
    def gate(self) -> Gate:
        return Gate(self.gateway, mined_within=PATIENCE)

    @property
    def relay(self) -> Sender:
        return Sender(RELAY_KEY, self.gateway.chain_id())

    @property
    def keys(self) -> list[bytes]:
        return [operator_key(node.home) for node in self.nodes]

    def height(self, node: LocalNode | None = None) -> int:
        return int(self.local.status(node or self.nodes[0])["height"] or 0)

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, self.local.log_tail(self.nodes[0], 30)
            time.sleep(0.3)

    def grows(self, node: LocalNode | None = None, blocks: int = 2) -> None:
        first = self.height(node)
        self.until(lambda: self.height(node) >= first + blocks)

    def send(self, to: str | None, data: bytes, gas: int = 5_000_000) -> bytes:
        """A transaction of the relay, mined; its hash. Handed over again every few seconds, as the relay does it."""
        signed = self.relay.sign(to, data, self.gateway.transaction_count(self.relay.address), gas)
        return self.send_raw(signed.raw, signed.hash)

    def send_raw(self, raw: bytes, hash_: bytes) -> bytes:
        """The engine may drop what it has taken, without a word: only a block says that it has not."""
        sent = float("-inf")

        def mined() -> bool:
            nonlocal sent
            if time.monotonic() - sent > RESEND:
                self.gateway.send([raw])
                sent = time.monotonic()
            return self.mined(hash_)

        self.until(mined)
        return hash_

    def mined(self, transaction: bytes) -> bool:
        found = self.gateway.transactions([transaction])[0]
        return found is not None and found.block_number is not None

    def kill(self, *nodes: LocalNode) -> None:
        for node in nodes:
            self.local.stop(node, signal.SIGKILL)

    def whole(self) -> None:
        """Start what is down, and wait until all agree on a block."""
        for node in self.nodes:
            self.local.start(node)
        self.until(lambda: self.local.status(self.nodes[0])["head_age"] is not None)
        self.grows()
        height = self.height()
        for node in self.nodes:
            self.local.wait(node, height, PATIENCE)
        assert len({self.hash_at(node, height) for node in self.nodes}) == 1

    def hash_at(self, node: LocalNode, height: int) -> bytes:
        with RpcGateway(node.evm_url, timeout=60.0) as gateway:
            block = gateway.block(height)
            assert block is not None
            return block.hash


@pytest.fixture(scope="session")
def program() -> Path:
    """The engine of these sources; built here where `scripts/test` has not done it."""
    try:
        engine.find_go()
    except engine.ProgramMissing:
        pytest.skip("Go is not installed")
    return engine.build()


@contextmanager
def running(program: Path, data: Path, names: Sequence[str] = NAMES, **options: Any) -> Iterator[Consortium]:
    """A network of these members that has blocks; stopped and removed at the end. options: as for `found`."""
    grants = {str(Account.from_key(RELAY_KEY).address): 3}
    local = LocalNetwork.found(data, program, names, grants=grants, block_ms=400, **options)
    try:
        for node in local.nodes():
            local.start(node)
        for node in local.nodes():
            local.wait(node, 3, PATIENCE)
        with RpcGateway(local.nodes()[0].evm_url, timeout=60.0) as gateway:
            yield Consortium(local, gateway)
    finally:
        for node in local.nodes():
            local.stop(node, signal.SIGKILL)
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="module")
def network(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with running(program, tmp_path_factory.mktemp("network")) as consortium:
        yield consortium
