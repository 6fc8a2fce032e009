"""Many callers or one block: reads and sends pass side by side, the producer passes alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turnstile:
    """A lock with a shared and an exclusive side; whoever waits for the exclusive side goes before new shared
    ones.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._inside = 0
        self._alone = False
        self._queueing = 0

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Pass together with other shared holders."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone and not self._queueing)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Pass with nobody else inside."""
        async with self._changed:
            self._queueing += 1
            try:
                await self._changed.wait_for(lambda: not self._alone and not self._inside)
                self._alone = True
            finally:
                self._queueing -= 1
        try:
            yield
        finally:
            async with self._changed:
                self._alone = False
                self._changed.notify_all()
