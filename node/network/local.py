"""The nodes of one machine: a real member has one here, a demonstration all of them, each in a folder of its own.

Processes are known by a pid file and the start time of the process behind it: a pid that the system gave to another
program is not ours, and is never signalled.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from node.errors import NodeError
from node.installation import write_atomically
from node.network import configuration, founding, metrics
from node.network.configuration import Ports, StateSync
from node.network.member import Member, make

STOP_SECONDS = 20.0
RECORD = "network.json"


class NetworkFailed(NodeError):
    """A node did not start, or the folder holds no network."""


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A node of this machine."""

    member: Member
    home: Path
    ports: Ports

    @property
    def evm_url(self) -> str:
        """Its JSON-RPC address."""
        return f"http://127.0.0.1:{self.ports.evm}"


def free_block(count: int) -> int:
    """First of `count` neighbouring ports that nobody uses now.

    The search begins anywhere: a second network that is founded before the first has started must not get its ports.
    """
    blocks = list(range(27_000, 32_000 - count, count))
    start = secrets.randbelow(len(blocks))
    for first in blocks[start:] + blocks[:start]:
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise NetworkFailed("no free ports between 27000 and 32000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class LocalNetwork:
    """The network in a folder: `network.json` and one folder a member."""

    def __init__(self, data: Path, program: Path) -> None:
        self.data = data
        self.program = program

    # -- making

    @classmethod
    def found(
        cls,
        data: Path,
        program: Path,
        names: Sequence[str],
        *,
        chain: str = "concord-local",
        evm_chain_id: int | None = None,
        grants: Mapping[str, int] | None = None,
        first_port: int | None = None,
        block_ms: int = 1_000,
        snapshot_blocks: int = configuration.SNAPSHOT_BLOCKS,
    ) -> LocalNetwork:
        """A network of `names` on loopback, all of whose members live in this folder. Raises `NetworkFailed`.

        chain, evm_chain_id: its own, where a second network runs beside (the court's); a random id when not given.
        """
        if (data / RECORD).exists():
            raise NetworkFailed(f"{data} holds a network already")
        first = first_port if first_port is not None else free_block(10 * len(names))
        nodes = []
        for index, name in enumerate(names):
            ports = Ports.block(first + 10 * index)
            home = data / name
            nodes.append(LocalNode(make(home, name, f"127.0.0.1:{ports.p2p}", program), home, ports))
        description = founding.describe(
            [n.member for n in nodes], chain=chain, grants=grants or {}, evm_chain_id=evm_chain_id
        )
        digest = founding.build(description, data / "genesis.json", program)
        network = cls(data, program)
        record = {
            "chain": chain,
            "evm_chain_id": json.loads(description)["evm_chain_id"],
            "genesis_sha256": digest,
            "block_ms": block_ms,
            "snapshot_blocks": snapshot_blocks,
            "nodes": [cls._entry(node) for node in nodes],
        }
        network._write(record)
        for node in nodes:
            network.configure(node)
        return network

    @staticmethod
    def _entry(node: LocalNode) -> dict[str, Any]:
        return {"member": asdict(node.member), "home": node.home.name, "ports": asdict(node.ports)}

    def _write(self, record: Mapping[str, Any]) -> None:
        write_atomically(self.data / RECORD, json.dumps(record, indent=1).encode() + b"\n", 0o644)

    def record(self) -> dict[str, Any]:
        """`network.json`. Raises `NetworkFailed` where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.data / RECORD).read_bytes())
        except (OSError, ValueError) as error:
            raise NetworkFailed(f"{self.data} holds no network: run `concord network init`") from error
        return found

    def nodes(self) -> list[LocalNode]:
        """All nodes of this folder, in the order in which they joined."""
        return [
            LocalNode(Member(**entry["member"]), self.data / entry["home"], Ports(**entry["ports"]))
            for entry in self.record()["nodes"]
        ]

    def node(self, name: str) -> LocalNode:
        """The node of that member. Raises `NetworkFailed`."""
        found = next((node for node in self.nodes() if node.member.name == name), None)
        if found is None:
            raise NetworkFailed(f"no member {name!r} in {self.data}")
        return found

    def configure(self, node: LocalNode, state_sync: StateSync | None = None) -> None:
        """Write a node's configuration for the members as they are now."""
        record = self.record()
        others = [other.member for other in self.nodes() if other.member.name != node.member.name]
        configuration.write(
            node.home,
            node.member,
            others,
            node.ports,
            int(record["evm_chain_id"]),
            (self.data / "genesis.json").read_bytes(),
            block_ms=int(record["block_ms"]),
            state_sync=state_sync,
            snapshot_blocks=int(record["snapshot_blocks"]),
        )

    def trusted(self) -> StateSync:
        """What a new node of this machine may check a snapshot against. Raises `NetworkFailed` when too few run."""
        running = [node for node in self.nodes() if self.status(node)["height"] is not None]
        if len(running) < 2:
            raise NetworkFailed("two running members are needed to check a snapshot against")
        servers = tuple(f"http://127.0.0.1:{node.ports.rpc}" for node in running)
        newest = httpx.get(f"{servers[0]}/commit", timeout=10, trust_env=False).json()["result"][
            "signed_header"
        ]
        return StateSync(servers, int(newest["header"]["height"]), newest["commit"]["block_id"]["hash"])

    def join(self, name: str, state_sync: StateSync | None = None) -> LocalNode:
        """A further member's folder, keys and configuration. The members have yet to vote it in.

        state_sync: its first start takes a snapshot of the others instead of replaying all blocks.
        """
        record = self.record()
        last = max(entry["ports"]["p2p"] for entry in record["nodes"])
        ports = Ports.block(last + 10)
        home = self.data / name
        node = LocalNode(make(home, name, f"127.0.0.1:{ports.p2p}", self.program), home, ports)
        record["nodes"] = [e for e in record["nodes"] if e["member"]["name"] != name] + [self._entry(node)]
        self._write(record)
        self.configure(node, state_sync)
        return node

    def refresh(self, node: LocalNode) -> None:
        """Take up a member's public description, which changed with a key."""
        fresh = LocalNode(Member.read(node.home / "member.json"), node.home, node.ports)
        record = self.record()
        record["nodes"] = [
            self._entry(fresh) if entry["member"]["name"] == node.member.name else entry
            for entry in record["nodes"]
        ]
        self._write(record)

    def leave(self, name: str) -> None:
        """Stop a node that was voted out, and forget it here. Its folder stays."""
        self.stop(self.node(name))
        record = self.record()
        record["nodes"] = [e for e in record["nodes"] if e["member"]["name"] != name]
        self._write(record)

    # -- running

    def start(self, node: LocalNode, program: Path | None = None) -> int:
        """Start a node in the background; its pid. A running one is left alone."""
        running = self.pid(node)
        if running is not None:
            return running
        with (node.home / "node.log").open("ab") as log:
            process = subprocess.Popen(
                [str(program or self.program), *self.arguments(node)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment(),
                start_new_session=True,
            )
        self.remember(node, process.pid)
        return process.pid

    @staticmethod
    def arguments(node: LocalNode) -> list[str]:
        """What the program is started with, for whoever starts it himself."""
        return ["start", "--home", str(node.home)]

    @staticmethod
    def remember(node: LocalNode, pid: int) -> None:
        """Note which process is the node, so that everybody's `status` and `stop` find it."""
        with suppress(psutil.NoSuchProcess):
            stamp = json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()})
            write_atomically(node.home / "pid", stamp.encode() + b"\n", 0o644)

    @staticmethod
    def limits() -> dict[str, str]:
        """What a node is told about the machine; a value of the environment goes first."""
        return {"GOMEMLIMIT": os.environ.get("GOMEMLIMIT", "350MiB")}

    @classmethod
    def _environment(cls) -> dict[str, str]:
        # The engine reads settings from variables with its name in front: none may leak in from outside.
        passed = {k: v for k, v in os.environ.items() if not k.upper().startswith(("CONCORD", "OTEL"))}
        return passed | cls.limits()

    def pid(self, node: LocalNode) -> int | None:
        """Process id of a running node."""
        try:
            stamp = json.loads((node.home / "pid").read_bytes())
            process = psutil.Process(int(stamp["pid"]))
            ours = process.create_time() == stamp["started"] and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        return process.pid if ours else None

    def stop(self, node: LocalNode, number: signal.Signals = signal.SIGTERM) -> bool:
        """End a node; whether it had to be killed because it did not end in time."""
        pid = self.pid(node)
        if pid is None:
            return False
        os.kill(pid, number)
        if not self._gone(node, pid, STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            self._gone(node, pid, STOP_SECONDS)
            return True
        return False

    def _gone(self, node: LocalNode, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # a child of this process stays a zombie until it is waited for
            if self.pid(node) is None:
                return True
            time.sleep(0.05)
        return False

    # -- looking

    def status(self, node: LocalNode) -> dict[str, Any]:
        """Facts about a node: pid, height, age of the head in seconds, peers, memory in MB; None where unknown."""
        pid = self.pid(node)
        facts: dict[str, Any] = {
            "pid": pid,
            "height": None,
            "head_age": None,
            "peers": None,
            "catching_up": None,
            **dict.fromkeys(metrics.WATCHED),
        }
        facts["memory_mb"] = None if pid is None else psutil.Process(pid).memory_info().rss >> 20
        facts["disk_free_mb"] = shutil.disk_usage(node.home).free >> 20
        if pid is None:
            return facts
        base = f"http://127.0.0.1:{node.ports.rpc}"
        try:
            with httpx.Client(timeout=5, trust_env=False) as http:
                sync = http.get(f"{base}/status").json()["result"]["sync_info"]
                facts["peers"] = int(http.get(f"{base}/net_info").json()["result"]["n_peers"])
        except (httpx.HTTPError, ValueError, KeyError):
            return facts
        facts["height"] = int(sync["latest_block_height"])
        facts["catching_up"] = bool(sync["catching_up"])
        facts["head_age"] = _age(sync["latest_block_time"])
        facts |= metrics.read(node.ports.metrics)
        return facts

    def wait(self, node: LocalNode, height: int, seconds: float = 60.0) -> None:
        """Return when a node has reached `height`. Raises `NetworkFailed` with the end of its log."""
        deadline = time.monotonic() + seconds
        while (self.status(node)["height"] or 0) < height:
            if time.monotonic() > deadline:
                raise NetworkFailed(
                    f"{node.member.name} has not reached block {height}:\n{self.log_tail(node)}"
                )
            time.sleep(0.2)

    @staticmethod
    def log_tail(node: LocalNode, lines: int = 12) -> str:
        """The end of a node's log."""
        try:
            return "\n".join((node.home / "node.log").read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def _age(moment: str) -> float:
    """Seconds since an RFC 3339 moment with nanoseconds, as CometBFT writes it."""
    from datetime import UTC, datetime

    whole = datetime.fromisoformat(moment.split(".")[0].rstrip("Z") + "+00:00")
    return round((datetime.now(UTC) - whole).total_seconds(), 1)
