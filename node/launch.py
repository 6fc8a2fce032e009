"""Start the node as a child process and wait until it is ready: for the command line and for tests."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from node.errors import NodeError
from node.settings import PROJECT_ROOT, NodeSettings


def command(settings: NodeSettings) -> list[str]:
    """The command line that runs the node with these settings."""
    options: dict[str, object] = {
        "--data": settings.data_dir.resolve(),
        "--host": settings.host,
        "--port": settings.port,
        "--block-interval": settings.block_interval,
        "--state-history": settings.state_history,
        "--snapshot-after": settings.snapshot_after,
    }
    if settings.chain_id is not None:
        options["--chain-id"] = settings.chain_id
    if settings.genesis_time is not None:
        options["--genesis-time"] = settings.genesis_time
    if settings.seal_key is not None:
        options["--seal-key"] = settings.seal_key.resolve()
        options["--seal-name"] = settings.seal_name
    if settings.anvil is not None:
        options["--anvil"] = settings.anvil.resolve()
    parts = [str(part) for pair in options.items() for part in pair]
    return [
        sys.executable,
        "-m",
        "node",
        *parts,
        *(p for sender in settings.senders for p in ("--sender", sender)),
    ]


class RunningNode:
    """A node that is ready. As a context manager it stops the node on leaving."""

    def __init__(self, process: subprocess.Popen[bytes], data_dir: Path, facts: dict[str, object]) -> None:
        self._process = process
        self.data_dir = data_dir
        self.rpc_url = str(facts["rpc"])
        self.chain_id = int(str(facts["chain_id"]))
        self.ready_ms = int(str(facts["ready_ms"]))

    @property
    def pid(self) -> int:
        """The node's process id."""
        return self._process.pid

    @property
    def token(self) -> str:
        """The bearer token for sending."""
        return (self.data_dir / "rpc-token").read_text("ascii").strip()

    def stop(self, timeout: float = 60.0) -> int:
        """SIGTERM and wait; the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._finish(timeout)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        self._process.kill()
        self._finish(10.0)

    def _finish(self, timeout: float) -> int:
        code = self._process.wait(timeout)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def __enter__(self) -> RunningNode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_node(
    settings: NodeSettings, *, timeout: float = 60.0, log: Path | None = None, detached: bool = False
) -> RunningNode:
    """Start ``python -m node`` and wait for its ready line.

    ``log`` takes its log lines (default: thrown away); ``detached`` lets it outlive this process. Raises
    ``NodeError`` when it ends or stays silent instead.
    """
    with (log if log is not None else Path(os.devnull)).open("ab") as sink:
        process = subprocess.Popen(
            command(settings),
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            start_new_session=detached,
        )
    if process.stdout is None:
        raise NodeError("the node has no output to wait for")
    deadline = time.monotonic() + timeout
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                process.kill()
                process.wait()
                process.stdout.close()
                raise NodeError(f"the node was not ready within {timeout:.0f} s")
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                process.stdout.close()
                raise NodeError(f"the node ended with exit code {process.wait()} before it was ready")
            line += chunk
    return RunningNode(process, settings.data_dir, json.loads(line))
