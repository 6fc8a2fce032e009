"""Network namespaces: every node on a line of its own to one switch, so that lines can be cut like real ones.

Root only. A node's process and its sockets live in its namespace; the ports that it opens on its own loopback are reached
from outside through `Door`, whose listening sockets were made outside and whose outgoing ones inside. So everything that
speaks to a node on 127.0.0.1 works as without namespaces.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

NEEDS_ROOT = "network namespaces need root"
_NEW_NET = 0x40000000
"""CLONE_NEWNET of setns(2)."""


def available() -> bool:
    """Whether namespaces and virtual lines can be made here."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"concord{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "link", "add", name, "type", "bridge"], capture_output=True, check=False)
    if made.returncode:
        return False
    _ip("link", "del", name)
    return True


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _enter(name: str) -> None:
    """Move the calling thread into a namespace; a process that it starts begins there (setns(2))."""
    handle = os.open(Path("/run/netns") / name, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(handle, _NEW_NET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


class Lines:
    """A switch, and a namespace with one line to it for each of `count` nodes. A context manager."""

    def __init__(self, count: int) -> None:
        mark = secrets.token_hex(2)
        self._bridges = [f"cb{mark}{side}" for side in "ab"]
        self.names = [f"concord-{mark}-{index}" for index in range(count)]
        self._lines = [f"cv{mark}{index}" for index in range(count)]
        self.addresses = [f"10.213.7.{index + 1}" for index in range(count)]
        self._doors: list[Door] = []

    def __enter__(self) -> Lines:
        for bridge in self._bridges:
            _ip("link", "add", bridge, "type", "bridge")
            _ip("link", "set", bridge, "up")
        for name, line, address in zip(self.names, self._lines, self.addresses, strict=True):
            _ip("netns", "add", name)
            _ip("link", "add", line, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", line, "master", self._bridges[0], "up")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for door in self._doors:
            door.close()
        for name in self.names:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)
        for bridge in self._bridges:
            with suppress(subprocess.CalledProcessError):
                _ip("link", "del", bridge)

    def inside(self, index: int, what: Callable[[], Any]) -> Any:
        """The result of `what`, called in a thread that stands in that namespace."""
        results: list[Any] = []

        def run() -> None:
            _enter(self.names[index])
            results.append(what())

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return results[0]

    def open_doors(self, index: int, ports: Sequence[int]) -> None:
        """From now on these loopback ports lead into that namespace."""
        self._doors += [Door(self.names[index], port) for port in ports]

    def cut(self, away: Sequence[int]) -> None:
        """These nodes are on a switch of their own: they reach each other, and nobody else."""
        for index, line in enumerate(self._lines):
            _ip("link", "set", line, "master", self._bridges[1 if index in away else 0])

    def heal(self) -> None:
        """All on one switch again."""
        self.cut(())


class Door:
    """A loopback port outside that leads to the same one in a namespace."""

    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No new connections."""
        self._listening.close()

    def _accept(self) -> None:
        _enter(self._name)  # this thread only: what it connects is connected inside
        while True:
            try:
                outside, _ = self._listening.accept()
            except OSError:
                return
            try:
                inside = socket.create_connection(("127.0.0.1", self._port), timeout=5)
            except OSError:
                outside.close()
                continue
            inside.settimeout(None)
            for pair in ((outside, inside), (inside, outside)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
