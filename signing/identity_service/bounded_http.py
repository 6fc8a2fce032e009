"""HTTP connections whose requests have bounded heads, for every server of ours.

uvicorn bounds a request's head only with h11. With httptools, which is several times faster, a client may send headers
without end and each byte stays in memory. This protocol ends such a connection: more than `HEAD_BYTES` of request line
and fields (trailers counted in), or a head that takes longer than `HEAD_SECONDS`. Bodies have limits of their own.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES: Final = 64 * 1024
"""More than any browser sends (Chromium's own bound is 256 KiB for answers); nginx and Go take 32 KiB and 1 MiB."""
HEAD_SECONDS: Final = 20.0


class HeadTooLarge(Exception):
    """Raised inside the parser's callbacks: the parser stops and the connection ends."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's httptools protocol with a bound on bytes and seconds of a request's head."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._fields = 0  # bytes of request line, fields and trailers that the parser has told us of
        self._untold = 0  # bytes since it told us of anything that ends: a field without end is told of never
        self._deadline: asyncio.TimerHandle | None = None
        self._over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is not kept either."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whatever ended it."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and end the connection when a head or a trailer grows without end."""
        if self._over:
            return
        self._untold += len(data)
        super().data_received(data)
        if self._untold > HEAD_BYTES and not self._over:
            self._end(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._fields = self._untold = 0
        if self._deadline is None:
            self._start_clock()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Part of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head, or of the trailer."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._untold = 0
        self._stop_clock()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the body: the application bounds these."""
        self._untold = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._untold = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """The parser stopped: our own doing, or a request that is no HTTP."""
        if self._fields > HEAD_BYTES:
            self._end(b"431 Request Header Fields Too Large")
        else:
            self._over = True
            self._stop_clock()
            super().send_400_response(msg)

    def _count(self, size: int) -> None:
        self._fields += size
        if self._fields > HEAD_BYTES:
            raise HeadTooLarge

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._end, b"408 Request Timeout")

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self, status: bytes) -> None:
        """Say why, unless an answer is under way on this connection, and close it."""
        self._over = True
        self._stop_clock()
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
        self.transport.close()
