"""The validator network against one embedded node, on the same machine in the same run, through the same relay.

Leaves a second of both; time from a leaf to its final block at a steady rate, with all four validators and with one dead;
memory of a validator after all leaves. Four validators share the machine with the load: on two cores that is the worst case.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chain.abi import load
from chain.calls import Contracts
from chain.errors import GatewayUnavailable
from chain.gateway import ChainGateway
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway
from chain.relay import Relay, RelaySettings
from chain.relay_memory import MemoryRelayStore
from chain.transactions import Sender
from node.launch import start_node
from node.network import program
from node.network.cli import LOCAL_MEMBERS
from node.network.local import LocalNetwork
from node.settings import NodeSettings
from scripts.bench import report
from signing.wallets import address_of

RATIO, BLOCK_TIMES, MEMORY = 0.5, 3, 400
"""What must be reached: of one node's leaves a second, p95 of leaf → final, MB a validator after 100,000 leaves."""
PAUSE = 0.05
"""Seconds between two passes of the relay; it is also how exactly a delay is known."""
PATIENCE = 300.0
_STRANGERS = ("0x" + "02" * 20, "0x" + "03" * 20)


class Feeder:
    """A relay over one chain with a log of its own, and leaves that nobody else has."""

    def __init__(self, gateway: ChainGateway, key: bytes) -> None:
        sender = Sender(key, gateway.chain_id())
        self._log = _deployed(gateway, sender)
        self._store = MemoryRelayStore()
        contracts = Contracts(self._log, *_STRANGERS)
        self._relay = Relay(gateway, self._store, sender, contracts, "bench", RelaySettings())
        self._count = 0
        self._waiting: dict[bytes, float] = {}
        self.delays: list[float] = []
        self.silent = 0
        """Passes during which no validator answered."""

    def add(self, count: int) -> None:
        """More leaves, now."""
        for _ in range(count):
            entry = hashlib.sha256(self._log.encode() + self._count.to_bytes(8, "big")).digest()
            self._store.add_entry(entry)
            self._waiting[entry] = time.monotonic()
            self._count += 1

    def step(self) -> None:
        """One pass of the relay; leaves that it found final are taken off the list."""
        before = self._store.position().anchored_size
        try:
            self._relay.tick()
        except GatewayUnavailable:
            self.silent += 1
        else:
            if self._store.position().anchored_size != before:
                now, states = time.monotonic(), self._store.entry_states()
                for entry in [e for e in self._waiting if states[e][0] == "anchored"]:
                    self.delays.append(now - self._waiting.pop(entry))
        time.sleep(PAUSE)

    def drain(self) -> float:
        """Seconds until all leaves are final. Raises TimeoutError."""
        started = time.monotonic()
        while self._waiting:
            self.step()
            if time.monotonic() - started > PATIENCE + len(self._waiting) / 50:
                raise TimeoutError(f"{len(self._waiting)} leaves are not final")
        return time.monotonic() - started

    def throughput(self, leaves: int) -> float:
        """Leaves a second, from the first one handed over to the last one read back."""
        self.add(leaves)
        return leaves / self.drain()

    def steady(self, rate: int, seconds: float) -> list[float]:
        """Delays in seconds from a leaf to its final block as the relay sees it, at `rate` leaves a second."""
        self.delays = []
        started, added = time.monotonic(), 0
        while (passed := time.monotonic() - started) < seconds:
            due = int(passed * rate)
            self.add(due - added)
            added = due
            self.step()
        self.drain()
        return self.delays


def _deployed(gateway: ChainGateway, sender: Sender) -> str:
    signed = sender.sign(
        None, load("EvidenceLog").creation_code(), gateway.transaction_count(sender.address), 5_000_000
    )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        gateway.send([signed.raw])
        for _ in range(10):
            receipt = gateway.receipts([signed.hash])[0]
            if receipt is not None and receipt.contract:
                return receipt.contract
            time.sleep(0.5)
    raise TimeoutError("the log contract is not mined")


@contextmanager
def _one_node(folder: Path, key: bytes) -> Iterator[Feeder]:
    settings = NodeSettings(data_dir=folder, senders=(address_of(key),))
    with start_node(settings) as running, RpcGateway(running.rpc_url, token=running.token) as gateway:
        yield Feeder(gateway, key)


@contextmanager
def _validators(folder: Path, key: bytes, block_ms: int) -> Iterator[tuple[LocalNetwork, Feeder]]:
    network = LocalNetwork.found(
        folder, program.build(), LOCAL_MEMBERS, grants={address_of(key): 3}, block_ms=block_ms
    )
    try:
        for node in network.nodes():
            network.start(node)
        for node in network.nodes():
            network.wait(node, 2, PATIENCE)
        with NetworkGateway([node.evm_url for node in network.nodes()], timeout=30.0) as gateway:
            yield network, Feeder(gateway, key)
    finally:
        for node in network.nodes():
            network.stop(node, signal.SIGKILL)


def _height(network: LocalNetwork) -> int:
    return max(int(network.status(node)["height"] or 0) for node in network.nodes())


def _measured(network: LocalNetwork, feeder: Feeder, rate: int, seconds: int) -> tuple[float, float]:
    """(p95 of leaf → final, seconds a block) over one steady phase, both in seconds."""
    first, started = _height(network), time.monotonic()
    delays = feeder.steady(rate, seconds)
    interval = (time.monotonic() - started) / max(1, _height(network) - first)
    return statistics.quantiles(delays, n=20)[-1], interval


def measure(leaves: int, rate: int, seconds: int, block_ms: int, say: Console) -> dict[str, Any]:
    """All figures of one run. leaves: for each throughput; rate in leaves a second; block_ms: pause after a block."""
    with tempfile.TemporaryDirectory() as name:
        key = secrets.token_bytes(32)
        with _one_node(Path(name) / "one", key) as feeder:
            feeder.throughput(100)  # connections, caches, the first blocks
            alone = feeder.throughput(leaves)
        say.print(f"one node: {alone:.0f} leaves/s")
        with _validators(Path(name) / "four", key, block_ms) as (network, feeder):
            feeder.throughput(100)
            together = feeder.throughput(leaves)
            say.print(f"four validators: {together:.0f} leaves/s")
            healthy, block = _measured(network, feeder, rate, seconds)
            say.print(f"leaf → final, p95: {healthy:.2f} s, {block:.2f} s a block")
            network.stop(network.nodes()[-1], signal.SIGKILL)
            wounded, longer = _measured(network, feeder, rate, seconds)
            say.print(f"one dead: {wounded:.2f} s, {longer:.2f} s a block")
            memory = [network.status(node)["memory_mb"] for node in network.nodes()[:-1]]
            silent = feeder.silent
    return {
        "leaves": leaves,
        "one_node_leaves_s": round(alone, 1),
        "validators_leaves_s": round(together, 1),
        "ratio": round(together / alone, 2),
        "rate": rate,
        "block_s": round(block, 2),
        "p95_s": round(healthy, 2),
        "p95_blocks": round(healthy / block, 2),
        "dead_block_s": round(longer, 2),
        "dead_p95_s": round(wounded, 2),
        "dead_p95_blocks": round(wounded / longer, 2),
        "dead_p95_healthy_blocks": round(wounded / block, 2),
        "memory_mb": max(memory),
        "memory_after_leaves": 100 + leaves + 2 * rate * seconds,
        "silent_passes": silent,
    }


def run(
    leaves: Annotated[int, typer.Option(help="leaves for the throughput of each; the must on memory is at 100,000")] = 20_000,
    rate: Annotated[int, typer.Option(help="leaves a second, delay measured")] = 50,
    seconds: Annotated[int, typer.Option(help="seconds at that rate, with all and with one dead")] = 60,
    block_ms: Annotated[int, typer.Option(help="pause after a block, milliseconds")] = 1_000,
    json_: Annotated[bool, typer.Option("--json", help="print facts as JSON, write nothing")] = False,
) -> None:  # fmt: skip
    """验证人网络：与单节点同机同次对比吞吐、入块时延（含一个停机）、内存 / four validators beside one node."""
    facts = measure(leaves, rate, seconds, block_ms, Console(stderr=True))
    typer.echo(json.dumps(facts, indent=None if json_ else 1))
    if json_:
        return
    report.write(
        "network",
        f"concord bench network --leaves {leaves} --seconds {seconds} --block-ms {block_ms}",
        ("what", "measured", "must"),
        (
            ("leaves a second, one embedded node", facts["one_node_leaves_s"], ""),
            ("leaves a second, four validators on the same machine", facts["validators_leaves_s"], ""),
            ("ratio of the two", facts["ratio"], f"≥ {RATIO}"),
            (
                f"leaf → final at {rate}/s, p95, all four",
                f"{facts['p95_blocks']} block times ({facts['p95_s']} s)",
                f"≤ {BLOCK_TIMES}",
            ),
            (
                f"leaf → final at {rate}/s, p95, one validator dead",
                f"{facts['dead_p95_blocks']} block times ({facts['dead_p95_s']} s)",
                f"≤ {BLOCK_TIMES}",
            ),
            (
                f"memory of a validator after {facts['memory_after_leaves']} leaves",
                f"{facts['memory_mb']} MB",
                f"≤ {MEMORY} MB after 100,000",
            ),
        ),
        f"A block took {facts['block_s']} s with all and {facts['dead_block_s']} s with one dead (its turn to propose passes "
        "after a time limit); block times are those of the same phase. Final is when the relay has read the leaf back.",
    )
