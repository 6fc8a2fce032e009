"""A slice behind a real server on a loopback port of its own, for tests with a real browser."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from api.infra.auth import SESSION_COOKIE
from tests.support import slice_application

if TYPE_CHECKING:
    from tests.e2e.conftest import Visit


@contextmanager
def loopback() -> Iterator[tuple[socket.socket, str]]:
    """A bound port and its origin (localhost: a secure context), which slice applications made meanwhile take as theirs."""
    with socket.socket() as sock, pytest.MonkeyPatch.context() as patch:
        sock.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{sock.getsockname()[1]}"
        patch.setattr(slice_application, "ORIGIN", origin)
        yield sock, origin


@contextmanager
def serving(app: Any, sock: socket.socket) -> Iterator[None]:
    """The application answers on the bound socket."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def log_in(visit: Visit, origin: str, token: str) -> None:
    """The visit's browser has this session from now on."""
    cookie = {"name": SESSION_COOKIE, "value": token, "url": origin}
    visit.context.add_cookies([cookie])  # type: ignore[list-item]
