"""Child processes of an installation: start in order, wait until ready, restart what dies, stop in reverse order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

READY_TIMEOUT = 60.0
RESTART_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY = 20.0
"""Seconds after which a child counts as steady: its next death is a first one again."""


class StartFailed(Exception):
    """A child did not become ready; the text says which, and what its log says."""


@dataclass
class Child:
    """One program of the installation.

    `ready_line`: it prints one JSON line on stdout when ready (else `health` is polled). `program`: what runs `command`
    when it is not Python. `on_launch` is told the process id at every start.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None
    ready_line: bool = True
    process: subprocess.Popen[bytes] | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0
    ready_at: float = 0.0
    stopping: bool = False
    program: Path | None = None
    on_launch: Callable[[int], None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None


class Supervisor:
    """Starts, watches and ends children. One thread per child restarts it when it dies."""

    def __init__(self, cwd: Path, on_event: Callable[[str, str], None] | None = None) -> None:
        self._cwd = cwd
        self._on_event = on_event or (lambda _name, _what: None)
        self.children: dict[str, Child] = {}
        self._stopping = threading.Event()

    def start(self, *children: Child) -> None:
        """Start `children` together and return when all are ready; raises StartFailed."""
        for child in children:
            self.children[child.name] = child
            self._launch(child)
        for child in children:
            self._await_ready(child, READY_TIMEOUT)
            threading.Thread(target=self._watch, args=(child,), daemon=True).start()

    def _launch(self, child: Child) -> None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        # Programs read settings from variables with their name in front: none may leak in from outside.
        environment = {k: v for k, v in os.environ.items() if not k.upper().startswith(("CONCORD", "OTEL"))}
        environment.update(child.environment)
        environment["PYTHONUNBUFFERED"] = "1"
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                [str(child.program or sys.executable), *child.command],
                cwd=self._cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if child.ready_line else log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which ends children in order
            )
        if child.on_launch is not None:
            child.on_launch(child.process.pid)

    def _await_ready(self, child: Child, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        process = child.process
        assert process is not None
        if child.ready_line:
            assert process.stdout is not None
            timer = threading.Timer(timeout, process.kill)
            timer.start()
            line = process.stdout.readline()
            timer.cancel()
            if not line:
                raise StartFailed(self._story(child))
            child.facts = json.loads(line)
            threading.Thread(target=self._drain, args=(child, process.stdout), daemon=True).start()
        while child.health is not None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartFailed(self._story(child))
            try:
                if httpx.get(child.health, timeout=2.0).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        child.ready_at = time.monotonic()
        self._on_event(child.name, "ready")

    def _drain(self, child: Child, stream: Any) -> None:
        with child.log.open("ab") as log:
            for line in stream:
                log.write(line)

    def _story(self, child: Child) -> str:
        tail = child.log.read_text("utf-8", "replace").splitlines()[-8:] if child.log.exists() else []
        code = child.process.poll() if child.process is not None else None
        lines = "\n  ".join(tail)
        return f"{child.name} did not become ready (exit code {code}); end of {child.log}:\n  {lines}"

    def _watch(self, child: Child) -> None:
        while not self._stopping.is_set():
            process = child.process
            if process is None:
                return
            process.wait()
            if self._stopping.is_set() or child.stopping:
                return
            if time.monotonic() - child.ready_at > STEADY:
                child.restarts = 0
            pause = RESTART_PAUSES[min(child.restarts, len(RESTART_PAUSES) - 1)]
            child.restarts += 1
            self._on_event(child.name, f"died ({process.returncode}), restarting in {pause} s")
            if self._stopping.wait(pause):
                return
            self._launch(child)
            try:
                self._await_ready(child, READY_TIMEOUT)
            except StartFailed as exc:
                self._on_event(child.name, str(exc))

    def stop(self, grace: float = 15.0) -> list[str]:
        """End all children in reverse order of start; returns the names of those that had to be killed."""
        self._stopping.set()
        killed = []
        for child in reversed(list(self.children.values())):
            process = child.process
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed.append(child.name)
        return killed
