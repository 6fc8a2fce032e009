"""A client that sends headers without end: by bytes, in one field or many, in the trailer, or by waiting."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import uvicorn

from signing.identity_service import bounded_http
from signing.identity_service.bounded_http import HEAD_BYTES, BoundedHttp

MEGABYTE = 1 << 20
Address = tuple[str, int]


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; the path /slow takes a second to answer."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    text = str(size).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", str(len(text)).encode())],
        }
    )
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    await send({"type": "http.response.body", "body": text})


@pytest.fixture(scope="module", params=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[Address]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            _app, http=BoundedHttp, loop=request.param, lifespan="off", log_level="critical"
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.02)
        yield sock.getsockname()
        running.should_exit = True
        thread.join(10)


def _answer(link: socket.socket) -> bytes:
    """Everything until the server closes; empty when it closed without a word."""
    found = b""
    try:
        while part := link.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


def _flood(server: Address, start: bytes, piece: bytes, megabytes: int = 64) -> tuple[bytes, int]:
    """Send `start` and then `piece` again and again; the answer and how many bytes were taken."""
    sent = 0
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(start)
        try:
            while sent < megabytes * MEGABYTE:
                link.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            return _answer(link), sent
        raise AssertionError(f"the server took {sent} bytes")


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
TRAILER = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param(HEAD, b"X-Field: value\r\n" * 1000, id="many fields"),
        pytest.param(HEAD + b"X-Field: ", b"a" * 16_384, id="one value without end"),
        pytest.param(HEAD, b"X" * 16_384, id="one name without end"),
        pytest.param(b"GET /", b"a" * 16_384, id="a path without end"),
        pytest.param(TRAILER, b"X-Field: value\r\n" * 1000, id="many trailers"),
        pytest.param(TRAILER + b"X-Field: ", b"a" * 16_384, id="one trailer without end"),
    ],
)
def test_headers_without_end_are_cut_off(server: Address, start: bytes, piece: bytes) -> None:
    before = psutil.Process().memory_info().rss
    for _ in range(3):
        answer, sent = _flood(server, start, piece)
        assert answer.split(b"\r\n")[0] in {b"HTTP/1.1 431 Request Header Fields Too Large", b""}
        assert sent < 16 * MEGABYTE, "what the kernel's buffers hold, no more"
    assert psutil.Process().memory_info().rss - before < 32 * MEGABYTE


def test_a_whole_head_over_the_limit_is_refused_with_a_reason(server: Address) -> None:
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(HEAD + b"X-Field: " + b"a" * HEAD_BYTES + b"\r\n\r\n")
        assert _answer(link).startswith(b"HTTP/1.1 431 ")


def test_a_large_head_within_the_limit_and_a_large_body_pass(server: Address) -> None:
    with socket.create_connection(server, timeout=10) as link:
        fields = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(60))
        size = 3 * MEGABYTE
        for _ in range(2):  # the second request on the same connection begins anew
            link.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + fields)
            link.sendall(b"Content-Length: %d\r\n\r\n" % size + b"b" * size)
            found = b""
            while not found.endswith(str(size).encode()):
                found += link.recv(65536)
            assert found.startswith(b"HTTP/1.1 200 ")


def test_pipelined_requests_are_counted_one_by_one(server: Address) -> None:
    one = HEAD + b"X-Field: " + b"a" * 3000 + b"\r\n\r\n"
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(one * 40)
        found = b""
        while found.count(b"HTTP/1.1 200 OK") < 40:
            part = link.recv(65536)
            assert part, found[-200:]
            found += part


def test_what_is_no_http_is_still_answered_so(server: Address) -> None:
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert _answer(link).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("start", [b"", HEAD], ids=["silent", "half a head"])
def test_a_head_that_does_not_come_is_not_waited_for(
    server: Address, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.5)
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(start)
        begin = time.monotonic()
        assert _answer(link).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begin < 5


def test_the_clock_stops_with_the_head(server: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer may take as long as it takes."""
    monkeypatch.setattr(bounded_http, "HEAD_SECONDS", 0.3)
    with socket.create_connection(server, timeout=10) as link:
        link.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert _answer(link).endswith(b"\r\n0")
