"""What happens to every request before and after its endpoint: correlation id, size limits, metrics, access log."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.infra.problems import TEXTS

log = structlog.get_logger("api.request")

REGISTRY = CollectorRegistry(auto_describe=True)
REQUESTS = Counter(
    "concord_http_requests_total",
    "Requests by route and status",
    ["method", "route", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "concord_http_request_seconds", "Request duration", ["method", "route"], registry=REGISTRY
)
_TRACE = re.compile(r"[0-9a-zA-Z-]{8,64}\Z")


class TooLarge(Exception):
    """The body passed the limit while it was read."""


class RequestContext:
    """Pure ASGI middleware: gives `request.state.trace_id`, logs one line without query or personal data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("ascii", "replace")
        trace = given if _TRACE.match(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["trace_id"] = trace
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace)
        status, begin = 500, time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", trace.encode()))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - begin
            route = _route_path(scope)
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(scope["method"], route).observe(seconds)
            log.info(
                "request.was.answered",
                method=scope["method"],
                route=route,
                status=status,
                ms=round(seconds * 1000),
            )


def _route_path(scope: Scope) -> str:
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unmatched"))


class BodyLimit:
    """Refuses bodies over the limit: JSON and forms `max_body`, multipart uploads `max_upload` bytes.

    `streams` are the methods and paths whose endpoint takes the body to the disk piece by piece, after it has asked who
    sends: there it is `max_stream` bytes, whatever the type.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_body: int,
        max_upload: int,
        max_stream: int = 0,
        streams: Collection[tuple[str, re.Pattern[str]]] = (),
    ) -> None:
        self._app, self._max_body, self._max_upload = app, max_body, max_upload
        self._max_stream, self._streams = max_stream, streams

    def _limit(self, scope: Scope, kind: bytes) -> int:
        if any(scope["method"] == method and path.fullmatch(scope["path"]) for method, path in self._streams):
            return self._max_stream
        big = kind.startswith((b"multipart/form-data", b"application/zip", b"application/octet-stream"))
        return self._max_upload + 100_000 if big else self._max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        limit = self._limit(scope, headers.get(b"content-type", b""))
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            await self._refuse(limit, scope, receive, send)
            return
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except TooLarge:
            if not started:
                await self._refuse(limit, scope, receive, send)

    async def _refuse(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        zh, en = TEXTS["body_too_large"]
        body = {
            "type": "about:blank",
            "title": "内容太大",
            "status": 413,
            "detail": zh.format(limit=limit),
            "detail_zh": zh.format(limit=limit),
            "detail_en": en.format(limit=limit),
            "code": "body_too_large",
            "facts": {"limit": limit},
        }
        response = JSONResponse(body, 413, media_type="application/problem+json")
        await response(scope, receive, send)
