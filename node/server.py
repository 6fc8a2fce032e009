"""A node in the foreground: gateway and what stands behind it in one event loop, ended by SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
import uvicorn

from node.backend import Backend, Served
from node.chain import Chain
from node.errors import InstallationMismatch, NodeError
from node.gateway import build_app
from node.installation import write_atomically
from node.settings import NodeSettings
from signing.identity_service.bounded_http import BoundedHttp

_log = structlog.get_logger("node")


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the chain ends first, then the door."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def configure_logging() -> None:
    """JSON lines on stderr; stdout belongs to the ready line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _listen(settings: Served) -> socket.socket:
    # With the protocol named, asyncio switches Nagle off on accepted connections; without it each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise InstallationMismatch(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from error
    return listener


async def serve(settings: Served, make: Callable[[], Backend]) -> None:
    """Run what ``make`` gives until a signal comes. Raises the ``NodeError`` that ends it."""
    started = time.monotonic()
    listener = _listen(settings)
    chain: Backend | None = None
    try:
        chain = make()
        await _serve(chain, listener, started)
    finally:
        listener.close()
        if chain is not None:
            await chain.close()
            (settings.data_dir / "node.json").unlink(missing_ok=True)


async def _serve(chain: Backend, listener: socket.socket, started: float) -> None:
    settings = chain.settings
    rpc = f"http://{settings.host}:{listener.getsockname()[1]}"
    running = {"pid": os.getpid(), "rpc": rpc, "started": int(time.time())}
    write_atomically(settings.data_dir / "node.json", json.dumps(running).encode(), 0o644)
    config = uvicorn.Config(
        build_app(chain),
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    server = _Server(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    door = asyncio.create_task(server.serve(sockets=[listener]))
    life = asyncio.create_task(chain.run())
    announce = asyncio.create_task(_announce(chain, rpc, started))
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({door, life, waiting}, return_when=asyncio.FIRST_COMPLETED)
        await chain.stop()
        server.should_exit = True
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(door, life), 30)
        if life.done():
            life.result()
    finally:
        announce.cancel()
        waiting.cancel()
    _log.info("node.chain.was_stopped", height=chain.status().height)


async def _announce(chain: Backend, rpc: str, started: float) -> None:
    await chain.ready.wait()
    facts = {
        "event": "node.chain.became_ready",
        "rpc": rpc,
        "chain_id": chain.chain_id,
        "height": chain.status().height,
        "ready_ms": round(1000 * (time.monotonic() - started)),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def run(settings: NodeSettings) -> int:
    """Run the embedded chain; the process's exit code."""
    return run_backend(settings, lambda: Chain(settings))


def run_backend(settings: Served, make: Callable[[], Backend]) -> int:
    """Run what ``make`` gives behind a gateway; the process's exit code."""
    configure_logging()
    try:
        asyncio.run(serve(settings, make))
    except NodeError as error:
        _log.error("node.chain.was_refused", reason=str(error), kind=type(error).__name__)
        sys.stderr.write(f"node: {error}\n")
        return error.exit_code
    return 0
