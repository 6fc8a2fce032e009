"""How the small HTTP programs of the platform run: loopback only, one line of JSON when ready, clean end on SIGTERM."""

from __future__ import annotations

import hmac
import json
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

from signing.identity_service.bounded_http import BoundedHttp

LIMIT = 256 * 1024


def bearer_matches(request: Request, token: str) -> bool:
    """Constant-time comparison of the request's bearer credential."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())


def limit_bodies(app: FastAPI, limit: int = LIMIT) -> None:
    """Refuse bodies above `limit` bytes before they are read: each caller states a length."""

    @app.middleware("http")
    async def check(request: Request, call_next: Callable[[Request], Any]) -> Response:
        if request.method in {"POST", "PUT", "PATCH"}:
            length = request.headers.get("content-length")
            if length is None or not length.isdigit() or int(length) > limit:
                return Response(status_code=413 if length else 411)
        answer: Response = await call_next(request)
        return answer


def log(event: str, **facts: Any) -> None:
    """One structured line on stderr; facts are ids and codes, never personal data."""
    sys.stderr.write(json.dumps({"event": event, **facts}, ensure_ascii=False) + "\n")
    sys.stderr.flush()


def listen(port: int) -> socket.socket:
    """A bound loopback socket; port 0 takes a free one."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock


class _Announcing(uvicorn.Server):
    """Prints the ready line once the server accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def serve(app: FastAPI, sock: socket.socket, service: str, **facts: Any) -> None:
    """Serve until SIGTERM or SIGINT."""
    port = sock.getsockname()[1]

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live", "service": service}

    def announce() -> None:
        line = {"ready": True, "service": service, "url": f"http://127.0.0.1:{port}", "port": port, **facts}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops on the signal and raises it again at the end: by then it has done its work.
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    _Announcing(config, announce).run(sockets=[sock])
