"""A load of real transactions under a fault, and what must hold afterwards.

The platform's own relay (`chain.relay`) over the gateway to all validators: entries come in at a steady rate, go out in
batches as large as the moment makes them, and are read back. Entering one never fails, whatever the network does.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from chain import calls
from chain.abi import load
from chain.calls import Contracts
from chain.errors import GatewayUnavailable
from chain.gateway_network import NetworkGateway
from chain.gateway_rpc import RpcGateway
from chain.relay import Relay, RelaySettings
from chain.relay_memory import MemoryRelayStore
from chain.transactions import Sender
from node.network.local import LocalNode
from tests.network.conftest import PATIENCE, RELAY_KEY, Consortium

RATE = 20
"""Entries a second."""
SETTINGS = RelaySettings(max_batch=50, resend_after=4.0)


class Load:
    """Runs from entering the context until `settle`; leaving the context ends it in any case."""

    def __init__(self, network: Consortium, rate: int = RATE) -> None:
        self.network = network
        self.log = _new_log(network)
        self.entries: list[bytes] = []
        self.outages = 0
        """Passes of the relay during which no validator answered."""
        self.alarms: list[Any] = []
        self._rate = rate
        self._gateway = NetworkGateway([node.evm_url for node in network.nodes], timeout=15.0)
        self._store = MemoryRelayStore()
        sender = Sender(RELAY_KEY, network.gateway.chain_id())
        contracts = Contracts(self.log, "0x" + "02" * 20, "0x" + "03" * 20)
        self._relay = Relay(self._gateway, self._store, sender, contracts, "faults", SETTINGS)
        self._producing = threading.Event()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure: Exception | None = None
        self._anchored = 0

    def __enter__(self) -> Self:
        self._producing.set()
        self._running.set()
        self._thread.start()
        self.until_anchored(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._running.clear()
        self._thread.join(60)
        self._gateway.close()

    # -- running

    def _run(self) -> None:
        started = time.monotonic()
        while self._running.is_set():
            due = int((time.monotonic() - started) * self._rate)
            while self._producing.is_set() and len(self.entries) < due:
                entry = hashlib.sha256(self.log.encode() + len(self.entries).to_bytes(8, "big")).digest()
                self._store.add_entry(entry)
                self.entries.append(entry)
            try:
                tick = self._relay.tick()
            except GatewayUnavailable:
                self.outages += 1
                time.sleep(0.5)
                continue
            except Exception as error:  # kept for the test, which is another thread
                self._failure = error
                return
            self.alarms += tick.alarms
            self._anchored = sum(state == "anchored" for state, _ in self._store.entry_states().values())
            time.sleep(0.1)

    @property
    def anchored(self) -> int:
        """Entries that are final and read back."""
        if self._failure is not None:
            raise self._failure
        return self._anchored

    @property
    def waiting(self) -> int:
        """Entries that are not final yet."""
        return len(self.entries) - self.anchored

    def until_anchored(self, more: int) -> None:
        """Return when `more` entries have become final from now on."""
        goal = self.anchored + more
        self.network.until(lambda: self.anchored >= goal)

    def run_for(self, seconds: float) -> None:
        """Let the load go on for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.anchored <= len(self.entries)
            time.sleep(0.2)

    # -- afterwards

    def settle(self, nodes: Sequence[LocalNode] | None = None) -> None:
        """No more entries; all of them become final; then everything that must hold after any fault is checked.

        nodes: those that hold all blocks of the load; all when not given.
        """
        self._producing.clear()
        self.network.until(lambda: self.waiting == 0)
        states = self._store.entry_states()
        assert [states[entry] for entry in self.entries] == [
            ("anchored", index) for index in range(len(self.entries))
        ], "every entry once, in the order in which they came"
        assert self.alarms == []
        self.network.whole()
        for node in nodes if nodes is not None else self.network.nodes:
            assert self._leaves_on(node) == self.entries, node.member.name
        same_state(self.network)

    def _leaves_on(self, node: LocalNode) -> list[bytes]:
        """The log's leaves as this node alone tells them: its events give the order, its blocks the content."""
        event = load("EvidenceLog").event("Appended")
        leaves: list[bytes] = []
        with RpcGateway(node.evm_url, timeout=60.0) as gateway:
            logs = gateway.logs(1, self.network.height(node), [self.log])
            for log, sent in zip(logs, gateway.transactions([log.transaction for log in logs]), strict=True):
                assert sent is not None
                first, entries = calls.decode_append(sent.data)
                told = event.decode(log.topics, log.data)
                assert (told["firstIndex"], told["count"]) == (first, len(entries))
                assert first == len(leaves)
                leaves += entries
        return leaves


def _new_log(network: Consortium) -> str:
    receipt = network.gateway.receipts([network.send(None, load("EvidenceLog").creation_code())])[0]
    assert receipt is not None
    assert receipt.contract
    return receipt.contract


def same_state(network: Consortium) -> None:
    """All nodes have the same block and the same application state at one height, and nobody is suspended."""
    height = min(network.height(node) for node in network.nodes)
    told = {_commitments(node, height) for node in network.nodes}
    assert len(told) == 1, told
    assert not any(network.gate.suspended(member["consensus_key"]) for member in network.gate.members())


def _commitments(node: LocalNode, height: int) -> tuple[str, str]:
    """(block hash, application hash) of a height as a node tells them."""
    url = f"http://127.0.0.1:{node.ports.rpc}/block?height={height}"
    found = httpx.get(url, trust_env=False, timeout=PATIENCE).json()["result"]
    return found["block_id"]["hash"], found["block"]["header"]["app_hash"]
