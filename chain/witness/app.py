"""HTTP face of a witness: POST /add-checkpoint (C2SP tlog-witness) and a health answer. Loopback, bounded, paced."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from chain.cosignature import BRIDGE_HEADER
from chain.witness.errors import Refused
from chain.witness.service import Cosigned, Witness
from chain.witness.submission import MAX_BODY
from signing.identity_service.serving import log

SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"
RATE = 50.0
BURST = 100.0


class Pace:
    """A token bucket over all requests: `rate` a second, `burst` at once."""

    def __init__(
        self, rate: float = RATE, burst: float = BURST, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._tokens, self._at = burst, monotonic()

    def take(self) -> bool:
        """Whether one more request may be looked at now."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def build_app(witness: Witness, pace: Pace | None = None) -> FastAPI:
    """The application of one witness."""
    app = FastAPI(title="Concord witness", docs_url=None, redoc_url=None, openapi_url=None)
    gate = pace or Pace()

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        if not gate.take():
            return _text(429, "too many requests", {"Retry-After": "1"})
        body = await _bounded(request)
        if body is None:
            return _text(413, "the request is too large")
        try:
            cosigned = await run_in_threadpool(witness.add_checkpoint, body)
        except Refused as refused:
            log("witness.checkpoint.refused", status=refused.status, reason=refused.reason)
            if refused.size is not None:
                return Response(
                    f"{refused.size}\n".encode(), 409, media_type=None, headers={"Content-Type": SIZE_TYPE}
                )
            return _text(refused.status, refused.reason)
        log("witness.checkpoint.cosigned", time=cosigned.time)
        return _text(200, cosigned.line.line().removesuffix("\n"), _bridge(cosigned))

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _exc: ClientDisconnect) -> Response:
        return Response(status_code=499)

    @app.exception_handler(Exception)
    async def failed(request: Request, exc: Exception) -> Response:
        log("witness.request.failed", path=request.url.path, error=type(exc).__name__)
        return _text(500, "the witness could not do this; nothing was signed")

    return app


async def _bounded(request: Request) -> bytes | None:
    """The body, None when it is longer than any submission: what is too long is never held in memory."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        return None
    parts, total = [], 0
    async for part in request.stream():
        total += len(part)
        if total > MAX_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    plain = {"Content-Type": TEXT_TYPE, "Cache-Control": "no-store", **(headers or {})}
    return Response(f"{text}\n".encode(), status, headers=plain)


def _bridge(cosigned: Cosigned) -> dict[str, str]:
    if cosigned.bridge is None:
        return {}
    signature = base64.b64encode(cosigned.bridge).decode("ascii")
    return {BRIDGE_HEADER: f"{cosigned.name} {cosigned.time} {signature}"}
