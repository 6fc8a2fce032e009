"""A phone's line that can really be cut: a SOCKS5 server (RFC 1928) between a test's browser and the loopback.

A browser's emulated "offline" is not in force during the first moments of a newly loaded document, so a test that
reloads a page without a network needs a line over which nothing can pass.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_NO_PASSWORD = b"\x05\x00"
_CONNECTED = b"\x05\x00\x00\x01" + bytes(6)
_REFUSED = b"\x05\x05\x00\x01" + bytes(6)


def _close(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def _read(sock: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = sock.recv(size - len(got))
        if not part:
            raise OSError("the line ended")
        got += part
    return got


class PhoneLine:
    """Carries connections to loopback addresses until `cut`, and again after `mend`."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._up = True
        self.address = f"socks5://127.0.0.1:{self._door.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.cut()
        _close(self._door)

    def cut(self) -> None:
        """Nothing passes any more, also not on connections that are open."""
        with self._lock:
            self._up = False
            ended, self._open = self._open, set()
        for sock in ended:
            _close(sock)

    def mend(self) -> None:
        with self._lock:
            self._up = True

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _kept(self, sock: socket.socket) -> bool:
        with self._lock:
            if self._up:
                self._open.add(sock)
            return self._up

    def _carry(self, near: socket.socket) -> None:
        try:
            _, methods = _read(near, 2)
            _read(near, methods)
            near.sendall(_NO_PASSWORD)
            _, _, _, kind = _read(near, 4)
            host = _host(near, kind)
            (port,) = struct.unpack(">H", _read(near, 2))
            if not self._kept(near):
                near.sendall(_REFUSED)
                raise OSError("the line is cut")
            far = socket.create_connection((host, port))
            if not self._kept(far):
                _close(far)
                raise OSError("the line is cut")
            near.sendall(_CONNECTED)
        except OSError:
            _close(near)
            return
        threading.Thread(target=_pipe, args=(far, near), daemon=True).start()
        _pipe(near, far)


def _host(sock: socket.socket, kind: int) -> str:
    """The asked-for host, which must be this machine."""
    if kind == 1:
        host = str(ipaddress.IPv4Address(_read(sock, 4)))
    elif kind == 4:
        host = str(ipaddress.IPv6Address(_read(sock, 16)))
    else:
        host = _read(sock, _read(sock, 1)[0]).decode("ascii")
    if host not in {"localhost", "127.0.0.1", "::1"}:
        raise OSError(f"{host} is not this machine")
    return host


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    _close(source)
    _close(sink)
