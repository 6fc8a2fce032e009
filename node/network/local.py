"""The nodes of one machine: a real member has one here, a demonstration all of them, each in a folder of its own.

`found` makes the second kind, `joining.join` the first. A node that somebody else runs, as systemd does, is looked at
here and never signalled (`processes`).
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
from node.network import asking, configuration, founding, metrics, processes, units
from node.network import program as engine
from node.network.configuration import Ports, StateSync
from node.network.member import Member, make
from node.network.processes import Running

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

    def __init__(self, data: Path, program: Path | None = None) -> None:
        self.data = data
        self._program = program

    @property
    def program(self) -> Path:
        """The engine: as given, else as the member who joined named it, else that of these sources."""
        if self._program is None:
            named = self.record().get("program") if (self.data / RECORD).exists() else None
            self._program = Path(named) if named and Path(named).exists() else engine.find()
        return self._program

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
            raise NetworkFailed(f"{data} 已有网络 / {data} holds a network already")
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
            "nodes": [network.entry(node) for node in nodes],
        }
        network.write(record)
        for node in nodes:
            network.configure(node)
        return network

    def entry(self, node: LocalNode) -> dict[str, Any]:
        """A node in `network.json`; its folder lies in this one, or is this one."""
        home = os.path.relpath(node.home, self.data)
        return {"member": asdict(node.member), "home": home, "ports": asdict(node.ports)}

    def write(self, record: Mapping[str, Any]) -> None:
        """Replace `network.json`."""
        write_atomically(self.data / RECORD, json.dumps(record, indent=1).encode() + b"\n", 0o644)

    def record(self) -> dict[str, Any]:
        """`network.json`. Raises `NetworkFailed` where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.data / RECORD).read_bytes())
        except PermissionError as error:
            raise NetworkFailed(
                f"无权读取 {self.data}：请以运行节点的用户执行 / {self.data} may not be read: run this as the node's user"
            ) from error
        except (OSError, ValueError) as error:
            raise NetworkFailed(
                f"{self.data} 没有网络：请先执行 concord network join 或 init / "
                f"{self.data} holds no network: run `concord network join` or `init`"
            ) from error
        return found

    @property
    def joined(self) -> bool:
        """Whether this is the folder of one member on a machine of its own."""
        return bool(self.record().get("joined"))

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
            raise NetworkFailed(f"{self.data} 没有成员 {name!r} / no member {name!r} in {self.data}")
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
            raise NetworkFailed(
                "快照须对照两个运行中的成员核对 / two running members are needed to check a snapshot against"
            )
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
        if self.joined:
            raise NetworkFailed(
                "这是单个成员的目录：请以 --member FILE 表决接纳 / "
                "this folder is one member's own: vote the newcomer in with --member FILE"
            )
        last = max(entry["ports"]["p2p"] for entry in record["nodes"])
        ports = Ports.block(last + 10)
        home = self.data / name
        node = LocalNode(make(home, name, f"127.0.0.1:{ports.p2p}", self.program), home, ports)
        record["nodes"] = [e for e in record["nodes"] if e["member"]["name"] != name] + [self.entry(node)]
        self.write(record)
        self.configure(node, state_sync)
        return node

    def refresh(self, node: LocalNode) -> None:
        """Take up a member's public description, which changed with a key."""
        fresh = LocalNode(Member.read(node.home / "member.json"), node.home, node.ports)
        record = self.record()
        record["nodes"] = [
            self.entry(fresh) if entry["member"]["name"] == node.member.name else entry
            for entry in record["nodes"]
        ]
        self.write(record)

    def leave(self, name: str) -> None:
        """Stop a node that was voted out, and forget it where others are left. Its folder stays."""
        self.stop(self.node(name))
        if self.joined:
            return
        record = self.record()
        record["nodes"] = [e for e in record["nodes"] if e["member"]["name"] != name]
        self.write(record)

    # -- running

    def start(self, node: LocalNode, program: Path | None = None) -> int | None:
        """Start a node in the background; its pid. One that runs is left alone, whoever runs it.

        Raises `processes.NotOurs` when a unit of systemd is there to start it.
        """
        running = self.running(node)
        if running is not None:
            return running.pid
        for unit in units.of_home(node.home):
            line = unit.line("start")
            raise processes.NotOurs(
                f"{node.member.name} 由 systemd 管理：请执行 {line} / {node.member.name} is systemd's: run `{line}`"
            )
        processes.require_owner(node.home)
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
        processes.remember(node.home, pid)

    @staticmethod
    def limits() -> dict[str, str]:
        """What a node is told about the machine; a value of the environment goes first."""
        return {"GOMEMLIMIT": os.environ.get("GOMEMLIMIT", "350MiB")}

    @classmethod
    def _environment(cls) -> dict[str, str]:
        # The engine reads settings from variables with its name in front: none may leak in from outside.
        passed = {k: v for k, v in os.environ.items() if not k.upper().startswith(("CONCORD", "OTEL"))}
        return passed | cls.limits()

    def running(self, node: LocalNode) -> Running | None:
        """Who runs a node; also one whose process cannot be seen, when it answers."""
        found = processes.find(node.home)
        if found is None and asking.sync(node.ports.rpc, node.member.node) is not None:
            return Running(None)
        return found

    def pid(self, node: LocalNode) -> int | None:
        """Process id of a running node."""
        found = processes.find(node.home)
        return None if found is None else found.pid

    def require_stopped(self, node: LocalNode) -> None:
        """Raises `processes.StillRuns` or `NotOurs` where a node's folder must not be changed now."""
        processes.require_stopped(node.member.name, node.home, self.running(node))
        processes.require_owner(node.home)

    def stop(self, node: LocalNode, number: signal.Signals = signal.SIGTERM) -> bool:
        """End a node; whether it had to be killed because it did not end in time.

        Raises `processes.NotOurs` for one that somebody else runs.
        """
        running = self.running(node)
        if running is None:
            return False
        if running.pid is None or not running.ours:
            raise processes.refusal(node.member.name, running, "stop")
        os.kill(running.pid, number)
        if not self._gone(node, running.pid, STOP_SECONDS):
            os.kill(running.pid, signal.SIGKILL)
            self._gone(node, running.pid, STOP_SECONDS)
            return True
        return False

    def _gone(self, node: LocalNode, pid: int, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # a child of this process stays a zombie until it is waited for
            if processes.own(node.home) is None:
                return True
            time.sleep(0.05)
        return False

    # -- looking

    def status(self, node: LocalNode) -> dict[str, Any]:
        """Facts about a node: pid, who runs it, height, age of the head in seconds, peers, memory in MB; None if unknown."""
        running = self.running(node)
        facts: dict[str, Any] = {
            "pid": None if running is None else running.pid,
            "run_by": None if running is None else running.by,
            "height": None,
            "head_age": None,
            "peers": None,
            "catching_up": None,
            **dict.fromkeys((*metrics.WATCHED, "memory_mb")),
        }
        facts["disk_free_mb"] = shutil.disk_usage(node.home).free >> 20
        if running is None:
            return facts
        if running.pid is not None:
            with suppress(psutil.Error):
                facts["memory_mb"] = psutil.Process(running.pid).memory_info().rss >> 20
        sync = asking.sync(node.ports.rpc, node.member.node)
        if sync is None:
            return facts
        facts["peers"] = sync["peers"]
        facts["height"] = int(sync["latest_block_height"])
        facts["catching_up"] = bool(sync["catching_up"])
        facts["head_age"] = asking.age(sync["latest_block_time"])
        facts |= metrics.read(node.ports.metrics)
        return facts

    def wait(self, node: LocalNode, height: int, seconds: float = 60.0) -> None:
        """Return when a node has reached `height`. Raises `NetworkFailed` with the end of its log."""
        deadline = time.monotonic() + seconds
        while (self.status(node)["height"] or 0) < height:
            if time.monotonic() > deadline:
                raise NetworkFailed(
                    f"{node.member.name} 未到达区块 {height} / {node.member.name} has not reached block {height}:\n"
                    f"{self.log_tail(node)}"
                )
            time.sleep(0.2)

    @staticmethod
    def log_tail(node: LocalNode, lines: int = 12) -> str:
        """The end of a node's log."""
        try:
            return "\n".join((node.home / "node.log").read_text("utf-8", "replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"
