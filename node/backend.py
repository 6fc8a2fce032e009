"""What stands behind the RPC gateway: the embedded chain, or the engine of one validator. The door is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from node.errors import RpcRefused
from node.installation import SenderList
from node.policy import Call
from node.settings import Limits
from node.transactions import RawTransaction

NOT_READY = -32005
METHOD_NOT_FOUND = -32601
REFUSED = -32003


class Served(Protocol):
    """Where a gateway listens, where it keeps token and senders, and what it lets through."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def limits(self) -> Limits: ...


class StatusFacts(Protocol):
    """What `/status` tells; a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def ready(self) -> bool: ...

    @property
    def height(self) -> int: ...

    @property
    def trouble(self) -> str | None: ...

    def gauges(self) -> Mapping[str, float]:
        """Figures for Prometheus by their name without prefix."""
        ...


class Backend(Protocol):
    """A chain that answers calls which the policy has admitted."""

    senders: SenderList
    ready: asyncio.Event

    @property
    def settings(self) -> Served: ...

    @property
    def chain_id(self) -> int: ...

    def status(self) -> StatusFacts:
        """The present state, without asking anybody."""
        ...

    def seal_of(self, number: int) -> str | None:
        """The seal of a block. Raises ``RpcRefused`` where blocks are not sealed."""
        ...

    async def read(self, call: Call) -> bytes:
        """The whole answer to one already checked read. Raises ``RpcRefused``."""
        ...

    async def read_batch(self, calls: Sequence[Call]) -> list[dict[str, Any] | RpcRefused]:
        """What stands beside ``jsonrpc`` and ``id`` in the answers, or why one was refused. Raises ``RpcRefused``."""
        ...

    async def send(self, transactions: Sequence[RawTransaction]) -> list[str | RpcRefused]:
        """Hand transactions of listed senders over, in order; each one's hash, or why it was refused."""
        ...

    async def run(self) -> None:
        """Serve until ``stop``. Raises the ``NodeError`` that nobody can wait out."""
        ...

    async def stop(self) -> None:
        """Ask ``run`` to end."""
        ...

    async def close(self) -> None:
        """Give up what is held, after ``run``."""
        ...
